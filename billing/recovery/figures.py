"""What a figure of the board is made of, convention by convention: the list that it opens."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone

from accounts.models import User
from billing.balances import contested
from billing.claims.listing import amounts
from billing.ledger import cents, euros
from billing.models import Entry, Titre
from billing.models.entry import SETTLED
from billing.recovery.board import living_of
from conventions.campaigns.models import Campaign
from conventions.lifecycle import CLAIMABLE, State
from conventions.models.convention import ConventionQuerySet


class Figure(models.TextChoices):
    """The figures of the board that no other list shows."""

    EXPECTED = "attendu", "Attendu"
    CONTESTED = "conteste", "Contesté"
    SETTLED = "remis-ou-non-valeur", "Remis ou admis en non-valeur"
    BALANCE = "reste-du", "Reste dû"
    EXPECTED_UNISSUED = "attendu-sans-exercice", "Attendu, pas encore émis"
    SIGNED_UNISSUED = "signe-sans-exercice", "Signé, pas encore émis"
    REQUESTED_UNISSUED = "demande-sans-exercice", "Demandé, pas encore émis"


@dataclass(frozen=True)
class Line:
    """A convention's share of a figure, in euros; `code` is that of its collectivity."""

    name: str
    code: str
    department: str
    reference: str
    state: str
    is_claim: bool
    amount: Decimal


def lines_of(figure: Figure, campaign: Campaign, user: User, territory: Q) -> list[Line]:
    """Return what a figure of `build_board` adds up, collectivities in order; zeros left out."""
    living = living_of(campaign, user, territory)
    shares = _SHARES[figure](living)
    rows = living.order_by("collectivity__search_text", "pk").values_list(
        "pk",
        "collectivity_title",
        "collectivity__code",
        "collectivity__department__code",
        "reference",
        "state",
    )
    return [
        Line(
            name,
            code,
            department,
            reference,
            str(State(state).label),
            state in CLAIMABLE,
            euros(shares[key]),
        )
        for key, name, code, department, reference, state in rows
        if shares.get(key)
    ]


def _expected(living: ConventionQuerySet) -> dict[int, int]:
    due = amounts(timezone.localdate())["due_cents"]
    return dict(living.order_by().annotate(share=due).values_list("pk", "share"))


def _expected_unissued(living: ConventionQuerySet) -> dict[int, int]:
    found = amounts(timezone.localdate())
    share = found["due_cents"] - found["issued_cents"]
    return dict(living.order_by().annotate(share=share).values_list("pk", "share"))


def _signed_unissued(living: ConventionQuerySet) -> dict[int, int]:
    return _expected_unissued(living.signed())


def _requested_unissued(living: ConventionQuerySet) -> dict[int, int]:
    found = amounts(timezone.localdate())
    share = found["asked_cents"] - found["issued_cents"]
    return dict(living.order_by().annotate(share=share).values_list("pk", "share"))


def _contested(living: ConventionQuerySet) -> dict[int, int]:
    titres = Titre.objects.filter(claim__convention__in=living.order_by().values("pk"))
    suspended = contested(titres, timezone.localdate())
    shares: dict[int, int] = {}
    rows = titres.filter(pk__in=suspended).order_by("pk").values_list("pk", "claim__convention")
    for titre, convention in rows:
        shares[convention] = shares.get(convention, 0) + cents(suspended[titre])
    return shares


def _settled(living: ConventionQuerySet) -> dict[int, int]:
    return {key: -effect for key, effect in _effects(living, Q(kind__in=SETTLED)).items()}


def _balance(living: ConventionQuerySet) -> dict[int, int]:
    return _effects(living, Q())


def _effects(living: ConventionQuerySet, of: Q) -> dict[int, int]:
    entries = Entry.objects.filter(
        of,
        on__lte=timezone.localdate(),
        titre__claim__convention__in=living.order_by().values("pk"),
    )
    rows = entries.order_by().values_list("titre__claim__convention")
    return dict(rows.annotate(Sum("effect")))


_SHARES: dict[Figure, Callable[[ConventionQuerySet], dict[int, int]]] = {
    Figure.EXPECTED: _expected,
    Figure.CONTESTED: _contested,
    Figure.SETTLED: _settled,
    Figure.BALANCE: _balance,
    Figure.EXPECTED_UNISSUED: _expected_unissued,
    Figure.SIGNED_UNISSUED: _signed_unissued,
    Figure.REQUESTED_UNISSUED: _requested_unissued,
}
