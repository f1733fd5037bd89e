"""The State's claims: one for each convention that both parties have signed.

Billing reads conventions and never writes them. Everything said of the debtor comes
from the convention's own copy, as confirmed before signing: a collectivity that
moves or changes its name afterwards does not change the claim.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.utils import timezone

from billing import liquidation
from billing.models import ChorusSettings
from communes.identifiers import validate_siret
from conventions.models import Act, Campaign, Convention, ConventionSchool

# Rows fetched at a time: bounds the memory of an export, whole region included.
CHUNK = 5000
TO_ISSUE = "à émettre"


@dataclass(frozen=True)
class Claim:
    """What one collectivity owes for one school year. Amounts in euros.

    `insee_code` is empty for an EPCI or a syndicat, where `collectivity_code` is the SIREN;
    `act_executory_on` is None until the act is both deposited and published.
    """

    reference: str
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
        campaign, collectivity = convention.campaign, convention.collectivity
        signed_on = convention.effective_on
        schools, tariff = convention.school_count, convention.unit_fee
        return cls(
            reference=claim_reference(convention.reference),
            school_year=campaign.school_year,
            budget_year=liquidation.budget_year(signed_on),
            debtor=convention.collectivity_title,
            siret=convention.siret,
            address=", ".join(filter(None, (convention.address_line_1, convention.address_line_2))),
            postcode=convention.postcode,
            city=convention.city,
            insee_code=collectivity.commune.code if collectivity.commune else "",
            collectivity_code=collectivity.code,
            department=collectivity.department.code,
            convention_reference=convention.reference,
            signed_on=signed_on,
            collectivity_signed_on=convention.collectivity_signed_on,
            act_reference=_act_reference(convention.act),
            act_executory_on=convention.act.executory_on,
            schools=schools,
            uais=tuple(line.uai for line in convention.schools.all()),
            tariff=tariff,
            amount=convention.amount,
            basis=liquidation.basis(
                schools,
                tariff,
                reference=convention.reference,
                signed_on=signed_on,
                school_year=campaign.school_year,
            ),
            subject=liquidation.subject(schools, campaign.school_year),
            period=liquidation.period(campaign.starts_on, campaign.ends_on),
            coding=coding,
        )

    @property
    def warnings(self) -> list[str]:
        """What to look at before the titre is asked for; nothing here blocks it."""
        return list(chain(self._act_warnings(), self._siret_warnings(), self._time_warnings()))

    def _act_warnings(self):
        if self.act_executory_on is None:
            yield "Acte non exécutoire"
        elif self.collectivity_signed_on and self.collectivity_signed_on < self.act_executory_on:
            # CE avis Sect. 10/06/1996 n° 176873; usual in real files.
            yield "Signée avant l'acte exécutoire"

    def _siret_warnings(self):
        if not self.siret:
            yield "SIRET manquant"
            return
        try:
            validate_siret(self.siret)
        except ValidationError:
            yield "SIRET à vérifier"

    def _time_warnings(self):
        today = timezone.localdate()
        prescribed_on = liquidation.prescribed_on(self.signed_on)
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
    return f"{label[:1].upper()}{label[1:]} du {liquidation.french_date(act.dated_on)}"


def claimable(campaign: Campaign, user=None):
    """Return the conventions of `campaign` that give rise to a claim, in the debtors' order.

    `user` sees their own scope only; None is a command of the system, which sees all.
    """
    conventions = Convention.objects.for_user(user) if user else Convention.objects.all()
    return (
        conventions.signed()
        .filter(campaign=campaign)
        .with_parties()
        .prefetch_related(Prefetch("schools", ConventionSchool.objects.as_issued()))
        .order_by("collectivity__search_text", "pk")
    )


def claims(conventions) -> Iterator[Claim]:
    """Yield the claims of a queryset of `claimable`, whole or a page of it."""
    coding = ChorusSettings.current()
    for convention in conventions.iterator(chunk_size=CHUNK):
        yield Claim.of(convention, coding)


def totals(conventions) -> Totals:
    """Return the totals of a queryset of `claimable`, in one query.

    Added up here and not by the database: SQLite adds decimals as floats.
    """
    rows = list(conventions.order_by().values_list("school_count", "amount"))
    return Totals(
        claims=len(rows),
        schools=sum(schools for schools, _ in rows),
        amount=liquidation.total(amount for _, amount in rows),
    )
