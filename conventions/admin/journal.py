"""The journal, to be read: who did what, when."""

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.scope import collectivity_scope
from communes.admin import FoldedSearchMixin
from conventions.lifecycle import TRANSITIONS
from conventions.models import JournalEntry

from .filters import CampaignFilter

# What is written beside the transitions.
OTHER_VERBS = {
    "open": "Ouverture de la campagne",
    "close": "Clôture de la campagne",
    "enrol": "Inscription d'écoles",
    "withdraw": "Retrait d'une école",
    "prepare": "Préparation",
    "recount": "Nombre d'écoles",
    "record_act": "Acte enregistré",
    "record_act_dates": "Dates de l'acte enregistrées",
    "add_piece": "Ajout d'une pièce",
}


class VerbFilter(admin.SimpleListFilter):
    title = "action"
    parameter_name = "verb"

    def lookups(self, request, model_admin):
        return [(verb, rule.label) for verb, rule in TRANSITIONS.items()] + list(
            OTHER_VERBS.items()
        )

    def queryset(self, request, queryset):
        return queryset.filter(verb=self.value()) if self.value() else queryset


@admin.register(JournalEntry)
class JournalEntryAdmin(FoldedSearchMixin, admin.ModelAdmin):
    list_display = ("moment", "by_name", "summary", "subject", "comment")
    list_filter = (CampaignFilter, VerbFilter)
    search_fields = ("convention__reference", "convention__collectivity__search_text")
    search_help_text = "Référence ou collectivité ; les accents sont facultatifs."
    list_per_page = 100
    list_select_related = ("convention", "campaign")
    fields = (
        "at",
        "by_name",
        "summary",
        "campaign",
        "convention",
        "from_state",
        "to_state",
        "comment",
        "changes",
    )

    def get_queryset(self, request):
        entries = super().get_queryset(request)
        scope = collectivity_scope(request.user, "convention__collectivity")
        # What was done to a campaign as a whole concerns every agent.
        return entries.filter(scope | Q(convention__isnull=True)) if scope else entries

    @admin.display(description="le", ordering="at")
    def moment(self, entry):
        return f"{timezone.localtime(entry.at):%d/%m/%Y %H:%M}"

    @admin.display(description="à propos de", ordering="convention__reference")
    def subject(self, entry):
        if not entry.convention:
            return str(entry.campaign)
        url = reverse("admin:conventions_convention_change", args=[entry.convention_id])
        return format_html('<a href="{}">{}</a>', url, entry.convention.reference)
