"""The journal, to be read: who did what, when."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from accounts.models import User
from accounts.scope import collectivity_scope
from communes.admin_base import ScopedAdmin
from conventions.amendments.lifecycle import AMENDMENT_TRANSITIONS
from conventions.campaigns.lifecycle import CAMPAIGN_TRANSITIONS
from conventions.dossiers import timeline
from conventions.lifecycle import TRANSITIONS
from conventions.terminations.lifecycle import TERMINATION_TRANSITIONS
from lifecycle.models import JournalEntry
from rectorat.lists.filters import CampaignFilter
from tabular.admin_export import ExportMixin
from tabular.admin_search import FoldedSearchMixin
from tabular.folding import fold
from tabular.writing import Column, Kind

# What is written beside the transitions.
OTHER_VERBS = {
    "enrol": "Inscription d'écoles",
    "withdraw": "Retrait d'une école",
    "prepare": "Préparation",
    "recount": "Nombre d'écoles",
    "record_act": "Acte enregistré",
    "adapt_act": "Acte adapté",
    "drop_draft": "Projet d'acte abandonné",
    "record_act_dates": "Dates de l'acte enregistrées",
    "add_piece": "Ajout d'une pièce",
    "withdraw_piece": "Retrait d'une pièce",
    "post_message": "Message",
    "need_no_answer": "Message sans réponse nécessaire",
    "transfer": "Transfert aux archives",
    "support": "Dossier consulté comme la collectivité",
}
VERBS = {
    rule.verb: rule.label
    for table in (
        AMENDMENT_TRANSITIONS,
        TERMINATION_TRANSITIONS,
        CAMPAIGN_TRANSITIONS,
        # Last: a verb that several parts have is named after the convention's.
        TRANSITIONS,
    )
    for rule in table.values()
} | OTHER_VERBS


class VerbFilter(admin.SimpleListFilter):
    title = "action"
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return sorted(VERBS.items(), key=lambda item: fold(item[1]))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


class PartFilter(admin.SimpleListFilter):
    """What of a file an entry is about."""

    title = "partie du dossier"
    parameter_name = "part"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("C", "Convention"), ("A", "Avenants"), ("T", "Résiliations")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "C":
                return queryset.filter(part="", convention__isnull=False)
            case "A" | "T" as kind:
                return queryset.filter(part__startswith=kind)
        return queryset


def _of_convention(name: str) -> Callable[[JournalEntry], Any]:
    return lambda entry: getattr(entry.convention, name) if entry.convention else None


COLUMNS = (
    Column("Date", Kind.MOMENT, lambda entry: entry.at),
    Column("Auteur", Kind.TEXT, lambda entry: entry.by_name, width=24),
    Column("Action", Kind.TEXT, timeline.summary_of, width=44),
    Column("Campagne", Kind.TEXT, lambda entry: entry.campaign.school_year),
    Column("Référence", Kind.TEXT, _of_convention("reference")),
    Column("Collectivité", Kind.TEXT, _of_convention("collectivity_title"), width=36),
    Column("De l'état", Kind.TEXT, lambda entry: timeline.line(entry).from_state, width=24),
    Column("À l'état", Kind.TEXT, lambda entry: timeline.line(entry).to_state, width=24),
    Column(
        "Valeurs changées",
        Kind.PROSE,
        lambda entry: " ; ".join(map(str, timeline.line(entry).changes)),
        width=60,
    ),
    Column("Commentaire", Kind.PROSE, lambda entry: entry.comment, width=44),
)


@admin.register(JournalEntry)
class JournalEntryAdmin(FoldedSearchMixin, ExportMixin, ScopedAdmin):
    list_display = ("moment", "by_name", "what", "states", "subject", "comment")
    list_filter = (CampaignFilter, PartFilter, VerbFilter)
    search_fields = ("convention__search_text",)
    search_help_text = "Référence ou collectivité ; les accents sont facultatifs."
    list_per_page = 100
    list_select_related = ("convention", "campaign")
    export_columns = COLUMNS
    fields = (
        "at",
        "by_name",
        "what",
        "campaign",
        "convention",
        "states",
        "comment",
        "changed",
    )

    def scope(self, user: User) -> Q:
        scope = collectivity_scope(user, "convention__collectivity")
        # What was done to a campaign as a whole concerns every agent.
        return scope | Q(convention__isnull=True) if scope else scope

    @admin.display(description="le", ordering="at")
    def moment(self, entry: JournalEntry) -> str:
        return f"{timezone.localtime(entry.at):%d/%m/%Y %H:%M}"

    @admin.display(description="ce qui a été fait", ordering="verb")
    def what(self, entry: JournalEntry) -> str:
        return timeline.summary_of(entry)

    @admin.display(description="à propos de", ordering="convention__reference")
    def subject(self, entry: JournalEntry) -> str:
        if not entry.convention:
            return str(entry.campaign)
        url = reverse("admin:conventions_convention_change", args=[entry.convention_id])
        return format_html('<a href="{}">{}</a>', url, entry.convention.reference)

    @admin.display(description="état")
    def states(self, entry: JournalEntry) -> str:
        line = timeline.line(entry)
        return " → ".join(filter(None, (line.from_state, line.to_state))) or "—"

    @admin.display(description="valeurs changées")
    def changed(self, entry: JournalEntry) -> str:
        changes = timeline.line(entry).changes
        items = format_html_join("", "<li>{}</li>", ((change,) for change in changes))
        return format_html("<ul>{}</ul>", items) if changes else "—"
