"""The file of Villeneuve-lès-Maguelone, 2022, as contexts, and variations on it."""

import datetime
from dataclasses import fields, replace
from decimal import Decimal

from communes import french
from documents.contexts import (
    ActContext,
    AmendmentActContext,
    AmendmentContext,
    AmendmentFacts,
    Context,
    ConventionContext,
    LetterContext,
    PartyContext,
    RegionContext,
    SchoolLine,
)
from documents.models import TextModel
from documents.wording.texts import TEXTS_DIR, read_text

REGION = RegionContext(
    full_name="Région académique Occitanie",
    address_line="31, rue de l'Université",
    postcode="34064",
    city="Montpellier Cedex 2",
    place="Montpellier",
    litigation_court="tribunal administratif de Montpellier",
    signatory="Sophie BÉJEAN",
    signatory_civility="Madame",
    signatory_titles=(
        "Rectrice de la région académique Occitanie",
        "Rectrice de l'académie de Montpellier",
        "Chancelière des universités",
    ),
)
VILLENEUVE = PartyContext(
    title="Commune de Villeneuve-lès-Maguelone",
    with_article="la commune de Villeneuve-lès-Maguelone",
    of_article="de la commune de Villeneuve-lès-Maguelone",
    siret="21340337100015",
    address=("Place Porte Saint-Laurent", "34750 Villeneuve-lès-Maguelone"),
    representative="Véronique NEGRET",
    civility="Madame",
    capacity="Maire",
    capacity_with_article="Le Maire",
    council="conseil municipal",
    made_at="à Villeneuve-lès-Maguelone",
)
SCHOOLS = (
    SchoolLine(
        uai="0341255E",
        name="École élémentaire publique Pierre Bouissinet",
        commune="Villeneuve-lès-Maguelone",
        department="34",
        fee=Decimal("45.00"),
    ),
    SchoolLine(
        uai="0342026T",
        name="École élémentaire publique Françoise Dolto",
        commune="Villeneuve-lès-Maguelone",
        department="34",
        fee=Decimal("45.00"),
    ),
)
DECISION = "la décision n° 2022DECAD076 du 10 octobre 2022"
CONVENTION = ConventionContext(
    authorised_by=DECISION,
    reference="ENT-2022-34337",
    school_year="2022-2023",
    dated_on=datetime.date(2022, 10, 10),
    ends_on=datetime.date(2023, 9, 1),
    unit_fee=Decimal("45.00"),
    amount=Decimal("90.00"),
    schools=SCHOOLS,
    region=REGION,
    collectivity=VILLENEUVE,
)
ACT = ActContext(
    reference="ENT-2022-34337",
    school_year="2022-2023",
    number="2022DECAD076",
    dated_on=datetime.date(2022, 10, 10),
    unit_fee=Decimal("45.00"),
    amount=Decimal("90.00"),
    school_count=2,
    delegation_item="",
    delegation_reference="",
    executor="Madame la Directrice générale des services",
    prefect="Préfet de l'Hérault",
    court="tribunal administratif de Montpellier",
    website="",
    publication_mode="sur le site internet de la commune de Villeneuve-lès-Maguelone",
    deposited_on=None,
    published_on=None,
    region=REGION,
    collectivity=VILLENEUVE,
)
EXECUTORY_ACT = replace(
    ACT,
    deposited_on=datetime.date(2022, 10, 13),
    published_on=datetime.date(2022, 10, 13),
)
CERTIFICATE = {
    "deposit_reference": "034-213403371-20221013-2022DECAD076-AR",
    "certified_on": datetime.date(2022, 10, 14),
    "certified_by": "Camille EXEMPLE",
    "certified_capacity": "Directrice générale des services",
}
CERTIFIED_ACT = replace(EXECUTORY_ACT, **CERTIFICATE)
FORMAL_NOTICE = LetterContext(
    reference="ENT-2022-34337",
    school_year="2022-2023",
    from_region=True,
    dated_on=datetime.date(2022, 11, 10),
    effective_on=datetime.date(2022, 10, 10),
    statement="La liste des écoles n'est pas tenue.\n\nLes comptes <élèves> ne sont pas créés.",
    notice_on=datetime.date(2022, 11, 10),
    conciliation_by=datetime.date(2022, 12, 10),
    conciliation_on=None,
    terminates_on=None,
    amicable_until=None,
    region=REGION,
    collectivity=VILLENEUVE,
)
SECOND_LETTER = replace(
    FORMAL_NOTICE,
    dated_on=datetime.date(2022, 12, 13),
    statement="Rien n'a été fait.",
    conciliation_on=datetime.date(2022, 12, 1),
    terminates_on=datetime.date(2022, 12, 28),
    amicable_until=datetime.date(2023, 1, 13),
)
# Françoise Dolto leaves, and a school that opens comes in: nothing more to pay.
FACTS = AmendmentFacts(
    number=1,
    convention_reference="ENT-2022-34337",
    convention_signed_on=datetime.date(2022, 10, 10),
    reason="Ouverture d'une école et fermeture d'une autre.",
    added=(
        SchoolLine(
            uai="0349001Z",
            name="École élémentaire publique Simone Veil",
            commune="Villeneuve-lès-Maguelone",
            department="34",
            fee=Decimal("45.00"),
        ),
    ),
    removed=SCHOOLS[1:],
    amount_before=Decimal("90.00"),
    amount_change=Decimal("0.00"),
)
AMENDMENT = AmendmentContext(
    authorised_by="la décision n° 2023DECAD004 du 9 janvier 2023",
    reference="ENT-2022-34337-A1",
    school_year="2022-2023",
    dated_on=datetime.date(2023, 1, 9),
    ends_on=datetime.date(2023, 9, 1),
    unit_fee=Decimal("45.00"),
    amount=Decimal("90.00"),
    school_count=2,
    amendment=FACTS,
    region=REGION,
    collectivity=VILLENEUVE,
)
AMENDMENT_ACT = AmendmentActContext(
    **{field.name: getattr(ACT, field.name) for field in fields(ACT)}
    | {"reference": "ENT-2022-34337-A1", "number": "2023DECAD004"},
    amendment=FACTS,
)
CONTEXTS = {
    "convention": CONVENTION,
    "decision": ACT,
    "deliberation": ACT,
    "formal_notice": FORMAL_NOTICE,
    "termination": SECOND_LETTER,
    "amendment": AMENDMENT,
    "amendment_decision": AMENDMENT_ACT,
    "amendment_deliberation": AMENDMENT_ACT,
}


