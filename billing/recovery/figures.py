"""What a figure of the board is made of, convention by convention: the list that it opens."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from billing.balances import contested
from billing.claims.listing import Share, shares_of
from billing.ledger import cents, euros
from billing.models import Titre
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
    shares = _contested(living) if figure == Figure.CONTESTED else _added_up(figure, living)
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


def _added_up(figure: Figure, living: ConventionQuerySet) -> dict[int, int]:
    amount = _ADDED_UP[figure]
    return {share.key: amount(share) for share in shares_of(living)}


def _contested(living: ConventionQuerySet) -> dict[int, int]:
    titres = Titre.objects.filter(claim__convention__in=living.order_by().values("pk"))
    suspended = contested(titres, timezone.localdate())
    shares: dict[int, int] = {}
    rows = titres.filter(pk__in=suspended).order_by("pk").values_list("pk", "claim__convention")
    for titre, convention in rows:
        shares[convention] = shares.get(convention, 0) + cents(suspended[titre])
    return shares


_ADDED_UP: dict[Figure, Callable[[Share], int]] = {
    Figure.EXPECTED: lambda share: share.due,
    Figure.SETTLED: lambda share: share.settled,
    Figure.BALANCE: lambda share: share.balance,
    Figure.EXPECTED_UNISSUED: lambda share: share.due - share.issued,
    Figure.SIGNED_UNISSUED: lambda share: share.signed - share.issued,
    Figure.REQUESTED_UNISSUED: lambda share: share.asked - share.issued,
}
