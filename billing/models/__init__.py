from billing.models.batch import Batch, BatchFile, BatchOutcome, _stored_name
from billing.models.claim import Claim, DebtorChange
from billing.models.counter import Counter, next_number
from billing.models.entry import Entry
from billing.models.titre import Titre

__all__ = [
    "Batch",
    "BatchFile",
    "BatchOutcome",
    "Claim",
    "Counter",
    "DebtorChange",
    "Entry",
    "Titre",
    "_stored_name",
    "next_number",
]
