"""What was issued and sent about the files: documents to be read, e-mails that may be sent again."""

import datetime

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.models import User
from accounts.scope import collectivity_scope
from communes.admin_base import ScopedAdmin
from conventions.exchanges.models import Message, Notification
from conventions.exchanges.telling import retry
from conventions.models import Piece, file_facts
from documents.admin import DocumentAdmin
from documents.models import Document
from tabular.admin_search import FoldedSearchMixin


@admin.register(Document)
class FileDocumentAdmin(DocumentAdmin):
    """A document is found by the pieces and messages of the files that hold it."""

    def scope(self, user: User) -> Q:
        scope = collectivity_scope(user, "convention__collectivity")
        if not scope:
            return Q()
        pieces = Piece.objects.filter(scope).order_by().values("document")
        attached = Message.objects.filter(scope, attachment__isnull=False).order_by()
        return Q(pk__in=pieces) | Q(pk__in=attached.values("attachment"))


@admin.register(Notification)
class NotificationAdmin(FoldedSearchMixin, ScopedAdmin):
    list_display = ("moment", "kind", "side", "file", "recipients_text", "state_label", "sent")
    list_filter = (
        "email__state",
        "kind",
        "side",
        "convention__campaign",
    )
    search_fields = ("convention__search_text",)
    search_help_text = "Référence ou collectivité ; les accents sont facultatifs."
    list_per_page = 100
    list_select_related = ("convention__campaign", "email")
    actions = ("try_again",)
    fields = (
        "subject",
        "file",
        "kind",
        "side",
        "recipients_text",
        "moment",
        "by",
        "state_label",
        "attempts",
        "next_attempt",
        "sent",
        "error",
        "body",
    )

    class Media:
        css = {"all": ("conventions_admin.css",)}

    def scope(self, user: User) -> Q:
        return collectivity_scope(user, "convention__collectivity")

    @admin.display(description="le", ordering="pk")
    def moment(self, notification: Notification) -> str:
        return _moment(notification.email.created_at)

    @admin.display(description="dossier", ordering="convention__reference")
    def file(self, notification: Notification) -> str:
        url = reverse("admin:conventions_convention_change", args=[notification.convention_id])
        return format_html('<a href="{}">{}</a>', url, notification.convention.reference)

    @admin.display(description="destinataires")
    def recipients_text(self, notification: Notification) -> str:
        return ", ".join(notification.email.recipients) or "—"

    @admin.display(description="état", ordering="email__state")
    def state_label(self, notification: Notification) -> str:
        email = notification.email
        return format_html(
            '<span class="state email-{}">{}</span>', email.state, email.get_state_display()
        )

    @admin.display(description="envoyé", ordering="email__sent_at")
    def sent(self, notification: Notification) -> str:
        return _moment(notification.email.sent_at)

    @admin.display(description="objet")
    def subject(self, notification: Notification) -> str:
        return notification.email.subject

    @admin.display(description="texte")
    def body(self, notification: Notification) -> str:
        return notification.email.body

    @admin.display(description="demandé par")
    def by(self, notification: Notification) -> str:
        return str(notification.email.created_by or "—")

    @admin.display(description="essais")
    def attempts(self, notification: Notification) -> int:
        return notification.email.attempts

    @admin.display(description="prochain essai")
    def next_attempt(self, notification: Notification) -> str:
        return _moment(notification.email.next_attempt_at)

    @admin.display(description="erreur")
    def error(self, notification: Notification) -> str:
        return notification.email.error or "—"

    @admin.action(description="Réessayer l'envoi")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        found = queryset.select_related(
            "email", "convention__campaign", "convention__collectivity__commune"
        )
        with transaction.atomic():
            results = [retry(each, file_facts(each.convention)) for each in found]
        if done := results.count(True):
            messages.success(request, f"À envoyer de nouveau : {done}.")
        if left_out := results.count(False):
            messages.warning(
                request,
                f"Laissés de côté : {left_out} (déjà envoyés, en attente, ou toujours sans "
                "adresse : complétez alors la fiche de la collectivité ou la campagne).",
            )


def _moment(at: datetime.datetime | None) -> str:
    return f"{timezone.localtime(at):%d/%m/%Y %H:%M}" if at else "—"
