"""Campaigns: their page, their board, and what is done for a whole campaign."""

import calendar
import datetime
from collections.abc import Callable, Collection
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Field, Q
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.access import user_of
from accounts.models import User
from accounts.scope import within_scope
from communes.models import Collectivity, Region
from conventions.campaigns.models import PRINTED, Campaign
from conventions.enrolment.enrolling import EnrolmentReport, enrol
from conventions.enrolment.preparation import prepare
from conventions.lifecycle import PARTY_CONFIRMED, State
from conventions.models import Convention
from documents.models import TextModel
from jobs.selection import read_keys, write_keys
from rectorat.admin.convention import ConventionAdmin
from rectorat.admin.forms import EnrolmentForm
from rectorat.admin.job import ask_to_issue
from rectorat.admin.renewal import RenewalPage
from rectorat.board import build_board, build_reply_curve
from schools.models import School
from schools.takeover import payer_on
from tabular.folding import fold

SIGNATORY = tuple(name for name in PRINTED if name.startswith("signatory"))
TEXTS = {
    "decision_text": TextModel.Kind.DECISION,
    "deliberation_text": TextModel.Kind.DELIBERATION,
    "convention_text": TextModel.Kind.CONVENTION,
}
# How the campaign runs: taken from last year's, like the tariff and the signatory.
EXCHANGES = ("contact_email", "reminder_interval", "reminder_cap", "reminder_schedule")
DATES = ("opens_on", "reply_by", "ends_on")
SCHOOLS_FOUND = 50

View = Callable[[HttpRequest, Campaign], HttpResponse]


