"""The archive of a campaign, asked for on its page; a worker makes it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import factor, journal
from accounts.access import user_of
from conventions.archives import long_actions
from conventions.campaigns.models import Campaign
from jobs import running

# What a page about a campaign is made of: its template, its title, what it shows.
PageOf = Callable[[HttpRequest, Campaign, str, str, dict[str, Any]], HttpResponse]


def export_view(request: HttpRequest, campaign: Campaign, page_of: PageOf) -> HttpResponse:
    """Say what an archive holds and where it goes, then (POST) have a worker make it."""
    page, user = reverse("admin:campaigns_campaign_change", args=[campaign.pk]), user_of(request)
    try:
        long_actions.refuse(campaign, user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(page)
    if request.method != "POST":
        explanation = (
            "Tout ce que le site sait de la campagne sera écrit dans un dossier du serveur "
            f"({settings.ARCHIVE_DIR}), qui se lit sans le site : dossiers, journal, messages, chaque "
            "pièce. Le travail de fond le fait, puis le vérifie ; son rapport dit où il est. Rien "
            "n'est retiré du site."
        )
        context = {"explanation": explanation, "submit": "Faire l'archive"}
        return page_of(request, campaign, "ask", "Faire l'archive de la campagne", context)
    factor.demand_fresh(request)
    job = running.start(
        "archive_campaign", [campaign.pk], by=user, selection=str(campaign), back=page
    )
    journal.note(journal.Kind.EXPORT, f"Archive demandée : {campaign}", person=user, by=user)
    return redirect("admin:jobs_job_change", job.pk)
