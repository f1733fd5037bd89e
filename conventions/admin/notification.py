"""The e-mails about the files, to be read, and sent again when they failed."""

from django.contrib import admin, messages
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.scope import collectivity_scope
from conventions import notifications
from conventions.models import Notification
from tabular.admin_search import FoldedSearchMixin


@admin.register(Notification)
class NotificationAdmin(FoldedSearchMixin, admin.ModelAdmin):
    list_display = ("moment", "kind", "side", "file", "recipients_text", "state_label", "sent")
    list_filter = (
        "state",
        "kind",
        "side",
        ("convention__campaign", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("convention__reference", "convention__collectivity__search_text")
    search_help_text = "Référence ou collectivité ; les accents sont facultatifs."
    list_per_page = 100
    list_select_related = ("convention__campaign",)
    actions = ("retry",)
    fields = (
        "subject",
        "file",
        "kind",
        "side",
        "recipients_text",
        "created_at",
        "created_by",
        "state",
        "attempts",
        "next_attempt_at",
        "sent_at",
        "error",
        "body",
    )

    class Media:
        css = {"all": ("conventions_admin.css",)}

    def get_queryset(self, request):
        scope = collectivity_scope(request.user, "convention__collectivity")
        return super().get_queryset(request).filter(scope)

    @admin.display(description="le", ordering="created_at")
    def moment(self, email):
        return f"{timezone.localtime(email.created_at):%d/%m/%Y %H:%M}"

    @admin.display(description="dossier", ordering="convention__reference")
    def file(self, email):
        url = reverse("admin:conventions_convention_change", args=[email.convention_id])
        return format_html('<a href="{}">{}</a>', url, email.convention.reference)

    @admin.display(description="destinataires")
    def recipients_text(self, email):
        return ", ".join(email.recipients) or "—"

    @admin.display(description="état", ordering="state")
    def state_label(self, email):
        return format_html(
            '<span class="state email-{}">{}</span>', email.state, email.get_state_display()
        )

    @admin.display(description="envoyé", ordering="sent_at")
    def sent(self, email):
        return f"{timezone.localtime(email.sent_at):%d/%m/%Y %H:%M}" if email.sent_at else "—"

    @admin.action(description="Réessayer l'envoi")
    def retry(self, request, queryset):
        emails = queryset.select_related("convention__campaign", "convention__collectivity")
        with transaction.atomic():
            results = [notifications.retry(email) for email in emails]
        if done := results.count(True):
            messages.success(request, f"À envoyer de nouveau : {done}.")
        if left_out := results.count(False):
            messages.warning(
                request,
                f"Laissés de côté : {left_out} (déjà envoyés, en attente, ou toujours sans "
                "adresse : complétez alors la fiche de la collectivité ou la campagne).",
            )
