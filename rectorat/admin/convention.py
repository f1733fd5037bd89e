"""Conventions: the list, and the page of one."""

import datetime
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import F, IntegerField
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import floatformat
from django.utils.formats import date_format
from django.utils.html import format_html

from accounts.access import user_of
from accounts.roles import ADMIN_SITE_ROLES
from conventions import lifecycle
from conventions.amendments.effects import (
    can_be_amended,
    current_amount,
    current_school_count,
    signed_amendments,
    signed_changes,
)
from conventions.amendments.models import Amendment
from conventions.authority import can_drop_draft
from conventions.correspondence import can_post_message
from conventions.dossiers.long_actions import ACTIONS
from conventions.dossiers.timeline import timeline
from conventions.dossiers.whole import WholeFile
from conventions.enrolment.resuming import can_resume
from conventions.lifecycle import TRANSITIONS
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from conventions.terminations.steps import open_steps
from lifecycle.transition import allowed
from rectorat.admin.amendment import AmendmentPages, amendments_shown
from rectorat.admin.bulk import BulkPages, bulk_action
from rectorat.admin.filters import (
    AcademyFilter,
    CampaignFilter,
    DepartmentFilter,
    ExpectedFilter,
    LateFilter,
    OutdatedFilter,
    StandingFilter,
    WarningFilter,
)
from rectorat.admin.forms import VERB_FORMS
from tabular.admin_export import ExportMixin
from tabular.admin_search import FoldedSearchMixin
from tabular.writing import Column, Kind


def short_date(day: datetime.date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else "—"


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
    Column("Participation par école", Kind.MONEY, lambda convention: convention.unit_fee),
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


@admin.register(Convention)
class ConventionAdmin(FoldedSearchMixin, ExportMixin, BulkPages, AmendmentPages):
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
    list_filter = (
        CampaignFilter,
        "state",
        ExpectedFilter,
        LateFilter,
        OutdatedFilter,
        WarningFilter,
        StandingFilter,
        AcademyFilter,
        DepartmentFilter,
    )
    department_path = "collectivity__department"
    search_fields = ("collectivity__search_text", "reference")
    search_help_text = (
        "Collectivité, code INSEE, SIREN ou référence ; les accents sont facultatifs."
    )
    list_per_page = 100
    list_select_related = ("collectivity__department", "act")
    export_columns = COLUMNS
    export_select_related = ("campaign", "collectivity__department", "act")
    actions = [bulk_action(name) for name in ACTIONS]
    # The page of a convention is its own template: no field is ever edited.
    fieldsets = ((None, {"fields": ()}),)

    class Media:
        css = {"all": ("conventions_admin.css",)}

    # --- The list -----------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> ConventionQuerySet:
        return super().get_queryset(request).prefetch_related("amendments")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Leave the side bar out: eleven columns need the width."""
        return super().changelist_view(
            request, {"is_nav_sidebar_enabled": False, **(extra_context or {})}
        )

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
        return f"{floatformat(current_amount(convention), '2g')}\u00a0€"

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

    # --- One convention -----------------------------------------------------
    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Convention | None:
        """Read, with the file, what its whole page shows."""
        found = self.get_queryset(request).with_parties()
        return found.filter(pk=object_id).first() if object_id.isdecimal() else None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj: Convention = kwargs["obj"]
        file, user = WholeFile(obj), user_of(request)
        context.update(
            convention=obj,
            file=file,
            title=obj.collectivity_title,
            subtitle=None,
            guidance=lifecycle.guidance(obj.state, user.role),
            # Termination has its own steps, each with its page.
            transitions=[
                rule
                for rule in allowed(TRANSITIONS, obj.state, user.role)
                if rule.verb in VERB_FORMS
            ],
            termination=file.termination,
            ending_steps=open_steps(obj, user),
            can_withdraw=obj.state in lifecycle.REWORKABLE,
            has_signed_amendments=bool(signed_amendments(obj)),
            can_be_amended=can_be_amended(obj),
            amendments=amendments_shown(file, user),
            pieces=[piece for piece in obj.pieces.all() if not piece.part.startswith("A")],
            may_drop_draft=user.role in ADMIN_SITE_ROLES and can_drop_draft(obj),
            can_post_message=can_post_message(obj),
            thread=obj.messages.select_related("attachment"),
            notifications=obj.notifications.select_related("email"),
            journal=timeline(obj.journal.all()),
            party=obj.party or obj.collectivity,
            sees_town_hall_page=obj.sent_on is not None,
            can_resume=can_resume(obj) and obj.sent_on is not None,
        )
        return super().render_change_form(request, context, *args, **kwargs)
