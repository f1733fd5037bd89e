"""The admin site as the rectorat's agents see it."""

from django.contrib.admin.apps import AdminConfig


class ProductAdminConfig(AdminConfig):
    default_site = "config.admin.RectoratAdminSite"
