"""The life of a convention: its states, and the one table of its transitions.

The table says who may do what from which state. The models enforce it
(`Convention.send`, `.accept`, …), the screens and the documentation read it.
"""

from dataclasses import dataclass

from django.db import models

from accounts.roles import ADMIN_SITE_ROLES, Role
from lifecycle.transition import Transition, table


class State(models.TextChoices):
    PREPARED = "prepared", "préparée"
    SENT = "sent", "envoyée"
    CORRECTION_REQUESTED = "correction_requested", "correction demandée"
    ACCEPTED = "accepted", "acceptée"
    SIGNED_BY_COLLECTIVITY = "signed_by_collectivity", "signée par la collectivité"
    SIGNED_BY_REGION = "signed_by_region", "signée par la région académique"
    SIGNED = "signed", "signée par les deux parties"
    TERMINATED = "terminated", "résiliée"
    ABANDONED = "abandoned", "abandonnée"

    @property
    def plural(self) -> str:
        """As a count of several says it: « 20 préparées »."""
        return self.label.replace("correction", "corrections").replace("ée", "ées", 1)


class Standing(models.TextChoices):
    """Whether a convention binds today: derived from its signatures and its campaign."""

    UPCOMING = "upcoming", "pas encore en vigueur"
    IN_FORCE = "in_force", "en vigueur"
    ENDED = "ended", "arrivée à son terme"


# In the order of a file's life; used by constraints, filters and boards.
# What the rectorat may still rework: schools, amount, names.
REWORKABLE = (State.PREPARED, State.CORRECTION_REQUESTED)
# Signed by both: they give rise to a claim, which a termination leaves due (article 11).
CLAIMABLE = (State.SIGNED, State.TERMINATED)
COLLECTIVITY_SIGNED = (State.SIGNED_BY_COLLECTIVITY, *CLAIMABLE)
REGION_SIGNED = (State.SIGNED_BY_REGION, *CLAIMABLE)
PARTY_CONFIRMED = (State.ACCEPTED, *COLLECTIVITY_SIGNED, State.SIGNED_BY_REGION)
VISIBLE_TO_TOWN_HALL = (State.SENT, State.CORRECTION_REQUESTED, *PARTY_CONFIRMED)

_BOTH_SIDES = ADMIN_SITE_ROLES | {Role.TOWN_HALL}


TRANSITIONS = table(
    Transition(
        "send",
        label="Envoyer à la collectivité",
        done="Convention envoyée à la collectivité",
        targets={State.PREPARED: State.SENT, State.CORRECTION_REQUESTED: State.SENT},
        roles=ADMIN_SITE_ROLES,
        requires=("campaign_open", "schools", "campaign_fee"),
    ),
    Transition(
        "request_correction",
        label="Demander une correction",
        done="Correction demandée par la collectivité",
        targets={
            State.SENT: State.CORRECTION_REQUESTED,
            State.ACCEPTED: State.CORRECTION_REQUESTED,
        },
        roles=_BOTH_SIDES,
        comment_required=True,
    ),
    Transition(
        "accept",
        label="Confirmer les renseignements",
        done="Renseignements confirmés par la collectivité",
        # Confirmed again as often as needed until somebody signs.
        targets={State.SENT: State.ACCEPTED, State.ACCEPTED: State.ACCEPTED},
        roles=_BOTH_SIDES,
        requires=("identity",),
    ),
    Transition(
        "sign_for_collectivity",
        label="Enregistrer la signature de la collectivité",
        done="Signature de la collectivité enregistrée",
        targets={
            State.ACCEPTED: State.SIGNED_BY_COLLECTIVITY,
            # A mistyped date is recorded again as long as the other side waits.
            State.SIGNED_BY_COLLECTIVITY: State.SIGNED_BY_COLLECTIVITY,
            State.SIGNED_BY_REGION: State.SIGNED,
        },
        roles=_BOTH_SIDES,
        requires=("act", "paper"),
    ),
    Transition(
        "sign_for_region",
        label="Enregistrer la signature de la région académique",
        done="Signature de la région académique enregistrée",
        targets={
            State.ACCEPTED: State.SIGNED_BY_REGION,
            State.SIGNED_BY_REGION: State.SIGNED_BY_REGION,
            State.SIGNED_BY_COLLECTIVITY: State.SIGNED,
        },
        roles=ADMIN_SITE_ROLES,
        requires=("paper",),
    ),
    Transition(
        "remind",
        label="Relancer la collectivité",
        done="Collectivité relancée",
        # Signed files may wait too, for dates or an avenant: `waits_for_town_hall`.
        targets={
            state: state
            for state in (
                State.SENT,
                State.ACCEPTED,
                State.SIGNED_BY_COLLECTIVITY,
                State.SIGNED_BY_REGION,
                State.SIGNED,
            )
        },
        roles=ADMIN_SITE_ROLES,
    ),
    Transition(
        "abandon",
        label="Abandonner la convention",
        done="Convention abandonnée",
        targets={
            state: State.ABANDONED for state in State if state not in (*CLAIMABLE, State.ABANDONED)
        },
        roles=ADMIN_SITE_ROLES,
        comment_required=True,
    ),
    Transition(
        "terminate",
        label="Enregistrer la résiliation",
        done="Convention résiliée",
        targets={State.SIGNED: State.TERMINATED},
        roles=_BOTH_SIDES,
    ),
)


