"""The collectivity's own acts: what each is, and what happened to it, as dated facts."""

import datetime
from copy import copy
from hashlib import sha256
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Greatest
from django.utils.text import capfirst

from communes.models import Collectivity
from conventions.acts.sitting import Sitting, missing_facts
from documents.letterheads import letterhead_name
from documents.models import TextModel
from law import deadlines
from lifecycle import chronology, plausible
from lifecycle.chronology import Order

# Everything dated of an act.
_DATES = (
    *("planned_on", "dated_on", "deposited_on", "published_on", "published_until"),
    *("certified_on", "missing_pieces_requested_on", "missing_pieces_answered_on"),
    *("observations_received_on", "gracious_appeal_on", "gracious_appeal_answered_on"),
    *("withdrawn_on", "reported_on"),
)


def _stored_letterhead(act: "Act", filename: str) -> str:
    return letterhead_name(filename)


class ActState(models.TextChoices):
    """A text for the council or for the signature, then an act with its number and date."""

    DRAFT = "draft", "projet"
    ADOPTED = "adopted", "pris"


# The order of what happens to an act; nothing happens to a draft, which has no date.
ORDERS = (
    Order(
        "deposited_on",
        "dated_on",
        "Le dépôt en préfecture ne peut précéder la date de l'acte.",
    ),
    Order("published_on", "dated_on", "La publication ne peut précéder la date de l'acte."),
    Order(
        "reported_on",
        "dated_on",
        "La communication au conseil ne peut précéder la date de l'acte.",
    ),
    Order("withdrawn_on", "dated_on", "Le retrait ne peut précéder la date de l'acte."),
    Order(
        "gracious_appeal_on",
        "dated_on",
        "Le recours gracieux ne peut précéder la date de l'acte.",
    ),
    Order(
        "observations_received_on",
        "dated_on",
        "Les observations ne peuvent précéder la date de l'acte.",
    ),
    Order(
        "missing_pieces_requested_on",
        "deposited_on",
        "Le préfet demande des pièces après le dépôt.",
    ),
    Order(
        "missing_pieces_answered_on",
        "missing_pieces_requested_on",
        "Les pièces sont transmises après avoir été demandées.",
    ),
    Order(
        "gracious_appeal_answered_on",
        "gracious_appeal_on",
        "La réponse suit le recours gracieux.",
    ),
    Order("certified_on", "deposited_on", "L'acte est certifié exécutoire après son dépôt."),
    Order("certified_on", "published_on", "L'acte est certifié exécutoire après sa publication."),
    Order(
        "published_until",
        "published_on",
        "La publication est retirée après avoir commencé.",
    ),
)


