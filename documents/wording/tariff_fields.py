"""What a text may call for of the participation: the tariff, whatever its rule, and its sum."""

from documents.contexts import (
    ActContext,
    AmendmentContext,
    ConventionContext,
    TariffWords,
)
from documents.wording.kinds import BETWEEN_PARTIES, PRICED, Kind
from documents.wording.merge_field import FieldType, MergeField
from documents.wording.typography import count, euros

Priced = ConventionContext | ActContext | AmendmentContext


def words_of(context: Priced) -> TariffWords:
    """Return the tariff as the context says it; per school where it was frozen before it did."""
    if context.tariff:
        return context.tariff
    fee = euros(context.unit_fee)
    return TariffWords(
        price=f"{fee} par école et par an",
        price_with_mention=f"{fee} TTC par école et par an",
        base="à proportion du nombre d'écoles dont elle a la charge et qui y sont inscrites pour "
        "l'année en cours",
        calculation=f"{context.school_count} × {fee} soit {euros(context.amount)}",
        is_free=False,
    )


TARIFF_FIELDS = (
    MergeField(
        "participation_par_ecole",
        "Participation par école et par an",
        "45 €",
        lambda c: euros(c.unit_fee),
        PRICED,
        type=FieldType.AMOUNT,
    ),
    MergeField(
        "tarif",
        "Tarif de la campagne, quel qu'il soit",
        "45 € par école et par an",
        lambda c: words_of(c).price,
        PRICED,
    ),
    MergeField(
        "tarif_ttc",
        "Tarif de la campagne, avec la mention TTC",
        "45 € TTC par école et par an",
        lambda c: words_of(c).price_with_mention,
        PRICED,
    ),
    MergeField(
        "assiette",
        "Ce à quoi la participation est proportionnée",
        "à proportion du nombre d'écoles…",
        lambda c: words_of(c).base,
        frozenset({Kind.CONVENTION}),
    ),
    MergeField(
        "montant", "Montant total", "90 €", lambda c: euros(c.amount), PRICED, type=FieldType.AMOUNT
    ),
    MergeField(
        "nombre_d_ecoles",
        "Nombre d'écoles, avec le mot",
        "2 écoles",
        lambda c: count(c.school_count, "école"),
        PRICED,
    ),
)
CALCULATION = MergeField(
    "calcul",
    "Calcul de la participation",
    "2 × 45 € soit 90 €",
    lambda c: words_of(c).calculation,
    BETWEEN_PARTIES,
)
