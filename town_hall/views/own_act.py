"""The act made the collectivity's own: its text from the model, its head, who signs."""

from copy import copy
from dataclasses import replace
from html import unescape
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.html import strip_tags

from conventions.acts.models import Act
from conventions.authority import act_text_kind, adapt_act, can_adapt_act
from conventions.models import Piece, SignedByBoth
from documents import letterheads
from documents.contexts import Context
from documents.wording.fields import listed_fields
from documents.wording.merge_field import MergeField
from documents.wording.requirements import requirements_of
from documents.wording.sections import guide_to
from town_hall.forms.acts import OwnActForm
from town_hall.forms.files import FileForm
from town_hall.views.draft import show_draft
from town_hall.views.form import FileFormView


def _with_value(field: MergeField, context: Context) -> MergeField:
    """Return a field whose example is what it prints here; of a block, what it is."""
    if field.is_block:
        return field
    return replace(field, example=unescape(strip_tags(field.html(context))))


class OwnActPage(FileFormView):
    """A form about the act of `subject`; « Aperçu » prints what is typed and keeps nothing."""

    form_class = OwnActForm
    is_long_to_write = True
    template_name = "town_hall/own_act.html"
    title = "Adapter l'acte"
    intro = (
        "L'acte est celui de votre collectivité : partez du modèle, changez ce que vous voulez. "
        "La convention, elle, est la même pour toutes les collectivités."
    )
    submit = "Enregistrer et produire le PDF"
    done = "Votre acte est enregistré."
    printed = "Le PDF est prêt."

    # Of the file, or of one of its avenants.
    subject: SignedByBoth

    @property
    def act(self) -> Act:
        """The act that `is_possible` has seen there."""
        if self.subject.act is None:
            raise Http404
        return self.subject.act

    def is_possible(self) -> bool:
        return can_adapt_act(self.subject)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "subject": self.subject, "act": self.act}

    def form_valid(self, form: FileForm) -> HttpResponse:
        return self.preview(form) if "preview" in self.request.POST else super().form_valid(form)

    def perform(self, form: OwnActForm) -> None:
        values = form.own_values(letterhead=letterheads.store)
        adapt_act(self.subject, by=self.user, **values)

    def preview(self, form: OwnActForm) -> HttpResponse:
        """Print the act as typed; nothing is written."""
        act = copy(self.act)
        for name, value in form.own_values(letterhead=letterheads.as_source).items():
            setattr(act, name, value)
        self.subject.act = act
        return show_draft(self.request, self.subject, Piece.Kind.ACT)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind = act_text_kind(self.subject, self.act)
        head = self.act.letterhead
        _, context = self.subject.text_and_context(Piece.Kind.ACT)
        return super().get_context_data(
            merge_fields=[_with_value(field, context) for field in listed_fields(kind)],
            requirements=requirements_of(kind),
            sections=guide_to(kind),
            letterhead=letterheads.source(head.name or "") if head else "",
            **kwargs,
        )
