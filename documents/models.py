"""Texts that are printed, and the frozen files that came of them."""

import hashlib
from dataclasses import asdict
from typing import Any, NoReturn, TypeAlias

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from documents.contexts import differs
from documents.received.uploaded import UploadedPdf
from documents.received.verdicts import MEANINGS, WEIGHTS, Examination, Later, Verdict, Weight
from documents.storage import document_storage, keep
from documents.wording import kinds
from documents.wording.proofreading import proofread, tidy
from lifecycle.door import refuse_limited
from lifecycle.frozen import Frozen, FrozenError
from lifecycle.triggers import Spared
from tabular.folding import fold


class StaleText(ValidationError):
    """A draft was changed or published by somebody else since it was read."""

    def __init__(self) -> None:
        super().__init__(
            "Ce brouillon a été modifié ou publié entre-temps. Votre texte est gardé ci-dessous : "
            "copiez-le, rouvrez le brouillon, puis reportez vos changements.",
            code="stale",
        )


class TextModelQuerySet(models.QuerySet["TextModel"]):
    def published(self) -> "TextModelQuerySet":
        return self.filter(state=TextModel.State.PUBLISHED)

    def update(self, **values: Any) -> int:
        if self.published().exists():
            raise FrozenError("Une version publiée ne change plus.")
        return super().update(**values)

    def delete(self) -> NoReturn:
        raise FrozenError("Un texte ne s'efface pas.")


class TextModel(Frozen):
    """A version of a text: Markdown with merge fields.

    A draft is revised until it is published; a published version never changes. Only the
    verbs write: `draft`, `revise`, `publish`.
    """

    frozen_message = "Un texte se corrige par `revise` et se publie par `publish`."
    frozen_when = "OLD.state = 'published'"

    Kind: TypeAlias = kinds.Kind

    class State(models.TextChoices):
        DRAFT = "draft", "brouillon"
        PUBLISHED = "published", "publié"

    kind = models.CharField("nature", max_length=30, choices=kinds.Kind)
    version = models.PositiveIntegerField("version")
    title = models.CharField("titre", max_length=200, help_text="Imprimé en tête du document.")
    body = models.TextField("texte")
    state = models.CharField(
        "état", max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    # Counts the changes of a draft, so that two people do not overwrite each other.
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    published_at = models.DateTimeField("publié le", null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name="publié par",
    )

    # Drafts do change.
    objects = TextModelQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "modèle de texte"
        verbose_name_plural = "modèles de texte"
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "version"],
                name="text_model_version_unique",
                violation_error_message="Cette version du texte existe déjà.",
            ),
            models.CheckConstraint(
                name="text_model_published_has_date",
                condition=models.Q(state="draft", published_at__isnull=True)
                | models.Q(state="published", published_at__isnull=False),
                violation_error_message="Une version publiée porte la date de sa publication.",
            ),
        ]

    def __str__(self) -> str:
        draft = "" if self.is_published else ", brouillon"
        return f"{self.title} (version {self.version}{draft})"

    def clean(self) -> None:
        """Refuse a text that could not be printed, all its faults at once, at their lines."""
        super().clean()
        self.title = " ".join(self.title.split())
        self.body = tidy(self.body)
        if self.kind in kinds.Kind and (faults := proofread(self.kind, self.body)):
            raise ValidationError({"body": [str(fault) for fault in faults]})

    @property
    def is_published(self) -> bool:
        return self.state == self.State.PUBLISHED

    @classmethod
    def next_version(cls, kind: str) -> int:
        last = cls.objects.filter(kind=kind).aggregate(last=models.Max("version"))["last"]
        return (last or 0) + 1

    @classmethod
    def draft(cls, *, kind: str, title: str, body: str) -> "TextModel":
        """Keep a new draft, the next version of its kind.

        Raises ValidationError, its faults under "body".
        """
        text = cls(kind=kind, title=title, body=body, version=cls.next_version(kind))
        text.full_clean()
        text.save()
        return text

    def revise(self, *, title: str, body: str) -> None:
        """Change a draft that is still at `revision`.

        Raises ValidationError (its faults under "body") or StaleText.
        """
        self.title, self.body = title, body
        self.full_clean()
        self._compare_and_swap(title=self.title, body=self.body)

    def publish(self, *, by: User | None) -> None:
        """Freeze a draft; campaigns may point to it from here on.

        Raises ValidationError when it could not be printed, StaleText, TransitionRefused to
        an agent of some départements.
        """
        refuse_limited(by)
        self.full_clean()
        self._compare_and_swap(
            state=self.State.PUBLISHED, published_at=timezone.now(), published_by=by
        )

    def _compare_and_swap(self, **values: Any) -> None:
        """Write `values` if this is still the draft that was read."""
        unchanged = TextModel.objects.filter(
            pk=self.pk, state=self.State.DRAFT, revision=self.revision
        )
        if not unchanged.update(revision=self.revision + 1, **values):
            raise StaleText
        self.revision += 1
        for name, value in values.items():
            setattr(self, name, value)


def _stored_name(document: "Document", filename: str) -> str:
    return f"documents/{document.sha256[:2]}/{document.sha256}.pdf"


