"""Taking last year's schools over, on the page of the new campaign."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from accounts.access import user_of
from conventions.campaigns.models import Campaign
from conventions.enrolment.long_actions import start_renewing
from conventions.enrolment.renewal import Change, Renewal, propose

PER_PAGE = 100
# What a page about a campaign is made of: its template, its title, what it shows.
PageOf = Callable[[HttpRequest, Campaign, str, str, dict[str, Any]], HttpResponse]


def renew_view(request: HttpRequest, campaign: Campaign, page_of: PageOf) -> HttpResponse:
    """Say what changed since last year, then (POST) enrol what the agent decided."""
    previous = campaign.previous
    if previous is None:
        messages.warning(request, "Aucune campagne ne précède celle-ci.")
        return redirect("admin:campaigns_campaign_change", campaign.pk)
    renewal = propose(campaign, previous, user_of(request))
    if request.method == "POST":
        return _start(request, campaign, renewal)
    change = request.GET.get("change")
    change = change if change in Change else None
    flagged = renewal.flagged_for(change)
    paginator = Paginator(flagged, PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "renewal": renewal,
        "previous": previous,
        "change": Change(change) if change else None,
        "flagged_count": len(flagged),
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "may_decide": any(candidate.may_enrol for candidate in page),
        # Beyond a page they travel in one field, under the limit on the number of fields.
        "all_schools": ",".join(str(c.pk) for c in flagged if c.may_enrol),
        "is_nav_sidebar_enabled": False,  # The table needs the width.
    }
    title = f"Reprendre les écoles de {previous.school_year}"
    return page_of(request, campaign, "renew", title, context)


def _start(request: HttpRequest, campaign: Campaign, renewal: Renewal) -> HttpResponse:
    """Have a worker enrol the schools, and lead to where it is followed."""
    back = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    try:
        job = start_renewing(
            campaign, renewal, _decisions(request.POST), by=user_of(request), back=back
        )
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("admin:campaigns_campaign_change", campaign.pk)
    if job is None:
        messages.warning(request, "Cochez au moins une école à reprendre.")
        return redirect(request.get_full_path())
    return redirect("admin:jobs_job_change", job.pk)


def _decisions(posted: QueryDict) -> set[int]:
    """The pks of the schools ticked, or with the button "all" of those that it announced."""
    chosen = posted.getlist("ticked")
    if "all" in posted:
        chosen = posted.get("all_schools", "").split(",")
    return {int(pk) for pk in chosen if pk.isdecimal()}
