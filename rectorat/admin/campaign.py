"""Campaigns: their page, their board, and what is done for a whole campaign."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import DateField, Field
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from accounts import factor
from accounts.access import user_of
from accounts.regional import refuse_who_is_limited
from communes.admin_base import WholeRegionAdmin
from conventions.campaigns import transfer
from conventions.campaigns.coming import EXCHANGES, TEXTS, proposed
from conventions.campaigns.forms import CampaignForm
from conventions.campaigns.models import PRINTED, TARIFF, Campaign
from conventions.enrolment.enrolling import SCHOOLS_FOUND, find_schools
from conventions.enrolment.long_actions import refused_lines, start_enrolling
from conventions.enrolment.preparation import of_unknown_number, payers_to_prepare, to_prepare
from conventions.lifecycle import PARTY_CONFIRMED, State
from conventions.models import Convention
from jobs import running
from jobs.models import Job
from jobs.selection import read_keys, write_keys
from lifecycle.plausible import DateInput
from lifecycle.rereading import RereadAdmin
from rectorat.admin.convention import ConventionAdmin
from rectorat.admin.forms import EnrolmentForm
from rectorat.admin.renewal import renew_view
from rectorat.admin.tariff import exceptions_view, tariff_view
from rectorat.boards.board import build_board
from rectorat.boards.campaign_map import KINDS, build_map
from rectorat.boards.replies import build_reply_curve
from rectorat.purging.asking import export_view

View = Callable[[HttpRequest, Campaign], HttpResponse]

_REST = tuple(name for name in PRINTED if name not in TARIFF)


@admin.register(Campaign)
class CampaignAdmin(RereadAdmin, WholeRegionAdmin):
    form = form_to_change = CampaignForm
    list_display = ("__str__", "state", "rule_shown", "opens_on", "reply_by", "ends_on")
    radio_fields: ClassVar[dict[str, Any]] = {
        "tariff_basis": admin.VERTICAL,
        "vat_on_top": admin.VERTICAL,
    }
    formfield_overrides: ClassVar[dict[Any, Any]] = {DateField: {"widget": DateInput}}

    class Media:
        css = {"all": ("conventions_admin.css",)}

    @admin.display(description="participation")
    def rule_shown(self, campaign: Campaign) -> str:
        return campaign.rule_in_words

    # --- Create, edit -------------------------------------------------------
    def get_fieldsets(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        settled = (
            "Des conventions ont été envoyées : ce qu'elles impriment ne change plus."
            if obj and obj.first_sent_on
            else "Imprimé sur les conventions : ne changera plus dès que l'une sera envoyée."
        )
        return (
            (None, {"fields": ("start_year", "opens_on", "reply_by")}),
            ("Tarif", {"fields": TARIFF, "description": settled}),
            ("Ce que les conventions impriment", {"fields": _REST, "description": settled}),
            ("Échanges et relances", {"fields": EXCHANGES}),
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Campaign | None = None
    ) -> tuple[str, ...]:
        return obj.settled if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Propose the coming school year, the newest texts, and all settings of the last one."""
        return proposed() | super().get_changeform_initial_data(request)

    def formfield_for_dbfield(
        self, db_field: Field, request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        """A text is chosen here; it is written among the texts, and proofread there."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in TEXTS:
            field.widget.can_add_related = field.widget.can_change_related = False
        return field

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and set(TARIFF) & set(form.changed_data) and obj.conventions.exists():
            messages.warning(
                request,
                "La participation a changé : préparez de nouveau les conventions avant de les "
                "envoyer.",
            )

    def response_post_save_add(self, request: HttpRequest, obj: Campaign) -> HttpResponseRedirect:
        """Land on the campaign, where the next steps are."""
        return redirect("admin:campaigns_campaign_change", obj.pk)

    def response_post_save_change(
        self, request: HttpRequest, obj: Campaign
    ) -> HttpResponseRedirect:
        return redirect("admin:campaigns_campaign_change", obj.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj: Campaign | None = kwargs["obj"]
        if obj:
            user = user_of(request)
            context["board"] = build_board(obj, user)
            context["transfer"] = transfer.entries(obj) if obj.transferred_on else []
            context["to_prepare_again"] = obj.conventions.for_user(user).at_another_fee().count()
        return super().render_change_form(request, context, *args, **kwargs)

    # --- What is done for the whole campaign --------------------------------
    def get_urls(self) -> list[URLPattern]:
        steps: dict[str, View] = {
            "board": self.board_view,
            "map": self.map_view,
            "open": self.open_view,
            "close": self.close_view,
            "archive": self.archive_view,
            "export": partial(export_view, page_of=self._page),
            "renew": partial(renew_view, page_of=self._page),
            "tariff": partial(tariff_view, page_of=self._page),
            "exceptions": partial(exceptions_view, page_of=self._page),
            "enrol": self.enrol_view,
            "prepare": self.prepare_view,
            "send": self.send_view,
            "print": self.print_view,
        }
        regional = ("open", "close", "archive", "export", "renew", "tariff", "exceptions")
        return [
            path(
                f"<int:pk>/{step}/",
                self.admin_site.admin_view(self._on_campaign(view, step in regional)),
                name=f"campaigns_campaign_{step}",
            )
            for step, view in steps.items()
        ] + super().get_urls()

    def _on_campaign(self, view: View, is_regional: bool) -> Callable[..., HttpResponse]:
        """Give `view` the campaign of the address; the whole region's steps, to who follows it."""

        def on_campaign(request: HttpRequest, pk: int) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            if is_regional:
                refuse_who_is_limited(request)
            return view(
                request, get_object_or_404(Campaign.objects.select_related("region"), pk=pk)
            )

        return on_campaign

    def board_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Where the conventions stand, by académie and département."""
        context = {
            "board": build_board(campaign, user_of(request)),
            "curve": build_reply_curve(campaign, user_of(request), timezone.localdate()),
            "accepted_states": ",".join(PARTY_CONFIRMED),
            "is_nav_sidebar_enabled": False,  # The table needs the width.
        }
        return self._page(request, campaign, "board", "Où en est la campagne", context)

    def map_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Where the collectivities are, by what their files wait for."""
        context = {
            "map": build_map(campaign, user_of(request)),
            "kinds": KINDS,
            "is_nav_sidebar_enabled": False,
        }
        return self._page(request, campaign, "map", "La campagne sur la carte", context)

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
        unsent = campaign.conventions.filter(state=State.PREPARED).count()
        return self._state_view(
            request,
            campaign,
            campaign.close,
            "Clore la campagne",
            "Plus aucune école ne pourra être inscrite, ni aucune convention préparée ou envoyée. "
            "Les conventions déjà envoyées suivent leur cours."
            + (f" Conventions préparées qui ne partiront pas : {unsent}." if unsent else ""),
        )

    def archive_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        if request.method == "POST":
            factor.demand_fresh(request)
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
            return self._page(request, campaign, "ask", label, context)
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
            if form.is_valid() and (job := self._enrol(request, campaign, form)):
                return redirect("admin:jobs_job_change", job.pk)
        else:
            form = EnrolmentForm(initial={"text": _to_correct(request)})
        if context["query"]:
            found = find_schools(campaign, context["query"], user_of(request))
            context |= {
                "found": found,
                "found_all": len(found) < SCHOOLS_FOUND,
                "some_to_enrol": not all(is_enrolled for _, _, is_enrolled in found),
            }
        context["form"] = form
        return self._page(request, campaign, "enrol", "Inscrire des écoles", context)

    def _enrol(self, request: HttpRequest, campaign: Campaign, form: EnrolmentForm) -> Job | None:
        """Have a worker enrol the schools of a list; None when it is refused, said in the form."""
        try:
            job = start_enrolling(campaign, form.cleaned_data["codes"], by=user_of(request))
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return None
        job.back = f"{request.path}?report={job.pk}"  # Where what it refuses is corrected.
        job.save(update_fields=["back"])
        return job

    def prepare_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Say what would be prepared, then (POST) have a worker prepare it.

        For the whole campaign, or for the payers whose keys are given.
        """
        if request.method == "POST":
            return self._start_preparing(request, campaign)
        context = to_prepare(campaign, user_of(request)) | {"payers": ""}
        context["unknown"] = of_unknown_number(campaign, user_of(request))
        return self._page(request, campaign, "prepare", "Préparer les conventions", context)

    def _start_preparing(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        user, asked = user_of(request), request.POST.get("payers", "")
        payers = payers_to_prepare(campaign, user)
        if asked:
            payers &= {int(key) for key in read_keys(asked)}
        try:
            campaign.refuse_work(user)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect("admin:campaigns_campaign_change", campaign.pk)
        if not payers:
            messages.warning(request, "Aucune convention à préparer dans cette campagne.")
            return redirect("admin:campaigns_campaign_change", campaign.pk)
        words = f"{campaign}, écoles choisies" if asked else f"{campaign}, toutes les collectivités"
        job = running.start(
            "prepare",
            payers,
            by=user,
            facts={"campaign": campaign.pk},
            selection=words,
            back=_page_of(campaign),
        )
        return redirect("admin:jobs_job_change", job.pk)

    def ask_to_prepare(
        self, request: HttpRequest, campaign: Campaign, payers: Collection[int]
    ) -> HttpResponse:
        """Say what would be prepared for some payers; the campaign's page does it."""
        waiting = to_prepare(campaign, user_of(request), payers)
        context = waiting | {"payers": write_keys(payers)}
        context["unknown"] = of_unknown_number(campaign, user_of(request), payers)
        return self._page(request, campaign, "prepare", "Préparer les conventions", context)

    def send_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Ask about sending every prepared convention; the convention's own page does it."""
        conventions = ConventionAdmin(Convention, self.admin_site)
        prepared = conventions.get_queryset(request).filter(campaign=campaign, state=State.PREPARED)
        return conventions.ask(
            request,
            "send",
            prepared,
            selection=f"{campaign}, conventions préparées",
            back=_page_of(campaign),
        )

    def print_view(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Ask about the documents of every convention that may have some; a job makes them."""
        conventions = ConventionAdmin(Convention, self.admin_site)
        ready = conventions.get_queryset(request).filter(
            campaign=campaign, state__in=PARTY_CONFIRMED
        )
        return conventions.ask(
            request,
            "issue",
            ready,
            selection=f"{campaign}, renseignements confirmés",
            back=_page_of(campaign),
        )

    def _page(
        self, request: HttpRequest, campaign: Campaign, template: str, title: str, context: dict
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/campaigns/campaign/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "campaign": campaign,
                "title": title,
                **context,
            },
        )


def _to_correct(request: HttpRequest) -> str:
    """Return the lines that the list of an own report could not enrol, "" without any."""
    asked = request.GET.get("report", "")
    own = Job.objects.filter(by=user_of(request), action="enrol")
    job = own.filter(pk=asked).first() if asked.isdecimal() else None
    return refused_lines(job) if job else ""


def _page_of(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_change", args=[campaign.pk])
