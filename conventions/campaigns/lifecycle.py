"""The life of a campaign: its states, and the table of its transitions."""

from django.db import models

from accounts.roles import ADMIN_SITE_ROLES
from lifecycle.transition import Transition, table


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