@admin.register(Campaign)
class CampaignAdmin(RenewalPage):
    list_display = ("__str__", "state", "tariff", "opens_on", "reply_by", "ends_on")

    class Media:
        css = {"all": ("conventions_admin.css",)}

    # --- Create, edit -------------------------------------------------------
    def get_fieldsets(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        settled = (
            "Des conventions ont été envoyées : ce qu'elles impriment ne change plus."
            if obj and obj.first_sent_on
            else "Imprimé sur les conventions : ne changera plus dès que l'une sera envoyée."
        )
        return (
            (None, {"fields": ("start_year", "opens_on", "reply_by")}),
            ("Ce que les conventions impriment", {"fields": PRINTED, "description": settled}),
            ("Échanges et relances", {"fields": EXCHANGES}),
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Campaign | None = None
    ) -> tuple[str, ...]:
        return obj.settled if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Propose the coming school year, the newest texts, and all settings of the last one."""
        last = Campaign.objects.first()
        year = last.start_year + 1 if last else timezone.localdate().year
        initial: dict[str, Any] = {"start_year": year, "ends_on": datetime.date(year + 1, 9, 1)}
        for name, kind in TEXTS.items():
            published = TextModel.objects.published().filter(kind=kind)
            initial[name] = published.order_by("-version").first()
        regions = Region.objects.all()[:2]
        if len(regions) == 1:
            initial["region"] = regions[0]
        if last:
            copied = ("region", "tariff", *SIGNATORY, *EXCHANGES)
            initial |= {name: getattr(last, name) for name in copied}
            initial |= {name: _a_year_later(getattr(last, name)) for name in DATES}
        return initial | super().get_changeform_initial_data(request)

    def formfield_for_dbfield(
        self, db_field: Field, request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        """A text is chosen here; it is written among the texts, and proofread there."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in TEXTS:
            field.widget.can_add_related = field.widget.can_change_related = False
            # Titles are long: what tells the versions apart comes first.
            field.label_from_instance = lambda text: f"Version {text.version} – {text.title}"
        return field

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "tariff" in form.changed_data and obj.conventions.exists():
            messages.warning(
                request,
                "La participation a changé : préparez de nouveau les conventions avant de les "
                "envoyer.",
            )

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Campaign | None = None,
    ) -> HttpResponse:
        if obj:
            context["board"] = build_board(obj, user_of(request))
        return super().render_change_form(request, context, add, change, form_url, obj)

    # --- What is done for the whole campaign --------------------------------
    def get_urls(self) -> list[URLPattern]:
        steps = {
            "board": self.board_view,
            "open": self.open_view,
            "close": self.close_view,
            "archive": self.archive_view,
            "renew": self.renew_view,
            "enrol": self.enrol_view,
            "prepare": self.prepare_view,
            "send": self.send_view,
            "print": self.print_view,
        }
        return [
            path(
                f"<int:pk>/{step}/",
                self.admin_site.admin_view(self._on_campaign(view)),
                name=f"campaigns_campaign_{step}",
            )
            for step, view in steps.items()
        ] + super().get_urls()

    def _on_campaign(self, view: View) -> Callable[..., HttpResponse]:
        """Give `view` the campaign of the address, to agents who may change campaigns."""

        def on_campaign(request: HttpRequest, pk: int) -> HttpResponse:
            if not self.has_change_permission(request):
                raise PermissionDenied
            return view(
                request, get_object_or_404(Campaign.objects.select_related("region"), pk=pk)
            )

        return on_campaign

    def board_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Where the conventions stand, by académie and département."""
        context = {
            "board": build_board(campaign, user_of(request)),
            "curve": build_reply_curve(campaign, user_of(request)),
            "accepted_states": ",".join(PARTY_CONFIRMED),
            "is_nav_sidebar_enabled": False,  # The table needs the width.
        }
        return self.campaign_page(request, campaign, "board", "Où en est la campagne", context)

    def open_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        return self._state_view(
            request,
            campaign,
            campaign.open,
            "Rouvrir la campagne"
            if campaign.state == Campaign.State.CLOSED
            else "Ouvrir la campagne",
            "Ses conventions pourront être envoyées aux collectivités. Rien n'est envoyé "
            "par l'ouverture elle-même.",
        )

    def close_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        waiting = campaign.conventions.filter(state=State.PREPARED).count()
        return self._state_view(
            request,
            campaign,
            campaign.close,
            "Clore la campagne",
            "Plus aucune école ne pourra être inscrite, ni aucune convention préparée ou envoyée. "
            "Les conventions déjà envoyées suivent leur cours."
            + (f" Conventions préparées qui ne partiront pas : {waiting}." if waiting else ""),
        )

    def archive_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        return self._state_view(
            request,
            campaign,
            campaign.archive,
            "Archiver la campagne",
            "La campagne ne pourra plus être rouverte : elle se consulte seulement. Ses conventions "
            "gardent leurs pièces et leur journal.",
        )

    def _state_view(
        self,
        request: HttpRequest,
        campaign: Campaign,
        verb: Callable[..., None],
        label: str,
        explanation: str,
    ) -> HttpResponse:
        """Ask before the campaign changes state, then (POST) run `verb`."""
        if request.method != "POST":
            context = {"explanation": explanation, "submit": label}
            return self.campaign_page(request, campaign, "ask", label, context)
        try:
            verb(by=user_of(request))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, f"La campagne est {campaign.get_state_display()}.")
        return redirect("admin:campaigns_campaign_change", campaign.pk)

    def enrol_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Enrol schools: pasted, uploaded, or ticked among those a search found."""
        context: dict[str, Any] = {"query": request.GET.get("q", "").strip()}
        if request.method == "POST":
            ticked = "\n".join(request.POST.getlist("ticked"))
            form = EnrolmentForm({"text": ticked} if ticked else request.POST, request.FILES)
            if form.is_valid():
                form, context["report"] = self._enrol(request, campaign, form)
        else:
            form = EnrolmentForm()
        if context["query"]:
            context |= _find_schools(campaign, context["query"], user_of(request))
        context["form"] = form
        return self.campaign_page(request, campaign, "enrol", "Inscrire des écoles", context)

    def _enrol(
        self, request: HttpRequest, campaign: Campaign, form: EnrolmentForm
    ) -> tuple[EnrolmentForm, EnrolmentReport | None]:
        """Return the form to show next, and the report (None when all was refused)."""
        try:
            report = enrol(campaign, form.cleaned_data["codes"], by=user_of(request))
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return form, None
        if report.enrolled or report.already:
            refused = "\n".join(refusal.text for refusal in report.refused)
            form = EnrolmentForm(initial={"text": refused})
        return form, report

    def prepare_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Say what would be prepared, then (POST) prepare it and report.

        For the whole campaign, or for the payers whose keys are given.
        """
        keys = request.POST.get("payers", "")
        payers = [int(key) for key in read_keys(keys)] if keys else None
        context = _to_prepare(campaign, user_of(request), payers)
        if request.method == "POST":
            try:
                context["report"] = prepare(campaign, by=user_of(request), payers=payers)
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
                return redirect("admin:campaigns_campaign_change", campaign.pk)
        return self.campaign_page(request, campaign, "prepare", "Préparer les conventions", context)

    def ask_to_prepare(
        self, request: HttpRequest, campaign: Campaign, payers: Collection[int]
    ) -> HttpResponse:
        """Say what would be prepared for some payers; the campaign's page does it."""
        context = _to_prepare(campaign, user_of(request), payers) | {"payers": write_keys(payers)}
        return self.campaign_page(request, campaign, "prepare", "Préparer les conventions", context)

    def send_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Ask about sending every prepared convention; the convention's own page does it."""
        conventions = ConventionAdmin(Convention, self.admin_site)
        prepared = conventions.get_queryset(request).filter(campaign=campaign, state=State.PREPARED)
        return conventions.ask(request, "send", prepared)

    def print_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Ask about the documents of every convention that may have some; a job makes them."""
        conventions = ConventionAdmin(Convention, self.admin_site)
        ready = conventions.get_queryset(request).filter(
            campaign=campaign, state__in=PARTY_CONFIRMED
        )
        return ask_to_issue(conventions, request, ready)


def _a_year_later(day: datetime.date | None) -> datetime.date | None:
    """The same day of the next year; a 29 February gives the 28th, an unset date nothing."""
    if day is None:
        return None
    last_of_month = calendar.monthrange(day.year + 1, day.month)[1]
    return day.replace(year=day.year + 1, day=min(day.day, last_of_month))


def _find_schools(campaign: Campaign, query: str, user: User) -> dict[str, Any]:
    """Schools where every word typed is found in the name, the commune or the code."""
    schools = School.objects.annotate(payer_then=payer_on(campaign.starts_on))
    schools = schools.filter(within_scope(user, "payer_then")).exclude(state=School.State.CLOSED)
    for word in fold(query).split():
        schools = schools.filter(search_text__contains=word)
    found = list(schools.select_related("commune").order_by("search_text")[:SCHOOLS_FOUND])
    payers = Collectivity.objects.in_bulk({school.payer_then for school in found})
    enrolled = set(
        campaign.enrolments.enrolled().filter(school__in=found).values_list("school_id", flat=True)
    )
    return {
        "found": [(school, payers[school.payer_then], school.pk in enrolled) for school in found],
        "found_all": len(found) < SCHOOLS_FOUND,
        "some_to_enrol": len(enrolled) < len(found),
    }


def _to_prepare(
    campaign: Campaign, user: User, payers: Collection[int] | None = None
) -> dict[str, Any]:
    """How many collectivities and schools a preparation would take up."""
    enrolments = campaign.enrolments.payable(campaign, user).waiting()
    conventions = campaign.conventions.for_user(user).filter(state=State.PREPARED)
    if payers is not None:
        enrolments = enrolments.filter(Q(payer_id__in=payers))
        conventions = conventions.filter(collectivity__in=payers)
    waiting = enrolments.aggregate(
        schools=Count("pk"), collectivities=Count("payer_id", distinct=True)
    )
    return {"waiting": waiting, "prepared": conventions.count()}
