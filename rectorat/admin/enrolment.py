"""Enrolled schools: the list, and taking one out while its convention is not sent."""

import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.access import user_of
from accounts.models import User
from accounts.scope import within_scope
from communes.admin_base import ScopedAdmin
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.enrolment.enrolling import withdraw
from conventions.lifecycle import REWORKABLE
from conventions.models import Enrolment
from conventions.models.enrolment import EnrolmentQuerySet
from rectorat.admin.campaign import CampaignAdmin
from rectorat.lists.filters import AcademyFilter, CampaignFilter, DepartmentFilter
from rectorat.lists.kept import KeptListMixin
from rectorat.territory.numbers import counted_link, number_page
from tabular.admin_export import ExportMixin
from tabular.admin_search import FoldedSearchMixin
from tabular.writing import Column, Kind


@admin.action(description="Préparer les conventions de ces écoles")
def prepare_conventions(
    model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Enrolment]
) -> HttpResponse | None:
    """Ask about the conventions of the payers of these schools, of one campaign."""
    campaigns = Campaign.objects.filter(pk__in=queryset.order_by().values("campaign"))
    if len(campaigns) != 1:
        messages.warning(request, "Filtrez les écoles d'une seule campagne, puis recommencez.")
        return None
    (campaign,) = campaigns
    enrolments = campaign.enrolments.payable(campaign, user_of(request)).to_prepare()
    chosen = enrolments.filter(pk__in=queryset.order_by().values("pk")).order_by()
    payers = sorted(set(chosen.values_list(F("payer_id"), flat=True)))
    if not payers:
        messages.warning(request, "Les conventions de ces écoles sont déjà envoyées.")
        return None
    campaigns_admin = CampaignAdmin(Campaign, model_admin.admin_site)
    return campaigns_admin.ask_to_prepare(request, campaign, payers)


