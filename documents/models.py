"""Texts that are printed, and the frozen files that came of them."""

import hashlib
from dataclasses import asdict

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import models
from django.db.models import Q

from documents.signatures import MEANINGS, WEIGHTS, Examination, Later, Verdict, Weight
from documents.storage import document_storage


class TextModel(models.Model):
    """A version of a text: Markdown with merge fields. A version never changes."""

    class Kind(models.TextChoices):
        DECISION = "decision", "décision"
        DELIBERATION = "deliberation", "délibération"
        CONVENTION = "convention", "convention"
        FORMAL_NOTICE = "formal_notice", "mise en demeure"
        TERMINATION = "termination", "lettre de résiliation"
        AMENDMENT = "amendment", "avenant"
        AMENDMENT_DECISION = "amendment_decision", "décision du maire pour un avenant"
        AMENDMENT_DELIBERATION = "amendment_deliberation", "délibération pour un avenant"

    kind = models.CharField("nature", max_length=30, choices=Kind)
    version = models.PositiveIntegerField("version")
    title = models.CharField("titre", max_length=200)
    body = models.TextField("texte")
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    class Meta:
        verbose_name = "modèle de texte"
        verbose_name_plural = "modèles de texte"
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "version"],
                name="text_model_version_unique",
                violation_error_message="Cette version du texte existe déjà.",
            )
        ]

    def __str__(self):
        return f"{self.title} (version {self.version})"


class FrozenError(Exception):
    """Something issued was about to change."""


def _stored_name(document: "Document", filename: str) -> str:
    return f"documents/{document.sha256[:2]}/{document.sha256}.pdf"


class Document(models.Model):
    """A PDF, kept byte for byte: generated here, or uploaded by a party."""

    file = models.FileField(
        "fichier", upload_to=_stored_name, storage=document_storage, max_length=200
    )
    reference = models.CharField(
        "référence",
        max_length=60,
        blank=True,
        help_text="Imprimée sur le document, avec son code QR ; vide pour un fichier reçu.",
    )
    sha256 = models.CharField("empreinte SHA-256", max_length=64, db_index=True)
    size = models.PositiveIntegerField("taille en octets")
    pages = models.PositiveIntegerField("nombre de pages")
    text_model = models.ForeignKey(
        TextModel,
        on_delete=models.PROTECT,
        null=True,
        related_name="documents",
        verbose_name="modèle de texte",
    )
    context = models.JSONField("valeurs imprimées", null=True)
    original_name = models.CharField("nom d'origine", max_length=255, blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="créé par",
    )

    class Meta:
        verbose_name = "document"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                condition=~Q(reference=""),
                name="document_reference_unique",
                violation_error_message="Un document porte déjà cette référence.",
            )
        ]

    def __str__(self):
        return self.reference or f"{self.original_name or self.text_model} — {self.sha256[:12]}"

    def save(self, *args, **kwargs):
        if self.pk:
            raise FrozenError("Un document émis ne change plus.")
        super().save(*args, **kwargs)

    def made_from(self, text_model: TextModel, context: dict) -> bool:
        """Tell whether this document came of that text and those values (JSON)."""
        return self.text_model_id == text_model.pk and self.context == context

    @classmethod
    def issued_from(cls, text_model: TextModel, context: dict, reference: str) -> "Document | None":
        """Return what was issued under `reference` from that text and those values, or None.

        Raises FrozenError when something else bears the reference: one chance in billions.
        """
        document = cls.objects.filter(reference=reference).first()
        if document and not document.made_from(text_model, context):
            raise FrozenError(f"La référence {reference} désigne déjà un autre document.")
        return document

    @classmethod
    def freeze(
        cls, content: bytes, *, pages: int, by, text_model=None, context=None, reference="", name=""
    ):
        """Store `content` under its SHA-256 and return the document.

        The same bytes are stored once: a file that exists under that name is the
        same file and is left alone. A reference is frozen once: when somebody has done so
        meanwhile, theirs is returned.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = _stored_name(cls(sha256=digest), "")
        storage = document_storage()
        if not storage.exists(path):
            storage.save(path, ContentFile(content))
        values = {
            "file": path,
            "sha256": digest,
            "size": len(content),
            "pages": pages,
            "text_model": text_model,
            "context": context,
            "original_name": name,
            "created_by": by,
        }
        if not reference:
            return cls.objects.create(**values)
        return cls.objects.get_or_create(reference=reference, defaults=values)[0]


class Signature(models.Model):
    """An electronic signature of a received PDF, as it was verified when it arrived."""

    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="signatures", verbose_name="document"
    )
    position = models.PositiveSmallIntegerField("rang")
    verdict = models.CharField("résultat", max_length=20, choices=Verdict)
    signer = models.CharField("signataire", max_length=200, blank=True)
    organisation = models.CharField("organisme", max_length=200, blank=True)
    issuer = models.CharField("autorité de certification", max_length=200, blank=True)
    certificate_from = models.DateTimeField("certificat valable du", null=True)
    certificate_until = models.DateTimeField("au", null=True)
    signed_at = models.DateTimeField("signé le, selon le signataire", null=True)
    timestamped_at = models.DateTimeField("horodaté le", null=True)
    later = models.CharField("ajouts ultérieurs", max_length=15, choices=Later, blank=True)
    issued = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="document produit ici qui a été signé",
    )
    checked_at = models.DateTimeField("vérifiée le", auto_now_add=True)

    class Meta:
        verbose_name = "signature électronique"
        verbose_name_plural = "signatures électroniques"
        ordering = ["document", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"],
                name="signature_position_unique",
                violation_error_message="Ce rang est déjà celui d'une autre signature du document.",
            )
        ]

    def __str__(self):
        return f"{self.signer or 'Signataire inconnu'} : {self.get_verdict_display()}"

    @property
    def meaning(self) -> str:
        return MEANINGS[Verdict(self.verdict)]

    @property
    def weight(self) -> Weight:
        return WEIGHTS.get(Verdict(self.verdict), Weight.WARNING)

    @classmethod
    def record(cls, document: Document, examination: Examination, *, issued) -> None:
        """Keep what was found of the signatures of `document`.

        `issued` are the documents that may have been signed: the one whose bytes the file
        contains, with only signatures after them, is named.
        """
        if not examination.signatures:
            return
        signed = issued.filter(sha256__in=examination.contains).first()
        Signature.objects.bulk_create(
            Signature(document=document, position=position, issued=signed, **asdict(found))
            for position, found in enumerate(examination.signatures, start=1)
        )
