"""What a convention amounts to: the rule as it was applied, and each part of the sum."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Round

from conventions.campaigns.models import Campaign
from conventions.campaigns.tariff_words import calculation, is_free, tariff_in_words, typed_in_words
from conventions.campaigns.tariffs import LUMP, ZERO, Basis, Charge, Relief, Tariff
from conventions.campaigns.terms import TERMS, TariffException, Terms, same_terms
from conventions.lifecycle import REWORKABLE, State
from conventions.models.enrolment import Enrolment
from documents.wording.typography import count, euros_and_cents
from lifecycle.door import Missing
from lifecycle.triggers import Rule, Upkeep

_OPEN = ", ".join(f"'{state.value}'" for state in REWORKABLE)
_LUMP = ", ".join(f"'{basis.value}'" for basis in LUMP)
_PARTS = ("school_count", "unit_fee", "number", "lump", "vat_amount", "reduction", "amount")
# What preparing writes.
CHARGED = (*TERMS, "relief", *_PARTS)
# The lines are the schools' own, or the collectivity's one line; as whole cents, which
# SQLite adds exactly.
_LINES = f"""
ROUND((NEW.amount + NEW.reduction) * 100) <> CASE WHEN NEW.tariff_basis IN ({_LUMP})
  THEN ROUND((COALESCE(NEW.number, NEW.school_count) * NEW.unit_fee + NEW.lump
    + NEW.vat_amount) * 100)
  ELSE (SELECT COALESCE(SUM(ROUND(e.fee * 100)), 0) FROM conventions_enrolment e
    WHERE e.convention_id = NEW.id AND e.released_on IS NULL) END
OR NEW.school_count <> (SELECT COUNT(*) FROM conventions_enrolment e
    WHERE e.convention_id = NEW.id AND e.released_on IS NULL)
"""  # noqa: S608
# The columns of what was charged and by which rule, as SQL that tells whether any has changed.
_NUMBERS = (*_PARTS, "vat_rate", "relief_id")
_WORDS = tuple(name for name in TERMS if name != "vat_rate")
_CHANGED = " OR ".join(
    [f"COALESCE(NEW.{name}, -1) <> COALESCE(OLD.{name}, -1)" for name in _NUMBERS]
    + [f"NEW.{name} <> OLD.{name}" for name in _WORDS]
)


class Priced(Terms):
    """Copied when it is prepared; what `amount` is the sum of, in euros.

    `number` is what was counted (pupils, classes, one lump sum), None for schools; `lump` is
    the price of a bracket, `vat_amount` comes on top, `reduction` off by the exception `relief`.
    """

    database_rules: ClassVar[tuple[Rule | Upkeep, ...]] = (
        Rule(
            "convention_amount_is_sum_of_lines",
            "BEFORE UPDATE OF state",
            f"OLD.state IN ({_OPEN}) AND NEW.state NOT IN ({_OPEN}, '{State.ABANDONED.value}') "
            f"AND ({_LINES})",
            "Le montant n'est pas la somme de ses lignes : préparez la convention de nouveau.",
        ),
        Rule(
            "convention_amount_settled",
            f"BEFORE UPDATE OF {', '.join((*_NUMBERS, *_WORDS))}",
            f"OLD.state NOT IN ({_OPEN}) AND ({_CHANGED})",
            "Une convention envoyée garde son montant : seul un avenant le change.",
        ),
    )

    school_count = models.PositiveIntegerField("nombre d'écoles", default=0)
    unit_fee = models.DecimalField("participation par unité", max_digits=8, decimal_places=2)
    number = models.PositiveIntegerField("nombre compté", null=True, editable=False)
    lump = models.DecimalField(
        "montant de la tranche", max_digits=10, decimal_places=2, default=ZERO, editable=False
    )
    vat_amount = models.DecimalField(
        "TVA en sus", max_digits=10, decimal_places=2, default=ZERO, editable=False
    )
    reduction = models.DecimalField(
        "réduction", max_digits=10, decimal_places=2, default=ZERO, editable=False
    )
    relief = models.ForeignKey(
        TariffException,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="exception au tarif",
    )
    amount = models.DecimalField("montant", max_digits=10, decimal_places=2)

    class Meta:
        abstract = True

    @property
    def rule(self) -> Tariff:
        """The tariff as it was applied."""
        return self.tariff_at(self.unit_fee)

    @property
    def exception(self) -> Relief | None:
        return self.relief.relief if self.relief else None

    @property
    def charge(self) -> Charge:
        """What it amounts to as it was issued; its schools' own lines are theirs."""
        return Charge(
            schools=self.school_count,
            number=self.number,
            unit_fee=self.unit_fee,
            lump=self.lump,
            vat=self.vat_amount,
            reduction=self.reduction,
        )

    @property
    def is_free(self) -> bool:
        """Tell whether nothing is asked for, whatever the schools: no titre, no payment clause."""
        return is_free(self.rule, self.exception)

    @property
    def tariff_in_words(self) -> str:
        return tariff_in_words(self.rule, self.exception)

    @property
    def sum_in_words(self) -> str:
        """ "2 écoles à 45,00 €, soit 90,00 €", on a screen."""
        schools = count(self.school_count, "école")
        if self.is_free:
            return f"{schools}, à titre gratuit"
        if self.rule.basis == Basis.SCHOOL and not (self.vat_amount or self.reduction):
            return (
                f"{schools} à {euros_and_cents(self.unit_fee)}, soit {euros_and_cents(self.amount)}"
            )
        return f"{schools}. Participation : {self.calculation}"

    @property
    def calculation(self) -> str:
        """ "2 × 45 € soit 90 €", the numbers that were typed named after it."""
        words = calculation(self.rule, self.charge, self.exception)
        if not self.rule.asks_numbers:
            return words
        lines = Enrolment.objects.as_issued().filter(convention=self.pk).select_related("typed")
        return words + typed_in_words(self.rule, lines)


