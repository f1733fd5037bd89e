"""Piles of scans: dropped by an agent, read in the background, told apart for a person.

Reading may be killed at any moment and done again: a page already read is not read twice,
and only one reader turns the pages into sheaves.
"""

import time
from functools import partial

from django.db import transaction
from django_q.tasks import async_task

from accounts.models import User
from conventions.models import Convention, Piece
from conventions.piles.models import Pile, PilePage, Sheaf
from documents.received import scans
from documents.received.uploads import UploadedPdf
from documents.references import read_reference
from jobs.running import BUDGET

# An act with its executory mention may come back as the signed act.
RECEIVED_AS: dict[str, str] = {**Piece.SIGNED_AS, Piece.Kind.ACT_EXECUTORY: Piece.Kind.ACT_SIGNED}


def receive(pdfs: list[UploadedPdf], *, by: User) -> list[Pile]:
    """Keep these PDFs as piles; a worker reads each after commit."""
    with transaction.atomic():
        piles = [Pile.keep(pdf, by=by) for pdf in pdfs]
        for pile in piles:
            transaction.on_commit(partial(async_task, "conventions.piles.tasks.read_pile", pile.pk))
    return piles


def read(pile: Pile, budget: float = BUDGET) -> bool:
    """Read pages of `pile` for `budget` seconds; tell whether some are left.

    The last page read, its sheaves are made and their documents looked for.
    """
    started = time.monotonic()
    known = set(pile.pages.values_list("number", flat=True))
    to_read = [n for n in range(1, pile.page_count + 1) if n not in known]
    try:
        for page in scans.read_pages(pile.content, to_read):
            PilePage.objects.get_or_create(
                pile=pile,
                number=page.number,
                defaults={
                    "reference": page.reference,
                    "rotation": page.rotation,
                    "is_blank": page.is_blank,
                    "is_unreadable": page.is_unreadable,
                    "others": page.others,
                },
            )
            if time.monotonic() - started > budget and page.number != to_read[-1]:
                return True
    except scans.UnreadablePile:
        _finish(pile, Pile.State.UNREADABLE)
        return False
    with transaction.atomic():
        if _finish(pile, Pile.State.READ):
            _make_sheaves(pile)
    return False


def _finish(pile: Pile, state: str) -> bool:
    reading = Pile.objects.filter(pk=pile.pk, state=Pile.State.READING)
    return bool(reading.update(state=state))


def _make_sheaves(pile: Pile) -> None:
    pages = [
        scans.ScannedPage(
            page.number, page.reference, page.rotation, page.is_blank, tuple(page.others)
        )
        for page in pile.pages.all()
    ]
    Sheaf.objects.bulk_create(
        Sheaf(
            pile=pile,
            reference=found.reference,
            others=found.others,
            pages=found.pages,
            first_page=found.pages[0][0],
            issued=None if found.others else find_issued(found.reference, pile.by),
        )
        for found in scans.group(pages)
    )


def find_issued(reference: str, user: User) -> Piece | None:
    """Return the piece, in `user`'s territory, whose document bears that reference."""
    wanted = read_reference(reference)
    if not wanted:
        return None
    pieces = Piece.objects.filter(
        document__reference=wanted, convention__in=Convention.objects.for_user(user)
    )
    return pieces.exclude(kind__in=Piece.UPLOADED).order_by("-version").first()


def find_convention(reference: str, user: User) -> Convention | None:
    """Return the convention, in `user`'s territory, of that reference; the live one."""
    found = Convention.objects.for_user(user).filter(reference=read_reference(reference))
    return found.living().with_parties().first()
