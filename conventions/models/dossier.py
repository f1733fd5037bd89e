"""The papers of a part of a file: how they are generated, received and found again.

A part is the convention itself, one of its avenants, or a procedure that would end it: a
`Dossier`, which says what it generates; the functions below do it the same way for all.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self, TypeVar, cast

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from accounts.models import User
from accounts.roles import Role
from accounts.scope import covers
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.models.piece import Piece, PieceQuerySet
from documents.contexts import Context, to_json
from documents.models import Document, TextModel
from documents.references import reference_of
from documents.rendering import render
from documents.wording.texts import newest_text
from lifecycle.door import Stateful, compare_and_swap, write_journal
from lifecycle.errors import StaleFile, TransitionRefused

logger = logging.getLogger(__name__)


class Dossier(Stateful):
    """A part of a file with papers of its own, in `part` ("", "A1", "T1")."""

    # The natures of file that it takes from a party.
    RECEIVED: ClassVar[tuple[str, ...]] = ()

    # What a collectivity that was merged into another can do, or be sent, no more.
    TAKEN_BY_COLLECTIVITY: ClassVar[frozenset[str]] = frozenset({"send", "accept"})

    class Meta:
        abstract = True

    @property
    def part(self) -> str:
        raise NotImplementedError

    @property
    def campaign(self) -> Campaign:
        """The school year of its file."""
        raise NotImplementedError

    def kinds_to_issue(self) -> list[str]:
        """Return the pieces that today's facts allow to generate."""
        raise NotImplementedError

    def text_and_context(self, kind: str) -> tuple[TextModel, Context]:
        """Return the text model and the context that a generated piece is made from."""
        raise NotImplementedError

    @property
    def _fetched_pieces(self) -> list[Piece] | None:
        """The pieces of the whole file, where a page has prefetched them; else None."""
        raise NotImplementedError

    def _is_current(self, piece: Piece, text: TextModel, facts: dict[str, Any]) -> bool:
        """Tell whether a generated piece still says what it would say today."""
        return piece.document.made_from(text, facts)

    def _is_replaced(self, piece: Piece) -> bool:
        """Tell whether a generated piece is of something that another has replaced since."""
        return False

    @property
    def collectivity(self) -> Collectivity:
        """Whose file it is."""
        raise NotImplementedError

    def tell_in_your_place(self, by: User | None, done: str, reason: str = "") -> None:
        """Tell the town hall what an agent did in its place: `done`, as the journal says it."""
        raise NotImplementedError

    def refuse_vanished(self) -> None:
        """Raise TransitionRefused once its collectivity is part of another: it signs no more."""
        successor = self.collectivity.merged_into
        if successor is not None:
            raise TransitionRefused(
                f"{self.collectivity.name} fait partie {successor.of_title} depuis le "
                f"{self.collectivity.merged_on:%d/%m/%Y} : c'est elle qui signe désormais. "
                "Le rectorat reprend le dossier à son nom, ou l'abandonne."
            )

    @property
    def is_transferred(self) -> bool:
        """Tell whether its papers and messages went to the archives: it is only read."""
        return self.campaign.transferred_on is not None

    @property
    def transferred_in_words(self) -> str:
        """Why nothing of it changes any more (French), once it is."""
        return (
            f"Ce dossier a été transféré aux archives le {self.campaign.transferred_on:%d/%m/%Y} : "
            "il se consulte seulement."
        )

    def refuse_stranger(self, by: User | None) -> None:
        """Raise TransitionRefused to who has nothing to do in this file (`accounts.scope`).

        Nor has anybody, once it is transferred to the archives.
        """
        if by is not None and not covers(by, self.collectivity):
            raise TransitionRefused("Ce dossier n'est pas de ceux que suit votre compte.")
        if self.is_transferred:
            raise TransitionRefused(self.transferred_in_words)

    def _refuse_transition(self, verb: str, by: User | None, comment: str) -> None:
        self.refuse_stranger(by)
        if verb in self.TAKEN_BY_COLLECTIVITY:
            self.refuse_vanished()
        super()._refuse_transition(verb, by, comment)

    def _transition(self, verb: str, by: User | None, **facts: Any) -> None:
        """Change state; what is no longer to be made, or made anew, is not outdated: signed, say."""
        with transaction.atomic():
            super()._transition(verb, by, **facts)
            self._clear_what_is_over()

    @classmethod
    def _transition_all(
        cls, targets: Sequence[Self], verb: str, by: User | None, **facts: Any
    ) -> dict[int, TransitionRefused]:
        """Change the state of many; those with papers, a few, are looked at one by one."""
        with transaction.atomic():
            refused = super()._transition_all(targets, verb, by, **facts)
            done = [dossier for dossier in targets if dossier.pk not in refused]
            for dossier in _having_papers(done):
                mark_outdated(dossier)
        return refused

    def _clear_what_is_over(self) -> None:
        if own_pieces(self).filter(outdated=True).exists():
            mark_outdated(self)


