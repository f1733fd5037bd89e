"""What the accountant sends back: files, their rows as they came, and what was made of each."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef

from documents.storage import document_storage
from lifecycle.frozen import Frozen, FrozenQuerySet


class ReturnLayout(models.Model):
    """Where each fact stands in files of one header, told once and remembered.

    `columns` maps a fact ("amount") to the number of its column, from 0; `states` maps a word
    of the column of states, folded, to a kind of entry; `default_kind` is that of every row
    where no column says it.
    """

    signature = models.CharField("empreinte des en-têtes", max_length=64, unique=True)
    headers = models.JSONField("en-têtes")
    columns = models.JSONField("colonnes", default=dict)
    states = models.JSONField("états", default=dict)
    default_kind = models.CharField("nature des lignes", max_length=20, blank=True)
    changed_at = models.DateTimeField("réglée le", auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="réglée par",
    )

    class Meta:
        verbose_name = "présentation de retour"
        verbose_name_plural = "présentations de retour"
        ordering = ["-changed_at"]

    def __str__(self) -> str:
        return ", ".join(self.headers)


class ReturnFile(Frozen):
    """A file received, kept as it came under its SHA-256; its rows are written when it is applied."""

    frozen_message = "Un retour reçu ne change plus."

    name = models.CharField("nom du fichier", max_length=255)
    file = models.FileField("fichier", storage=document_storage, max_length=200)
    sha256 = models.CharField("empreinte SHA-256", max_length=64, unique=True)
    size = models.PositiveBigIntegerField("taille en octets")
    signature = models.CharField("empreinte des en-têtes", max_length=64)
    received_at = models.DateTimeField("déposé le", auto_now_add=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="déposé par",
    )

    class Meta:
        verbose_name = "retour du comptable"
        verbose_name_plural = "retours du comptable"
        ordering = ["-received_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class ReturnImport(Frozen):
    """That a file was applied, once, by the layout of that moment."""

    frozen_message = "Un retour appliqué ne change plus."

    file = models.OneToOneField(
        ReturnFile, on_delete=models.PROTECT, related_name="applied", verbose_name="retour"
    )
    columns = models.JSONField("colonnes")
    states = models.JSONField("états")
    default_kind = models.CharField("nature des lignes", max_length=20, blank=True)
    at = models.DateTimeField("appliqué le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="appliqué par",
    )

    class Meta:
        verbose_name = "retour appliqué"
        verbose_name_plural = "retours appliqués"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.file}, appliqué le {self.at:%d/%m/%Y}"


class Finding(models.TextChoices):
    """What was made of a row when its file was applied."""

    APPLIED = "applied", "appliquée"
    KNOWN = "known", "déjà connue"
    PROPOSED = "proposed", "à confirmer"
    UNMATCHED = "unmatched", "sans titre correspondant"
    CONTRADICTORY = "contradictory", "contraire à ce qui est connu"
    DOUBLE = "double", "en double dans le fichier"
    FUTURE = "future", "datée dans le futur"
    TOO_LONG = "too_long", "trop longue"
    UNREADABLE = "unreadable", "illisible"

    @property
    def both(self) -> str:
        """Of one line and of several, as the filter `plural` takes it: "appliquée,appliquées"."""
        several = _OF_SEVERAL.get(self, self.label)
        return f"{self.label},{several}"


_OF_SEVERAL = {
    Finding.APPLIED: "appliquées",
    Finding.KNOWN: "déjà connues",
    Finding.CONTRADICTORY: "contraires à ce qui est connu",
    Finding.FUTURE: "datées dans le futur",
    Finding.TOO_LONG: "trop longues",
    Finding.UNREADABLE: "illisibles",
}


# A person settles each of these.
FOR_THE_TRAY = tuple(f for f in Finding if f not in (Finding.APPLIED, Finding.KNOWN))


class ReturnRowQuerySet(FrozenQuerySet["ReturnRow"]):
    def in_tray(self) -> "ReturnRowQuerySet":
        """Those that nobody has settled yet."""
        settled = RowSettlement.objects.filter(row=OuterRef("pk"))
        return self.filter(~Exists(settled), finding__in=FOR_THE_TRAY)


class ReturnRow(Frozen):
    """A row of a return: its cells as they came, what was found of it, and why (`explanation`).

    `digest` is that of the facts it states: a row that states the same again is known.
    """

    Finding = Finding
    frozen_message = "Une ligne reçue ne change plus."

    file = models.ForeignKey(
        ReturnFile,
        on_delete=models.PROTECT,
        related_name="rows",
        verbose_name="retour",
        db_index=False,  # `return_row_once` begins with it.
    )
    line = models.PositiveIntegerField("ligne")
    cells = models.JSONField("cellules")
    digest = models.CharField("empreinte", max_length=64, db_index=True)
    finding = models.CharField("constat", max_length=15, choices=Finding)
    explanation = models.TextField("explication", blank=True)

    objects = ReturnRowQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "ligne d'un retour"
        verbose_name_plural = "lignes de retours"
        ordering = ["file", "line"]
        constraints = [
            models.UniqueConstraint(
                fields=["file", "line"],
                name="return_row_once",
                violation_error_message="Cette ligne du retour est déjà enregistrée.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.file}, ligne {self.line}"

    @property
    def is_settled(self) -> bool:
        return hasattr(self, "settlement")


class RowSettlement(Frozen):
    """How a person settled a row of the tray: entries were written, or it was set aside."""

    class Kind(models.TextChoices):
        APPLIED = "applied", "appliquée"
        DISMISSED = "dismissed", "écartée"

    frozen_message = "Ce qui a été décidé d'une ligne ne change plus."

    row = models.OneToOneField(
        ReturnRow, on_delete=models.PROTECT, related_name="settlement", verbose_name="ligne"
    )
    kind = models.CharField("suite donnée", max_length=10, choices=Kind)
    reason = models.TextField("motif")
    at = models.DateTimeField("décidé le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="décidé par",
    )

    class Meta:
        verbose_name = "suite donnée à une ligne"
        verbose_name_plural = "suites données aux lignes"
        ordering = ["row"]

    def __str__(self) -> str:
        return f"{self.row} : {self.get_kind_display()}"
