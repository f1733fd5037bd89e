"""Campaigns: their page, their board, and what is done for a whole campaign."""

import calendar
import datetime

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from accounts.scope import within_scope
from communes.folding import fold
from communes.models import Collectivity, Region
from conventions import enrolment, preparation
from conventions.board import build_board, build_reply_curve
from conventions.lifecycle import PARTY_CONFIRMED, State
from conventions.models import Campaign, Convention
from documents.models import TextModel
from schools.models import School
from schools.takeover import payer_on

from .forms import EnrolmentForm
from .job import issue_documents
from .renewal import RenewalPage
from .selection import read_keys, write_keys

# Printed on every convention: settled once the first is sent.
PRINTED = (
    "region",
    "tariff",
    "ends_on",
    "signatory_civility",
    "signatory_first_name",
    "signatory_last_name",
    "signatory_titles",
    "decision_text",
    "deliberation_text",
    "convention_text",
)
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


@admin.register(Campaign)
class CampaignAdmin(RenewalPage, admin.ModelAdmin):
    list_display = ("__str__", "state", "tariff", "opens_on", "reply_by", "ends_on")

    class Media:
        css = {"all": ("conventions_admin.css",)}

    # --- Create, edit -------------------------------------------------------
    def get_fieldsets(self, request, obj=None):
        settled = (
            "Des conventions ont été envoyées : ce qu'elles impriment ne change plus."
            if self._has_sent(obj)
            else "Imprimé sur les conventions : ne changera plus dès que l'une sera envoyée."
        )
        return (
            (None, {"fields": ("start_year", "opens_on", "reply_by")}),
            ("Ce que les conventions impriment", {"fields": PRINTED, "description": settled}),
            ("Échanges et relances", {"fields": EXCHANGES}),
        )

    def get_readonly_fields(self, request, obj=None):
        if self._has_sent(obj):
            return ("start_year", *PRINTED)
        # The year is in the references of conventions already prepared.
        return ("start_year",) if obj and obj.conventions.exists() else ()

    @staticmethod
    def _has_sent(campaign):
        return bool(campaign) and campaign.conventions.filter(sent_on__isnull=False).exists()

    def get_changeform_initial_data(self, request):
        """Propose the coming school year, the newest texts, and all settings of the last one."""
        last = Campaign.objects.first()
        year = last.start_year + 1 if last else timezone.localdate().year
        initial = {"start_year": year, "ends_on": datetime.date(year + 1, 9, 1)}
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

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """A text is chosen here; it is written among the texts, and proofread there."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in TEXTS:
            field.widget.can_add_related = field.widget.can_change_related = False
            # Titles are long: what tells the versions apart comes first.
            field.label_from_instance = lambda text: f"Version {text.version} – {text.title}"
        return field

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if change and "tariff" in form.changed_data and obj.conventions.exists():
            messages.warning(
                request,
                "La participation a changé : préparez de nouveau les conventions avant de les "
                "envoyer.",
            )

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj:
            context["board"] = build_board(obj, request.user)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    # --- What is done for the whole campaign --------------------------------
    def get_urls(self):
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
                name=f"conventions_campaign_{step}",
            )
            for step, view in steps.items()
        ] + super().get_urls()

    def _on_campaign(self, view):
        """Give `view` the campaign of the address, to agents who may change campaigns."""

        def on_campaign(request, pk):
            if not self.has_change_permission(request):
                raise PermissionDenied
            return view(
                request, get_object_or_404(Campaign.objects.select_related("region"), pk=pk)
            )

        return on_campaign

    def board_view(self, request, campaign):
        """Where the conventions stand, by académie and département."""
        context = {
            "board": build_board(campaign, request.user),
            "curve": build_reply_curve(campaign, request.user),
            "accepted_states": ",".join(PARTY_CONFIRMED),
            "is_nav_sidebar_enabled": False,  # The table needs the width.
        }
        return self._page(request, campaign, "board", "Où en est la campagne", context)

    def open_view(self, request, campaign):
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

    def close_view(self, request, campaign):
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

    def archive_view(self, request, campaign):
        return self._state_view(
            request,
            campaign,
            campaign.archive,
            "Archiver la campagne",
            "La campagne ne pourra plus être rouverte : elle se consulte seulement. Ses conventions "
            "gardent leurs pièces et leur journal.",
        )

    def _state_view(self, request, campaign, verb, label, explanation):
        """Ask before the campaign changes state, then (POST) run `verb`."""
        if request.method != "POST":
            context = {"explanation": explanation, "submit": label}
            return self._page(request, campaign, "ask", label, context)
        try:
            verb(by=request.user)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, f"La campagne est {campaign.get_state_display()}.")
        return redirect("admin:conventions_campaign_change", campaign.pk)

    def enrol_view(self, request, campaign):
        """Enrol schools: pasted, uploaded, or ticked among those a search found."""
        context = {"query": request.GET.get("q", "").strip(), "report": None}
        if request.method == "POST":
            ticked = "\n".join(request.POST.getlist("ticked"))
            form = EnrolmentForm({"text": ticked} if ticked else request.POST, request.FILES)
            if form.is_valid():
                form, context["report"] = self._enrol(request, campaign, form)
        else:
            form = EnrolmentForm()
        if context["query"]:
            context |= _find_schools(campaign, context["query"], request.user)
        context["form"] = form
        return self._page(request, campaign, "enrol", "Inscrire des écoles", context)

    def _enrol(self, request, campaign, form):
        """Return the form to show next, and the report (None when all was refused)."""
        try:
            report = enrolment.enrol(campaign, form.cleaned_data["codes"], by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return form, None
        if report.enrolled or report.already:
            refused = "\n".join(refusal.text for refusal in report.refused)
            form = EnrolmentForm(initial={"text": refused})
        return form, report

    def prepare_view(self, request, campaign):
        """Say what would be prepared, then (POST) prepare it and report.

        For the whole campaign, or for the payers whose keys are given.
        """
        keys = request.POST.get("payers", "")
        payers = [int(key) for key in read_keys(keys)] if keys else None
        context = _to_prepare(campaign, request.user, payers)
        if request.method == "POST":
            try:
                context["report"] = preparation.prepare(campaign, by=request.user, payers=payers)
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
                return redirect("admin:conventions_campaign_change", campaign.pk)
        return self._page(request, campaign, "prepare", "Préparer les conventions", context)

    def ask_to_prepare(self, request, campaign, payers):
        """Say what would be prepared for some payers; the campaign's page does it."""
        context = _to_prepare(campaign, request.user, payers)
        return self._page(request, campaign, "prepare", "Préparer les conventions", context)

    def send_view(self, request, campaign):
        """Ask about sending every prepared convention; the convention's own page does it."""
        conventions = self.admin_site.get_model_admin(Convention)
        prepared = conventions.get_queryset(request).filter(campaign=campaign, state=State.PREPARED)
        return conventions.ask(request, "send", prepared)

    def print_view(self, request, campaign):
        """Ask about the documents of every convention that may have some; a job makes them."""
        conventions = self.admin_site.get_model_admin(Convention)
        ready = conventions.get_queryset(request).filter(
            campaign=campaign, state__in=PARTY_CONFIRMED
        )
        return issue_documents(conventions, request, ready)

    def _page(self, request, campaign, template, title, context):
        return TemplateResponse(
            request,
            f"admin/conventions/campaign/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "campaign": campaign,
                "title": title,
                **context,
            },
        )


