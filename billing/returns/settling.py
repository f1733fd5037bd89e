"""The tray: rows that could not be applied by themselves, each settled by a person."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from accounts.models import User
from billing.ledger import account_of
from billing.models import Titre
from billing.models.entry import EntryKind
from billing.recording import EntryRefused, Fact, bearing, entry_of, refusal, writing
from billing.returns.models import ReturnRow, RowSettlement


def settle(
    row: ReturnRow, fact: Fact, shares: Sequence[tuple[Titre, Decimal]], *, reason: str, by: User
) -> RowSettlement:
    """Write what a row tells of one titre or of several, each for its share in euros.

    One transfer may pay for two years. Raises EntryRefused.
    """
    if not shares:
        raise EntryRefused({"titres": "Désignez au moins un titre."})
    with writing():
        settlement = _settlement(row, RowSettlement.Kind.APPLIED, reason, by)
        for titre, amount in shares:
            account = account_of(Titre.objects.in_full().get(pk=titre.pk))
            of_titre = replace(fact, amount=amount)
            if message := refusal(account, of_titre):
                words = " ".join(message.values()) if isinstance(message, dict) else message
                raise EntryRefused(f"{titre} : {words}")
            if fact.kind == EntryKind.ISSUED and bearing(fact.chorus_number, titre):
                raise EntryRefused(f"Le numéro {fact.chorus_number} est celui d'un autre titre.")
            entry_of(account, of_titre, by=by, source_id=row.pk).save()
    return settlement


def dismiss(row: ReturnRow, *, reason: str, by: User) -> RowSettlement:
    """Set a row aside: it stays, with the reason. Raises EntryRefused."""
    with writing():
        return _settlement(row, RowSettlement.Kind.DISMISSED, reason, by)


def _settlement(row: ReturnRow, kind: str, reason: str, by: User) -> RowSettlement:
    if not reason.strip():
        raise EntryRefused({"reason": "Indiquez pourquoi."})
    if RowSettlement.objects.filter(row=row).exists():
        raise EntryRefused("Cette ligne est déjà réglée.")
    settlement = RowSettlement(row=row, kind=kind, reason=reason.strip(), by=by)
    settlement.save()
    return settlement
