"""The rule of a tariff as it is kept: of a campaign, copied by each of its conventions."""

import datetime
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from communes.models import Collectivity
from conventions.campaigns.tariff_words import relief_in_words
from conventions.campaigns.tariffs import (
    PRICED,
    ZERO,
    Basis,
    Counted,
    Relief,
    ReliefKind,
    Tariff,
    UnreadableBrackets,
    read_brackets,
    write_brackets,
)
from lifecycle.frozen import Frozen, FrozenQuerySet

# What a convention copies of its campaign beside the price; prepared at others, it is not sent.
TERMS = ("tariff_basis", "tariff_counted", "tariff_brackets", "vat_rate")


class Terms(models.Model):
    """All of a tariff but its price, which a campaign and a convention name each their way.

    `vat_rate` is that of VAT on top, in percent; 0 when it is included.
    """

    tariff_basis = models.CharField(
        "participation demandée", max_length=10, choices=Basis, default=Basis.SCHOOL
    )
    tariff_counted = models.CharField(
        "tranches selon le nombre",
        max_length=10,
        choices=Counted,
        blank=True,
        help_text="Compté sur toutes les écoles inscrites de la collectivité.",
    )
    tariff_brackets = models.TextField(
        "tranches",
        blank=True,
        help_text="Une par ligne : « jusqu'à 5 : 100 », « jusqu'à 10 : 180 », et pour finir "
        "« au-delà : 250 ». Le montant, en euros, est dû par la collectivité entière.",
    )
    vat_rate = models.DecimalField(
        "taux de la TVA en sus", max_digits=5, decimal_places=2, default=ZERO, editable=False
    )

    class Meta:
        abstract = True

    def tariff_at(self, price: Decimal) -> Tariff:
        """Return the rule, at `price` in euros."""
        is_bracketed = self.tariff_basis == Basis.BRACKETS
        return Tariff(
            basis=self.tariff_basis,
            price=price,
            counted=self.tariff_counted,
            brackets=read_brackets(self.tariff_brackets) if is_bracketed else (),
            vat_rate=self.vat_rate,
        )


def clean_terms(terms: Terms, price: Decimal | None) -> Decimal:
    """Settle what was typed of a rule, and return its price; what does not apply is emptied.

    Raises ValidationError at the field.
    """
    if terms.tariff_basis != Basis.BRACKETS:
        terms.tariff_counted = terms.tariff_brackets = ""
    elif not terms.tariff_counted:
        raise ValidationError({"tariff_counted": "Dites ce que comptent les tranches."})
    else:
        try:
            terms.tariff_brackets = write_brackets(read_brackets(terms.tariff_brackets))
        except UnreadableBrackets as error:
            raise ValidationError({"tariff_brackets": str(error)}) from error
    if terms.tariff_basis not in PRICED:
        return ZERO
    if price is None or price <= 0:
        raise ValidationError({"tariff": "La participation doit être supérieure à zéro."})
    return price


class VatRateQuerySet(FrozenQuerySet["VatRate"]):
    def on(self, day: datetime.date) -> "VatRate | None":
        """Return the rate in force on a day, None when none was given."""
        return self.filter(since__lte=day).order_by("-since").first()


class VatRate(Frozen):
    """The rate of VAT from a day on; campaigns where it comes on top take that of their first day."""

    frozen_message = "Un taux de TVA ne se modifie pas : un autre le suit."

    since = models.DateField("à compter du", unique=True)
    rate = models.DecimalField(
        "taux, en pour cent",
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )

    objects = VatRateQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "taux de TVA"
        verbose_name_plural = "taux de TVA"
        ordering = ["-since"]

    def __str__(self) -> str:
        return f"{self.rate} % à compter du {self.since:%d/%m/%Y}"


class TariffException(Frozen):
    """What one collectivity owes otherwise than the others; the last one given holds.

    `value` is in euros or in percent by its kind, 0 for the others.
    """

    frozen_message = "Une exception au tarif ne se modifie pas : une autre la remplace."

    campaign = models.ForeignKey(
        "campaigns.Campaign",
        on_delete=models.PROTECT,
        related_name="tariff_exceptions",
        verbose_name="campagne",
    )
    collectivity = models.ForeignKey(
        Collectivity,
        on_delete=models.PROTECT,
        related_name="tariff_exceptions",
        verbose_name="collectivité",
    )
    kind = models.CharField("exception", max_length=10, choices=ReliefKind)
    value = models.DecimalField(
        "valeur",
        max_digits=8,
        decimal_places=2,
        default=ZERO,
        help_text="En euros, toutes taxes comprises, ou en pour cent.",
    )
    reason = models.CharField(
        "motif", max_length=200, help_text="Imprimé sur la convention, entre parenthèses."
    )
    decided_on = models.DateField("décidée le")
    at = models.DateTimeField("enregistrée le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="enregistrée par",
    )

    class Meta:
        verbose_name = "exception au tarif"
        verbose_name_plural = "exceptions au tarif"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="tariff_exception_has_its_value",
                condition=Q(kind__in=(ReliefKind.FREE, ReliefKind.NONE), value=0)
                | Q(kind=ReliefKind.AMOUNT, value__gt=0)
                | Q(kind=ReliefKind.PERCENT, value__gt=0, value__lt=100),
                violation_error_message="Donnez un montant au-dessus de zéro, ou un pourcentage "
                "entre 0 et 100 ; rien pour une gratuité ou la fin d'une exception.",
            )
        ]

    def __str__(self) -> str:
        return relief_in_words(self.relief) if self.relief else "tarif de la campagne"

    @property
    def relief(self) -> Relief | None:
        if self.kind == ReliefKind.NONE:
            return None
        return Relief(self.kind, self.value, self.reason)


def same_terms(campaign: str) -> Q:
    """Return the condition on a model of `Terms` that its terms are those of `campaign`."""
    return Q(**{name: F(f"{campaign}__{name}") for name in TERMS})
