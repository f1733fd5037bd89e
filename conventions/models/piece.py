"""The pieces of a file: what was generated for it, what the parties sent back."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from documents.models import Document, Signature


class PieceQuerySet(models.QuerySet["Piece"]):
    def with_documents(self) -> "PieceQuerySet":
        """Fetch what a list of pieces shows: files, who added them, their signatures."""
        signatures = Signature.objects.order_by("document_id", "position")
        return self.select_related("document", "added_by").prefetch_related(
            models.Prefetch("document__signatures", signatures)
        )

    def standing(self) -> "PieceQuerySet":
        """Leave out what its sender has withdrawn."""
        return self.filter(withdrawn_at=None)

    def without_blanks(self) -> "PieceQuerySet":
        """Leave out what proves nothing: withdrawn, or the very file that was issued unsigned."""
        return self.standing().filter(is_unsigned=False)


class Piece(models.Model):
    class Kind(models.TextChoices):
        ACT = "act", "acte à signer"
        CONVENTION = "convention", "convention à signer"
        ACT_EXECUTORY = "act_executory", "acte avec mention exécutoire"
        ACT_SIGNED = "act_signed", "acte signé"
        CONVENTION_SIGNED = "convention_signed", "convention signée"
        AMENDMENT = "amendment", "avenant à signer"
        AMENDMENT_ACT = "amendment_act", "acte de l'avenant à signer"
        AMENDMENT_SIGNED = "amendment_signed", "avenant signé"
        FORMAL_NOTICE = "formal_notice", "mise en demeure"
        TERMINATION_LETTER = "termination_letter", "lettre de résiliation"
        DEPOSIT_RECEIPT = "deposit_receipt", "accusé de réception de la préfecture"
        OTHER = "other", "autre pièce"

    # What is received, for a convention and for an avenant.
    RECEIVED = (Kind.ACT_SIGNED, Kind.CONVENTION_SIGNED, Kind.DEPOSIT_RECEIPT, Kind.OTHER)
    RECEIVED_FOR_AMENDMENT = (Kind.AMENDMENT_SIGNED, Kind.ACT_SIGNED, Kind.DEPOSIT_RECEIPT)
    UPLOADED = frozenset(RECEIVED + RECEIVED_FOR_AMENDMENT)
    # Of a termination: from one party to the other, signed by its sender alone.
    LETTERS = frozenset({Kind.FORMAL_NOTICE, Kind.TERMINATION_LETTER})
    # What comes back of what is generated to be signed.
    SIGNED_AS: ClassVar[dict[str, str]] = {
        Kind.ACT: Kind.ACT_SIGNED,
        Kind.CONVENTION: Kind.CONVENTION_SIGNED,
        Kind.AMENDMENT: Kind.AMENDMENT_SIGNED,
        Kind.AMENDMENT_ACT: Kind.ACT_SIGNED,
    }
    # What is to be signed later: the council reads it, or the representative.
    DRAFTS: ClassVar[dict[str, str]] = {
        Kind.ACT: "projet d'acte",
        Kind.AMENDMENT_ACT: "projet d'acte de l'avenant",
    }

    convention = models.ForeignKey(
        "conventions.Convention",
        on_delete=models.PROTECT,
        related_name="pieces",
        verbose_name="convention",
    )
    # "" for the convention's own, "A1" for those of its first avenant, "T1" for the letters
    # of its first procedure of termination.
    part = models.CharField("partie du dossier", max_length=5, blank=True)
    kind = models.CharField("nature", max_length=20, choices=Kind)
    version = models.PositiveIntegerField("version")
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="pieces", verbose_name="document"
    )
    # Written by `mark_outdated` when a fact changes, and read by lists and pages alike.
    outdated = models.BooleanField("n'est plus à jour", default=False, editable=False)
    is_unsigned = models.BooleanField(
        "exemplaire non signé",
        default=False,
        editable=False,
        help_text="Reçu tel qu'il avait été produit pour être signé.",
    )
    added_at = models.DateTimeField("ajoutée le", auto_now_add=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="ajoutée par",
    )

    # Sent by mistake: kept, shown struck out, and counted no more.
    withdrawn_at = models.DateTimeField("retirée le", null=True, editable=False)
    withdrawn_by_name = models.CharField("retirée par", max_length=200, blank=True, editable=False)
    withdrawal_reason = models.CharField("motif du retrait", max_length=300, blank=True)

    objects = PieceQuerySet.as_manager()

    class Meta:
        verbose_name = "pièce"
        ordering = ["part", "kind", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention", "part", "kind", "version"],
                name="piece_version_unique",
                violation_error_message="Cette version de la pièce existe déjà.",
            ),
            models.CheckConstraint(
                name="piece_withdrawn_with_a_reason",
                condition=Q(withdrawn_at=None, withdrawal_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawal_reason="")),
                violation_error_message="Donnez le motif du retrait.",
            ),
        ]
        indexes = [
            # The few that lists and boards look for.
            models.Index(fields=["convention"], condition=Q(outdated=True), name="piece_outdated")
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})"

    @property
    def name(self) -> str:
        """What it is, in words: the act to sign is a draft until it has its number."""
        return self.DRAFTS[self.kind] if self.is_draft else self.get_kind_display()

    @property
    def proves_nothing(self) -> bool:
        """What `PieceQuerySet.without_blanks` leaves out."""
        return self.is_unsigned or self.withdrawn_at is not None

    @property
    def is_draft(self) -> bool:
        """Tell whether it was printed of an act that was not taken yet."""
        return self.kind in self.DRAFTS and not (self.document.context or {}).get("number")

    @property
    def is_newest(self) -> bool:
        """Tell whether no later version of this piece is in the file."""
        same = Piece.objects.filter(convention=self.convention_id, part=self.part, kind=self.kind)
        return not same.filter(version__gt=self.version).exists()
