"""The act made the collectivity's own: its text from the model, its head, who signs."""

from copy import copy

from django.http import HttpResponse

from conventions.authority import act_text_kind, adapt_act, can_adapt_act
from conventions.models import Piece
from documents import letterheads
from documents.rendering import render
from documents.wording.fields import fields_of
from documents.wording.requirements import requirements_of
from town_hall.forms import OwnActForm
from town_hall.views.form import FileFormView


class OwnActPage(FileFormView):
    """A form about the act of `subject`; « Aperçu » prints what is typed and keeps nothing."""

    form_class = OwnActForm
    template_name = "town_hall/own_act.html"
    title = "Adapter l'acte"
    intro = (
        "L'acte est celui de votre collectivité : partez du modèle, changez ce que vous voulez. "
        "La convention, elle, est la même pour toutes les collectivités."
    )
    submit = "Enregistrer et produire le PDF"
    done = "Votre acte est enregistré."
    printed = "Le PDF à signer est prêt."

    def is_possible(self):
        return can_adapt_act(self.subject)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "subject": self.subject, "act": self.subject.act}

    def form_valid(self, form):
        return self.preview(form) if "preview" in self.request.POST else super().form_valid(form)

    def perform(self, form):
        values = form.own_values(letterhead=letterheads.store)
        adapt_act(self.subject, by=self.request.user, **values)

    def preview(self, form):
        """Print the act as typed; nothing is written."""
        act = copy(self.subject.act)
        for name, value in form.own_values(letterhead=letterheads.as_source).items():
            setattr(act, name, value)
        self.subject.act = act
        rendered = render(*self.subject.text_and_context(Piece.Kind.ACT), draft=True)
        response = HttpResponse(rendered.content, content_type="application/pdf")
        response["Content-Disposition"] = 'inline; filename="apercu_acte.pdf"'
        return response

    def get_context_data(self, **kwargs):
        kind = act_text_kind(self.subject, self.subject.act)
        head = self.subject.act.letterhead
        return super().get_context_data(
            merge_fields=fields_of(kind).values(),
            requirements=requirements_of(kind),
            letterhead=letterheads.source(head.name) if head else "",
            **kwargs,
        )
