"""People reachable: contacts imported from lists, and the rate by département."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.access import user_of
from accounts.regional import RegionalImport
from communes.contacts.imports import import_contacts
from conventions.campaigns.models import Campaign
from rectorat.territory.reach import Reach, reach_by_department
from tabular.admin_import import FileImportMixin
from tabular.reading import Report


class ContactPages(RegionalImport, FileImportMixin):
    """Mixed into the admin of collectivities."""

    class Media:
        css = {"all": ("conventions_admin.css",)}

    change_list_template = "admin/communes/collectivity/change_list.html"
    import_title = "Importer des contacts"
    import_source = (
        "Une liste d'adresses électroniques, de téléphones ou de secrétaires, telle que vous la "
        "tenez. Chaque ligne désigne sa collectivité par son code INSEE, son SIREN ou son nom. "
        "Une case vide ne change rien."
    )

    def run_import(self, content: bytes, *, by: Any, dry_run: bool, **options: Any) -> Report:
        return import_contacts(content, by=by, dry_run=dry_run, **options)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reach_view)
        return [path("joignables/", view, name="communes_collectivity_reach"), *super().get_urls()]

    def reach_view(self, request: HttpRequest) -> HttpResponse:
        """Show whom an e-mail reaches in the newest open campaign."""
        campaign = Campaign.objects.newest_open()
        lines = reach_by_department(campaign, user_of(request)) if campaign else []
        return TemplateResponse(
            request,
            "admin/communes/collectivity/reach.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "title": "Collectivités joignables",
                "campaign": campaign,
                "lines": lines,
                "total": sum((reach for _, reach in lines), Reach()),
                "may_import": self.has_import_permission(request),
            },
        )