def charged(
    campaign: Campaign, lines: Iterable[Enrolment], relief: TariffException | None
) -> dict[str, Any]:
    """Return what a convention of `campaign` copies for its schools, by field of `Priced`.

    `lines` were counted (`Enrolment.count_by`).
    """
    return {
        **{name: getattr(campaign, name) for name in TERMS},
        "relief": relief,
        **parts_of(campaign.rule, lines, relief.relief if relief else None),
    }


def parts_of(tariff: Tariff, lines: Iterable[Enrolment], relief: Relief | None) -> dict[str, Any]:
    """Return each part of what is owed for some schools, by field of `Priced`."""
    charge = tariff.charge([line.weight for line in lines], relief)
    return {
        "school_count": charge.schools,
        "unit_fee": charge.unit_fee,
        "number": charge.number,
        "lump": charge.lump,
        "vat_amount": charge.vat,
        "reduction": charge.reduction,
        "amount": charge.amount,
    }


def amount_constraint() -> models.CheckConstraint:
    """The amount is what its parts come to."""
    number = Coalesce(F("number"), F("school_count"))
    sum_of_parts = number * F("unit_fee") + F("lump") + F("vat_amount") - F("reduction")
    return models.CheckConstraint(
        name="convention_amount_is_sum_of_parts",
        condition=Q(amount=Round(sum_of_parts, precision=2)),
        violation_error_message="Le montant est le nombre compté multiplié par la participation, "
        "la tranche et la TVA en plus, la réduction en moins.",
    )


def same_tariff() -> Q:
    """The condition that a convention was prepared at its campaign's tariff of today."""
    return same_terms("campaign") & Q(unit_fee=F("campaign__tariff"))


def has_same_tariff(convention: Priced, campaign: Campaign) -> bool:
    """The same, of a convention in hand."""
    terms = all(getattr(convention, name) == getattr(campaign, name) for name in TERMS)
    return terms and convention.unit_fee == campaign.tariff


def missing_tariff(convention: Priced, campaign: Campaign) -> list[Missing]:
    """Return that a convention is to be prepared again, where its campaign's tariff changed."""
    if has_same_tariff(convention, campaign):
        return []
    fee = f"{Decimal(campaign.tariff)} €".replace(".", ",")
    words = fee if campaign.is_per_school else campaign.rule_in_words
    return [Missing(f"d'être préparée de nouveau, à la participation de la campagne ({words})")]
