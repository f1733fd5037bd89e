"""The life of a convention: its states, and the one table of its transitions.

The table says who may do what from which state. The models enforce it
(`Convention.send`, `.accept`, …), the screens and the documentation read it.
"""

from dataclasses import dataclass

from django.db import models

from accounts.roles import Role


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


class Standing(models.TextChoices):
    """Whether a convention binds today: derived from its signatures and its campaign."""

    UPCOMING = "upcoming", "pas encore en vigueur"
    IN_FORCE = "in_force", "en vigueur"
    ENDED = "ended", "arrivée à son terme"


# In the order of a file's life; used by constraints, filters and boards.
# What the rectorat may still rework: schools, amount, names.
REWORKABLE = (State.PREPARED, State.CORRECTION_REQUESTED)
BEFORE_SIGNATURE = (State.PREPARED, State.SENT, State.CORRECTION_REQUESTED, State.ACCEPTED)
# Signed by both: they give rise to a claim, which a termination leaves due (article 11).
CLAIMABLE = (State.SIGNED, State.TERMINATED)
COLLECTIVITY_SIGNED = (State.SIGNED_BY_COLLECTIVITY, *CLAIMABLE)
REGION_SIGNED = (State.SIGNED_BY_REGION, *CLAIMABLE)
PARTY_CONFIRMED = (State.ACCEPTED, *COLLECTIVITY_SIGNED, State.SIGNED_BY_REGION)
VISIBLE_TO_TOWN_HALL = (State.SENT, State.CORRECTION_REQUESTED, *PARTY_CONFIRMED)

_RECTORAT = frozenset({Role.RECTORAT, Role.ADMINISTRATOR})
_BOTH_SIDES = _RECTORAT | {Role.TOWN_HALL}


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    `targets` maps each state the transition may start from to the state it reaches;
    `requires` names what must be there (`Convention.missing_for`).
    """

    verb: str
    label: str
    done: str
    targets: dict[str, str]
    roles: frozenset[Role]
    requires: tuple[str, ...] = ()
    comment_required: bool = False


TRANSITIONS = {
    transition.verb: transition
    for transition in (
        Transition(
            "send",
            label="Envoyer à la collectivité",
            done="Convention envoyée à la collectivité",
            targets={State.PREPARED: State.SENT, State.CORRECTION_REQUESTED: State.SENT},
            roles=_RECTORAT,
            requires=("campaign_open", "schools"),
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
            requires=("act",),
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
            roles=_RECTORAT,
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
            roles=_RECTORAT,
        ),
        Transition(
            "abandon",
            label="Abandonner la convention",
            done="Convention abandonnée",
            targets={
                state: State.ABANDONED
                for state in State
                if state not in (*CLAIMABLE, State.ABANDONED)
            },
            roles=_RECTORAT,
            comment_required=True,
        ),
        Transition(
            "terminate",
            label="Enregistrer la résiliation",
            done="Convention résiliée",
            targets={State.SIGNED: State.TERMINATED},
            roles=_BOTH_SIDES,
            requires=("termination_delays",),
        ),
    )
}


class AmendmentState(models.TextChoices):
    PREPARED = "prepared", "préparé"
    SENT = "sent", "envoyé"
    SIGNED_BY_COLLECTIVITY = "signed_by_collectivity", "signé par la collectivité"
    SIGNED_BY_REGION = "signed_by_region", "signé par la région académique"
    SIGNED = "signed", "signé par les deux parties"
    ABANDONED = "abandoned", "abandonné"


AMENDMENT_TRANSITIONS = {
    transition.verb: transition
    for transition in (
        Transition(
            "send",
            label="Envoyer l'avenant à la collectivité",
            done="envoyé à la collectivité",
            targets={AmendmentState.PREPARED: AmendmentState.SENT},
            roles=_RECTORAT,
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
            roles=_RECTORAT,
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
            roles=_RECTORAT,
            comment_required=True,
        ),
    )
}


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


def guidance(state: str, role: str) -> Guidance:
    """Return what `state` means to `role`; finance and administrators read the rectorat's."""
    side = Role.TOWN_HALL if role == Role.TOWN_HALL else Role.RECTORAT
    return GUIDANCE[State(state)].get(side, Guidance("", ""))


def allowed(state: str, role: str) -> list[Transition]:
    """Return the transitions that `role` may start from `state`, in the table's order."""
    return [t for t in TRANSITIONS.values() if state in t.targets and role in t.roles]
