"""The life of an avenant: its states, and the table of its transitions."""

from django.db import models

from accounts.roles import ADMIN_SITE_ROLES, Role
from lifecycle.transition import Transition, table

_BOTH_SIDES = ADMIN_SITE_ROLES | {Role.TOWN_HALL}


class AmendmentState(models.TextChoices):
    PREPARED = "prepared", "préparé"
    SENT = "sent", "envoyé"
    SIGNED_BY_COLLECTIVITY = "signed_by_collectivity", "signé par la collectivité"
    SIGNED_BY_REGION = "signed_by_region", "signé par la région académique"
    SIGNED = "signed", "signé par les deux parties"
    ABANDONED = "abandoned", "abandonné"


COLLECTIVITY_SIGNED = (AmendmentState.SIGNED_BY_COLLECTIVITY, AmendmentState.SIGNED)
REGION_SIGNED = (AmendmentState.SIGNED_BY_REGION, AmendmentState.SIGNED)
# What the collectivity sees: sent, and not given up.
SENT = (AmendmentState.SENT, *COLLECTIVITY_SIGNED, AmendmentState.SIGNED_BY_REGION)

AMENDMENT_TRANSITIONS = table(
    Transition(
        "send",
        label="Envoyer l'avenant à la collectivité",
        done="envoyé à la collectivité",
        targets={AmendmentState.PREPARED: AmendmentState.SENT},
        roles=ADMIN_SITE_ROLES,
    ),
    Transition(
        "sign_for_collectivity",
        label="Enregistrer la signature de la collectivité",
        done="signature de la collectivité enregistrée",
        targets={
            AmendmentState.SENT: AmendmentState.SIGNED_BY_COLLECTIVITY,
            # A mistyped date is recorded again as long as the other side waits.
            AmendmentState.SIGNED_BY_COLLECTIVITY: AmendmentState.SIGNED_BY_COLLECTIVITY,
            AmendmentState.SIGNED_BY_REGION: AmendmentState.SIGNED,
        },
        roles=_BOTH_SIDES,
        requires=("act", "paper"),
    ),
    Transition(
        "sign_for_region",
        label="Enregistrer la signature de la région académique",
        done="signature de la région académique enregistrée",
        targets={
            AmendmentState.SENT: AmendmentState.SIGNED_BY_REGION,
            AmendmentState.SIGNED_BY_REGION: AmendmentState.SIGNED_BY_REGION,
            AmendmentState.SIGNED_BY_COLLECTIVITY: AmendmentState.SIGNED,
        },
        roles=ADMIN_SITE_ROLES,
        requires=("paper",),
    ),
    Transition(
        "abandon",
        label="Abandonner l'avenant",
        done="abandonné",
        targets={
            state: AmendmentState.ABANDONED
            for state in AmendmentState
            if state not in (AmendmentState.SIGNED, AmendmentState.ABANDONED)
        },
        roles=ADMIN_SITE_ROLES,
        comment_required=True,
    ),
)
