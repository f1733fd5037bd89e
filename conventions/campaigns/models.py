"""One school year: its tariff, dates, signatory and texts."""

import datetime
from collections.abc import Collection
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES
from communes.models import Civility, Collectivity, Region
from conventions.campaigns import lifecycle
from conventions.campaigns.fitting_texts import refuse_texts
from conventions.campaigns.lifecycle import CAMPAIGN_TRANSITIONS, CampaignState
from conventions.campaigns.tariff_words import tariff_in_words
from conventions.campaigns.tariffs import PRICED, ZERO, Basis, Tariff
from conventions.campaigns.terms import TariffException, Terms, VatRate, clean_terms
from conventions.campaigns.typed_numbers import TypedNumber
from documents.models import TextModel
from law.deadlines import add_months
from lifecycle import plausible
from lifecycle.door import Missing, Stateful, refuse_limited, write_journal
from lifecycle.errors import TransitionRefused
from lifecycle.models import Subject
from lifecycle.plausible import Window
from lifecycle.transition import Transition

__all__ = ["TARIFF", "Campaign", "TariffException", "TypedNumber", "VatRate"]

NOT_PUBLISHED = "Choisissez une version publiée de ce texte."
TARIFF = ("tariff_basis", "tariff", "tariff_counted", "tariff_brackets", "vat_on_top")
# What every convention prints: it changes no more once the first one is sent.
PRINTED = (
    "region",
    *TARIFF,
    "ends_on",
    "signatory_civility",
    "signatory_first_name",
    "signatory_last_name",
    "signatory_titles",
    "decision_text",
    "deliberation_text",
    "convention_text",
)
# The days that an agent plans.
PLANNED = ("opens_on", "reply_by", "ends_on")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def newest_open(self) -> "Campaign | None":
        """Return the campaign agents work on: the newest open one."""
        return self.filter(state=CampaignState.OPEN).order_by("-start_year").first()

    def held(self, campaign: "Campaign") -> "Campaign":
        """Return a campaign as it is now, held until the transaction ends.

        Always first (docs/architecture.md), and without its key: the journal of each of its
        files refers to it meanwhile.
        """
        rows = self.select_for_update(no_key=True, of=("self",)).select_related("region")
        return rows.get(pk=campaign.pk)

    def living(self) -> "CampaignQuerySet":
        """Those where schools may still be enrolled and conventions prepared."""
        return self.filter(state__in=(CampaignState.PREPARATION, CampaignState.OPEN))


