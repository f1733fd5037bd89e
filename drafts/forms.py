"""Forms that come back as they were typed, with the files that were chosen."""

from collections.abc import Iterable, Mapping, Sequence

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString, mark_safe

from drafts.models import Draft, DraftFile


class KeptFileInput(forms.FileInput):
    """Chooses a file; names those that are kept, which another choice replaces."""

    kept: Sequence[DraftFile] = ()
    # Why what was chosen a moment ago is not kept, while the rest of the form is.
    refused: Sequence[str] = ()

    def render(self, name: str, *args: object, **kwargs: object) -> SafeString:
        chooser = super().render(name, *args, **kwargs)  # type: ignore[arg-type]
        if not self.kept and not self.refused:
            return chooser
        context = {"kept": self.kept, "refused": self.refused, "forget": f"{name}-forget"}
        return mark_safe(chooser + render_to_string("drafts/kept_files.html", context))  # noqa: S308


def restore(form: forms.BaseForm, draft: Draft) -> None:
    """Have a form that is about to be shown say what its reader had typed."""
    typed = MultiValueDict(draft.typed)
    for name, field in form.fields.items():
        key = form.add_prefix(name)
        if not isinstance(field, forms.FileField) and not field.widget.value_omitted_from_data(
            typed, MultiValueDict(), key
        ):
            form.initial[name] = field.widget.value_from_datadict(typed, MultiValueDict(), key)


def name_kept_files(form: forms.BaseForm, draft: Draft) -> None:
    """Have each field of a form name its files that are kept."""
    for name, field in form.fields.items():
        if isinstance(field.widget, KeptFileInput):
            key = form.add_prefix(name)
            field.widget.kept = [file for file in draft.files.all() if file.field == key]


def say_refused(form: forms.BaseForm, refused: Mapping[str, ValidationError]) -> None:
    """Have each field that chooses files say why those chosen are not kept."""
    for name, refusal in refused.items():
        widget = form.fields[name].widget
        if isinstance(widget, KeptFileInput):
            widget.refused = refusal.messages


def refuse_lost(form: forms.BaseForm, lost: Iterable[DraftFile]) -> None:
    """Ask again, at its field, for each file that was kept and that the storage has lost."""
    for file in lost:
        if file.field in form.fields:
            # It was chosen: it is not said to be missing as well.
            form.fields[file.field].required = False
            form.add_error(
                file.field,
                f"Le fichier « {file.name} » n'est plus gardé sur le site : choisissez-le de "
                "nouveau.",
            )


def tell_sound(
    fields: Mapping[str, forms.Field], files: MultiValueDict
) -> tuple[dict[str, list[UploadedFile]], dict[str, ValidationError]]:
    """Return, of the files that were sent, those that their fields find sound, and why not others."""
    sound, refused = {}, {}
    for name, field in fields.items():
        if name not in files or not isinstance(field, forms.FileField):
            continue
        try:
            field.clean(field.widget.value_from_datadict({}, files, name))
        except ValidationError as refusal:
            refused[name] = refusal
        else:
            sound[name] = files.getlist(name)
    return sound, refused
