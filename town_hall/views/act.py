"""The act of a convention, or of one of its avenants: entered, or its draft given up."""

from typing import Any

from django.urls import reverse

from conventions.authority import can_drop_draft, can_record_act, drop_draft, record_act
from conventions.models import SignedByBoth, is_in_its_place
from town_hall.forms.acts import ActForm, act_to_fill
from town_hall.forms.files import DraftDropForm, FileForm
from town_hall.views.form import FileFormView


class ActFormView(FileFormView):
    """Nature, number, date and sitting of the act of `subject`."""

    form_class = ActForm
    template_name = "town_hall/act.html"
    # The address where its draft is given up.
    drop_page: str

    # The file, or one of its avenants.
    subject: SignedByBoth

    def is_possible(self) -> bool:
        return can_record_act(self.subject)

    def get_form_kwargs(self) -> dict[str, Any]:
        # A form writes on its instance before it is valid: never on the file's own act.
        return {**super().get_form_kwargs(), "instance": act_to_fill(self.subject)}

    def does_something(self, form: ActForm) -> bool:
        # The first one prints its draft, chosen as last year or not.
        act = self.subject.act
        return act is None or act.withdrawn_on is not None or super().does_something(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_draft = can_drop_draft(self.subject)
        drop_url = reverse(self.drop_page, kwargs=self.kwargs) if has_draft else ""
        return super().get_context_data(drop_url=drop_url, **kwargs)

    def perform(self, form: ActForm) -> None:
        record_act(self.subject, by=self.user, **form.act_values)


class DraftDropView(FileFormView):
    """Asks before the draft of the act of `subject` is given up."""

    form_class = FileForm
    title = "Abandonner le projet d'acte"
    submit = "Abandonner le projet"
    done = "Le projet d'acte est abandonné."

    subject: SignedByBoth

    def is_possible(self) -> bool:
        return can_drop_draft(self.subject)

    def does_something(self, form: FileForm) -> bool:
        return True

    def get_form_class(self) -> type[FileForm]:
        """An agent says why: the town hall is told."""
        return DraftDropForm if is_in_its_place(self.user) else FileForm

    def perform(self, form: FileForm) -> None:
        drop_draft(self.subject, by=self.user, reason=form.cleaned_data.get("reason", ""))
