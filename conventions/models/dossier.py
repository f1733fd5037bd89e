"""The pieces of a convention: how they are generated, received and listed."""

from django.db import transaction
from django.utils.text import slugify

from conventions.lifecycle import State
from conventions.printing import act_context, convention_context, letter_context
from documents.contexts import to_json
from documents.models import Document, Signature, TextModel
from documents.references import reference_of
from documents.rendering import render
from documents.texts import newest_text
from documents.uploads import UploadedPdf

from .errors import TransitionRefused
from .part import ConventionPart
from .piece import Piece

# The texts of the letters of article 11; a campaign chooses none, the newest is printed.
LETTERS = {
    Piece.Kind.FORMAL_NOTICE: TextModel.Kind.FORMAL_NOTICE,
    Piece.Kind.TERMINATION_LETTER: TextModel.Kind.TERMINATION,
}
# The transitions that change what is printed: the date of sending, the details of a party.
_REPRINTING = ("send", "accept")
_EXECUTORY_FACTS = ("deposited_on", "published_on", "publication_mode")


class Dossier(ConventionPart):
    """The pieces of a convention, or of one of its avenants, mixed into them.

    A subclass (a `Stateful`) says in `kinds_to_issue` what it generates, from which text
    and values in `text_and_context`, and in `RECEIVED` which natures of file it takes.
    """

    RECEIVED: tuple[str, ...] = ()

    @property
    def own_pieces(self):
        """Its pieces; a convention's leave out those of its avenants."""
        return self.pieces.filter(amendment__isnull=True)

    @property
    def can_receive_pieces(self) -> bool:
        return self.state not in ("prepared", "abandoned")

    def kinds_to_issue(self) -> list[str]:
        """Return the pieces that today's facts allow to generate."""
        raise NotImplementedError

    def text_and_context(self, kind: str):
        """Return the text model and the context that a generated piece is made from."""
        raise NotImplementedError

    def issue_documents(self, *, by) -> list[Piece]:
        """Generate and freeze every piece that is missing or outdated; return the new ones.

        Nothing is rendered when the facts are those of the latest version, or when they are
        those of an earlier one again: that document is taken back. Rendering happens before
        the transaction opens, which is short and holds no lock meanwhile.
        """
        issued = []
        latest = self.latest_pieces()
        for kind in self.kinds_to_issue():
            if self._is_settled(kind, latest):
                continue
            text, context = self.text_and_context(kind)
            facts = to_json(context)
            if kind in latest and self._is_current(latest[kind], text, facts):
                continue
            document = Document.issued_from(text, facts, reference_of(text, facts))
            rendered = None if document else render(text, context)
            with transaction.atomic():
                if rendered:
                    document = Document.freeze(
                        rendered.content,
                        pages=rendered.pages,
                        by=by,
                        text_model=text,
                        context=facts,
                        reference=rendered.reference,
                    )
                issued.append(self._add_piece(kind, document, by, "Document généré"))
        return issued

    def text_in_use(self, kind: str, text_kind: str) -> TextModel:
        """Return the text that pieces of `kind` are made from: that of the newest one, if any.

        A version published meanwhile does not touch what was issued; the first piece takes
        the newest. `text_kind` is the nature of text wanted today (TextModel.Kind).
        """
        issued = self.latest_piece(kind)
        text = issued and issued.document.text_model
        return text if text and text.kind == text_kind else newest_text(text_kind)

    # --- What is no longer up to date ---------------------------------------
    def outdated_pieces(self) -> list[Piece]:
        """Return the generated pieces whose printed values have changed since, the newest only.

        Those that `issue_documents` would make anew: never what somebody has signed.
        """
        kinds = self.kinds_to_issue()
        latest = self.latest_pieces() if kinds else {}
        found = []
        for kind in kinds:
            if kind in latest and not self._is_settled(kind, latest):
                text, context = self.text_and_context(kind)
                if not self._is_current(latest[kind], text, to_json(context)):
                    found.append(latest[kind])
        return found

    def mark_outdated(self):
        """Write which pieces are outdated, for the lists; what is not any more is cleared."""
        outdated = [piece.pk for piece in self.outdated_pieces()]
        self.own_pieces.filter(outdated=True).exclude(pk__in=outdated).update(outdated=False)
        if outdated:
            self.own_pieces.filter(pk__in=outdated).update(outdated=True)

    def _is_current(self, piece, text, facts) -> bool:
        if piece.kind == Piece.Kind.ACT_EXECUTORY and not self.can_record_act:
            # The act is signed: what may still change of it is its dates.
            issued = piece.document.context
            return all(issued[name] == facts[name] for name in _EXECUTORY_FACTS)
        return piece.document.made_from(text, facts)

    @staticmethod
    def _is_settled(kind, latest) -> bool:
        """Tell whether a signed copy came back after the newest version."""
        signed = latest.get(Piece.SIGNED_AS.get(kind))
        return signed is not None and kind in latest and signed.added_at > latest[kind].added_at

    def _transition(self, verb, by, **facts):
        with transaction.atomic():
            super()._transition(verb, by, **facts)  # type: ignore[misc]
            if verb in _REPRINTING:
                self.mark_outdated()
            else:
                # What is no longer to be made, signed for instance, is not outdated either.
                over = self.own_pieces.filter(outdated=True).exclude(kind__in=self.kinds_to_issue())
                over.update(outdated=False)

    def attach(self, *, kind: str, pdf: UploadedPdf, by) -> Piece:
        """Add a file received from a party as a new version, as `documents.uploads` kept it."""
        if kind not in self.RECEIVED:
            raise TransitionRefused({"kind": "Choisissez la nature de la pièce."})
        if not self.can_receive_pieces:
            raise TransitionRefused("Ce dossier ne reçoit pas de pièces dans son état actuel.")
        with transaction.atomic():
            document = Document.receive(pdf, by=by)
            Signature.record(document, pdf.examination, issued=self._issued_documents())
            return self._add_piece(kind, document, by, "Pièce déposée")

    def _issued_documents(self):
        """What was generated for the convention and its avenants, every version."""
        pieces = self.file.pieces.exclude(kind__in=Piece.UPLOADED)
        return Document.objects.filter(pk__in=pieces.values("document"))

    def _add_piece(self, kind, document, by, done):
        self._compare_and_swap()
        latest = self.latest_piece(kind)
        replaced = [kind, *(made for made, back in Piece.SIGNED_AS.items() if back == kind)]
        self.own_pieces.filter(kind__in=replaced, outdated=True).update(outdated=False)
        piece = self.pieces.create(
            convention=self.file,
            kind=kind,
            version=latest.version + 1 if latest else 1,
            document=document,
            added_by=by,
        )
        self._write_journal(
            by,
            "add_piece",
            f"{done} : {piece.get_kind_display()}, version {piece.version}",
            changes={"sha256": [None, document.sha256]},
        )
        return piece

    @property
    def lacks_documents(self) -> bool:
        """Tell whether a document that should be there was never generated."""
        return not {piece.kind for piece in self.own_pieces}.issuperset(self.kinds_to_issue())

    def latest_piece(self, kind: str) -> Piece | None:
        """Return the newest version of a kind, or None."""
        newest_first = self.own_pieces.filter(kind=kind).order_by("-version")
        return newest_first.select_related("document").first()

    def latest_pieces(self) -> dict[str, Piece]:
        """Return the newest version of each kind, in one query."""
        pieces = self.own_pieces.select_related("document", "added_by").order_by("version")
        return {piece.kind: piece for piece in pieces}


