"""What a document is made from: plain values, copied from the models by `conventions`.

A context is frozen with its document as JSON (`to_json`): everything that is
printed and is not in the text model stands here, under a version of its own. A release
that prints one more value takes the next version; documents of earlier ones are compared
by what they knew (`differs`), so that it makes none of them outdated.
"""

import dataclasses
import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class RegionContext:
    """The State's side. `signatory_titles` has one title an item, as printed."""

    full_name: str
    address_line: str
    postcode: str
    city: str
    place: str
    litigation_court: str
    signatory: str
    signatory_civility: str
    signatory_titles: tuple[str, ...]


@dataclass(frozen=True)
class PartyContext:
    """The collectivity's side.

    title "Commune d'Agde", with_article "la commune d'Agde", of_article "de la commune
    d'Agde", capacity "Maire", capacity_with_article "La Maire", council "conseil
    municipal", made_at "à Agde".
    """

    title: str
    with_article: str
    of_article: str
    siret: str
    address: tuple[str, ...]
    representative: str
    civility: str
    capacity: str
    capacity_with_article: str
    council: str
    made_at: str

    @property
    def is_commune(self) -> bool:
        """Communes and their groups act under different articles of the CGCT."""
        return self.council == "conseil municipal"


@dataclass(frozen=True)
class SchoolLine:
    uai: str
    name: str
    commune: str
    department: str
    fee: Decimal


@dataclass(frozen=True)
class TariffWords:
    """The tariff as papers say it, whatever its rule; each word follows a verb.

    price "45 € par école et par an", price_with_mention "45 € TTC par école et par an", base
    "à proportion du nombre d'écoles …", calculation "2 × 45 € soit 90 €".
    """

    price: str
    price_with_mention: str
    base: str
    calculation: str
    is_free: bool


@dataclass(frozen=True)
class ConventionContext:
    """A convention. Amounts in euros; `dated_on` is the day the region issued it.

    `signed_on` is the day of the last signature. `authorised_by` follows "habilité(e) par":
    "la décision n° 2022DECAD076 du 10 octobre 2022"; blank until the act is taken.
    """

    reference: str
    school_year: str
    dated_on: datetime.date | None
    ends_on: datetime.date
    unit_fee: Decimal
    amount: Decimal
    schools: tuple[SchoolLine, ...]
    region: RegionContext
    collectivity: PartyContext
    signed_on: datetime.date | None = field(default=None, kw_only=True)
    authorised_by: str = field(default="", kw_only=True)
    tariff: TariffWords | None = field(default=None, kw_only=True)

    @property
    def school_count(self) -> int:
        return len(self.schools)


@dataclass(frozen=True)
class SittingContext:
    """The council's meeting; None and "" for what is not known (yet). One proxy an item.

    `not_voting` counts the members, there or represented, who took no part in the vote.
    """

    convened_on: datetime.date | None = None
    members: int | None = None
    present: int | None = None
    represented: int | None = None
    absent: int | None = None
    proxies: tuple[str, ...] = ()
    secretary: str = ""
    votes_for: int | None = None
    votes_against: int | None = None
    abstentions: int | None = None
    not_voting: int | None = None


@dataclass(frozen=True)
class ActContext:
    """The commune's act; without `number` nor `dated_on` while it is a draft.

    `adapted_text` is the collectivity's own text (blank: the model's), `letterhead` the
    stored name of its image. `signatory` is blank when the representative signs; else a
    deputy does, by the delegation given.

    `sitting` is that of a délibération, held on the day of the act; None for a décision.

    `deposited_on` and `published_on` are both set, or both None: together they print
    the executory mention, which then bears the prefecture's receipt and who certifies it,
    when they are known. `publication_mode` follows "publiée": "sur le site internet de
    la commune d'Agde", "par affichage"; `website` is its address, blank if not online.
    """

    reference: str
    school_year: str
    number: str
    dated_on: datetime.date | None
    unit_fee: Decimal
    amount: Decimal
    school_count: int
    delegation_item: str
    delegation_reference: str
    executor: str
    prefect: str
    court: str
    website: str
    publication_mode: str
    deposited_on: datetime.date | None
    published_on: datetime.date | None
    region: RegionContext
    collectivity: PartyContext
    tariff: TariffWords | None = field(default=None, kw_only=True)
    sitting: SittingContext | None = field(default=None, kw_only=True)
    deposit_reference: str = field(default="", kw_only=True)
    certified_on: datetime.date | None = field(default=None, kw_only=True)
    certified_by: str = field(default="", kw_only=True)
    certified_capacity: str = field(default="", kw_only=True)
    adapted_text: str = field(default="", kw_only=True)
    letterhead: str = field(default="", kw_only=True)
    signatory: str = field(default="", kw_only=True)
    signatory_capacity: str = field(default="", kw_only=True)
    signatory_delegation: str = field(default="", kw_only=True)

    @property
    def is_draft(self) -> bool:
        """Tell whether it is printed for the council or the signature, not taken yet."""
        return not self.number


