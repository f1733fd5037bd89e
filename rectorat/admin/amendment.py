"""Avenants, on the page of their convention: prepared, then sent, signed or abandoned."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from accounts.access import user_of
from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES
from conventions.amendments.effects import can_be_amended
from conventions.amendments.lifecycle import AMENDMENT_TRANSITIONS
from conventions.amendments.models import Amendment
from conventions.amendments.preparing import party_changes, possible_ends, prepare_amendment
from conventions.authority import can_drop_draft
from conventions.dossiers.whole import WholeFile
from conventions.enrolment.codes import read_codes
from conventions.models import Convention, Enrolment, Piece, try_to_issue
from lifecycle.plausible import DateInput, keep_within
from lifecycle.transition import Transition, allowed
from rectorat.admin.file_pages import FilePages
from rectorat.admin.forms import AbandonForm, NoFactForm, SignatureForm
from schools.models import School
from schools.takeover import schools_paid_by

_UNKNOWN = "Aucune école connue ne porte le code {}."

FORMS = {
    "send": NoFactForm,
    "sign_for_collectivity": SignatureForm,
    "sign_for_region": SignatureForm,
    "abandon": AbandonForm,
}
EXPLANATIONS = {
    "send": "La collectivité verra l'avenant et recevra un courriel. Ce qu'il change sera fixé, et "
    "son PDF à signer sera produit.",
    "sign_for_collectivity": "La date de signature de la collectivité sera enregistrée. "
    "D'ordinaire, c'est la mairie qui l'enregistre : ne le faites à sa place que si vous tenez "
    "l'avenant signé.",
    "sign_for_region": "La date de signature de la région académique sera enregistrée.",
    "abandon": "L'abandon est définitif. Les écoles que l'avenant ajoutait pourront être inscrites "
    "de nouveau ; celles qu'il retirait restent dans la convention.",
}
TAKES_EFFECT = (
    "L'autre partie a signé : l'avenant prendra effet, les écoles et le montant changeront."
)


class SchoolChoices(forms.ModelMultipleChoiceField):
    """Schools as boxes to tick."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, school: School | Enrolment) -> str:
        if isinstance(school, Enrolment):
            return f"{school.uai}, {school.name}, {school.commune_name}"
        closing = " (fermeture annoncée par l'annuaire)" if school.is_closing else ""
        return f"{school.uai}, {school.name}, {school.commune.name}{closing}"


