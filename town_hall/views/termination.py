"""The steps of article 11, for the party that takes them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from conventions.models import Dossier
from conventions.terminations.models import Termination, open_termination, refuse_notice
from conventions.terminations.steps import consequences_of, initial, open_steps, step_of, take
from town_hall.forms.files import TerminationForm
from town_hall.views.form import FileFormView


class TerminationStep(FileFormView):
    form_class = TerminationForm
    is_long_to_write = True

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        # The procedure that is shown is the one that is written to.
        prefetch_related_objects([self.convention], "terminations")
        self.taken: Termination | None = None
        step = step_of(self.convention, kwargs["step"])
        if step is None:
            raise Http404
        self.step = step
        self.title = self.step.label
        self.submit = "Continuer" if step.is_confirmed else "Enregistrer"
        self.intro, self.done = self.step.intro, self.step.done

    def is_possible(self) -> bool:
        return self.step in open_steps(self.convention, self.user)

    @property
    def subject(self) -> Dossier:
        return self.taken or open_termination(self.convention) or self.convention

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "step": self.step}

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | initial(self.step, self.convention)

    def form_valid(self, form: TerminationForm) -> HttpResponse:
        if "again" in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form))
        if self.step.is_confirmed and "confirmed" not in self.request.POST:
            return self._ask(form)
        return super().form_valid(form)

    def _ask(self, form: TerminationForm) -> HttpResponse:
        """Say what the notice starts before it is given; nothing is written."""
        try:
            refuse_notice(self.convention, by=self.user, **self._facts(form))
        except ValidationError as refusal:
            self.show(refusal, form)
            return self.form_invalid(form)
        context = self.get_context_data(
            form=form, consequences=consequences_of(form.cleaned_data["on"])
        )
        return render(self.request, "town_hall/notice.html", context)

    def _facts(self, form: TerminationForm) -> dict[str, Any]:
        facts = form.facts(form.fact_names)
        if self.step.verb == "give_formal_notice":
            # On these pages one acts for the collectivity; the region's notice is the admin's.
            facts["side"] = Termination.Side.COLLECTIVITY
        return facts

    def perform(self, form: TerminationForm) -> None:
        self.taken = take(self.convention, self.step, by=self.user, **self._facts(form))
