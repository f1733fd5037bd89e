"""What a convention makes due, part by part, and what of it was asked for already."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from accounts.models import User
from billing.ledger import Account, account_of, accounts_of
from billing.liquidation import Part, total
from billing.models import Claim, DebtorChange, Titre
from billing.models.entry import EntryKind
from billing.recording import decision_part
from communes.models import Collectivity
from conventions.amendments.effects import signed_amendments
from conventions.amendments.models import Amendment
from conventions.campaigns.tariff_words import change_in_words, liquidation
from conventions.models import Convention, Enrolment, Piece, SignedByBoth
from conventions.models.convention import ConventionQuerySet


def claimable(user: User | None = None) -> ConventionQuerySet:
    """Return the conventions signed by both with all that a claim is read from, debtors in order.

    `user` sees their own scope only; None is a command of the system, which sees all.
    """
    return with_claims(Convention.objects.for_user(user) if user else Convention.objects.all())


def with_claims(conventions: ConventionQuerySet) -> ConventionQuerySet:
    """Leave the conventions signed by both of a queryset, with all that a titre says of them.

    Schools, and what stands in its way, beside the amounts that `Due` reads.
    """
    return (
        conventions.signed()
        .with_parties()
        .select_related("claim__to_cancel", "collectivity__merged_into")
        .prefetch_related(
            Prefetch(
                "amendments",
                Amendment.objects.signed().with_changes().select_related("act"),
            ),
            Prefetch("claim__titres", Titre.objects.in_full().order_by("rank")),
            Prefetch("claim__debtor_changes", _debtor_changes()),
            Prefetch("enrolments", Enrolment.objects.as_issued().select_related("typed")),
            Prefetch("pieces", Piece.objects.without_blanks().filter(kind__in=_SIGNED_COPIES)),
        )
        .order_by("collectivity__search_text", "pk")
    )


def _debtor_changes() -> QuerySet[DebtorChange]:
    return DebtorChange.objects.select_related(
        "collectivity__commune", "collectivity__merged_into"
    ).order_by("pk")


_SIGNED_COPIES = (Piece.Kind.CONVENTION_SIGNED, Piece.Kind.AMENDMENT_SIGNED)


@dataclass(frozen=True)
class Due:
    """A convention of `claimable` as at a day. Amounts in euros.

    One of `dues_in_brief` has amounts and names, and neither parts nor their words.
    """

    convention: Convention
    as_at: datetime.date
    # Its titres, the first asked first; signed avenants and changes of debtor in order.
    accounts: Sequence[Account]
    amendments: Sequence[Amendment]
    debtor_changes: Sequence[DebtorChange]

    @property
    def claim(self) -> Claim | None:
        # The reverse of a OneToOne: absent until something was done about it.
        return getattr(self.convention, "claim", None)

    @cached_property
    def standing(self) -> list[Account]:
        """Those that were neither rejected nor withdrawn."""
        return [account for account in self.accounts if account.stands]

    @property
    def pending(self) -> Account | None:
        """The live request, at most one."""
        return next((account for account in self.standing if account.is_pending), None)

    @property
    def debtor(self) -> Collectivity:
        """Who owes: who signed, unless finance decided otherwise since."""
        if self.debtor_changes:
            return self.debtor_changes[-1].collectivity
        return self.convention.collectivity

    @property
    def is_debtor_changed(self) -> bool:
        return bool(self.debtor_changes)

    @property
    def debtor_name(self) -> str:
        """As the convention prints it, as it stands today once the debtor was changed."""
        if self.is_debtor_changed:
            return self.debtor.title
        return self.convention.collectivity_title

    @property
    def siret(self) -> str:
        party = self.debtor if self.is_debtor_changed else self.convention.party
        return party.siret if party else ""

    @property
    def executory_on(self) -> datetime.date | None:
        act = self.convention.act
        return act.executory_on if act else None

    @property
    def is_fragile(self) -> bool:
        """Tell whether a paper that makes it due was signed before its act was executory."""
        papers: list[SignedByBoth] = [self.convention, *self.amendments]
        return any(paper.is_signed_too_soon for paper in papers)

    # --- Amounts ------------------------------------------------------------
    @cached_property
    def parts(self) -> list[Part]:
        """What makes the amount due, in the order of facts."""
        return [
            convention_part(self.convention),
            *(amendment_part(a) for a in self.amendments if a.amount_change),
            *self._decisions(),
        ]

    def _decisions(self) -> Iterable[Part]:
        """The reductions that decisions on contestations granted."""
        for account in self.accounts:
            for entry in account.entries:
                if entry.kind == EntryKind.DECIDED and entry.amount:
                    yield Part(
                        key=decision_part(entry),
                        name=f"décision sur la contestation du titre n° {account.chorus_number}",
                        dated_on=entry.on,
                        amount=-entry.amount,
                        calculation=entry.reason,
                    )

    @cached_property
    def amount(self) -> Decimal:
        """What is due in all: the sum of its parts."""
        changed = total(amendment.amount_change for amendment in self.amendments)
        return self.convention.amount + changed - total(a.granted for a in self.accounts)

    @cached_property
    def asked(self) -> Decimal:
        """What was asked for and stands."""
        return total(account.titre.signed_amount for account in self.standing)

    @property
    def issued(self) -> Decimal:
        """What Chorus numbered, reductions and cancellations taken off."""
        return total(account.titre.signed_amount for account in self.standing if account.issued)

    @property
    def received(self) -> Decimal:
        return total(account.received for account in self.standing)

    @property
    def balance(self) -> Decimal:
        return total(account.balance for account in self.standing)

    @property
    def left(self) -> Decimal:
        """What is still to be asked for; below zero, to be taken off."""
        return self.amount - self.asked

    def net_of(self, account: Account) -> Decimal:
        """Return what a titre asks for, what corrects it and stands taken off."""
        titre = account.titre
        return titre.amount - total(
            other.titre.amount
            for other in self.standing
            if other.titre.is_deduction and other.titre.corrects_id == titre.pk
        )

    @property
    def to_cancel(self) -> Account | None:
        """The titre that the next list proposes to cancel; None once nothing of it is left."""
        key = self.claim.to_cancel_id if self.claim else None
        bearer = next((account for account in self.standing if account.titre.pk == key), None)
        return bearer if bearer and self.net_of(bearer) > 0 else None

    @cached_property
    def unasked_parts(self) -> list[Part]:
        """The parts that no standing titre asks for, those of cancelled titres included."""
        cancelled = {
            account.titre.corrects_id
            for account in self.standing
            if account.titre.kind == Titre.Kind.CANCELLATION
        }
        asked = {
            key
            for account in self.standing
            if account.titre.pk not in cancelled and account.titre.kind != Titre.Kind.CANCELLATION
            for key in account.titre.parts
        }
        return [part for part in self.parts if part.key not in asked]


def due_of(convention: Convention, as_at: datetime.date | None = None) -> Due:
    """Return what a convention of `claimable` makes due, as at a day (today if None)."""
    as_at = as_at or timezone.localdate()
    # The reverse of a OneToOne: absent until something was done about it.
    claim = getattr(convention, "claim", None)
    return Due(
        convention,
        as_at,
        accounts=[account_of(titre, as_at) for titre in claim.titres.all()] if claim else [],
        amendments=signed_amendments(convention),
        debtor_changes=list(claim.debtor_changes.all()) if claim else [],
    )


_OF_LIST = (
    "reference",
    "amount",
    "collectivity_title",
    "collectivity_signed_on",
    "effective_on",
    "campaign__start_year",
    "act__executory_on",
    "party__siret",
    "collectivity__code",
    "collectivity__department__code",
    "claim__id",
)


def dues_in_brief(conventions: ConventionQuerySet, keys: Sequence[int]) -> list[Due]:
    """Return what those of `conventions` with these keys, some hundreds, make due today.

    In the order of the keys, as the columns of lists say it. In five queries: a campaign, which
    holds texts of many pages, is not read for each, and what few have is not asked of each.
    """
    today = timezone.localdate()
    of_list = conventions.signed().select_related(
        "campaign", "act", "party", "collectivity__department", "claim"
    )
    by_key = of_list.only(*_OF_LIST).order_by().in_bulk(keys)
    rows = [by_key[key] for key in keys if key in by_key]
    titres = Titre.objects.in_brief().filter(claim__convention__in=rows).order_by("rank")
    accounts = defaultdict(list)
    for account in accounts_of(titres, today):
        accounts[account.titre.claim_id].append(account)
    amendments = defaultdict(list)
    signed = Amendment.objects.signed().filter(convention__in=rows)
    for amendment in signed.select_related("act").order_by("number"):
        amendments[amendment.convention_id].append(amendment)
    changes = defaultdict(list)
    for change in _debtor_changes().filter(claim__convention__in=rows):
        changes[change.claim_id].append(change)
    claims = [(row, row.claim.pk if hasattr(row, "claim") else 0) for row in rows]
    return [
        Due(row, today, accounts[claim], amendments[row.pk], changes[claim])
        for row, claim in claims
    ]


def convention_part(convention: Convention) -> Part:
    """Return what the convention itself makes due, as it was issued."""
    return Part(
        key="",
        name=f"convention {convention.reference}",
        dated_on=convention.effective_on,
        amount=convention.amount,
        calculation=liquidation(convention.rule, convention.charge, convention.exception),
    )


def amendment_part(amendment: Amendment) -> Part:
    """Return what an avenant signed by both changes of it."""
    return Part(
        key=amendment.part,
        name=f"avenant n° {amendment.number}",
        dated_on=amendment.effective_on,
        amount=amendment.amount_change,
        calculation=change_in_words(
            amendment.convention.rule,
            amendment.change,
            amendment.added_count,
            amendment.removed_count,
        ),
    )
