"""One page « Vérifier »: schools and amount, the collectivity's details, then its act."""

from copy import copy
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from communes.mandates import SINCE
from conventions.authority import act_as_typed, can_record_act, record_act
from conventions.dossiers.outdating import review
from conventions.lifecycle import TRANSITIONS, State
from conventions.models import ConfirmedParty, Convention, Piece
from drafts.forms import restore
from town_hall.forms.acts import ActForm, act_to_fill
from town_hall.forms.files import FileForm, IdentityForm
from town_hall.views.draft import say_what_is_wrong, show_draft, wants_pictures
from town_hall.views.form import FileFormView

# The details in the order in which they are read, each with the fields that correct it.
DETAILS = (
    (
        "address",
        "SIRET et adresse",
        ("siret", "address_line_1", "address_line_2", "postcode", "city"),
    ),
    (
        "representative",
        "Représentant",
        (
            "representative_civility",
            "representative_first_name",
            "representative_last_name",
            "representative_capacity",
            "capacity_gender",
            SINCE,
        ),
    ),
    ("contact", "Pour vous joindre", ("email", "phone", "website")),
)


def print_page(convention: Convention) -> str:
    """Return the address of the papers to print and sign."""
    where = [convention.campaign.school_year, convention.collectivity.code]
    return reverse("convention_print", args=where)


class Verify(FileFormView):
    """Details as text, corrected where they are wrong; the act, filled in as last year.

    Without a nature for the act the details alone are confirmed: it may be chosen later.
    """

    form_class = IdentityForm
    template_name = "town_hall/verify.html"
    title = "Vérifier"
    intro = "Ce qui suit s'imprime sur la convention et sur votre acte."
    submit = "Tout est exact, continuer"
    done = "Vos renseignements sont confirmés."
    printed = "Les papiers à signer sont prêts."

    def is_possible(self) -> bool:
        return self.convention.state in (State.SENT, State.ACCEPTED)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": copy(self.convention.collectivity)}

    @cached_property
    def act_form(self) -> ActForm | None:
        """The act, as long as there is none: later it has a page of its own."""
        if self.convention.act:
            return None
        kwargs = super().get_form_kwargs()
        form = ActForm(**kwargs, instance=act_to_fill(self.convention))
        form.fields["kind"].required = False
        if self.draft and not form.is_bound:
            restore(form, self.draft)
        return form

    def form_valid(self, form: IdentityForm) -> HttpResponse:
        if self.act_form and not self.act_form.is_valid():
            return self.form_invalid(form)
        if "preview" in self.request.POST:
            return self.preview(form)
        return super().form_valid(form)

    def perform(self, form: IdentityForm) -> None:
        self.convention.collectivity = form.save()
        self.convention.accept(by=self.user)
        review(Convention.objects.filter(collectivity=self.convention.collectivity))
        if self.act_form and self.act_form.cleaned_data["kind"] and can_record_act(self.convention):
            record_act(self.convention, by=self.user, **self.act_form.act_values)

    def does_something(self, form: IdentityForm) -> bool:
        # To confirm is to do something; once it is done, only what is typed, or came since, is.
        chooses_act = self.act_form is not None and bool(self.act_form.cleaned_data["kind"])
        return self._has_to_confirm() or chooses_act or super().does_something(form)

    def _has_to_confirm(self) -> bool:
        """Tell whether the details, as they stand on the site, are not those that were confirmed."""
        today = ConfirmedParty.copy_of(self.convention.collectivity, timezone.localdate())
        is_confirmed = self.convention.state == State.ACCEPTED
        return not is_confirmed or bool(today.changes_since(self.convention.party))

    def form_invalid(self, form: FileForm) -> HttpResponse:
        if wants_pictures(self.request):
            return say_what_is_wrong(form, *filter(None, [self.act_form]))
        return super().form_invalid(form)

    def preview(self, form: IdentityForm) -> HttpResponse:
        """Print the convention, or the act, as typed; nothing is written."""
        # What is typed, not what was confirmed before.
        self.convention.collectivity, self.convention.party = form.instance, None
        if self.act_form and self.act_form.cleaned_data["kind"]:
            self.convention.act = act_as_typed(self.convention, **self.act_form.act_values)
        asked = self.request.POST["preview"]
        is_act = self.convention.act is not None and asked != Piece.Kind.CONVENTION
        kind = Piece.Kind.ACT if is_act else Piece.Kind.CONVENTION
        return show_draft(self.request, self.convention, kind)

    def next_page(self, issued: list[Piece]) -> str:
        return print_page(self.convention) if issued else super().next_page(issued)

    def refuse(self, field: str, errors: Any, form: FileForm) -> None:
        in_act = self.act_form is not None and field in self.act_form.fields
        target = self.act_form if in_act and field not in form.fields else form
        super().refuse(field, errors, target or form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context["form"]
        return context | {
            "schools": self.convention.enrolments.as_issued(),
            "act_form": self.act_form,
            "has_errors": bool(form.errors or (self.act_form and self.act_form.errors)),
            "may_correct": self.convention.state in TRANSITIONS["request_correction"].targets,
            "details": [self._detail(form, *detail) for detail in DETAILS],
        }

    @staticmethod
    def _detail(form: IdentityForm, key: str, title: str, names: tuple[str, ...]) -> dict[str, Any]:
        fields = [form[name] for name in names]
        lacking = [f for f in fields if f.field.required and not f.value()]
        # Open where something is to be done: it works without a script.
        is_open = bool(lacking or any(field.errors for field in fields))
        return {"key": key, "title": title, "fields": fields, "is_open": is_open}
