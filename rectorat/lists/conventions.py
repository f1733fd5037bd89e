"""The list of conventions: its columns, its filters, its search, what its files carry."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.contrib import admin
from django.db.models import F, IntegerField
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import floatformat
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import capfirst

from conventions.amendments.effects import (
    current_amount,
    current_school_count,
    signed_changes,
)
from conventions.amendments.models import Amendment
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from conventions.situations.expectations import RULES
from conventions.situations.situation import with_expected
from rectorat.lists.assigning import AssigningMixin
from rectorat.lists.filters import CONVENTION_FILTERS
from rectorat.lists.kept import KeptListMixin
from rectorat.lists.ready import ready_action
from tabular.admin_export import ExportMixin
from tabular.admin_search import FoldedSearchMixin
from tabular.paging import YearByYear
from tabular.writing import Column, Kind

_EXPECTED = {rule.key: rule.label for rule in RULES}


# Of a hundred rows many say the same day, the same amount: each is put in words once.
@lru_cache(maxsize=4096)
def short_date(day: datetime.date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else "—"


@lru_cache(maxsize=4096)
def short_amount(amount: Decimal) -> str:
    return f"{floatformat(amount, '2g')}\u00a0€"


def expected_label(convention: Convention) -> str:
    """Return what a file that `with_expected` fetched waits for, in words."""
    return _EXPECTED.get(getattr(convention, "expected", ""), "")


def agent_name(convention: Convention) -> str:
    """Return the name of who follows a file, "" when nobody in particular does."""
    assignment = getattr(convention, "assignment", None)
    return assignment.agent.get_full_name() if assignment else ""


def _of_act(name: str) -> Callable[[Convention], Any]:
    return lambda convention: getattr(convention.act, name, None)


COLUMNS = (
    Column("Référence", Kind.TEXT, lambda convention: convention.reference, width=20),
    Column("Année scolaire", Kind.TEXT, lambda convention: convention.campaign.school_year),
    Column("Collectivité", Kind.TEXT, lambda convention: convention.collectivity_title, width=40),
    Column("Code", Kind.TEXT, lambda convention: convention.collectivity.code),
    Column("SIREN", Kind.TEXT, lambda convention: convention.collectivity.siren),
    Column("Département", Kind.TEXT, lambda convention: convention.collectivity.department.code),
    Column("Écoles", Kind.INTEGER, current_school_count),
    Column("Participation par unité", Kind.MONEY, lambda convention: convention.unit_fee),
    Column("Montant", Kind.MONEY, current_amount),
    Column("État", Kind.TEXT, lambda convention: convention.get_state_display(), width=28),
    Column("Envoyée le", Kind.DATE, lambda convention: convention.sent_on),
    Column("Confirmée le", Kind.DATE, lambda convention: convention.accepted_on),
    Column("Acte", Kind.TEXT, lambda convention: str(convention.act or ""), width=44),
    Column("Date de l'acte", Kind.DATE, _of_act("dated_on")),
    Column("Acte déposé le", Kind.DATE, _of_act("deposited_on")),
    Column("Acte publié le", Kind.DATE, _of_act("published_on")),
    Column("Acte exécutoire le", Kind.DATE, _of_act("executory_on")),
    Column(
        "Signée par la collectivité le",
        Kind.DATE,
        lambda convention: convention.collectivity_signed_on,
    ),
    Column("Signée par la région le", Kind.DATE, lambda convention: convention.region_signed_on),
    Column("Prise d'effet", Kind.DATE, lambda convention: convention.effective_on),
)

# On demand, for letters and calls.
MAILING = (
    Column("Nature", Kind.TEXT, lambda c: c.collectivity.get_kind_display()),
    Column("SIRET", Kind.TEXT, lambda c: c.collectivity.siret),
    Column("Civilité", Kind.TEXT, lambda c: c.collectivity.get_representative_civility_display()),
    Column("Représentant", Kind.TEXT, lambda c: c.collectivity.representative, width=28),
    Column("Qualité", Kind.TEXT, lambda c: c.collectivity.representative_capacity),
    Column("Adresse", Kind.TEXT, lambda c: ", ".join(c.collectivity.address), width=44),
    Column("Adresse électronique", Kind.TEXT, lambda c: c.collectivity.email, width=32),
    Column("Téléphone", Kind.TEXT, lambda c: c.collectivity.phone),
    Column("Relances", Kind.INTEGER, lambda c: c.reminder_count),
    Column("Dernière relance le", Kind.DATE, lambda c: c.reminded_on),
    Column("Agent", Kind.TEXT, agent_name, width=24),
)
# What a column that the list may show is in a file, where `COLUMNS` lacks it.
SHOWN = {
    "awaited": Column("Attendu maintenant", Kind.TEXT, expected_label, width=32),
    "agent": MAILING[-1],
    "reminders": MAILING[-3],
    "kind": MAILING[0],
    "siret": MAILING[1],
    "representative": MAILING[3],
    "email": MAILING[6],
    "phone": MAILING[7],
}


class ConventionList(FoldedSearchMixin, ExportMixin, KeptListMixin, AssigningMixin):
    """Mixed into the admin of conventions."""

    paginator = YearByYear
    list_display = (
        "reference",
        "collectivity_name",
        "department",
        "school_total",
        "euros",
        "state_label",
        "sent",
        "collectivity_signed",
        "region_signed",
        "executory",
        "reminders",
    )
    optional_columns = (
        "awaited",
        "agent",
        "accepted",
        "act_dated",
        "kind",
        "representative",
        "email",
        "phone",
        "siret",
    )
    list_filter = CONVENTION_FILTERS
    department_path = "collectivity__department"
    search_help_text = (
        "Collectivité, code INSEE, SIREN, SIRET, référence ou représentant ; les accents et les "
        "tirets sont facultatifs."
    )
    list_per_page = 100
    list_select_related = ("collectivity__department", "act", "assignment__agent")
    export_columns = COLUMNS
    mailing_columns = MAILING
    export_select_related = ("campaign", "collectivity__department", "act", "assignment__agent")

    def get_queryset(self, request: HttpRequest) -> ConventionQuerySet:
        conventions = super().get_queryset(request).prefetch_related("amendments")
        if "awaited" in self.columns_chosen(request):
            conventions = with_expected(conventions)
        return conventions

    def columns_to_export(self, request: HttpRequest) -> list[Column]:
        shown = [SHOWN[name] for name in self.columns_chosen(request) if name in SHOWN]
        return [*COLUMNS, *shown]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Put at hand the action that the files shown wait for."""
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            changelist = response.context_data.get("cl")
            if changelist and changelist.result_count:
                ready = ready_action(request.GET, self.get_actions(request))
                response.context_data["ready"] = ready
        return response

    @admin.display(description="collectivité", ordering="collectivity__search_text")
    def collectivity_name(self, convention: Convention) -> str:
        return convention.collectivity.name

    @admin.display(description="dép.", ordering="collectivity__department__code")
    def department(self, convention: Convention) -> str:
        return convention.collectivity.department.code

    @admin.display(
        description="écoles",
        ordering=F("school_count")
        + signed_changes(F("added_count") - F("removed_count"), IntegerField()),
    )
    def school_total(self, convention: Convention) -> int:
        # Not "schools": Django would sort by the relation of that name, and repeat rows.
        return current_school_count(convention)

    @admin.display(
        description="montant",
        ordering=F("amount") + signed_changes(F("amount_change"), Amendment.amount_change.field),
    )
    def euros(self, convention: Convention) -> str:
        return short_amount(current_amount(convention))

    @admin.display(description="état", ordering="state")
    def state_label(self, convention: Convention) -> str:
        return format_html(
            '<span class="state state-{}">{}</span>',
            convention.state,
            convention.get_state_display(),
        )

    @admin.display(description="envoyée", ordering="sent_on")
    def sent(self, convention: Convention) -> str:
        return short_date(convention.sent_on)

    @admin.display(description="signature collectivité", ordering="collectivity_signed_on")
    def collectivity_signed(self, convention: Convention) -> str:
        return short_date(convention.collectivity_signed_on)

    @admin.display(description="signature région", ordering="region_signed_on")
    def region_signed(self, convention: Convention) -> str:
        return short_date(convention.region_signed_on)

    @admin.display(description="acte exécutoire", ordering="act__executory_on")
    def executory(self, convention: Convention) -> str:
        act = convention.act
        return short_date(act.executory_on if act else None)

    @admin.display(description="relances", ordering="reminder_count")
    def reminders(self, convention: Convention) -> str:
        if not convention.reminder_count:
            return "—"
        return f"{convention.reminder_count} ({short_date(convention.reminded_on)})"

    @admin.display(description="attendu maintenant")
    def awaited(self, convention: Convention) -> str:
        return capfirst(expected_label(convention)) or "—"

    @admin.display(description="agent", ordering="assignment__agent__last_name")
    def agent(self, convention: Convention) -> str:
        return agent_name(convention) or "—"

    @admin.display(description="confirmée", ordering="accepted_on")
    def accepted(self, convention: Convention) -> str:
        return short_date(convention.accepted_on)

    @admin.display(description="acte pris", ordering="act__dated_on")
    def act_dated(self, convention: Convention) -> str:
        act = convention.act
        return short_date(act.dated_on if act else None)

    @admin.display(description="nature", ordering="collectivity__kind")
    def kind(self, convention: Convention) -> str:
        return convention.collectivity.get_kind_display()

    @admin.display(description="représentant", ordering="collectivity__representative_last_name")
    def representative(self, convention: Convention) -> str:
        return convention.collectivity.representative or "—"

    @admin.display(description="adresse électronique", ordering="collectivity__email")
    def email(self, convention: Convention) -> str:
        return convention.collectivity.email or "—"

    @admin.display(description="téléphone", ordering="collectivity__phone")
    def phone(self, convention: Convention) -> str:
        return convention.collectivity.phone or "—"

    @admin.display(description="SIRET", ordering="collectivity__siret")
    def siret(self, convention: Convention) -> str:
        return convention.collectivity.siret or "—"
