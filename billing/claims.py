"""The State's claims: one for each convention that both parties have signed.

An avenant signed by both gives rise to its own, after its convention's: more to pay, or
less (a negative amount); none when the number of schools stays the same.

Billing reads conventions and never writes them. Everything said of the debtor comes
from the convention's own copy, as confirmed before signing: a collectivity that
moves or changes its name afterwards does not change the claim.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch
from django.utils import timezone

from accounts.models import User
from billing import liquidation
from billing.models import ChorusSettings, Titre
from communes.identifiers import validate_siret
from conventions.acts.models import Act
from conventions.amendments.effects import signed_amendments
from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.models import Convention, Enrolment, SignedByBoth
from conventions.models.convention import ConventionQuerySet
from law import deadlines

# Rows fetched at a time: bounds the memory of an export, whole region included.
CHUNK = 5000
TO_ISSUE = "à émettre"
REQUESTED = "demandé"


class Shown(StrEnum):
    """Which claims: every one, or by whether a batch has carried them off."""

    ALL = ""
    TO_EXPORT = "a-exporter"
    EXPORTED = "exportes"

    def keeps(self, is_exported: bool) -> bool:
        """Tell whether a claim is shown, by whether it was exported."""
        return self is Shown.ALL or is_exported == (self is Shown.EXPORTED)


class Nature(StrEnum):
    INITIAL = "convention"
    SUPPLEMENT = "complément"
    REDUCTION = "réduction"


@dataclass(frozen=True)
class Claim:
    """What one collectivity owes for one school year, or a change of it. Amounts in euros.

    A change comes of an avenant: `schools` and `amount` are then what it adds, below zero
    for a reduction, and `signed_on` and the act are the avenant's own (the convention's
    act when it has none). `insee_code` is empty for an EPCI or a syndicat, where `collectivity_code` is the SIREN;
    `act_executory_on` is None until the act is both deposited and published; `batch` is
    the number of the batch that exported it, None before.
    """

    convention_id: int
    amendment_id: int | None
    batch: int | None
    reference: str
    nature: Nature
    school_year: str
    budget_year: int
    debtor: str
    siret: str
    address: str
    postcode: str
    city: str
    insee_code: str
    collectivity_code: str
    department: str
    convention_reference: str
    signed_on: datetime.date
    collectivity_signed_on: datetime.date | None
    act_reference: str
    act_executory_on: datetime.date | None
    schools: int
    uais: tuple[str, ...]
    tariff: Decimal
    amount: Decimal
    basis: str
    subject: str
    period: str
    coding: ChorusSettings

    @classmethod
    def of(cls, convention: Convention, coding: ChorusSettings) -> "Claim":
        """Return the claim of a signed convention read by `claimable`."""
        schools, tariff = convention.school_count, convention.unit_fee
        return cls._about(
            convention,
            convention,
            convention.act,
            amendment_id=None,
            reference=claim_reference(convention.reference),
            nature=Nature.INITIAL,
            schools=schools,
            uais=tuple(enrolment.uai for enrolment in convention.enrolments.all()),
            tariff=tariff,
            amount=convention.amount,
            basis=liquidation.basis(
                schools,
                tariff,
                reference=convention.reference,
                signed_on=convention.effective_on,
                school_year=convention.campaign.school_year,
            ),
            subject=liquidation.subject(schools, convention.campaign.school_year),
            coding=coding,
        )

    @classmethod
    def of_amendment(
        cls, amendment: Amendment, convention: Convention, coding: ChorusSettings
    ) -> "Claim":
        """Return the claim of a signed avenant of a convention read by `claimable`."""
        school_year = convention.campaign.school_year
        is_reduction = amendment.amount_change < 0
        return cls._about(
            convention,
            amendment,
            amendment.act or convention.act,
            amendment_id=amendment.pk,
            reference=f"{claim_reference(convention.reference)}-A{amendment.number}",
            nature=Nature.REDUCTION if is_reduction else Nature.SUPPLEMENT,
            schools=amendment.balance,
            uais=tuple(enrolment.uai for enrolment in (*amendment.added, *amendment.removed)),
            tariff=amendment.unit_fee,
            amount=amendment.amount_change,
            basis=liquidation.amendment_basis(
                amendment.number,
                amendment.added_count,
                amendment.removed_count,
                amendment.unit_fee,
                reference=convention.reference,
                signed_on=amendment.effective_on,
                school_year=school_year,
            ),
            subject=liquidation.amendment_subject(amendment.number, amendment.balance, school_year),
            coding=coding,
        )

    @classmethod
    def _about(
        cls,
        convention: Convention,
        signed: SignedByBoth,
        act: Act | None,
        *,
        amendment_id: int | None,
        **own: Any,
    ) -> "Claim":
        """A claim on the debtor of `convention`, by what was `signed` and its `act`."""
        campaign, collectivity = convention.campaign, convention.collectivity
        party = convention.party
        if act is None or party is None:
            raise ValueError(f"{convention.reference} is signed without an act or a party.")
        batches = {titre.amendment_id: titre.batch.number for titre in convention.titres.all()}
        return cls(
            convention_id=convention.pk,
            amendment_id=amendment_id,
            batch=batches.get(amendment_id),
            school_year=campaign.school_year,
            budget_year=liquidation.budget_year(signed.effective_on),
            debtor=convention.collectivity_title,
            siret=party.siret,
            address=", ".join(filter(None, (party.address_line_1, party.address_line_2))),
            postcode=party.postcode,
            city=party.city,
            insee_code=collectivity.commune.code if collectivity.commune else "",
            collectivity_code=collectivity.code,
            department=collectivity.department.code,
            convention_reference=convention.reference,
            signed_on=signed.effective_on,
            collectivity_signed_on=signed.collectivity_signed_on,
            act_reference=_act_reference(act),
            act_executory_on=act.executory_on,
            period=liquidation.period(campaign.starts_on, campaign.ends_on),
            **own,
        )

    @property
    def status(self) -> str:
        return TO_ISSUE if self.batch is None else REQUESTED

    @property
    def warnings(self) -> list[str]:
        """What to look at before the titre is asked for; nothing here blocks it."""
        return list(chain(self._act_warnings(), self._siret_warnings(), self._time_warnings()))

    def _act_warnings(self) -> Iterator[str]:
        if self.act_executory_on is None:
            yield "Acte non exécutoire"
        elif self.collectivity_signed_on and self.collectivity_signed_on < self.act_executory_on:
            # CE avis Sect. 10/06/1996 n° 176873; usual in real files.
            yield "Signée avant l'acte exécutoire"

    def _siret_warnings(self) -> Iterator[str]:
        if not self.siret:
            yield "SIRET manquant"
            return
        try:
            validate_siret(self.siret)
        except ValidationError:
            yield "SIRET à vérifier"

    def _time_warnings(self) -> Iterator[str]:
        today = timezone.localdate()
        prescribed_on = deadlines.prescribed_on(self.signed_on)
        if today >= prescribed_on:
            yield f"Prescrite depuis le {liquidation.french_date(prescribed_on)}"
        elif today.year == prescribed_on.year - 1:
            yield f"Prescription le {liquidation.french_date(prescribed_on)}"


@dataclass(frozen=True)
class Totals:
    """Of the claims shown: how many, of how many schools, for how many euros."""

    claims: int
    schools: int
    amount: Decimal


def claim_reference(convention_reference: str) -> str:
    """Return our own reference of a claim: "TP-2022-34337" for "ENT-2022-34337"."""
    return f"TP{convention_reference.removeprefix('ENT')}"


def _act_reference(act: Act) -> str:
    label = str(act)
    dated = f" du {liquidation.french_date(act.dated_on)}" if act.dated_on else ""
    return f"{label[:1].upper()}{label[1:]}{dated}"


def claimable(campaign: Campaign, user: User | None = None) -> ConventionQuerySet:
    """Return the conventions of `campaign` that give rise to a claim, in the debtors' order.

    `user` sees their own scope only; None is a command of the system, which sees all.
    """
    conventions = Convention.objects.for_user(user) if user else Convention.objects.all()
    return (
        conventions.signed()
        .filter(campaign=campaign)
        .with_parties()
        .prefetch_related(
            Prefetch("enrolments", Enrolment.objects.as_issued()),
            Prefetch(
                "amendments",
                Amendment.objects.signed().with_changes().select_related("act"),
            ),
            Prefetch("titres", Titre.objects.select_related("batch")),
        )
        .order_by("collectivity__search_text", "pk")
    )


def showing(conventions: ConventionQuerySet, shown: Shown) -> ConventionQuerySet:
    """Leave the conventions of a queryset of `claimable` that have a claim to show."""
    exported = Titre.objects.filter(convention=OuterRef("pk"))
    if shown is Shown.EXPORTED:
        return conventions.filter(Exists(exported))
    if shown is Shown.TO_EXPORT:
        own = exported.filter(amendment__isnull=True)
        changes = Amendment.objects.signed().exclude(amount_change=0)
        waiting = changes.filter(convention=OuterRef("pk"), titres__isnull=True)
        return conventions.filter(~Exists(own) | Exists(waiting))
    return conventions


def claims(conventions: ConventionQuerySet, shown: Shown = Shown.ALL) -> Iterator[Claim]:
    """Yield the claims of a queryset of `claimable`, whole or a page of it.

    A convention's own comes first, then those of its avenants that change the amount.
    """
    coding = ChorusSettings.current()
    for convention in conventions.iterator(chunk_size=CHUNK):
        for claim in _claims_of(convention, coding):
            if shown.keeps(claim.batch is not None):
                yield claim


def _claims_of(convention: Convention, coding: ChorusSettings) -> Iterator[Claim]:
    yield Claim.of(convention, coding)
    for amendment in signed_amendments(convention):
        if amendment.amount_change:
            yield Claim.of_amendment(amendment, convention, coding)


def totals(conventions: ConventionQuerySet, shown: Shown = Shown.ALL) -> Totals:
    """Return the totals of a queryset of `claimable`, in three queries.

    Added up here and not by the database: SQLite adds decimals as floats.
    """
    conventions = conventions.order_by()
    keys = conventions.values("pk")
    titres = Titre.objects.filter(convention__in=keys)
    exported = set(titres.values_list("convention", "amendment"))
    rows = [
        (schools, amount)
        for key, schools, amount in conventions.values_list("pk", "school_count", "amount")
        if shown.keeps((key, None) in exported)
    ]
    changes = Amendment.objects.signed().filter(convention__in=keys).exclude(amount_change=0)
    rows += [
        (added - removed, change)
        for key, amendment, added, removed, change in changes.values_list(
            "convention", "pk", "added_count", "removed_count", "amount_change"
        )
        if shown.keeps((key, amendment) in exported)
    ]
    return Totals(
        claims=len(rows),
        schools=sum(schools for schools, _ in rows),
        amount=liquidation.total(amount for _, amount in rows),
    )