class Act(models.Model):
    """An act of a collectivity, whatever it authorises signing.

    A draft until it is adopted, which gives it a number and a date. What it authorises
    points to it, and writes it through verbs of its own (`conventions.authority`). Released
    when that is given up: its number is then free.
    """

    class Kind(models.TextChoices):
        DECISION = "decision", "décision"
        DELIBERATION = "deliberation", "délibération"

    class PublicationMode(models.TextChoices):
        ELECTRONIC = "electronic", "sur le site internet"
        POSTING = "posting", "par affichage"
        PAPER = "paper", "sur papier"

    # What follows the deposit and the publication, for the few acts that it concerns.
    AFTERMATH_FIELDS = (
        "deposit_reference",
        "missing_pieces_requested_on",
        "missing_pieces_answered_on",
        "observations_received_on",
        "gracious_appeal_on",
        "gracious_appeal_answered_on",
        "withdrawn_on",
        "published_until",
    )

    collectivity = models.ForeignKey(
        Collectivity, on_delete=models.PROTECT, related_name="acts", verbose_name="collectivité"
    )
    kind = models.CharField("nature", max_length=15, choices=Kind)
    state = models.CharField(
        "état de l'acte", max_length=10, choices=ActState, default=ActState.DRAFT, editable=False
    )
    planned_on = models.DateField(
        "date prévue",
        null=True,
        blank=True,
        help_text="Séance où la délibération sera votée, ou jour où la décision sera signée.",
    )
    number = models.CharField("numéro", max_length=30, blank=True)
    dated_on = models.DateField("date de l'acte", null=True, blank=True)
    sitting = models.OneToOneField(
        Sitting,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="act",
        verbose_name="séance",
    )
    delegation_item = models.CharField(
        "alinéa de la délégation",
        max_length=200,
        blank=True,
        help_text="Alinéa de l'article L2122-22 au titre duquel le maire décide.",
    )
    delegation_reference = models.CharField(
        "délibération de délégation",
        max_length=200,
        blank=True,
        help_text="Numéro et date de la délibération qui a donné délégation au maire.",
    )
    executor = models.CharField(
        "chargé de l'exécution",
        max_length=200,
        blank=True,
        help_text="Par exemple « Madame la Directrice générale des services ».",
    )
    adapted_text = models.TextField(
        "texte de l'acte",
        blank=True,
        help_text="Celui de la collectivité ; vide, c'est le modèle de la campagne.",
    )
    letterhead = models.FileField(
        "en-tête", upload_to=_stored_letterhead, max_length=200, blank=True
    )
    signatory = models.CharField(
        "nom du signataire",
        max_length=160,
        blank=True,
        help_text="Prénom et nom, s'il n'est pas le représentant de la collectivité.",
    )
    signatory_capacity = models.CharField(
        "qualité du signataire",
        max_length=160,
        blank=True,
        help_text="Telle qu'imprimée, par exemple « L'adjointe déléguée aux affaires scolaires ».",
    )
    signatory_delegation = models.CharField(
        "délégation de signature",
        max_length=200,
        blank=True,
        help_text="Référence et date, par exemple « arrêté n° 2020-14 du 10 juillet 2020 ».",
    )
    deposited_on = models.DateField("déposé en préfecture le", null=True, blank=True)
    published_on = models.DateField("publié le", null=True, blank=True)
    publication_mode = models.CharField(
        "mode de publication", max_length=12, choices=PublicationMode, blank=True
    )
    certified_on = models.DateField(
        "certifié exécutoire le",
        null=True,
        blank=True,
        help_text="Facultatif : si votre collectivité certifie l'acte (article L2131-1).",
    )
    certified_by = models.CharField(
        "certifié exécutoire par", max_length=160, blank=True, help_text="Prénom et nom."
    )
    certified_capacity = models.CharField("qualité de qui certifie", max_length=160, blank=True)
    published_until = models.DateField(
        "publication retirée le",
        null=True,
        blank=True,
        help_text="Un acte reste publié deux mois au moins, et de façon permanente en ligne.",
    )
    deposit_reference = models.CharField(
        "référence de la préfecture",
        max_length=80,
        blank=True,
        help_text="Identifiant de l'accusé de réception.",
    )
    missing_pieces_requested_on = models.DateField(
        "pièces demandées par le préfet le", null=True, blank=True
    )
    missing_pieces_answered_on = models.DateField(
        "pièces transmises (ou refusées) le", null=True, blank=True
    )
    observations_received_on = models.DateField(
        "observations du préfet reçues le", null=True, blank=True
    )
    gracious_appeal_on = models.DateField(
        "recours gracieux reçu le",
        null=True,
        blank=True,
        help_text="Demande de revenir sur l'acte, adressée à la collectivité.",
    )
    gracious_appeal_answered_on = models.DateField(
        "réponse au recours gracieux le", null=True, blank=True
    )
    withdrawn_on = models.DateField("acte retiré le", null=True, blank=True)
    reported_on = models.DateField("communiqué au conseil le", null=True, blank=True)
    executory_on = models.GeneratedField(
        verbose_name="exécutoire le",
        expression=Case(
            When(
                deposited_on__isnull=False,
                published_on__isnull=False,
                then=Greatest(F("deposited_on"), F("published_on")),
            ),
            default=None,
            output_field=models.DateField(),
        ),
        output_field=models.DateField(null=True),
        db_persist=True,
    )

    recorded_at = models.DateTimeField("enregistré le", auto_now_add=True)
    # The register in which the number stands: that of the year of the act.
    year = models.PositiveSmallIntegerField("année du registre", null=True, editable=False)
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="replaced_by",
        verbose_name="remplace",
        help_text="L'acte retiré à la place duquel celui-ci a été pris.",
    )
    is_released = models.BooleanField(
        "dossier abandonné",
        default=False,
        editable=False,
        help_text="Ce qu'il autorisait a été abandonné.",
    )

    class Meta:
        verbose_name = "acte"
        ordering = ["collectivity", F("dated_on").desc(nulls_first=True), "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["collectivity", "year", "number"],
                condition=Q(is_released=False, state=ActState.ADOPTED),
                name="act_number_once_a_year",
                violation_error_message="Un autre acte de la collectivité porte déjà ce numéro "
                "cette année-là.",
            ),
            models.CheckConstraint(
                name="act_adopted_has_number_and_date",
                condition=Q(state=ActState.ADOPTED, dated_on__isnull=False, year__isnull=False)
                & ~Q(number="")
                | Q(state=ActState.DRAFT, number="", dated_on__isnull=True, year__isnull=True),
                violation_error_message="Un acte pris porte un numéro et une date ; un projet n'a "
                "ni l'un ni l'autre.",
            ),
            models.CheckConstraint(
                name="act_planned_is_draft",
                condition=Q(planned_on__isnull=True) | Q(state=ActState.DRAFT),
                violation_error_message="Seul un projet a une date prévue.",
            ),
            models.CheckConstraint(
                name="act_of_a_sitting_is_a_deliberation",
                condition=Q(sitting__isnull=True) | Q(kind="deliberation"),
                violation_error_message="Seule une délibération est votée en séance.",
            ),
            models.CheckConstraint(
                name="act_signatory_is_whole",
                condition=Q(signatory="", signatory_capacity="", signatory_delegation="")
                | ~(Q(signatory="") | Q(signatory_capacity="") | Q(signatory_delegation="")),
                violation_error_message="Un signataire par délégation a un nom, une qualité et la "
                "référence de sa délégation.",
            ),
            models.CheckConstraint(
                name="act_certificate_is_whole",
                condition=Q(certified_on__isnull=True, certified_by="", certified_capacity="")
                | Q(certified_on__isnull=False) & ~(Q(certified_by="") | Q(certified_capacity="")),
                violation_error_message="Un acte certifié exécutoire l'est un jour donné, par une "
                "personne dont on sait le nom et la qualité.",
            ),
            plausible.constraint(*_DATES),
            *chronology.constraints(ORDERS),
        ]

    def __str__(self) -> str:
        if not self.is_adopted:
            return f"projet de {self.get_kind_display()}"
        return f"{self.get_kind_display()} n° {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.year = self.dated_on.year if self.dated_on else None
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Say at its own field what the constraints would say of the whole."""
        super().clean()
        self.year = self.dated_on.year if self.dated_on else None
        chronology.refuse_disorder(self, ORDERS)
        if self.is_adopted:
            self._refuse_taken_number()

    def _refuse_taken_number(self) -> None:
        """Say at its field, with the act that bears it, that a number is taken."""
        others = Act.objects.filter(
            collectivity=self.collectivity_id,
            state=ActState.ADOPTED,
            year=self.year,
            number=self.number,
            is_released=False,
        )
        if other := others.exclude(pk=self.pk).first():
            raise ValidationError(
                {
                    "number": f"Ce numéro est déjà celui d'un autre acte de la collectivité : "
                    f"{other} du {other.dated_on:%d/%m/%Y}."
                }
            )

    @property
    def is_adopted(self) -> bool:
        """Tell whether it is taken: numbered and dated, no longer a draft."""
        return self.state == ActState.ADOPTED

    @property
    def is_decision(self) -> bool:
        return self.kind == self.Kind.DECISION

    @property
    def missing_facts(self) -> list[str]:
        """What a délibération does not say of its sitting and vote; none of a décision."""
        return [] if self.is_decision else missing_facts(self.sitting)

    def text_from(self, model: TextModel) -> TextModel:
        """Return what it prints: `model`, its body replaced by the collectivity's own."""
        if not self.adapted_text:
            return model
        text = copy(model)
        text.body = self.adapted_text
        return text

    @staticmethod
    def for_journal(name: str, value: Any) -> Any:
        """Return a value as the journal keeps it: long texts by their length and hash."""
        if name == "adapted_text":
            digest = sha256(value.encode()).hexdigest()[:12]
            return f"adapté, {len(value)} caractères ({digest})" if value else "celui du modèle"
        if name == "letterhead":
            return str(value).rpartition("/")[2][:12] if value else ""
        return value

    @property
    def appeal_ends_on(self) -> datetime.date | None:
        """Last day for an appeal by third parties (two months *francs* from publicity)."""
        return self.published_on and deadlines.end_of_appeal_after_reconsideration(
            self.published_on, self.gracious_appeal_on, self.gracious_appeal_answered_on
        )

    @property
    def referral_ends_on(self) -> datetime.date | None:
        """Last day for the prefect's referral (from reception at the prefecture)."""
        start = self.referral_starts_on
        return start and deadlines.end_of_appeal(start)

    @property
    def referral_starts_on(self) -> datetime.date | None:
        """Start of the prefect's delay: reception, or the missing pieces once they came.

        None before the deposit, and while the prefect waits for pieces (L2131-6).
        """
        if self.missing_pieces_requested_on:
            return self.missing_pieces_answered_on
        return self.deposited_on

    @property
    def is_referral_suspended(self) -> bool:
        """Tell whether the prefect's delay waits for pieces that he asked for."""
        return bool(self.missing_pieces_requested_on and not self.missing_pieces_answered_on)

    @property
    def aftermath(self) -> list[tuple[str, datetime.date]]:
        """What happened after the deposit, as (label, day), for the few acts concerned."""
        dates = [
            (label_for_field(name, Act, return_attr=False), getattr(self, name))
            for name in self.AFTERMATH_FIELDS
            if name != "deposit_reference"
        ]
        return [(str(capfirst(label)), day) for label, day in dates if day]

    @property
    def report_due_on(self) -> datetime.date | None:
        """Day by which a decision is reported to the council; None for any other, or a draft."""
        if self.dated_on is None or not self.is_decision:
            return None
        return deadlines.council_report_due_on(self.dated_on)