def outdated_among(*dossiers: Dossier) -> set[int]:
    """Return the keys of the outdated pieces of a convention and of its avenants."""
    return {piece.pk for dossier in dossiers for piece in dossier.outdated_pieces()}


class ConventionDossier(Dossier):
    """What `Convention` knows of its files."""

    RECEIVED = Piece.RECEIVED

    def text_and_context(self, kind: str):
        """Return the text model and the context that a generated piece is made from."""
        if kind == Piece.Kind.CONVENTION:
            return self.campaign.convention_text, convention_context(self)
        if kind in LETTERS:
            text = self.text_in_use(kind, LETTERS[Piece.Kind(kind)])
            return text, letter_context(self.open_termination, kind)
        text = self.act.text_from(self.act_text_model)
        return text, act_context(self, executory=kind == Piece.Kind.ACT_EXECUTORY)

    def kinds_to_issue(self) -> list[str]:
        """Return the pieces that today's facts allow to generate.

        What is to be signed is generated until somebody has signed it; the act with
        its executory mention is a piece of its own, as soon as both dates are known.
        """
        kinds: list[str] = []
        if self.state == State.ACCEPTED:
            kinds.append(Piece.Kind.CONVENTION)
        act = self.recorded_act
        if act and self.can_record_act:
            kinds.append(Piece.Kind.ACT)
        if act and act.executory_on and self.state != State.ABANDONED:
            kinds.append(Piece.Kind.ACT_EXECUTORY)
        return kinds + self._letters_to_issue()

    def _letters_to_issue(self):
        """A letter is made anew until the next step: what came before it does not change."""
        termination = self.open_termination
        if termination is None:
            return []
        if termination.second_letter_on:
            return [Piece.Kind.TERMINATION_LETTER]
        return [Piece.Kind.FORMAL_NOTICE] if termination.awaits_conciliation else []

    def file_name(self, piece: Piece) -> str:
        """Return the name a piece is downloaded under: "acte-a-signer_2022-2023_agde_v1.pdf".

        Of an avenant: "avenant-1_avenant-a-signer_2022-2023_agde_v1.pdf".
        """
        place = slugify(self.collectivity.name)
        kind = slugify(piece.get_kind_display())
        of = f"avenant-{piece.amendment.number}_" if piece.amendment_id else ""
        return f"{of}{kind}_{self.campaign.school_year}_{place}_v{piece.version}.pdf"
