"""A pile of scanned papers: its pages as they were read, and the sheaves they make."""

import hashlib
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from conventions.exchanges.at_once import told_at_once
from conventions.models import Convention, Dossier, Piece, file_key, hand_in
from conventions.piles.paper import Paper, record_paper
from documents.received import scans
from documents.received.uploads import UploadedPdf
from documents.storage import document_storage, keep
from lifecycle.errors import TransitionRefused

_GONE = "Cette liasse a déjà été traitée : rechargez la page."


def _stored_name(pile: "Pile", filename: str) -> str:
    return f"piles/{pile.sha256[:2]}/{pile.sha256}.pdf"


class PileQuerySet(models.QuerySet["Pile"]):
    def with_waiting(self) -> "PileQuerySet":
        """Count the sheaves of each that are still to be verified, as `waiting_count`."""
        waiting = Count("sheaves", filter=Q(sheaves__state=Sheaf.State.WAITING))
        return self.annotate(waiting_count=waiting)


class Pile(models.Model):
    """A PDF of papers as an agent dropped it, kept byte for byte."""

    class State(models.TextChoices):
        READING = "reading", "lecture en cours"
        READ = "read", "lue"
        UNREADABLE = "unreadable", "illisible"

    file = models.FileField(
        "fichier", upload_to=_stored_name, storage=document_storage, max_length=200
    )
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    name = models.CharField("nom du fichier", max_length=255)
    page_count = models.PositiveIntegerField("nombre de pages")
    state = models.CharField("état", max_length=10, choices=State, default=State.READING)
    at = models.DateTimeField("déposée le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="déposée par",
    )

    # Where `with_waiting` counted them.
    waiting_count: int

    objects = PileQuerySet.as_manager()

    class Meta:
        verbose_name = "pile de documents numérisés"
        verbose_name_plural = "piles de documents numérisés"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keep(cls, pdf: UploadedPdf, *, by: User) -> "Pile":
        """Store the PDF under its SHA-256 and return its pile, still to be read."""
        pile = cls(
            sha256=hashlib.sha256(pdf.content).hexdigest(),
            name=pdf.name,
            page_count=pdf.pages,
            by=by,
        )
        pile.file.name = keep(_stored_name(pile, ""), pdf.content)
        pile.save()
        return pile

    def discard_bytes(self) -> None:
        """Delete what the file held, once this row names it no more, unless another does."""
        name = _stored_name(self, "")
        if not self.file and not Pile.objects.filter(file=name).exists():
            document_storage().delete(name)

    @property
    def content(self) -> bytes:
        with self.file.open("rb") as stored:
            return stored.read()


class PilePage(models.Model):
    """A page as it was read; see `documents.received.scans.ScannedPage`."""

    pile = models.ForeignKey(Pile, on_delete=models.PROTECT, related_name="pages")
    number = models.PositiveIntegerField("page")
    reference = models.CharField("référence lue", max_length=60, blank=True)
    others = models.JSONField("autres références lues", default=list)
    rotation = models.PositiveSmallIntegerField("rotation", null=True)
    is_blank = models.BooleanField("blanche", default=False)
    is_unreadable = models.BooleanField("illisible", default=False)

    class Meta:
        verbose_name = "page d'une pile"
        ordering = ["pile", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["pile", "number"],
                name="pile_page_once",
                violation_error_message="Cette page a déjà été lue.",
            )
        ]

    def __str__(self) -> str:
        return f"page {self.number}"


