"""Documents, to be read: those of the files of the agent's territory."""

from django.contrib import admin
from django.db.models import Q

from accounts.models import User
from accounts.scope import collectivity_scope
from conventions.exchanges.models import Message
from conventions.models import Piece
from documents.admin import DocumentAdmin
from documents.models import Document


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