# Whether a file holds a document whose campaign was transferred to the archives, or was not.
_OF_CAMPAIGN = (
    "JOIN conventions_convention f ON f.id = h.convention_id "
    "JOIN campaigns_campaign c ON c.id = f.campaign_id WHERE c.transferred_on {where}"
)
_HELD = (
    f"(EXISTS (SELECT 1 FROM conventions_piece h {_OF_CAMPAIGN} AND h.document_id = OLD.id) OR "  # noqa: S608
    f"EXISTS (SELECT 1 FROM exchanges_message h {_OF_CAMPAIGN} AND h.attachment_id = OLD.id))"
)


class Document(Frozen):
    """A PDF, kept byte for byte: generated here, or uploaded by a party."""

    frozen_message = "Un document émis ne change plus."
    # Its file, and the name that somebody gave it, go with a campaign that is transferred to the
    # archives; its fingerprint, its reference, who made it and when stay.
    frozen_but = (
        Spared(
            ("file", "original_name", "search_text", "context"),
            "NEW.file = '' AND NEW.original_name IN (OLD.original_name, '') "
            "AND NEW.search_text IN (OLD.search_text, '') "
            "AND (NEW.context IS NULL OR NEW.context = OLD.context) "
            f"AND {_HELD.format(where='IS NOT NULL')} AND NOT {_HELD.format(where='IS NULL')}",
        ),
    )

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
    is_repaired = models.BooleanField("réparé à son arrivée", default=False)
    search_text = models.CharField(max_length=400, editable=False, default="")
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
        # In the order of the list, which is then read from its end.
        indexes = [models.Index(fields=["created_at", "id"], name="document_in_order")]

    def __str__(self) -> str:
        return self.reference or self.original_name or str(self.text_model or "document")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = self.build_search_text()
        super().save(*args, **kwargs)

    def build_search_text(self) -> str:
        """What the search box matches: written once, like the rest."""
        return fold(f"{self.reference} {self.original_name}")[:400]

    def discard_bytes(self) -> None:
        """Delete what the file held, once this row names it no more, unless another does."""
        name = _stored_name(self, "")
        if not self.file and not Document.objects.filter(file=name).exists():
            document_storage().delete(name)

    def made_from(self, text_model: TextModel, context: dict[str, Any]) -> bool:
        """Tell whether this document came of that text and says the same as those values (JSON)."""
        return self.text_model_id == text_model.pk and not differs(self.context or {}, context)

    @classmethod
    def issued_from(
        cls, text_model: TextModel, context: dict[str, Any], reference: str
    ) -> "Document | None":
        """Return what was issued under `reference` from that text and those values, or None.

        Raises FrozenError when something else bears the reference: one chance in billions.
        """
        document = cls.objects.filter(reference=reference).first()
        if document and not document.made_from(text_model, context):
            raise FrozenError(f"La référence {reference} désigne déjà un autre document.")
        return document

    @classmethod
    def freeze(
        cls,
        content: bytes,
        *,
        pages: int,
        by: User | None,
        text_model: TextModel | None = None,
        context: dict[str, Any] | None = None,
        reference: str = "",
        name: str = "",
        is_repaired: bool = False,
    ) -> "Document":
        """Store `content` under its SHA-256 and return the document.

        The same bytes are stored once: a file that exists under that name is the
        same file and is left alone. A reference is frozen once: when somebody has done so
        meanwhile, theirs is returned.
        """
        digest = hashlib.sha256(content).hexdigest()
        values = {
            "file": keep(_stored_name(cls(sha256=digest), ""), content),
            "sha256": digest,
            "size": len(content),
            "pages": pages,
            "text_model": text_model,
            "context": context,
            "original_name": name,
            "is_repaired": is_repaired,
            "created_by": by,
        }
        if not reference:
            return cls.objects.create(**values)
        return cls.objects.get_or_create(reference=reference, defaults=values)[0]

    @classmethod
    def receive(cls, pdf: UploadedPdf, *, by: User | None) -> "Document":
        """Store a file received from a party, as it was read."""
        return cls.freeze(
            pdf.content, pages=pdf.pages, by=by, name=pdf.name, is_repaired=pdf.is_repaired
        )


class Signature(Frozen):
    """An electronic signature of a received PDF, as it was verified when it arrived."""

    frozen_message = "Ce qui a été vérifié à l'arrivée ne change plus."

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
    signed_size = models.PositiveIntegerField("taille signée, en octets", null=True)
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

    def __str__(self) -> str:
        return f"{self.signer or 'Signataire inconnu'} : {self.get_verdict_display()}"

    @property
    def meaning(self) -> str:
        return MEANINGS[Verdict(self.verdict)]

    @property
    def weight(self) -> Weight:
        return WEIGHTS.get(Verdict(self.verdict), Weight.WARNING)

    @property
    def has_sequel(self) -> bool:
        """Tell whether the file holds more than what this signature answers for."""
        return self.signed_size is not None and self.signed_size < self.document.size

    @classmethod
    def record(
        cls, document: Document, examination: Examination, *, issued: models.QuerySet[Document]
    ) -> None:
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
