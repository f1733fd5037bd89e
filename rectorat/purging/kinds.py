"""What a campaign that goes to the archives loses on the site, kind by kind.

People's words and names, and papers. What stays, and why: docs/decisions/0063.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When

from conventions.campaigns.models import Campaign
from conventions.exchanges.models import Message
from conventions.models import Piece
from conventions.piles.models import Pile, Sheaf
from conventions.terminations.models import Termination
from documents.models import Document
from documents.wording.kinds import Kind as Text
from lifecycle.models import TRANSFER, JournalEntry
from lifecycle.transferred import NAME, WORDS
from outbox.models import Email, PersonalLink

Keys = Collection[int]


@dataclass(frozen=True)
class Kind:
    """`of` gives the rows of some files, by their keys; `values` is what becomes of each.

    Its first value tells a row that has lost what it had. Without values, rows are deleted.
    """

    label: str
    of: Callable[[Keys], QuerySet[Any]]
    values: dict[str, Any]

    def left(self, keys: Keys) -> QuerySet[Any]:
        """Return the rows of these files that still have what goes."""
        done = dict([*self.values.items()][:1])
        return self.of(keys).exclude(**done) if done else self.of(keys)

    def take(self, keys: Keys) -> None:
        """Take it away. The ORM refuses it of rows that never change: `of` goes round it."""
        left = self.left(keys)
        left.update(**self.values) if self.values else left.delete()


def _documents(keys: Keys) -> QuerySet[Document]:
    attached = Message.objects.filter(convention__in=keys, attachment__isnull=False)
    pieces = Piece.objects.filter(convention__in=keys).order_by()
    return QuerySet(Document).filter(
        Q(pk__in=pieces.values("document")) | Q(pk__in=attached.order_by().values("attachment"))
    )


_LETTER = Q(text_model__kind__in=(Text.FORMAL_NOTICE, Text.TERMINATION))

OF_FILES = (
    Kind(
        "papiers reçus",
        lambda keys: _documents(keys).filter(reference=""),
        {"file": "", "original_name": "", "search_text": ""},
    ),
    Kind(
        "papiers produits par le site",
        lambda keys: _documents(keys).filter(~_LETTER & ~Q(reference="")),
        {"file": ""},
    ),
    Kind(
        "lettres de résiliation",
        lambda keys: _documents(keys).filter(_LETTER & ~Q(reference="")),
        {"file": "", "context": None},  # What was typed stands among the printed values.
    ),
    Kind(
        "pièces retirées (par qui, pourquoi)",
        lambda keys: Piece.objects.filter(convention__in=keys, withdrawn_at__isnull=False),
        {"withdrawn_by_name": NAME, "withdrawal_reason": WORDS},
    ),
    Kind(
        "messages des échanges",
        lambda keys: Message.objects.filter(convention__in=keys),
        {"body": WORDS, "by_name": NAME},
    ),
    Kind(
        "procédures de résiliation (griefs, motifs)",
        lambda keys: Termination.objects.filter(convention__in=keys),
        {
            "grievances": WORDS,
            "reasons": Case(When(reasons="", then=Value("")), default=Value(WORDS)),
        },
    ),
    Kind(
        "courriels (destinataires, textes)",
        lambda keys: Email.objects.filter(notification__convention__in=keys),
        {"body": WORDS, "html": "", "recipients": [], "error": ""},
    ),
    Kind(
        "liens de courriels",
        lambda keys: PersonalLink.objects.filter(email__notification__convention__in=keys),
        {},
    ),
    Kind(
        "entrées du journal (auteurs, commentaires, valeurs)",
        lambda keys: QuerySet(JournalEntry).filter(convention__in=keys),
        {"by_name": NAME, "comment": "", "changes": {}},
    ),
)


def documents_of(keys: Keys) -> Iterator[Document]:
    """Yield the papers of some files, whether or not they have lost their bytes."""
    yield from _documents(keys).order_by("pk")


# --- Of the campaign itself -------------------------------------------------------
def journal_left(campaign: Campaign) -> QuerySet[JournalEntry]:
    """Return the entries of no file, but those that tell of the transfer."""
    entries: QuerySet[JournalEntry] = QuerySet(JournalEntry).filter(
        campaign=campaign, convention=None
    )
    return entries.exclude(verb=TRANSFER).exclude(by_name=NAME)


def piles_of(campaign: Campaign) -> QuerySet[Pile]:
    """Return the piles of scans that hold papers of this campaign, and none that stays.

    Each was told apart: what they hold is in the files, or was put aside.
    """
    theirs = Q(attached__convention__campaign=campaign)
    sheaves = Sheaf.objects.order_by()
    stays = sheaves.filter(
        Q(state=Sheaf.State.WAITING)
        | Q(attached__isnull=False, attached__convention__campaign__transferred_on=None) & ~theirs
    )
    held = Pile.objects.filter(pk__in=sheaves.filter(theirs).values("pile"))
    return held.exclude(pk__in=stays.values("pile"))