@dataclass(frozen=True)
class LetterContext:
    """A registered letter of article 11, from one party to the other.

    `statement` is what the sender typed: grievances, or reasons for the termination.
    `conciliation_on` is None when no conciliation was held; `terminates_on` and
    `amicable_until` are set in the second letter only. `is_free` tells whether the convention
    asks for nothing.
    """

    reference: str
    school_year: str
    from_region: bool
    dated_on: datetime.date
    effective_on: datetime.date
    statement: str
    notice_on: datetime.date
    conciliation_by: datetime.date
    conciliation_on: datetime.date | None
    terminates_on: datetime.date | None
    amicable_until: datetime.date | None
    region: RegionContext
    collectivity: PartyContext
    is_free: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class AmendmentFacts:
    """What an avenant says, itself and in the act that authorises it. Amounts in euros."""

    number: int
    convention_reference: str
    convention_signed_on: datetime.date
    reason: str
    added: tuple[SchoolLine, ...]
    removed: tuple[SchoolLine, ...]
    amount_before: Decimal
    amount_change: Decimal
    new_end_on: datetime.date | None = None
    states_party: bool = False


@dataclass(frozen=True)
class AmendmentContext:
    """An avenant. `amount` and `school_count` are the convention's once it is signed.

    `signed_on` and `authorised_by` as above, by an act of its own.
    """

    reference: str
    school_year: str
    dated_on: datetime.date | None
    ends_on: datetime.date
    unit_fee: Decimal
    amount: Decimal
    school_count: int
    amendment: AmendmentFacts
    region: RegionContext
    collectivity: PartyContext
    signed_on: datetime.date | None = field(default=None, kw_only=True)
    authorised_by: str = field(default="", kw_only=True)
    tariff: TariffWords | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class AmendmentActContext(ActContext):
    """The collectivity's act for an avenant; `amount` and `school_count` as above."""

    amendment: AmendmentFacts


Context = ConventionContext | ActContext | AmendmentContext | LetterContext
# Of all contexts: the next one when a field is added, renamed or written otherwise.
VERSION = 5
_VERSION_KEY = "version"


def to_json(context: Context) -> dict[str, Any]:
    """Return the context as JSON values: ISO dates, amounts as strings, and its version."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(item) for item in value]
        if isinstance(value, datetime.date):
            return value.isoformat()
        if isinstance(value, Decimal):
            return str(value)
        return value

    return {_VERSION_KEY: VERSION, **plain(dataclasses.asdict(context))}


def differs(issued: dict[str, Any], facts: dict[str, Any]) -> bool:
    """Tell whether `facts` (`to_json`) say something else than a document issued before.

    Of another version, only what both know is compared.
    """
    if issued.get(_VERSION_KEY) == facts.get(_VERSION_KEY):
        return issued != facts
    return _differs_in_common(issued, facts)


def _differs_in_common(issued: Any, facts: Any) -> bool:
    if isinstance(issued, dict) and isinstance(facts, dict):
        common = (issued.keys() & facts.keys()) - {_VERSION_KEY}
        return any(_differs_in_common(issued[key], facts[key]) for key in common)
    if isinstance(issued, list) and isinstance(facts, list):
        return len(issued) != len(facts) or any(
            _differs_in_common(*pair) for pair in zip(issued, facts, strict=True)
        )
    return issued != facts
