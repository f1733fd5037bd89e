"""The titre that a convention gives rise to today, whole, before anybody asks for it.

Everything that it says is copied here: from the convention as it was confirmed and signed,
from its avenants and acts, from the settings of finance.
"""

import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from billing import liquidation
from billing.claims.due import Due, due_of
from billing.claims.obstacles import BLOCKING, Obstacle, before_any_titre, found_on
from billing.coding.models import CODES, BillingSettings, Coding, ThirdParty, codings_of
from billing.ledger import Account
from billing.liquidation import Part, total
from billing.models import Claim, Titre
from communes.models import Collectivity, Party
from conventions.acts.models import Act
from conventions.amendments.models import Amendment
from conventions.campaigns.tariff_words import tariff_of_titre, typed_in_words
from conventions.models import Convention, Enrolment, SignedByBoth
from conventions.models.convention import ConventionQuerySet

# Rows fetched at a time: bounds the memory of a whole region.
CHUNK = 2000
# What may differ from the day a list is prepared to the day it is confirmed.
_NOT_IN_DIGEST = frozenset({"id", "batch_id", "claim_id", "rank", "requested_on", "reference"})


@dataclass(frozen=True)
class Grounds:
    """What finance settled, read once for many conventions."""

    settings: BillingSettings = field(default_factory=BillingSettings.current)
    codings: dict[int | None, Coding] = field(
        default_factory=lambda: codings_of(timezone.localdate().year)
    )
    third_parties: dict[int, ThirdParty] = field(
        default_factory=lambda: {row.collectivity_id: row for row in ThirdParty.objects.all()}
    )

    def codes_for(self, convention: Convention) -> dict[str, str]:
        """Return the coding of a convention's académie, else the general one, else blanks."""
        academy = convention.collectivity.department.academy_id
        coding = self.codings.get(academy) or self.codings.get(None)
        return coding.codes if coding else dict.fromkeys(CODES, "")


@dataclass(frozen=True)
class Proposal:
    """What a convention gives rise to: a titre, unsaved, or None; and what stands in its way."""

    due: Due
    titre: Titre | None
    obstacles: tuple[Obstacle, ...]

    @property
    def is_blocked(self) -> bool:
        return self.titre is None or any(obstacle in BLOCKING for obstacle in self.obstacles)

    @property
    def digest(self) -> str:
        """Names everything that the titre would say: it changes when any of it does."""
        facts = {
            field.attname: getattr(self.titre, field.attname)
            for field in Titre._meta.concrete_fields
            if field.attname not in _NOT_IN_DIGEST
        }
        facts["obstacles"] = sorted(self.obstacles)
        canonical = json.dumps(facts, sort_keys=True, cls=DjangoJSONEncoder)
        return hashlib.sha256(canonical.encode()).hexdigest()


def proposals(conventions: ConventionQuerySet) -> Iterator[Proposal]:
    """Yield what each convention of `claimable` gives rise to, in its order."""
    grounds = Grounds()
    for convention in conventions.iterator(chunk_size=CHUNK):
        yield proposal_of(due_of(convention), grounds)


def proposal_of(due: Due, grounds: Grounds) -> Proposal:
    """Return what a convention gives rise to today."""
    if obstacle := before_any_titre(due):
        return Proposal(due, None, (obstacle,))
    titre, acts = _titre_of(due, grounds)
    if titre is None:
        return Proposal(due, None, (Obstacle.AWAITS_NUMBER,))
    found = found_on(due, titre, acts, grounds.settings.minimum_amount)
    return Proposal(due, titre, tuple(found))


def _titre_of(due: Due, grounds: Grounds) -> tuple[Titre | None, list[Act]]:
    if due.claim and (bearer := due.to_cancel):
        return _cancellation(due, due.claim, bearer), []
    if due.left > 0:
        return _demand(due, grounds)
    return _reduction(due, grounds), []


# --- What is asked for --------------------------------------------------------
def _demand(due: Due, grounds: Grounds) -> tuple[Titre, list[Act]]:
    """An initial titre while none stands, a supplement to the last one after."""
    earlier = [a for a in due.standing if not a.titre.is_deduction and due.net_of(a) > 0]
    parts = due.unasked_parts or due.parts[-1:]
    titre, acts = _about(due, grounds, parts, due.left)
    titre.kind = Titre.Kind.SUPPLEMENT if earlier else Titre.Kind.INITIAL
    titre.corrects = earlier[-1].titre if earlier else None
    return titre, acts


