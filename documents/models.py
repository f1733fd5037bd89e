"""Texts that are printed, and the frozen files that came of them."""

import hashlib
from typing import TypeAlias

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models
from django.utils import timezone

from documents import kinds
from documents.proofreading import proofread, tidy


class FrozenError(Exception):
    """Something issued, or published, was about to change."""


class StaleText(ValidationError):
    """A draft was changed or published by somebody else since it was read."""

    def __init__(self):
        super().__init__(
            "Ce brouillon a été modifié ou publié entre-temps. Votre texte est gardé ci-dessous : "
            "copiez-le, rouvrez le brouillon, puis reportez vos changements.",
            code="stale",
        )


class TextModelQuerySet(models.QuerySet):
    def published(self):
        return self.filter(state=TextModel.State.PUBLISHED)

    def update(self, **values):
        if self.published().exists():
            raise FrozenError("Une version publiée ne change plus.")
        return super().update(**values)

    def delete(self):
        raise FrozenError("Un texte ne s'efface pas.")


class TextModel(models.Model):
    """A version of a text: Markdown with merge fields.

    A draft is revised until it is published; a published version never changes. Only the
    verbs write: `draft`, `revise`, `publish`.
    """

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

    objects = TextModelQuerySet.as_manager()

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

    def __str__(self):
        draft = "" if self.is_published else ", brouillon"
        return f"{self.title} (version {self.version}{draft})"

    def clean(self):
        """Refuse a text that could not be printed, all its faults at once, at their lines."""
        super().clean()
        self.title = " ".join(self.title.split())
        self.body = tidy(self.body)
        if self.kind in kinds.Kind and (faults := proofread(self.kind, self.body)):
            raise ValidationError({"body": [str(fault) for fault in faults]})

    def save(self, *args, **kwargs):
        if self.pk:
            raise FrozenError("Un texte se corrige par `revise` et se publie par `publish`.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise FrozenError("Un texte ne s'efface pas.")

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

    def revise(self, *, title: str, body: str):
        """Change a draft that is still at `revision`.

        Raises ValidationError (its faults under "body") or StaleText.
        """
        self.title, self.body = title, body
        self.full_clean()
        self._compare_and_swap(title=self.title, body=self.body)

    def publish(self, *, by):
        """Freeze a draft; campaigns may point to it from here on.

        Raises ValidationError when it could not be printed, StaleText.
        """
        self.full_clean()
        self._compare_and_swap(
            state=self.State.PUBLISHED, published_at=timezone.now(), published_by=by
        )

    def _compare_and_swap(self, **values):
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


class Document(models.Model):
    """A PDF, kept byte for byte: generated here, or uploaded by a party."""

    file = models.FileField("fichier", upload_to=_stored_name, max_length=200)
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

    def __str__(self):
        return f"{self.original_name or self.text_model} — {self.sha256[:12]}"

    def save(self, *args, **kwargs):
        if self.pk:
            raise FrozenError("Un document émis ne change plus.")
        super().save(*args, **kwargs)

    def made_from(self, text_model: TextModel, context: dict) -> bool:
        """Tell whether this document came of that text and those values (JSON)."""
        return self.text_model_id == text_model.pk and self.context == context

    @classmethod
    def freeze(cls, content: bytes, *, pages: int, by, text_model=None, context=None, name=""):
        """Store `content` under its SHA-256 and return the document.

        The same bytes are stored once: a file that exists under that name is the
        same file and is left alone.
        """
        digest = hashlib.sha256(content).hexdigest()
        document = cls(
            sha256=digest,
            size=len(content),
            pages=pages,
            text_model=text_model,
            context=context,
            original_name=name,
            created_by=by,
        )
        storage = document.file.storage
        path = _stored_name(document, "")
        if storage.exists(path):
            document.file.name = path
        else:
            document.file.save(path, ContentFile(content), save=False)
        document.save()
        return document