D = TypeVar("D", bound=Dossier)


def is_in_its_place(by: User | None) -> bool:
    """Tell whether somebody does a town hall's part for it: an agent, never the system."""
    return by is not None and by.role != Role.TOWN_HALL


_PART_LABELS = {"A": "avenant n° {}", "T": "résiliation n° {}"}


def part_label(part: str) -> str:
    """Return a part in words: "avenant n° 1" for "A1"; "" for the convention itself."""
    return _PART_LABELS[part[0]].format(part[1:]) if part else ""


def file_key(dossier: Dossier) -> int:
    """Return the key of the convention that it is a part of."""
    return cast(int, dossier.journal_subject.convention_id)


# --- What is there ----------------------------------------------------------
def own_pieces(dossier: Dossier) -> PieceQuerySet:
    """Return the pieces of this part of the file."""
    return Piece.objects.filter(convention=file_key(dossier), part=dossier.part)


def _having_papers(dossiers: Sequence[D]) -> list[D]:
    """Return those of which there are papers, in one query."""
    pieces = Piece.objects.filter(convention__in=[file_key(dossier) for dossier in dossiers])
    found = set(pieces.order_by().values_list("convention", "part").distinct())
    return [dossier for dossier in dossiers if (file_key(dossier), dossier.part) in found]


def latest_pieces(dossier: Dossier) -> dict[str, Piece]:
    """Return the newest version of each kind, in one query; none when they were prefetched.

    What proves nothing is left out: withdrawn, or the blank that came back unsigned.
    """
    fetched = dossier._fetched_pieces
    pieces: Iterable[Piece] = (
        own_pieces(dossier).select_related("document", "added_by")
        if fetched is None
        else [piece for piece in fetched if piece.part == dossier.part]
    )
    by_version = sorted(pieces, key=lambda piece: piece.version)
    return {piece.kind: piece for piece in by_version if not piece.proves_nothing}


def latest_piece(dossier: Dossier, kind: str) -> Piece | None:
    """Return the newest version of a kind that proves something, or None."""
    if dossier._fetched_pieces is not None:
        return latest_pieces(dossier).get(kind)
    newest_first = own_pieces(dossier).without_blanks().filter(kind=kind).order_by("-version")
    return newest_first.select_related("document").first()


def text_in_use(dossier: Dossier, kind: str, text_kind: str) -> TextModel:
    """Return the text that pieces of `kind` are made from: that of the newest one, if any.

    A version published meanwhile does not touch what was issued; the first piece takes
    the newest. `text_kind` is the nature of text wanted today (TextModel.Kind).
    """
    issued = latest_piece(dossier, kind)
    text = issued and issued.document.text_model
    return text if text and text.kind == text_kind else newest_text(text_kind)


def file_name(piece: Piece) -> str:
    """Return the name a piece is downloaded under: "acte-a-signer_2022-2023_agde_v1.pdf".

    Of an avenant: "avenant-n-1_avenant-a-signer_2022-2023_agde_v1.pdf".
    """
    convention = piece.convention
    place = slugify(convention.collectivity.name)
    kind = slugify(piece.name)
    of = f"{slugify(part_label(piece.part))}_" if piece.part else ""
    return f"{of}{kind}_{convention.campaign.school_year}_{place}_v{piece.version}.pdf"


# --- Generated --------------------------------------------------------------
def issue_documents(dossier: Dossier, *, by: User | None) -> list[Piece]:
    """Generate and freeze every piece that is missing or outdated; return the new ones.

    Nothing is rendered when the facts are those of the latest version, or when they are
    those of an earlier one again: that document is taken back. Rendering happens before
    the transaction opens, which is short and holds no lock meanwhile.
    """
    issued = []
    latest = latest_pieces(dossier)
    for kind in still_to_issue(dossier):
        if _is_settled(dossier, kind, latest):
            continue
        text, context = dossier.text_and_context(kind)
        if kind in latest and dossier._is_current(latest[kind], text, to_json(context)):
            continue
        issued.append(_issue(dossier, kind, text, context, by))
    return issued


