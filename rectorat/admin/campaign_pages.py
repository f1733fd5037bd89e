"""Pages about one campaign, beside its own."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from conventions.campaigns.models import Campaign


class CampaignPages(admin.ModelAdmin):
    """Mixed into the admin of campaigns."""

    def campaign_page(
        self,
        request: HttpRequest,
        campaign: Campaign,
        template: str,
        title: str,
        context: dict[str, Any],
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/campaigns/campaign/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "campaign": campaign,
                "title": title,
                "subtitle": None,
                **context,
            },
        )
