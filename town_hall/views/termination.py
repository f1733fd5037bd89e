"""The steps of article 11, for the party that takes them."""

from typing import Any

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest

from conventions.models import Dossier
from conventions.terminations.models import Termination, open_termination
from conventions.terminations.steps import STEPS, initial, open_steps, take
from town_hall.forms import TerminationForm
from town_hall.views.form import FileFormView


class TerminationStep(FileFormView):
    form_class = TerminationForm
    is_long_to_write = True

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        # The procedure that is shown is the one that is written to.
        prefetch_related_objects([self.convention], "terminations")
        self.taken: Termination | None = None
        if kwargs["step"] not in STEPS:
            raise Http404
        self.step = STEPS[kwargs["step"]]
        self.title, self.submit = self.step.label, "Enregistrer"
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

    def perform(self, form: TerminationForm) -> None:
        facts = form.facts(form.fact_names)
        if self.step.verb == "give_formal_notice":
            # On these pages one acts for the collectivity; the region's notice is the admin's.
            facts["side"] = Termination.Side.COLLECTIVITY
        self.taken = take(self.convention, self.step, by=self.user, **facts)
