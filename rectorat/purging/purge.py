"""A campaign of long ago, its archive in hand, loses here what people wrote and sent.

File by file, a short transaction each: killed, it goes on from any place when it is asked for
again. What was issued as money stays (titres, entries, batches and their files).
"""

from collections.abc import Callable
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from conventions.archives import campaign_archive
from conventions.campaigns import transfer
from conventions.campaigns.models import Campaign
from documents.models import Document
from lifecycle.models import JournalEntry
from lifecycle.transferred import NAME, WORDS
from rectorat.purging import kinds
from rectorat.purging.obstacles import obstacles

_SOME = 500


class NotPurged(Exception):
    """Why a campaign is not purged: sentences (French)."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))


def plan(campaign: Campaign) -> list[tuple[str, int]]:
    """Return what would go, or is left to go: each kind and how many rows, none left out."""
    keys = _keys(campaign)
    counted = [
        (kind.label, sum(kind.left(keys[at : at + _SOME]).count() for at in _starts(keys)))
        for kind in kinds.OF_FILES
    ]
    return [
        *counted,
        ("entrées du journal de la campagne", kinds.journal_left(campaign).count()),
        ("piles de numérisations", kinds.piles_of(campaign).exclude(file="").count()),
    ]


def check(campaign: Campaign, archive: Path) -> None:
    """Raise NotPurged unless the campaign may be purged today, `archive` being whole and its own.

    Once begun, it goes on with the archive that it began with, and no other.
    """
    if campaign.transferred_on is None and (reasons := obstacles(campaign)):
        raise NotPurged(*reasons)
    if faults := campaign_archive.verify(archive):
        raise NotPurged("L’archive n’est pas intacte : refaites-la, ou retrouvez-la.", *faults)
    if campaign.transferred_on is None:
        if changes := campaign_archive.differences(campaign, archive):
            raise NotPurged("L’archive n’est plus celle de la campagne : refaites-la.", *changes)
    elif campaign_archive.digest(archive) != transfer.archive_digest(campaign):
        raise NotPurged(
            "Le transfert a commencé avec une autre archive : donnez celle que nomme le journal de "
            f"la campagne ({transfer.entries(campaign)[0].summary})."
        )


def purge(
    campaign: Campaign, archive: Path, *, by: User, file_done: Callable[[], None] | None = None
) -> None:
    """Take away what goes; done again after it was killed, or once it is over, it finishes.

    `file_done` is called after each file. Raises NotPurged, and TransitionRefused to who is no
    administrator of the whole region or where the campaign has changed meanwhile.
    """
    transfer.refuse_person(by)
    last = _last_entry(campaign)
    check(campaign, archive)
    if campaign.transferred_on is None:
        what = " ; ".join(f"{label} : {count}" for label, count in plan(campaign) if count)
        transfer.begin(
            campaign,
            by=by,
            archive=archive.name,
            sha256=campaign_archive.digest(archive),
            what=what,
            last_entry=last,
        )
    for key in _keys(campaign):
        _take_file(key, archive)
        if file_done:
            file_done()
    kinds.journal_left(campaign).update(by_name=NAME, comment="", changes={})
    _take_piles(campaign)
    transfer.end(campaign, by=by)


def _take_file(key: int, archive: Path) -> None:
    """Empty the rows of one file, then delete its papers: a row never names what is gone."""
    documents = list(kinds.documents_of([key]))
    for document in documents:
        if not campaign_archive.holds(archive, document.sha256):
            raise NotPurged(
                f"L’archive n’a plus {document} ({document.sha256}) : retrouvez-la, puis recommencez."
            )
    with transaction.atomic():
        for kind in kinds.OF_FILES:
            kind.take([key])
    for document in Document.objects.filter(pk__in=[each.pk for each in documents]):
        document.discard_bytes()


def _take_piles(campaign: Campaign) -> None:
    piles = kinds.piles_of(campaign)
    piles.exclude(file="").update(file="", name=WORDS)
    for pile in piles:
        pile.discard_bytes()


def _keys(campaign: Campaign) -> list[int]:
    return list(campaign.conventions.order_by("pk").values_list("pk", flat=True))


def _starts(keys: list[int]) -> range:
    return range(0, len(keys), _SOME)


def _last_entry(campaign: Campaign) -> int:
    """Return the key of the last thing that was done in a campaign or in a file of it."""
    return JournalEntry.objects.filter(campaign=campaign).aggregate(last=Max("pk"))["last"] or 0