def text(kind: str) -> TextModel:
    """The text shipped for `kind`, not saved."""
    title, body = read_text(TEXTS_DIR / f"{kind}.md")
    return TextModel(kind=kind, version=1, title=title, body=body)


def party_of(name: str, **changes) -> PartyContext:
    """The commune called `name`, with its grammar."""
    title = f"Commune {french.of(name)}"
    with_article = french.with_article(title)
    return replace(
        VILLENEUVE,
        title=title,
        with_article=with_article,
        of_article=french.of_article(with_article),
        made_at=french.at(name),
        **changes,
    )


def schools_of(count: int) -> tuple[SchoolLine, ...]:
    return tuple(
        replace(
            SCHOOLS[number % 2],
            uai=f"{3400000 + number:07d}A",
            name=f"École élémentaire publique n° {number + 1}",
        )
        for number in range(count)
    )


def convention_of(count: int, **changes) -> ConventionContext:
    """A convention of `count` schools at 45 euros."""
    amount = count * CONVENTION.unit_fee
    return replace(CONVENTION, schools=schools_of(count), amount=amount, **changes)


def context_of(kind: str, count: int) -> Context:
    """What a document of that kind prints for `count` schools; an avenant adds them all."""
    context = CONTEXTS[kind]
    if kind == "convention":
        return convention_of(count)
    amount = count * CONVENTION.unit_fee
    if kind in ("decision", "deliberation"):
        return replace(context, school_count=count, amount=amount)
    if kind.startswith("amendment"):
        facts = replace(FACTS, added=schools_of(count), removed=(), amount_change=amount)
        return replace(context, amendment=facts, school_count=count + 2, amount=amount + 90)
    return context