class AmendmentForm(forms.Form):
    """What an avenant adds and removes; `cleaned_data` has what the verb takes."""

    reason = forms.CharField(
        label="Objet",
        max_length=1000,
        help_text="Imprimé dans l'avenant, par exemple « Ouverture de l'école Simone Veil ».",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        error_messages={"required": "Indiquez l'objet de l'avenant."},
    )
    ticked = SchoolChoices(
        label="Écoles à ajouter",
        queryset=School.objects.none(),
        required=False,
        help_text="Celles que paie la collectivité et qui ne sont pas inscrites.",
    )
    add = forms.CharField(
        label="Codes UAI à ajouter",
        required=False,
        help_text="Facultatif. Un code par ligne, ou un tableau copié depuis un tableur.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField", "spellcheck": "false"}),
    )
    remove = SchoolChoices(
        label="Écoles à retirer", queryset=Enrolment.objects.none(), required=False
    )
    new_end_on = forms.DateField(
        label="Nouvelle date de fin",
        required=False,
        widget=DateInput,
        error_messages={"invalid": "Indiquez une date, par exemple 31/12/2026."},
    )
    states_party = forms.BooleanField(
        label="Acter ce qui a changé de la collectivité", required=False
    )

    def __init__(self, *args: Any, convention: Convention, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        campaign = convention.campaign
        enrolled = campaign.enrolments.enrolled()
        taken = enrolled.exclude(pk__in=enrolled.waiting().values("pk"))
        free = schools_paid_by(convention.collectivity, campaign.starts_on)
        ticked: Any = self.fields["ticked"]
        ticked.queryset = free.exclude(pk__in=taken.values("school"))
        remove: Any = self.fields["remove"]
        remove.queryset = convention.enrolments.enrolled()
        end = f"Facultative. La convention prend fin le {convention.ends_on:%d/%m/%Y}."
        self.fields["new_end_on"].help_text = end
        first, last = possible_ends(convention)
        self.fields["new_end_on"].widget.attrs |= {"min": f"{first}", "max": f"{last}"}
        changed = party_changes(convention)
        self.fields["states_party"].help_text = " ; ".join(
            f"{then or '—'} → {now or '—'}" for then, now in changed.values()
        )
        if not changed:
            del self.fields["states_party"]
        if not ticked.queryset.exists():
            del self.fields["ticked"]

    def clean_add(self) -> list[School]:
        """Return the schools of the codes typed; say of each wrong one what is wrong."""
        codes, refused = read_codes(self.cleaned_data["add"])
        problems = [f"{refusal.text} : {refusal.reason}" for refusal in refused]
        schools = School.objects.filter(uai__in={code for _, code in codes})
        found = {school.uai: school for school in schools.select_related("commune")}
        problems += [_UNKNOWN.format(code) for _, code in codes if code not in found]
        if problems:
            raise ValidationError(problems)
        return [found[code] for _, code in codes]

    def clean(self) -> None:
        super().clean()
        ticked = self.cleaned_data.pop("ticked", ())
        self.cleaned_data["add"] = [*ticked, *self.cleaned_data.get("add", ())]


@dataclass(frozen=True)
class AmendmentShown:
    """An avenant on the page of its convention: its pieces, the transitions open today."""

    amendment: Amendment
    pieces: list[Piece]
    verbs: list[Transition]
    may_drop_draft: bool


def amendments_shown(file: WholeFile, user: User) -> list[AmendmentShown]:
    """Return the avenants of a file, each with the transitions open to `user` today."""
    return [
        AmendmentShown(
            amendment=amendment,
            pieces=file.pieces_of(amendment.part),
            verbs=allowed(AMENDMENT_TRANSITIONS, amendment.state, user.role),
            may_drop_draft=user.role in ADMIN_SITE_ROLES and can_drop_draft(amendment),
        )
        for amendment in file.amendments
    ]


class AmendmentPages(FilePages):
    """The pages about avenants, mixed into the admin of conventions."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/amend/",
                self.admin_site.admin_view(self.amend_view),
                name="conventions_convention_amend",
            ),
            path(
                "<int:pk>/amendment/<int:number>/<slug:verb>/",
                self.admin_site.admin_view(self.amendment_view),
                name="conventions_convention_amendment",
            ),
            *super().get_urls(),
        ]

    def amend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask which schools come and go, or (POST) prepare the avenant."""
        convention = self.find_file(request, pk)
        back = redirect("admin:conventions_convention_change", pk)
        if not can_be_amended(convention):
            messages.warning(
                request,
                "Un avenant se prépare pour une convention signée par les deux parties, avant sa "
                "fin, quand aucun autre n'est en cours.",
            )
            return back
        data = request.POST if request.method == "POST" else None
        form = AmendmentForm(data, convention=convention)
        if form.is_valid():
            try:
                amendment = prepare_amendment(convention, by=user_of(request), **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(
                    request, f"L'avenant n° {amendment.number} est prêt : relisez-le, envoyez-le."
                )
                closing = [school for school in form.cleaned_data["add"] if school.is_closing]
                if closing:
                    named = ", ".join(school.uai for school in closing)
                    said = f"Fermeture annoncée par l'annuaire : {named}. Vérifiez avant l'envoi."
                    messages.warning(request, said)
                return back
        context = {"title": "Préparer un avenant", "submit": "Préparer l'avenant", "form": form}
        return self.file_page(request, "amend", convention, **context)

    def amendment_view(self, request: HttpRequest, pk: int, number: int, verb: str) -> HttpResponse:
        """Ask about a verb on an avenant, or (POST) do it."""
        convention = self.find_file(request, pk)
        amendment = convention.amendments.with_changes().filter(number=number).first()
        if amendment is None or verb not in FORMS:
            raise Http404
        rule = AMENDMENT_TRANSITIONS[verb]
        if user_of(request).role not in rule.roles:
            raise PermissionDenied
        form = FORMS[verb](request.POST if request.method == "POST" else None)
        keep_within(form, convention.campaign.window)
        if form.is_valid():
            if verb == "sign_for_region" and not amendment.has_paper:
                try_to_issue(amendment, by=user_of(request))
            try:
                getattr(amendment, verb)(by=user_of(request), **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                _, not_printed = try_to_issue(amendment, by=user_of(request))
                messages.success(request, f"Avenant n° {number} : {rule.done}.")
                if not_printed:
                    messages.warning(request, not_printed)
                return redirect("admin:conventions_convention_change", pk)
        context = {
            "title": f"Avenant n° {number} : {rule.label[:1].lower()}{rule.label[1:]}",
            "submit": rule.label,
            "form": form,
            "amendment": amendment,
            "explanation": EXPLANATIONS[verb],
            "takes_effect": TAKES_EFFECT if rule.targets.get(amendment.state) == "signed" else "",
        }
        return self.file_page(request, "amendment_verb", convention, **context)