def _a_year_later(day):
    """The same day of the next year; a 29 February gives the 28th, an unset date nothing."""
    if day is None:
        return None
    last_of_month = calendar.monthrange(day.year + 1, day.month)[1]
    return day.replace(year=day.year + 1, day=min(day.day, last_of_month))


def _find_schools(campaign, query, user):
    """Schools where every word typed is found in the name, the commune or the code."""
    schools = School.objects.annotate(payer_then=payer_on(campaign.starts_on))
    schools = schools.filter(within_scope(user, "payer_then")).exclude(state=School.State.CLOSED)
    for word in fold(query).split():
        schools = schools.filter(search_text__contains=word)
    found = list(schools.select_related("commune").order_by("search_text")[:SCHOOLS_FOUND])
    payers = Collectivity.objects.in_bulk({school.payer_then for school in found})
    enrolled = set(
        campaign.schools.filter(school__in=found, released_on__isnull=True).values_list(
            "school_id", flat=True
        )
    )
    return {
        "found": [(school, payers[school.payer_then], school.pk in enrolled) for school in found],
        "found_all": len(found) < SCHOOLS_FOUND,
        "some_to_enrol": len(enrolled) < len(found),
    }


def _to_prepare(campaign, user, payers=None):
    """How many collectivities and schools a preparation would take up; no report yet."""
    lines = campaign.schools.payable(campaign, user).waiting()
    conventions = campaign.conventions.for_user(user).filter(state=State.PREPARED)
    if payers is not None:
        lines = lines.filter(payer_id__in=payers)
        conventions = conventions.filter(collectivity__in=payers)
    waiting = lines.aggregate(schools=Count("pk"), collectivities=Count("payer_id", distinct=True))
    return {
        "waiting": waiting,
        "prepared": conventions.count(),
        "payers": "" if payers is None else write_keys(payers),
        "report": None,
    }
