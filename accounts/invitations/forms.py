"""What somebody says of themselves to accept an invitation."""

from typing import Any

from django import forms


class AcceptanceForm(forms.Form):
    """Who accepts an invitation: a person, or the service whose mailbox it is."""

    first_name = forms.CharField(
        label="Prénom",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Nom",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )

    def __init__(self, *args: Any, is_shared: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_shared:
            del self.fields["first_name"]
            self.fields["last_name"].label = "Nom du service"
            self.fields["last_name"].initial = "Secrétariat"
            self.fields["last_name"].widget.attrs.pop("autocomplete")