def _reduction(due: Due, grounds: Grounds) -> Titre | None:
    """Of the issued titre that bears most of it; None while none has its Chorus number."""
    issued = [a for a in due.standing if a.issued and not a.titre.is_deduction]
    bearers = [account for account in issued if due.net_of(account) > 0]
    if not bearers:
        return None
    bearer = max(bearers, key=lambda account: (due.net_of(account), account.titre.rank))
    amount = -min(-due.left, due.net_of(bearer))
    parts = due.unasked_parts or due.parts[-1:]
    titre, _ = _about(due, grounds, parts, amount)
    titre.kind = Titre.Kind.REDUCTION
    titre.basis += f", en réduction du titre n° {_number(bearer)}"
    return _correcting(titre, bearer)


def _cancellation(due: Due, claim: Claim, bearer: Account) -> Titre:
    """Of the whole of what a titre still asks for: it says what that one said."""
    earlier = bearer.titre
    copied = {
        field.attname: getattr(earlier, field.attname)
        for field in Titre._meta.concrete_fields
        if not field.primary_key
    }
    titre = Titre(**copied)
    titre.requested_on = due.as_at
    titre.kind = Titre.Kind.CANCELLATION
    titre.amount = due.net_of(bearer)
    titre.school_count = -earlier.school_count
    titre.reason = claim.cancel_reason
    titre.waivers = []
    issued = bearer.issued
    titre.basis = liquidation.cancellation(
        bearer.chorus_number, issued.on if issued else earlier.requested_on, claim.cancel_reason
    )
    return _numbered(due, _correcting(titre, bearer))


def _correcting(titre: Titre, bearer: Account) -> Titre:
    """Name the titre corrected, and address it to the same debtor."""
    earlier = bearer.titre
    titre.corrects = earlier
    for name in (
        "debtor_id",
        "debtor_name",
        "siret",
        "address",
        "postcode",
        "city",
        "insee_code",
        "third_party_code",
        "service_code",
    ):
        setattr(titre, name, getattr(earlier, name))
    return titre


def _number(account: Account) -> str:
    issued = account.issued
    day = f" du {liquidation.french_date(issued.on)}" if issued else ""
    return f"{account.chorus_number}{day}"


# --- Everything that a titre says ---------------------------------------------
def _about(
    due: Due, grounds: Grounds, parts: list[Part], amount: Decimal
) -> tuple[Titre, list[Act]]:
    """Return a titre that asks for `parts`, `amount` in all, and the acts that they rest on."""
    convention = due.convention
    papers = _papers(due, parts)
    acts = _acts(convention, papers)
    schools = list(_schools(convention, papers))
    balance = sum(school["change"] for school in schools)
    first = papers[0] if papers else convention
    school_year = convention.campaign.school_year
    has_convention = any(not part.key for part in parts)
    titre = Titre(
        requested_on=due.as_at,
        amount=abs(amount),
        school_year=school_year,
        convention_reference=convention.reference,
        signed_on=first.effective_on,
        collectivity_signed_on=first.collectivity_signed_on,
        region_signed_on=first.region_signed_on,
        act_reference=" ; ".join(dict.fromkeys(act_reference(act) for act in acts)),
        act_executory_on=_executory_on(acts),
        school_count=balance,
        schools=schools,
        tariff=tariff_of_titre(convention.rule, convention.exception),
        basis=liquidation.basis(
            [_with_numbers(due, part) for part in parts],
            amount,
            reference=convention.reference,
            school_year=school_year,
        ),
        subject=liquidation.subject(balance, school_year)
        if has_convention
        else liquidation.change_subject(parts, balance, school_year),
        period=liquidation.period(convention.campaign.starts_on, convention.ends_on),
        parts=[part.key for part in parts],
        **_debtor(due, grounds),
        **_author(convention, grounds),
        **grounds.codes_for(convention),
    )
    return _numbered(due, titre), acts


def _numbered(due: Due, titre: Titre) -> Titre:
    titre.rank = len(due.accounts) + 1
    titre.reference = titre_reference(due.convention.reference, titre.rank)
    return titre


