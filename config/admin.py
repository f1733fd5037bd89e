"""The rectorat's admin site: Django's own, in our words."""

from django.contrib.admin import AdminSite


class RectoratAdminSite(AdminSite):
    site_header = "Conventions ENT-École — rectorat"
    site_title = "Conventions ENT-École"
    index_title = "Tableau de bord"
    site_url = "/"