class EnrolledFilter(admin.SimpleListFilter):
    title = "inscription"
    parameter_name = "enrolled"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("yes", "Inscrites"),
            ("waiting", "Inscrites, sans convention"),
            ("no", "Retirées"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        match self.value():
            case "yes":
                return queryset.enrolled()
            case "waiting":
                return queryset.waiting()
            case "no":
                return queryset.filter(released_on__isnull=False)
        return queryset


class PayerAcademyFilter(AcademyFilter):
    """A school counts where its payer does, on the board too: not where it stands."""

    def condition(self, value: str, today: datetime.date) -> Q:
        payers = Collectivity.objects.filter(**{f"department__{self.lookup}": value})
        return Q(payer_id__in=payers.order_by().values("pk"))


class PayerDepartmentFilter(PayerAcademyFilter, DepartmentFilter):
    """The same, by département."""


_OF_PAYERS = {ORDER_VAR, PayerAcademyFilter.parameter_name, PayerDepartmentFilter.parameter_name}
COLUMNS = (
    Column("Année scolaire", Kind.TEXT, lambda enrolment: enrolment.campaign.school_year),
    Column("Code UAI", Kind.TEXT, lambda enrolment: enrolment.uai),
    Column("Nom imprimé", Kind.TEXT, lambda enrolment: enrolment.name, width=44),
    Column("Commune", Kind.TEXT, lambda enrolment: enrolment.commune_name, width=28),
    Column("Département", Kind.TEXT, lambda enrolment: enrolment.department_code),
    Column("Collectivité", Kind.TEXT, lambda enrolment: enrolment.payer_name, width=36),
    Column("Nombre compté", Kind.INTEGER, lambda enrolment: enrolment.number),
    Column(
        "Motif du nombre saisi",
        Kind.TEXT,
        lambda enrolment: enrolment.typed.reason if enrolment.is_typed else "",
        width=28,
    ),
    Column("Participation", Kind.MONEY, lambda enrolment: enrolment.fee),
    Column(
        "Convention",
        Kind.TEXT,
        lambda enrolment: enrolment.convention and enrolment.convention.reference,
        width=20,
    ),
    Column("Inscrite le", Kind.MOMENT, lambda enrolment: enrolment.enrolled_at),
    Column("Retirée le", Kind.DATE, lambda enrolment: enrolment.released_on),
)


class _PayersLast(ChangeList):
    """Looks for the payers of the rows shown alone, where nothing else asked for them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if "payer_id" not in self.result_list.query.annotations:
            self.result_list = self.result_list.with_payer()


@admin.register(Enrolment)
class EnrolmentAdmin(FoldedSearchMixin, ExportMixin, KeptListMixin, ScopedAdmin):
    list_display = ("uai", "name", "commune_name", "payer", "convention_link", "release")
    list_filter = (CampaignFilter, EnrolledFilter, PayerAcademyFilter, PayerDepartmentFilter)
    department_path = "school__commune__department"
    search_fields = ("school__search_text",)
    search_help_text = "Nom de l'école, commune ou code UAI ; les accents sont facultatifs."
    list_per_page = 100
    list_select_related = ("convention", "campaign", "school", "typed")
    actions = (prepare_conventions,)
    export_columns = COLUMNS
    export_select_related = ("campaign", "convention", "typed")
    optional_columns = ("counted",)
    readonly_fields = ("counted",)
    fields = (
        "campaign",
        "school",
        "uai",
        "name",
        "commune_name",
        "department_code",
        "counted",
        "fee",
        "convention",
        "enrolled_at",
        "released_on",
    )

    class Media:
        css = {"all": ("conventions_admin.css",)}

    def scope(self, user: User) -> Q:
        """By who pays for the school in its own year, as preparing does."""
        theirs = within_scope(user, "payer_id")
        if not theirs:
            return Q()
        return Q(pk__in=Enrolment.objects.with_payer().filter(theirs).order_by().values("pk"))

    def get_queryset(self, request: HttpRequest) -> EnrolmentQuerySet:
        """Return them with their payers; a list that is not about these counts without them."""
        enrolments: EnrolmentQuerySet = super().get_queryset(request)
        is_list = request.path == reverse("admin:conventions_enrolment_changelist")
        asks = not is_list or _OF_PAYERS & request.GET.keys()
        return enrolments.with_payer() if asks else enrolments

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _PayersLast

    @admin.display(description="collectivité", ordering="payer_search")
    def payer(self, enrolment: Any) -> str:
        """As `with_payer` found it."""
        return str(enrolment.payer_name)

    @admin.display(description="convention", ordering="convention__reference")
    def convention_link(self, enrolment: Enrolment) -> str:
        if not enrolment.convention:
            return "à préparer"
        url = reverse("admin:conventions_convention_change", args=[enrolment.convention_id])
        return format_html('<a href="{}">{}</a>', url, enrolment.convention.reference)

    @admin.display(description="nombre compté")
    def counted(self, enrolment: Enrolment) -> str:
        return counted_link(enrolment)

    @admin.display(description="retirer")
    def release(self, enrolment: Enrolment) -> str:
        if enrolment.released_on:
            return f"retirée le {enrolment.released_on:%d/%m/%Y}"
        if enrolment.convention and enrolment.convention.state not in REWORKABLE:
            return "—"
        url = reverse("admin:conventions_enrolment_withdraw", args=[enrolment.pk])
        return format_html(
            '<a href="{}">Retirer<span class="visually-hidden"> {}</span></a>', url, enrolment
        )

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/withdraw/",
                self.admin_site.admin_view(self.withdraw_view),
                name="conventions_enrolment_withdraw",
            ),
            path(
                "<int:pk>/number/",
                self.admin_site.admin_view(self.number_view),
                name="conventions_enrolment_number",
            ),
            *super().get_urls(),
        ]

    def _found(self, request: HttpRequest, pk: int) -> Enrolment:
        found = self.get_queryset(request).filter(pk=pk)
        found = found.select_related("campaign", "convention__campaign", "school", "typed")
        return get_object_or_404(found)

    def number_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a school's pupils or classes of this campaign, with the reason; then keep them."""
        page = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return number_page(request, self._found(request, pk), page)

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask before a school is taken out of the campaign, then (POST) do it."""
        enrolment = self._found(request, pk)
        back = (
            reverse("admin:conventions_convention_change", args=[enrolment.convention_id])
            if enrolment.convention
            else reverse("admin:conventions_enrolment_changelist")
        )
        if request.method == "POST":
            try:
                withdraw(enrolment, by=user_of(request))
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
            else:
                messages.success(request, f"École retirée : {enrolment}.")
            return redirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": "Retirer l'école",
            "enrolment": enrolment,
            "back": back,
        }
        return TemplateResponse(request, "admin/conventions/enrolment/withdraw.html", context)
