"""The journal, to be read: who did what, when."""

from django.contrib import admin
from django.db.models import Q
from django.http import StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from accounts.scope import collectivity_scope
from communes.admin import FoldedSearchMixin
from conventions import exports, timeline
from conventions.lifecycle import TRANSITIONS
from conventions.models import JournalEntry

from .filters import CampaignFilter

# What is written beside the transitions.
OTHER_VERBS = {
    "open": "Ouverture de la campagne",
    "close": "Clôture de la campagne",
    "archive": "Archivage de la campagne",
    "enrol": "Inscription d'écoles",
    "withdraw": "Retrait d'une école",
    "prepare": "Préparation",
    "recount": "Nombre d'écoles",
    "record_act": "Acte enregistré",
    "record_act_dates": "Dates de l'acte enregistrées",
    "add_piece": "Ajout d'une pièce",
    "post_message": "Message",
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
    change_list_template = "admin/conventions/journalentry/change_list.html"
    list_display = ("moment", "by_name", "summary", "states", "subject", "comment")
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
        "states",
        "comment",
        "changed",
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

    @admin.display(description="état")
    def states(self, entry):
        line = timeline.line(entry)
        return " → ".join(filter(None, (line.from_state, line.to_state))) or "—"

    @admin.display(description="valeurs changées")
    def changed(self, entry):
        changes = timeline.line(entry).changes
        items = format_html_join("", "<li>{}</li>", ((change,) for change in changes))
        return format_html("<ul>{}</ul>", items) if changes else "—"

    # --- Export -------------------------------------------------------------
    def get_urls(self):
        return [
            path(
                "export/",
                self.admin_site.admin_view(self.export_view),
                name="conventions_journalentry_export",
            ),
            *super().get_urls(),
        ]

    def export_view(self, request):
        """Stream as CSV the entries that the filters of the list show, all of them."""
        entries = self.get_changelist_instance(request).get_queryset(request)
        rows = map(_row, entries.select_related("campaign", "convention").iterator(1000))
        return StreamingHttpResponse(
            exports.csv_lines(HEADER, rows),
            content_type=exports.CONTENT_TYPE,
            headers={"Content-Disposition": 'attachment; filename="journal.csv"'},
        )


HEADER = (
    "Date",
    "Auteur",
    "Action",
    "Campagne",
    "Référence",
    "Collectivité",
    "De l'état",
    "À l'état",
    "Valeurs changées",
    "Commentaire",
)


def _row(entry):
    line = timeline.line(entry)
    convention = entry.convention
    texts = (
        f"{timezone.localtime(entry.at):%d/%m/%Y %H:%M:%S}",
        entry.by_name,
        entry.summary,
        entry.campaign.school_year,
        convention.reference if convention else "",
        convention.collectivity_title if convention else "",
        line.from_state,
        line.to_state,
        " ; ".join(map(str, line.changes)),
        entry.comment,
    )
    return [exports.harmless(text) for text in texts]
