"""What one collectivity owes otherwise than the tariff says: decided, applied at once, kept."""

import datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from communes.models import Collectivity
from conventions.campaigns.fitting_texts import (
    BESIDE_AN_EXCEPTION,
    refuse_text_without_free,
    refuse_texts_per_school,
)
from conventions.campaigns.models import Campaign, TariffException
from conventions.campaigns.tariffs import ReliefKind
from conventions.enrolment.preparation import prepare
from conventions.lifecycle import REWORKABLE
from lifecycle.door import refuse_limited, write_journal
from lifecycle.errors import TransitionRefused


def decide_exception(
    campaign: Campaign,
    collectivity: Collectivity,
    *,
    by: User | None,
    kind: str,
    value: Decimal,
    reason: str,
    decided_on: datetime.date,
) -> TariffException:
    """Keep an exception, with who recorded it; a convention already prepared takes it at once.

    `value` in euros or in percent by `kind` (`ReliefKind`). Raises TransitionRefused once the
    convention was sent: an avenant does not change a tariff, finance reduces what is asked; to
    who is limited, like all of the tariff; where it cannot be prepared at once, with the reason;
    and ValidationError for a value that is none, and for texts that would not say it.
    """
    refuse_limited(by)
    with transaction.atomic():
        campaign = Campaign.objects.held(campaign)
        campaign.refuse_work(by)
        campaign.window.refuse(decided_on, "decided_on")
        convention = campaign.conventions.living().filter(collectivity=collectivity).first()
        if convention and convention.state not in REWORKABLE:
            raise TransitionRefused(
                f"Sa convention est déjà {convention.get_state_display()} : son montant ne change "
                "plus. Une réduction se demande aux finances, sur la page de sa créance."
            )
        if kind != ReliefKind.NONE:
            refuse_texts_per_school(campaign.texts, BESIDE_AN_EXCEPTION)
        if kind == ReliefKind.FREE:
            refuse_text_without_free(campaign.convention_text)
        exception = TariffException(
            campaign=campaign,
            collectivity=collectivity,
            kind=kind,
            value=value,
            reason=reason.strip(),
            decided_on=decided_on,
            by=by,
        )
        exception.full_clean()
        exception.save()
        what = f"Exception au tarif, {collectivity.name} : {exception}"
        write_journal(campaign, by, "tariff_exception", what[:300], comment=exception.reason)
        if convention:
            _prepare_at_once(campaign, collectivity, by)
    return exception


def _prepare_at_once(campaign: Campaign, collectivity: Collectivity, by: User | None) -> None:
    """Raise TransitionRefused where it is left out: it would be sent without its exception."""
    left_out = dict(prepare(campaign, by=by, payers=[collectivity.pk]).left_out)
    if reason := left_out.get(collectivity):
        raise TransitionRefused(reason)
