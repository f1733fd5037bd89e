"""Preparing the conventions of thousands of collectivities, as a job (`jobs.actions`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.models import User
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.enrolment.preparation import prepare
from jobs.actions import Action, Outcome

# Each takes some ten queries, and holds the campaign meanwhile.
_AT_ONCE = 500


def _prepare(keys: Sequence[int], *, by: User, facts: Mapping[str, Any]) -> dict[int, Outcome]:
    """Give collectivities their convention in the campaign `facts["campaign"]`."""
    campaign = Campaign.objects.get(pk=facts["campaign"])
    try:
        report = prepare(campaign, by=by, payers=keys)
    except ValidationError as refusal:
        return dict.fromkeys(keys, Outcome(left_out=" ".join(refusal.messages)))
    left = {payer.pk: reason for payer, reason in report.left_out}
    return {key: Outcome(left_out=left.get(key, "")) for key in keys}


def _names(keys: Sequence[int]) -> dict[int, str]:
    found = Collectivity.objects.filter(pk__in=keys).order_by()
    return {key: f"{name} ({code})" for key, name, code in found.values_list("pk", "name", "code")}


def _visible(user: User) -> QuerySet[Collectivity]:
    return Collectivity.objects.filter(collectivity_scope(user))


ACTIONS = {
    "prepare": Action(
        label="Préparer les conventions",
        done="Collectivités dont la convention est prête",
        names=_names,
        page="admin:communes_collectivity_change",
        visible=_visible,
        do=_prepare,
        at_once=_AT_ONCE,
        is_atomic=True,
    )
}
