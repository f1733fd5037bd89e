"""The life of a campaign: its states, and the table of its transitions."""

from django.db import models
from django.db.models import Q

from accounts.roles import ADMIN_SITE_ROLES
from lifecycle.transition import Transition, table
from lifecycle.triggers import Rule


class CampaignState(models.TextChoices):
    PREPARATION = "preparation", "en préparation"
    OPEN = "open", "ouverte"
    CLOSED = "closed", "close"
    ARCHIVED = "archived", "archivée"


CAMPAIGN_TRANSITIONS = table(
    Transition(
        "open",
        label="Ouvrir la campagne",
        done="Campagne ouverte",
        targets={
            CampaignState.PREPARATION: CampaignState.OPEN,
            CampaignState.CLOSED: CampaignState.OPEN,
        },
        roles=ADMIN_SITE_ROLES,
        requires=("contact",),
    ),
    Transition(
        "close",
        label="Clore la campagne",
        done="Campagne close",
        targets={
            CampaignState.PREPARATION: CampaignState.CLOSED,
            CampaignState.OPEN: CampaignState.CLOSED,
        },
        roles=ADMIN_SITE_ROLES,
    ),
    Transition(
        "archive",
        label="Archiver la campagne",
        done="Campagne archivée",
        targets={CampaignState.CLOSED: CampaignState.ARCHIVED},
        roles=ADMIN_SITE_ROLES,
    ),
)

# Papers and people's words leave the site for good: of a campaign that nobody reopens.
TRANSFERRED_IS_ARCHIVED = models.CheckConstraint(
    name="campaign_transferred_is_archived",
    condition=Q(transferred_on__isnull=True) | Q(state=CampaignState.ARCHIVED),
    violation_error_message="Seule une campagne archivée est transférée aux archives.",
)
TRANSFERRED_STAYS = Rule(
    "campaign_transferred_stays",
    "BEFORE UPDATE",
    "OLD.transferred_on IS NOT NULL AND "
    "(NEW.transferred_on IS NULL OR NEW.transferred_on <> OLD.transferred_on)",
    "Ce qui est transféré aux archives ne revient pas.",
)
