"""The columns of the list of claims, as a file."""

from billing.claims.due import Due
from billing.ledger import Account
from tabular.writing import Column, Kind


def _last(due: Due) -> Account | None:
    return due.accounts[-1] if due.accounts else None


def _of_last(due: Due, name: str) -> str:
    account = _last(due)
    return str(getattr(account, name)) if account else ""


def _state(due: Due) -> str:
    account = _last(due)
    return str(account.status.label) if account else "à demander"


COLUMNS = (
    Column("Convention", Kind.TEXT, lambda due: due.convention.reference, width=20),
    Column("Année scolaire", Kind.TEXT, lambda due: due.convention.campaign.school_year),
    Column("Débiteur", Kind.TEXT, lambda due: due.debtor_name, width=36),
    Column("SIRET", Kind.TEXT, lambda due: due.siret),
    Column("Département", Kind.TEXT, lambda due: due.convention.collectivity.department.code),
    Column("Dernière signature", Kind.DATE, lambda due: due.convention.effective_on),
    Column("Acte exécutoire", Kind.DATE, lambda due: due.executory_on),
    Column("Dû", Kind.MONEY, lambda due: due.amount, is_totalled=True),
    Column("Demandé", Kind.MONEY, lambda due: due.asked, is_totalled=True),
    Column("Émis", Kind.MONEY, lambda due: due.issued, is_totalled=True),
    Column("Encaissé", Kind.MONEY, lambda due: due.received, is_totalled=True),
    Column("Reste dû", Kind.MONEY, lambda due: due.balance, is_totalled=True),
    Column("À demander", Kind.MONEY, lambda due: due.left, is_totalled=True),
    Column("Dernier titre", Kind.TEXT, lambda due: _of_last(due, "titre"), width=20),
    Column("Numéro Chorus", Kind.TEXT, lambda due: _of_last(due, "chorus_number")),
    Column(
        "État",
        Kind.TEXT,
        _state,
        width=24,
    ),
)
