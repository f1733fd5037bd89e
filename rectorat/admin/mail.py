"""The e-mails of the files: their list, as an agent keeps it."""

from django.contrib import admin

from conventions.admin import NotificationAdmin
from conventions.exchanges.models import Notification
from rectorat.lists.kept import KeptListMixin

admin.site.unregister(Notification)


@admin.register(Notification)
class KeptNotificationAdmin(KeptListMixin, NotificationAdmin):
    """The list of e-mails with views and columns of one's choice."""
