"""The commune's own decision that authorises signing the convention."""

import datetime
from copy import copy
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Greatest
from django.utils.text import capfirst

from documents.letterheads import letterhead_name
from documents.models import TextModel
from law import deadlines


def _stored_letterhead(act: "ActFacts", filename: str) -> str:
    return letterhead_name(filename)


class ActFacts(models.Model):
    """An act of the collectivity: what it is, and what happened to it, as dated facts.

    `OF` names the field that leads to what the act authorises signing; `TEXT_PREFIX` and
    its nature make the kind of its text.
    """

    OF = ""
    TEXT_PREFIX = ""

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

    kind = models.CharField("nature", max_length=15, choices=Kind)
    number = models.CharField("numéro", max_length=30)
    dated_on = models.DateField("date de l'acte")
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

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_signatory_is_whole",
                condition=Q(signatory="", signatory_capacity="", signatory_delegation="")
                | ~(Q(signatory="") | Q(signatory_capacity="") | Q(signatory_delegation="")),
                violation_error_message="Un signataire par délégation a un nom, une qualité et la "
                "référence de sa délégation.",
            ),
            models.CheckConstraint(
                name="%(class)s_deposited_after_dated",
                condition=Q(deposited_on__isnull=True) | Q(deposited_on__gte=F("dated_on")),
                violation_error_message="Le dépôt en préfecture ne peut précéder la date de l'acte.",
            ),
            models.CheckConstraint(
                name="%(class)s_published_after_dated",
                condition=Q(published_on__isnull=True) | Q(published_on__gte=F("dated_on")),
                violation_error_message="La publication ne peut précéder la date de l'acte.",
            ),
            models.CheckConstraint(
                name="%(class)s_reported_after_dated",
                condition=Q(reported_on__isnull=True) | Q(reported_on__gte=F("dated_on")),
                violation_error_message="La communication au conseil ne peut précéder la date "
                "de l'acte.",
            ),
            models.CheckConstraint(
                name="%(class)s_withdrawn_after_dated",
                condition=Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gte=F("dated_on")),
                violation_error_message="Le retrait ne peut précéder la date de l'acte.",
            ),
            models.CheckConstraint(
                name="%(class)s_pieces_requested_after_deposit",
                condition=Q(missing_pieces_requested_on__isnull=True)
                | Q(missing_pieces_requested_on__gte=F("deposited_on"), deposited_on__isnull=False),
                violation_error_message="Le préfet demande des pièces après le dépôt.",
            ),
            models.CheckConstraint(
                name="%(class)s_pieces_answered_after_request",
                condition=Q(missing_pieces_answered_on__isnull=True)
                | Q(
                    missing_pieces_answered_on__gte=F("missing_pieces_requested_on"),
                    missing_pieces_requested_on__isnull=False,
                ),
                violation_error_message="Les pièces sont transmises après avoir été demandées.",
            ),
            models.CheckConstraint(
                name="%(class)s_unpublished_after_published",
                condition=Q(published_until__isnull=True)
                | Q(published_until__gte=F("published_on"), published_on__isnull=False),
                violation_error_message="La publication est retirée après avoir commencé.",
            ),
            models.CheckConstraint(
                name="%(class)s_observed_after_dated",
                condition=Q(observations_received_on__isnull=True)
                | Q(observations_received_on__gte=F("dated_on")),
                violation_error_message="Les observations ne peuvent précéder la date de l'acte.",
            ),
            models.CheckConstraint(
                name="%(class)s_appeal_after_dated",
                condition=Q(gracious_appeal_on__isnull=True)
                | Q(gracious_appeal_on__gte=F("dated_on")),
                violation_error_message="Le recours gracieux ne peut précéder la date de l'acte.",
            ),
            models.CheckConstraint(
                name="%(class)s_appeal_answered_after_made",
                condition=Q(gracious_appeal_answered_on__isnull=True)
                | Q(
                    gracious_appeal_answered_on__gte=F("gracious_appeal_on"),
                    gracious_appeal_on__isnull=False,
                ),
                violation_error_message="La réponse suit le recours gracieux.",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} n° {self.number}"

    # (date, the one that it may not precede).
    ORDER = (
        ("deposited_on", "dated_on"),
        ("published_on", "dated_on"),
        ("reported_on", "dated_on"),
        ("withdrawn_on", "dated_on"),
        ("gracious_appeal_on", "dated_on"),
        ("observations_received_on", "dated_on"),
        ("missing_pieces_requested_on", "deposited_on"),
        ("missing_pieces_answered_on", "missing_pieces_requested_on"),
        ("gracious_appeal_answered_on", "gracious_appeal_on"),
        ("published_until", "published_on"),
    )

    def clean(self):
        """Say at its own field what the constraints would say of the whole."""
        super().clean()
        if not self.dated_on:
            return
        errors = {}
        for name, earlier in self.ORDER:
            day, start = getattr(self, name), getattr(self, earlier)
            label = self._meta.get_field(earlier).verbose_name
            if day and not start:
                errors[name] = f"Donnez aussi l'autre date : « {label} »."
            elif day and day < start:
                errors[name] = (
                    f"Cette date précède l'autre, « {label} » ({start:%d/%m/%Y}) : "
                    "vérifiez l'une et l'autre."
                )
        if errors:
            raise ValidationError(errors)

    @property
    def is_decision(self) -> bool:
        return self.kind == self.Kind.DECISION

    @property
    def text_kind(self) -> str:
        """The nature of the text that it prints (documents.wording.kinds)."""
        return f"{self.TEXT_PREFIX}{self.kind}"

    def text_from(self, model: TextModel) -> TextModel:
        """Return what it prints: `model`, its body replaced by the collectivity's own."""
        if not self.adapted_text:
            return model
        text = copy(model)
        text.body = self.adapted_text
        return text

    @staticmethod
    def for_journal(name: str, value):
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
            (self._meta.get_field(name), getattr(self, name))
            for name in self.AFTERMATH_FIELDS
            if name != "deposit_reference"
        ]
        return [(str(capfirst(field.verbose_name)), day) for field, day in dates if day]

    @property
    def report_due_on(self) -> datetime.date | None:
        """Day by which a decision is reported to the council; None for a délibération."""
        return deadlines.council_report_due_on(self.dated_on) if self.is_decision else None


class Act(ActFacts):
    """The act that authorises signing the convention."""

    OF = "convention"

    convention = models.OneToOneField(
        "conventions.Convention",
        on_delete=models.PROTECT,
        related_name="act",
        verbose_name="convention",
    )

    class Meta(ActFacts.Meta):
        verbose_name = "acte"


class AmendmentAct(ActFacts):
    """The act that authorises signing an amendment, if the collectivity wants one."""

    OF = "amendment"
    TEXT_PREFIX = "amendment_"

    amendment = models.OneToOneField(
        "conventions.Amendment",
        on_delete=models.PROTECT,
        related_name="act",
        verbose_name="avenant",
    )

    class Meta(ActFacts.Meta):
        verbose_name = "acte d'un avenant"
        verbose_name_plural = "actes d'avenants"
