"""One school year: its tariff, dates, signatory and texts."""

import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import cached_property

from accounts import roles
from communes.models import Civility, Region
from conventions.models.errors import StaleFile, TransitionRefused
from conventions.models.journal import JournalEntry
from documents.models import TextModel

NOT_PUBLISHED = "Choisissez une version publiée de ce texte."


class Campaign(models.Model):
    class State(models.TextChoices):
        PREPARATION = "preparation", "en préparation"
        OPEN = "open", "ouverte"
        CLOSED = "closed", "close"
        ARCHIVED = "archived", "archivée"

    start_year = models.PositiveSmallIntegerField(
        "année de la rentrée",
        unique=True,
        validators=[MinValueValidator(2015), MaxValueValidator(2100)],
        help_text="2022 pour l'année scolaire 2022-2023.",
        error_messages={"unique": "Cette année scolaire a déjà sa campagne."},
    )
    state = models.CharField(
        "état", max_length=15, choices=State, default=State.PREPARATION, editable=False
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="campaigns", verbose_name="région académique"
    )
    tariff = models.DecimalField(
        "participation par école et par an",
        max_digits=8,
        decimal_places=2,
        default=Decimal("45.00"),
        help_text="En euros, toutes taxes comprises.",
    )
    opens_on = models.DateField("ouverture prévue le", null=True, blank=True)
    reply_by = models.DateField("réponse attendue avant le", null=True, blank=True)
    ends_on = models.DateField(
        "fin des conventions", help_text="1er septembre suivant, d'ordinaire."
    )
    signatory_civility = models.CharField("civilité du signataire", max_length=1, choices=Civility)
    signatory_first_name = models.CharField("prénom du signataire", max_length=80)
    signatory_last_name = models.CharField("nom du signataire", max_length=80)
    signatory_titles = models.TextField(
        "titres du signataire",
        help_text="Un titre par ligne, tels qu'imprimés : « Rectrice de la région académique "
        "Occitanie », « Rectrice de l'académie de Montpellier », …",
    )
    contact_email = models.EmailField(
        "adresse du rectorat",
        blank=True,
        help_text="Reçoit les réponses des collectivités et les avis de signature.",
    )
    reminder_interval = models.PositiveSmallIntegerField(
        "jours entre deux relances",
        default=7,
        validators=[MinValueValidator(1)],
        help_text="Une collectivité n'est pas relancée avant ce délai.",
    )
    reminder_cap = models.PositiveSmallIntegerField(
        "relances au plus", default=3, help_text="Par convention, pour toute la campagne."
    )
    reminder_schedule = models.CharField(
        "relances automatiques",
        max_length=60,
        blank=True,
        help_text="Nombres de jours avant la date de réponse, par exemple « 30, 10 ». "
        "Laissez vide pour ne relancer qu'à la main.",
    )
    decision_text = models.ForeignKey(
        TextModel,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"kind": TextModel.Kind.DECISION, "state": TextModel.State.PUBLISHED},
        error_messages={"invalid": NOT_PUBLISHED},
        verbose_name="texte de la décision",
    )
    deliberation_text = models.ForeignKey(
        TextModel,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"kind": TextModel.Kind.DELIBERATION, "state": TextModel.State.PUBLISHED},
        error_messages={"invalid": NOT_PUBLISHED},
        verbose_name="texte de la délibération",
    )
    convention_text = models.ForeignKey(
        TextModel,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"kind": TextModel.Kind.CONVENTION, "state": TextModel.State.PUBLISHED},
        error_messages={"invalid": NOT_PUBLISHED},
        verbose_name="texte de la convention",
    )

    class Meta:
        verbose_name = "campagne"
        ordering = ["-start_year"]
        constraints = [
            models.CheckConstraint(
                name="campaign_tariff_positive",
                condition=models.Q(tariff__gt=0),
                violation_error_message="La participation par école doit être supérieure à zéro.",
            ),
        ]

    def __str__(self):
        return f"Campagne {self.school_year}"

    def clean(self):
        super().clean()
        if self.start_year and self.ends_on and self.ends_on <= self.starts_on:
            raise ValidationError({"ends_on": f"La fin doit suivre la rentrée {self.start_year}."})
        if self.reminder_schedule.strip():
            self._clean_reminder_schedule()

    def _clean_reminder_schedule(self):
        words = [word.strip() for word in self.reminder_schedule.split(",")]
        if not all(word.isascii() and word.isdigit() and 1 <= int(word) <= 365 for word in words):
            message = (
                "Donnez des nombres de jours entre 1 et 365, séparés par des virgules : « 30, 10 »."
            )
        elif self.reply_by is None:
            message = "Donnez d'abord la date de réponse attendue : les relances la précèdent."
        else:
            days = sorted({int(word) for word in words}, reverse=True)
            self.reminder_schedule = ", ".join(map(str, days))
            return
        raise ValidationError({"reminder_schedule": message})

    @property
    def school_year(self) -> str:
        """ "2022-2023"."""
        return f"{self.start_year}-{self.start_year + 1}"

    @property
    def reminder_days(self) -> list[int]:
        """Days before the reply date on which reminders are scheduled, the earliest first."""
        return [int(word) for word in self.reminder_schedule.split(",") if word.strip()]

    @property
    def starts_on(self) -> datetime.date:
        return datetime.date(self.start_year, 9, 1)

    @property
    def signatory(self) -> str:
        return f"{self.signatory_first_name} {self.signatory_last_name}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more is enrolled or prepared."""
        return self.state in (self.State.CLOSED, self.State.ARCHIVED)

    @cached_property
    def previous(self) -> "Campaign | None":
        """The campaign before this one, or None for the first."""
        return Campaign.objects.filter(start_year__lt=self.start_year).first()

    def refuse_if_over(self):
        """Raise TransitionRefused once the campaign is closed or archived."""
        if self.is_over:
            raise TransitionRefused(
                f"La campagne {self.school_year} est {self.get_state_display()}."
            )

    def open(self, *, by):
        """Open the campaign: its conventions may be sent."""
        self._change_state(by, "open", "Campagne ouverte", self.State.OPEN)

    def close(self, *, by):
        """Close the campaign: nothing more is enrolled, prepared or sent."""
        self._change_state(by, "close", "Campagne close", self.State.CLOSED)

    def archive(self, *, by):
        """Archive a closed campaign: it is only consulted from here."""
        if self.state != self.State.CLOSED:
            raise TransitionRefused("Une campagne est close avant d'être archivée.")
        self._change_state(by, "archive", "Campagne archivée", self.State.ARCHIVED)

    def _change_state(self, by, verb, summary, state):
        before = self.state
        if before == state:
            raise TransitionRefused(f"La campagne est déjà {self.get_state_display()}.")
        if before == self.State.ARCHIVED:
            raise TransitionRefused("Une campagne archivée se consulte seulement.")
        if by is not None and by.role not in roles.ADMIN_SITE_ROLES:
            raise TransitionRefused("Seul le rectorat ouvre, clôt et archive une campagne.")
        with transaction.atomic():
            updated = Campaign.objects.filter(pk=self.pk, state=before).update(state=state)
            if not updated:
                raise StaleFile("La campagne a été modifiée entre-temps : relisez-la.")
            JournalEntry.about(
                self, by=by, verb=verb, summary=summary, from_state=before, to_state=state
            ).save()
        self.state = state

    @property
    def is_late(self) -> bool:
        """Tell whether the reply date has passed."""
        return self.reply_by is not None and self.reply_by < timezone.localdate()