class Sheaf(models.Model):
    """Pages that make one document, and the file it goes to once a person confirms it.

    `issued` is the piece whose paper it is, when its code was read or typed. Where `others`
    were read beside `reference`, nothing tells which is right: a person does.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "à vérifier"
        ATTACHED = "attached", "jointe"
        DISCARDED = "discarded", "écartée"

    pile = models.ForeignKey(Pile, on_delete=models.PROTECT, related_name="sheaves")
    reference = models.CharField("référence", max_length=60, blank=True)
    others = models.JSONField("autres références", default=list)
    # [[number, degrees clockwise], …] in the order of the pile.
    pages = models.JSONField("pages")
    first_page = models.PositiveIntegerField("première page")
    issued = models.ForeignKey(
        Piece, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="document"
    )
    state = models.CharField("état", max_length=10, choices=State, default=State.WAITING)
    attached = models.ForeignKey(
        Piece, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="pièce jointe"
    )
    decided_at = models.DateTimeField("traitée le", null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = "liasse"
        ordering = ["pile", "first_page"]
        constraints = [
            models.CheckConstraint(
                name="sheaf_attached_has_piece",
                condition=Q(state="attached", attached__isnull=False)
                | (~Q(state="attached") & Q(attached__isnull=True)),
                violation_error_message="Une liasse jointe désigne sa pièce.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pile}, {self.page_range}"

    @property
    def candidates(self) -> list[str]:
        """Return the references among which a person must choose; empty when nothing is in doubt."""
        return [self.reference, *self.others] if self.others else []

    @property
    def page_range(self) -> str:
        """Return "page 3" or "pages 3 à 7"."""
        first, last = self.pages[0][0], self.pages[-1][0]
        return f"page {first}" if first == last else f"pages {first} à {last}"

    @property
    def has_other_length(self) -> bool:
        """Tell whether it does not have as many pages as the document that was printed."""
        return self.issued is not None and self.issued.document.pages != len(self.pages)

    # --- Verbs --------------------------------------------------------------
    def take_out(self) -> UploadedPdf:
        """Return its pages, upright, as a PDF of their own. Raises TransitionRefused."""
        try:
            content = scans.extract(self.pile.content, self.pages)
        except scans.UnreadablePile as error:
            raise TransitionRefused(
                "Ces pages n'ont pas pu être reprises de la pile : numérisez-les à nouveau."
            ) from error
        name = f"{self.pile.name}, {self.page_range}"
        return UploadedPdf(content=content, pages=len(self.pages), name=name)

    def attach(
        self,
        *,
        to: Dossier,
        kind: str,
        by: User,
        paper: Paper | None = None,
        copy: UploadedPdf | None = None,
    ) -> Piece:
        """Add the sheaf to the file `to` (a convention, an avenant) as a new version.

        With `paper`, what is read on it is recorded too, or nothing is kept; `copy` is what
        `take_out` gave to who holds rows by now. Raises TransitionRefused: decided meanwhile, outside
        `by`'s territory, or as `take_out`, `conventions.models.hand_in` and `record_paper` do. The
        town hall is told of both at once.
        """
        if not Convention.objects.for_user(by).filter(pk=file_key(to)).exists():
            raise TransitionRefused("Ce dossier n'est pas de votre territoire.")
        copy = copy or self.take_out()
        with transaction.atomic(), told_at_once():
            (piece,) = hand_in(to, {kind: copy}, by=by)
            self._decide(by, state=self.State.ATTACHED, attached=piece)
            if paper:
                record_paper(to, paper, by=by)
        return piece

    def discard(self, *, by: User) -> None:
        """Set the sheaf aside: it goes to no file. The pile keeps its pages."""
        self._decide(by, state=self.State.DISCARDED)

    def split(self, at: int) -> None:
        """Leave the pages from number `at` on to a sheaf of their own, still to be recognised."""
        kept = [page for page in self.pages if page[0] < at]
        left = [page for page in self.pages if page[0] >= at]
        if not (kept and left):
            raise TransitionRefused(
                {"split_at": "Choisissez une page de cette liasse, sauf la première."}
            )
        with transaction.atomic():
            self._change(pages=kept)
            self.pile.sheaves.create(pages=left, first_page=left[0][0])

    def _decide(self, by: User, **values: Any) -> None:
        self._change(decided_by=by, decided_at=timezone.now(), **values)

    def _change(self, **values: Any) -> None:
        """Write `values` if nobody has decided meanwhile."""
        waiting = Sheaf.objects.filter(pk=self.pk, state=self.State.WAITING, pages=self.pages)
        if not waiting.update(**values):
            raise TransitionRefused(_GONE)
        for name, value in values.items():
            setattr(self, name, value)
