"""The pieces of many conventions as one ZIP: made by a job, or sent while it is made."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.text import slugify
from zipstream import ZipStream

from conventions.lifecycle import State
from conventions.models import Convention, Piece, part_label
from conventions.models.piece import PieceQuerySet

_CHUNK = 64 * 1024
_ABSENT = "fichiers-introuvables.txt"
_TRANSFERRED = "fichiers-aux-archives.txt"


def latest_pieces(conventions: QuerySet[Convention]) -> PieceQuerySet:
    """Return the newest version of each piece of a queryset of conventions, in order of names.

    Each part of a file has its own; other pieces are as many different files. What was
    withdrawn, or is an unsigned original given as a signed copy, is none of them.
    """
    pieces = Piece.objects.without_blanks()
    newer = pieces.filter(
        convention=OuterRef("convention"),
        part=OuterRef("part"),
        kind=OuterRef("kind"),
        version__gt=OuterRef("version"),
    )
    return (
        pieces.filter(convention__in=conventions.order_by().values("pk"))
        .filter(Q(kind=Piece.Kind.OTHER) | ~Exists(newer))
        .select_related("document", "convention__collectivity", "convention__campaign")
        .order_by("convention__collectivity__code", "convention", "part", "kind", "version")
    )


def stream(pieces: PieceQuerySet) -> Iterator[bytes]:
    """Yield the ZIP of a queryset of pieces; one file at a time is open, none in memory.

    PDFs are compressed already and stored as they are. A file that storage lost, or that went
    to the archives with its campaign, is named in a list at the end rather than break it.
    """
    archive = ZipStream()
    absent, transferred = [], []
    for piece in pieces.iterator(chunk_size=500):
        name = path_of(piece)
        if not piece.document.file:
            transferred.append(name)
            continue
        try:
            file = piece.document.file.open("rb")
        except FileNotFoundError:
            absent.append(name)
            continue
        with file:
            archive.add(file.chunks(_CHUNK), name)
            yield from archive.file()
    for names, list_name in ((absent, _ABSENT), (transferred, _TRANSFERRED)):
        if names:
            archive.add("\r\n".join(names), list_name)
    yield from archive.finalize()


def gather(keys: Sequence[int], target: BinaryIO, *, pulse: Callable[[], None]) -> str:
    """Write the archive of the conventions of these keys; return what it holds (French)."""
    pieces = latest_pieces(Convention.objects.filter(pk__in=keys))
    for chunk in stream(pieces):
        target.write(chunk)
        pulse()
    return f"Pièces dans l'archive : {pieces.exclude(document__file='').count()}."


def path_of(piece: Piece) -> str:
    """Return where a piece stands in the archive.

    "34337_villeneuve-les-maguelone/convention-a-signer_2022-2023_v1.pdf": names that sort
    by collectivity, then by piece. What was given up stands apart from what replaced it.
    """
    convention = piece.convention
    collectivity = convention.collectivity
    folder = f"{collectivity.code}_{slugify(collectivity.name)}"
    if convention.state == State.ABANDONED:
        folder += f"_abandonnee-{convention.pk}"
    of = f"{slugify(part_label(piece.part))}_" if piece.part else ""
    kind = slugify(piece.name)
    return f"{folder}/{of}{kind}_{convention.campaign.school_year}_v{piece.version}.pdf"
