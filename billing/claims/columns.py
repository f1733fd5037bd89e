"""The columns of the list of claims, as a file and on screen; what of it is kept for each reader."""

from billing.claims.due import Due
from billing.ledger import Account
from tabular.keeping import KeptList
from tabular.writing import Column, Kind


def _last(due: Due) -> Account | None:
    return due.accounts[-1] if due.accounts else None


def _of_last(due: Due, name: str) -> str:
    account = _last(due)
    return str(getattr(account, name)) if account else ""


def _state(due: Due) -> str:
    account = _last(due)
    return str(account.status.label) if account else "à demander"


_NAMED = {
    "convention": Column("Convention", Kind.TEXT, lambda due: due.convention.reference, width=20),
    "year": Column("Année scolaire", Kind.TEXT, lambda due: due.convention.campaign.school_year),
    "debtor": Column("Débiteur", Kind.TEXT, lambda due: due.debtor_name, width=36),
    "siret": Column("SIRET", Kind.TEXT, lambda due: due.siret),
    "department": Column(
        "Département", Kind.TEXT, lambda due: due.convention.collectivity.department.code
    ),
    "signed": Column("Dernière signature", Kind.DATE, lambda due: due.convention.effective_on),
    "executory": Column("Acte exécutoire", Kind.DATE, lambda due: due.executory_on),
    "due": Column("Dû", Kind.MONEY, lambda due: due.amount, is_totalled=True),
    "asked": Column("Demandé", Kind.MONEY, lambda due: due.asked, is_totalled=True),
    "issued": Column("Émis", Kind.MONEY, lambda due: due.issued, is_totalled=True),
    "received": Column("Encaissé", Kind.MONEY, lambda due: due.received, is_totalled=True),
    "balance": Column("Reste dû", Kind.MONEY, lambda due: due.balance, is_totalled=True),
    "left": Column("À demander", Kind.MONEY, lambda due: due.left, is_totalled=True),
    "titre": Column("Dernier titre", Kind.TEXT, lambda due: _of_last(due, "titre"), width=20),
    "number": Column("Numéro Chorus", Kind.TEXT, lambda due: _of_last(due, "chorus_number")),
    "state": Column("État", Kind.TEXT, _state, width=24),
}
COLUMNS = tuple(_NAMED.values())

# On screen debtor, convention and titres are always there, with links and badges of their own.
OFFERED = {
    name: _NAMED[name]
    for name in (
        "signed",
        "executory",
        "due",
        "asked",
        "issued",
        "received",
        "balance",
        "left",
        "number",
    )
}
KEPT = KeptList(
    of="billing_claims",
    page="claims",
    offered=tuple(OFFERED),
    first=("signed", "due", "asked", "left"),
)