def titre_reference(convention_reference: str, rank: int) -> str:
    """Return our own reference: "TP-2022-34337", then "TP-2022-34337-2" for the next request."""
    reference = f"TP{convention_reference.removeprefix('ENT')}"
    return reference if rank == 1 else f"{reference}-{rank}"


def _with_numbers(due: Due, part: Part) -> Part:
    """Name in its calculation the numbers of pupils or of classes that were typed for it."""
    convention = due.convention
    papers = _papers(due, [part])
    lines = [
        line
        for paper in papers
        for line in (
            [*paper.added, *paper.removed]
            if isinstance(paper, Amendment)
            else convention.enrolments.all()
        )
    ]
    return replace(part, calculation=part.calculation + typed_in_words(convention.rule, lines))


def _papers(due: Due, parts: Iterable[Part]) -> list[SignedByBoth]:
    by_part: dict[str, SignedByBoth] = {amendment.part: amendment for amendment in due.amendments}
    by_part[""] = due.convention
    return [by_part[part.key] for part in parts if part.key in by_part]


def _acts(convention: Convention, papers: list[SignedByBoth]) -> list[Act]:
    """The act of each paper, the convention's for an avenant that has none of its own."""
    acts = [paper.act or convention.act for paper in papers or [convention]]
    return [act for act in acts if act is not None]


def act_reference(act: Act) -> str:
    """Return "Décision n° 2022DECAD076 du 10/10/2022", what is not known left out."""
    label = act.get_kind_display()
    number = f" n° {act.number}" if act.number else ""
    day = f" du {liquidation.french_date(act.dated_on)}" if act.dated_on else ""
    return f"{label[:1].upper()}{label[1:]}{number}{day}"


def _executory_on(acts: list[Act]) -> datetime.date | None:
    days = [act.executory_on for act in acts]
    return None if not days or None in days else max(day for day in days if day)


def _schools(convention: Convention, papers: list[SignedByBoth]) -> Iterator[dict]:
    changes: Iterable[tuple[Enrolment, int]]
    for paper in papers:
        if isinstance(paper, Amendment):
            changes = chain(((e, 1) for e in paper.added), ((e, -1) for e in paper.removed))
        else:
            changes = ((enrolment, 1) for enrolment in convention.enrolments.all())
        for enrolment, change in changes:
            yield _school(enrolment, change)


def _school(enrolment: Enrolment, change: int) -> dict:
    return {
        "uai": enrolment.uai,
        "name": enrolment.name,
        "commune": enrolment.commune_name,
        "department": enrolment.department_code,
        "change": change,
    }


def _debtor(due: Due, grounds: Grounds) -> dict:
    """As the collectivity confirmed it before signing; as it stands today once it was changed."""
    convention, debtor = due.convention, due.debtor
    party: Party | None = debtor if due.is_debtor_changed else convention.party
    if party is None:
        raise ValueError(f"{convention.reference} is signed without a party.")
    title = debtor.title if due.is_debtor_changed else convention.collectivity_title
    third_party = grounds.third_parties.get(debtor.pk)
    return {
        "debtor": debtor,
        "debtor_name": title,
        "siret": party.siret,
        "address": ", ".join(filter(None, (party.address_line_1, party.address_line_2))),
        "postcode": party.postcode,
        "city": party.city,
        "insee_code": _insee_code(debtor),
        "third_party_code": third_party.code if third_party else "",
        "service_code": third_party.service_code if third_party else "",
    }


def _insee_code(collectivity: Collectivity) -> str:
    """Empty for an EPCI or a syndicat."""
    return collectivity.commune.code if collectivity.commune else ""


def _author(convention: Convention, grounds: Grounds) -> dict[str, str]:
    """Name and capacity of the authorising officer (CRPA, article L212-1)."""
    settings, campaign = grounds.settings, convention.campaign
    if settings.author_name:
        return {
            "author_name": settings.author_name,
            "author_capacity": settings.author_capacity,
        }
    titles = campaign.signatory_titles.splitlines()
    return {
        "author_name": campaign.signatory,
        "author_capacity": titles[0] if titles else "",
    }


def total_of(proposed: Iterable[Proposal]) -> Decimal:
    """Return what proposals ask for, net, in euros."""
    return total(p.titre.signed_amount for p in proposed if p.titre)
