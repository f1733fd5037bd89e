"""A file that a person sends, as a form takes it."""

from typing import Any

from django import forms

from incoming.antivirus import refuse_infected


class IncomingFileField(forms.FileField):
    """Takes no file that the antivirus does not let through, where the site has one.

    Papers and letterheads have fields of their own, whose readers ask the same.
    """

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file:
            refuse_infected((file.name, file.read()))
            file.seek(0)
        return file