@dataclass(frozen=True)
class Guidance:
    """What a state means for one side, and what that side does next."""

    meaning: str
    next_step: str


GUIDANCE: dict[State, dict[str, Guidance]] = {
    State.PREPARED: {
        Role.RECTORAT: Guidance(
            "La convention est prête, la collectivité ne la voit pas encore.",
            "Vérifiez les écoles, puis envoyez-la.",
        ),
    },
    State.SENT: {
        Role.TOWN_HALL: Guidance(
            "Le rectorat vous a envoyé la convention de l'année.",
            "Vérifiez les écoles et les renseignements de votre collectivité, puis confirmez-les.",
        ),
        Role.RECTORAT: Guidance(
            "La collectivité a reçu la convention.", "Elle doit confirmer ses renseignements."
        ),
    },
    State.CORRECTION_REQUESTED: {
        Role.TOWN_HALL: Guidance(
            "Vous avez demandé une correction.",
            "Le rectorat vous répond et vous renvoie la convention.",
        ),
        Role.RECTORAT: Guidance(
            "La collectivité demande une correction.",
            "Lisez sa demande, corrigez s'il y a lieu, répondez, puis renvoyez la convention.",
        ),
    },
    State.ACCEPTED: {
        Role.TOWN_HALL: Guidance(
            "Vos renseignements sont confirmés.",
            "Choisissez votre acte (décision ou délibération), faites-le signer avec la convention, "
            "puis enregistrez la date de signature.",
        ),
        Role.RECTORAT: Guidance(
            "La collectivité a confirmé ses renseignements.",
            "Les deux parties peuvent signer, dans l'ordre qui leur convient.",
        ),
    },
    State.SIGNED_BY_COLLECTIVITY: {
        Role.TOWN_HALL: Guidance(
            "Votre collectivité a signé.",
            "La région académique doit signer à son tour. En attendant, déposez l'acte "
            "en préfecture et publiez-le.",
        ),
        Role.RECTORAT: Guidance(
            "La collectivité a signé.", "Enregistrez la signature de la région académique."
        ),
    },
    State.SIGNED_BY_REGION: {
        Role.TOWN_HALL: Guidance(
            "La région académique a signé.",
            "Il reste à faire signer votre acte et la convention, puis à enregistrer la date.",
        ),
        Role.RECTORAT: Guidance(
            "La région académique a signé.", "La collectivité doit signer à son tour."
        ),
    },
    State.SIGNED: {
        Role.TOWN_HALL: Guidance(
            "La convention est signée par les deux parties : elle a pris effet.",
            "Vérifiez que l'acte est déposé en préfecture et publié, et que le conseil en a été "
            "informé.",
        ),
        Role.RECTORAT: Guidance(
            "La convention est signée par les deux parties.",
            "La participation peut être mise en recouvrement.",
        ),
    },
    State.TERMINATED: {
        Role.TOWN_HALL: Guidance(
            "La convention est résiliée.",
            "La participation de l'année reste due ; les sommes versées ne sont pas remboursées.",
        ),
        Role.RECTORAT: Guidance(
            "La convention est résiliée.", "La participation de l'année reste due."
        ),
    },
    State.ABANDONED: {
        Role.RECTORAT: Guidance(
            "La convention a été abandonnée.", "Ses écoles peuvent être inscrites de nouveau."
        ),
    },
}


# What a state is to a town hall, where that is not what an agent calls it.
_TOWN_HALL_LABELS = {
    State.SENT: "à vérifier",
    State.ACCEPTED: "à signer",
    State.SIGNED_BY_COLLECTIVITY: "signée par vous",
    State.SIGNED_BY_REGION: "à signer",
}


def label_for(state: str, role: str) -> str:
    """Return what `role` calls a state (French)."""
    label: str = State(state).label
    return _TOWN_HALL_LABELS.get(State(state), label) if role == Role.TOWN_HALL else label


def guidance(state: str, role: str) -> Guidance:
    """Return what `state` means to `role`; finance and administrators read the rectorat's."""
    side = Role.TOWN_HALL if role == Role.TOWN_HALL else Role.RECTORAT
    return GUIDANCE[State(state)].get(side, Guidance("", ""))