class Campaign(Terms, Stateful):
    TRANSITIONS = CAMPAIGN_TRANSITIONS
    State: TypeAlias = CampaignState
    noun = "la campagne"
    database_rules: ClassVar = (lifecycle.TRANSFERRED_STAYS,)

    start_year = models.PositiveSmallIntegerField(
        "année de la rentrée",
        unique=True,
        validators=[MinValueValidator(2015), MaxValueValidator(2100)],
        help_text="2022 pour l'année scolaire 2022-2023.",
        error_messages={"unique": "Cette année scolaire a déjà sa campagne."},
    )
    state = models.CharField(
        "état",
        max_length=15,
        choices=CampaignState,
        default=CampaignState.PREPARATION,
        editable=False,
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="campaigns", verbose_name="région académique"
    )
    tariff = models.DecimalField(
        "participation par an",
        max_digits=8,
        decimal_places=2,
        default=Decimal("45.00"),
        blank=True,
        help_text="En euros : par école, par élève, par classe ou par collectivité.",
    )
    vat_on_top = models.BooleanField(
        "TVA",
        choices=[(False, "comprise dans le montant"), (True, "en sus, au taux du premier jour")],
        default=False,
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
    contact_name = models.CharField(
        "personne à joindre",
        max_length=120,
        blank=True,
        help_text="Nommée aux collectivités, dans leur dossier et leurs courriels. Nécessaire, "
        "comme le téléphone et l'adresse, pour ouvrir la campagne.",
    )
    contact_phone = models.CharField("téléphone du rectorat", max_length=30, blank=True)
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

    first_prepared_on = models.DateField(
        "première préparation le", null=True, blank=True, editable=False
    )
    first_sent_on = models.DateField("premier envoi le", null=True, blank=True, editable=False)
    transferred_on = models.DateField("aux archives le", null=True, blank=True, editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = "campagne"
        ordering = ["-start_year"]
        constraints = [
            models.CheckConstraint(
                name="campaign_tariff_positive",
                condition=models.Q(tariff_basis__in=PRICED, tariff__gt=0)
                | ~models.Q(tariff_basis__in=PRICED) & models.Q(tariff=0),
                violation_error_message="La participation doit être supérieure à zéro ; par "
                "tranches ou gratuite, elle n'a pas de montant unique.",
            ),
            plausible.constraint(*PLANNED),
            lifecycle.TRANSFERRED_IS_ARCHIVED,
        ]

    def __str__(self) -> str:
        return f"Campagne {self.school_year}"

    def clean(self) -> None:
        super().clean()
        if self.start_year:
            self._refuse_implausible_dates()
            if not self.first_sent_on:
                self._settle_tariff()
        if self.start_year and self.ends_on and self.ends_on <= self.starts_on:
            raise ValidationError({"ends_on": f"La fin doit suivre la rentrée {self.start_year}."})
        if self.reminder_schedule.strip():
            self._clean_reminder_schedule()
        if self.pk:
            self._refuse_settled_changes()

    def _settle_tariff(self) -> None:
        self.tariff = clean_terms(self, self.tariff)
        self.vat_on_top = self.vat_on_top and self.tariff_basis != Basis.FREE
        rate = VatRate.objects.on(self.starts_on) if self.vat_on_top else None
        if self.vat_on_top and rate is None:
            raise ValidationError(
                {
                    "vat_on_top": f"Aucun taux de TVA au {self.starts_on:%d/%m/%Y} : donnez-le d'abord."
                }
            )
        self.vat_rate = rate.rate if rate else ZERO
        if self.decision_text_id and self.deliberation_text_id and self.convention_text_id:
            self._refuse_texts_of_another_rule()

    def _refuse_texts_of_another_rule(self) -> None:
        reliefs = set(self.tariff_exceptions.values_list("kind", flat=True)) if self.pk else set()
        is_free = self.tariff_basis == Basis.FREE
        refuse_texts(self.texts, per_school=self.is_per_school, free=is_free, reliefs=reliefs)

    def _refuse_implausible_dates(self) -> None:
        days = {name: getattr(self, name) for name in PLANNED}
        errors = {name: self.planning_window.refusal(day) for name, day in days.items() if day}
        if any(errors.values()):
            raise ValidationError({name: text for name, text in errors.items() if text})

    @property
    def settled(self) -> tuple[str, ...]:
        """The fields that change no more: what conventions already prepared or sent print."""
        year = ("start_year",) if self.first_prepared_on else ()
        return (*year, *(PRINTED if self.first_sent_on else ()))

    def _refuse_settled_changes(self) -> None:
        saved = Campaign.objects.get(pk=self.pk)
        changed = [name for name in saved.settled if getattr(self, name) != getattr(saved, name)]
        if changed:
            raise ValidationError(
                dict.fromkeys(changed, "Des conventions l'impriment déjà : il ne change plus.")
            )

    def _clean_reminder_schedule(self) -> None:
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
    def rule(self) -> Tariff:
        """What each collectivity owes, but for exceptions."""
        return self.tariff_at(self.tariff)

    @property
    def rule_in_words(self) -> str:
        """ "45 € par école et par an"."""
        free = self.tariff_basis == Basis.FREE
        return "gratuite" if free else tariff_in_words(self.rule)

    @property
    def texts(self) -> tuple[TextModel, TextModel, TextModel]:
        return self.decision_text, self.deliberation_text, self.convention_text

    @property
    def is_per_school(self) -> bool:
        return self.tariff_basis == Basis.SCHOOL and not self.vat_rate

    def exceptions(self, collectivities: Collection[int]) -> dict[int, TariffException]:
        """Return the exception that holds for each of some collectivities (keys)."""
        found = self.tariff_exceptions.filter(collectivity__in=collectivities).order_by("pk")
        return {exception.collectivity_id: exception for exception in found}

    @property
    def school_year(self) -> str:
        """ "2022-2023"."""
        return f"{self.start_year}-{self.start_year + 1}"

    def reference_of(self, collectivity: Collectivity, before: int = 0) -> str:
        """Return the reference of a file: "ENT-2022-34337", the INSEE code or the SIREN.

        "ENT-2022-34337-2" after one file of that collectivity (`before`) that was given up.
        """
        first = f"ENT-{self.start_year}-{collectivity.code}"
        return f"{first}-{before + 1}" if before else first

    @property
    def reminder_days(self) -> list[int]:
        """Days before the reply date on which reminders are scheduled, the earliest first."""
        return [int(word) for word in self.reminder_schedule.split(",") if word.strip()]

    @property
    def starts_on(self) -> datetime.date:
        return datetime.date(self.start_year, 9, 1)

    @property
    def window(self) -> Window:
        """When what happens to its files can have happened: eighteen months before, to today."""
        return Window(self._first_day, timezone.localdate())

    @property
    def planning_window(self) -> Window:
        """When what is planned may be: up to a year after its beginning, or from today."""
        last = add_months(max(self.starts_on, timezone.localdate()), 12)
        return Window(self._first_day, last)

    @property
    def _first_day(self) -> datetime.date:
        return add_months(self.starts_on, -18)

    @property
    def contact(self) -> str:
        """Who answers questions at the rectorat, and how: "Jeanne Durand, 04 67 91 00 00, …"."""
        return ", ".join(filter(None, (self.contact_name, self.contact_phone, self.contact_email)))

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

    @property
    def journal_subject(self) -> Subject:
        return Subject(self.pk)

    def refuse_work(self, by: User | None) -> None:
        """Raise TransitionRefused once nothing more is enrolled or prepared, and to whom
        it is not given: only agents do, and the system (None).
        """
        if by is not None and by.role not in ADMIN_SITE_ROLES:
            raise TransitionRefused(
                "Seul le rectorat inscrit des écoles et prépare des conventions."
            )
        if self.is_over:
            raise TransitionRefused(
                f"La campagne {self.school_year} est {self.get_state_display()}."
            )

    def _refuse_person(self, rule: Transition, by: User | None) -> None:
        super()._refuse_person(rule, by)
        refuse_limited(by)

    def reminder_refusal(self, count: int, last: datetime.date | None) -> str:
        """Return why a file reminded `count` times, on `last` at last, is not today (French).

        "" when it may be.
        """
        if self.state == CampaignState.ARCHIVED:
            return "La campagne est archivée."
        if count >= self.reminder_cap:
            return f"Déjà relancée {count} fois, le maximum de la campagne."
        again = last and last + datetime.timedelta(days=self.reminder_interval)
        if last and again and again > timezone.localdate():
            return (
                f"Relancée le {last:%d/%m/%Y} : une nouvelle relance est possible à partir du "
                f"{again:%d/%m/%Y}."
            )
        return ""

    def missing_for(self, verb: str) -> list[Missing]:
        """A campaign opens once the collectivities have somebody to call and to write to."""
        if "contact" not in self.TRANSITIONS[verb].requires:
            return []
        wanted = {
            "contact_name": "la personne à joindre au rectorat",
            "contact_phone": "son téléphone",
            "contact_email": "l'adresse électronique du rectorat",
        }
        return [Missing(label) for name, label in wanted.items() if not getattr(self, name)]

    # --- Verbs --------------------------------------------------------------
    def open(self, *, by: User | None) -> None:
        """Open the campaign: its conventions may be sent."""
        self._transition("open", by)

    def close(self, *, by: User | None) -> None:
        """Close the campaign: nothing more is enrolled, prepared or sent."""
        self._transition("close", by)

    def archive(self, *, by: User | None) -> None:
        """Archive a closed campaign: it is only consulted from here."""
        self._transition("archive", by)

    def choose_tariff(self, *, by: User | None, **terms: Any) -> None:
        """Take another rule, given by field of `TARIFF`, as long as no convention was sent.

        Raises TransitionRefused, to who is limited too, and ValidationError at its field.
        """
        refuse_limited(by)
        with transaction.atomic():
            campaign = Campaign.objects.held(self)
            campaign.refuse_work(by)
            for name in TARIFF:
                setattr(campaign, name, terms[name])
            others = [field.name for field in self._meta.fields if field.name not in TARIFF]
            campaign.full_clean(exclude=others)
            campaign.save(update_fields=[*TARIFF, "vat_rate"])
            write_journal(campaign, by, "tariff", f"Tarif : {campaign.rule_in_words}"[:300])

    def note_preparation(self) -> None:
        """Remember the first time its conventions were prepared: its year changes no more."""
        self._note("first_prepared_on")

    def note_sending(self) -> None:
        """Remember the first time a convention was sent: what it prints changes no more."""
        self._note("first_sent_on")

    def _note(self, name: str) -> None:
        if getattr(self, name) is None:
            today = timezone.localdate()
            Campaign.objects.filter(pk=self.pk, **{name: None}).update(**{name: today})
            setattr(self, name, today)

    @property
    def is_late(self) -> bool:
        """Tell whether the reply date has passed."""
        return self.reply_by is not None and self.reply_by < timezone.localdate()
