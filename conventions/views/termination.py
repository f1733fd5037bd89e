"""The steps of article 11, for the party that takes them."""

from django.http import Http404

from conventions.forms import TerminationForm
from conventions.models import Termination
from conventions.terminations import STEPS, initial, open_steps
from conventions.views.form import FileFormView


class TerminationStep(FileFormView):
    form_class = TerminationForm

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        if kwargs["step"] not in STEPS:
            raise Http404
        self.step = STEPS[kwargs["step"]]
        self.title, self.submit = self.step.label, "Enregistrer"
        self.intro, self.done = self.step.intro, self.step.done

    def is_possible(self):
        return self.step in open_steps(self.convention, self.request.user.role)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "step": self.step}

    def get_initial(self):
        return initial(self.step, self.convention.open_termination)

    def perform(self, form):
        facts = {name: form.cleaned_data[name] for name in form.facts}
        if self.step.verb == "give_formal_notice":
            # On these pages one acts for the collectivity; the region's notice is the admin's.
            facts["side"] = Termination.Side.COLLECTIVITY
        getattr(self.convention, self.step.verb)(by=self.request.user, **facts)