def try_to_issue(*dossiers: Dossier, by: User | None) -> tuple[list[Piece], str]:
    """Issue what a change that is saved calls for, as far as it goes.

    Return the new pieces, and why some could not be made (French), "" when all are there.
    The change stands: whoever writes to the file while its PDF renders, or a storage that
    does not answer, only puts the printing off.
    """
    issued: list[Piece] = []
    try:
        for dossier in dossiers:
            issued += issue_documents(dossier, by=by)
    except StaleFile:
        return issued, (
            "Le dossier a changé pendant la production du PDF : rouvrez-le, puis demandez ses "
            "documents (« Produire les documents »)."
        )
    except OSError:
        logger.exception("documents of file %s", file_key(dossiers[0]))
        return issued, (
            "Le PDF n'a pas pu être produit pour le moment : demandez-le plus tard depuis la page "
            "du dossier (« Produire les documents »)."
        )
    return issued, ""


def _issue(
    dossier: Dossier, kind: str, text: TextModel, context: Context, by: User | None
) -> Piece:
    facts = to_json(context)
    if document := Document.issued_from(text, facts, reference_of(text, facts)):
        with transaction.atomic():
            return add_piece(dossier, kind, document, by, "Document généré")
    rendered = render(text, context)
    with transaction.atomic():
        document = Document.freeze(
            rendered.content,
            pages=rendered.pages,
            by=by,
            text_model=text,
            context=facts,
            reference=rendered.reference,
        )
        return add_piece(dossier, kind, document, by, "Document généré")


def outdated_pieces(*dossiers: Dossier) -> list[Piece]:
    """Return the generated pieces whose printed values have changed since, the newest only.

    Those that `issue_documents` would make anew: never what somebody has signed.
    """
    return [piece for dossier in dossiers for piece in _outdated_of(dossier)]


def _outdated_of(dossier: Dossier) -> Iterable[Piece]:
    kinds = still_to_issue(dossier)
    latest = latest_pieces(dossier) if kinds else {}
    for kind in kinds:
        if kind in latest and not _is_settled(dossier, kind, latest):
            text, context = dossier.text_and_context(kind)
            if not dossier._is_current(latest[kind], text, to_json(context)):
                yield latest[kind]


def still_to_issue(dossier: Dossier) -> list[str]:
    """Return the kinds to be generated of a file or avenant: none once it went to the archives."""
    return [] if dossier.is_transferred else dossier.kinds_to_issue()


def mark_outdated(dossier: Dossier) -> None:
    """Write which pieces are outdated, as pages and lists say it; what is not any more is cleared."""
    outdated = [piece.pk for piece in outdated_pieces(dossier)]
    pieces = own_pieces(dossier)
    pieces.filter(outdated=True).exclude(pk__in=outdated).update(outdated=False)
    if outdated:
        pieces.filter(pk__in=outdated).update(outdated=True)


def _is_settled(dossier: Dossier, kind: str, latest: dict[str, Piece]) -> bool:
    """Tell whether a signed copy came back after the newest version."""
    issued, signed = latest.get(kind), latest.get(Piece.SIGNED_AS.get(kind, ""))
    if issued is None or signed is None or dossier._is_replaced(issued):
        return False
    return signed.added_at > issued.added_at


def add_piece(
    dossier: Dossier,
    kind: str,
    document: Document,
    by: User | None,
    done: str,
    *,
    is_unsigned: bool = False,
) -> Piece:
    """Add a document to a part of a file as the next version of its kind; `done` is for the journal."""
    compare_and_swap(dossier)
    last = own_pieces(dossier).filter(kind=kind).aggregate(last=Max("version"))["last"] or 0
    if not is_unsigned:
        replaced = [kind, *(made for made, back in Piece.SIGNED_AS.items() if back == kind)]
        own_pieces(dossier).filter(kind__in=replaced, outdated=True).update(outdated=False)
    piece = Piece.objects.create(
        convention_id=file_key(dossier),
        part=dossier.part,
        kind=kind,
        version=last + 1,
        document=document,
        is_unsigned=is_unsigned,
        added_by=by,
    )
    write_journal(
        dossier,
        by,
        "add_piece",
        f"{done} : {piece.name}, version {piece.version}",
        changes={"sha256": [None, document.sha256]},
    )
    return piece
