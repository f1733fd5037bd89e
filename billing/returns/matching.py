"""What each row of a return tells of which titre, row after row, before anything is written.

A row in an unexpected state never stops the others: what cannot be applied waits in a tray,
with its reason.
"""

import datetime
import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils import timezone

from billing.ledger import Account, accounts_of
from billing.models import Entry, Titre
from billing.models.entry import EntryKind
from billing.recording import Fact, entry_of, refusal, with_account
from billing.returns.layouts import FACTS, Layout
from billing.returns.models import Finding, ReturnRow
from communes.identifiers import normalise
from documents.wording.typography import euros_and_cents
from tabular.reading import is_scientific
from tabular.sheets import Line
from tabular.values import UnreadableValue, read_amount, read_date

# Keys in one query: SQLite takes some thousands, PostgreSQL plans worse beyond.
_AT_ONCE = 500
# As the columns that keep them are long.
_LONGEST = {"reference": 40, "chorus_number": 50, "reason": 1000, "piece": 200}
_SIRET = 14  # signs
# Told once of a titre: the same again is known, whatever row says it.
_ONCE = (EntryKind.ISSUED, EntryKind.REJECTED, EntryKind.TAKEN_IN_CHARGE)


@dataclass(frozen=True)
class Told:
    """What a row says, read: whom it is about, and the fact."""

    reference: str
    chorus_number: str
    siret: str
    piece: str
    fact: Fact

    @cached_property
    def digest(self) -> str:
        """Names what the row states: a row that states the same has the same."""
        fact = self.fact
        stated = [self.reference, self.chorus_number, self.siret, self.piece, fact.kind]
        stated += [fact.on.isoformat(), str(fact.amount), fact.reason]
        return hashlib.sha256(json.dumps(stated).encode()).hexdigest()


class RowRefused(Exception):
    """A row that cannot be applied: what was found of it, and why (French)."""

    def __init__(self, finding: Finding, explanation: str) -> None:
        super().__init__(explanation)
        self.finding, self.explanation = finding, explanation


@dataclass(frozen=True)
class Outcome:
    """What is made of a row: an entry, unsaved, where its finding is "applied"."""

    line: Line
    finding: Finding
    explanation: str = ""
    digest: str = ""
    titre: Titre | None = None
    entry: Entry | None = None


# --- Reading a row --------------------------------------------------------------
def read_row(cells: Sequence[str], layout: Layout, today: datetime.date) -> Told | None:
    """Return what a row says, None for one that the layout leaves alone. Raises RowRefused."""
    kind = layout.kind_of(cells)
    if kind == "":
        return None
    if kind is None:
        raise RowRefused(
            Finding.UNREADABLE, f"L'état « {layout.cell(cells, 'state')[:40]} » n'est pas connu."
        )
    text = {name: layout.cell(cells, name) for name in FACTS}
    for name, most in _LONGEST.items():
        if len(text[name]) > most:
            raise RowRefused(Finding.TOO_LONG, f"{FACTS[name].label} : plus de {most} caractères.")
    amount = _amount(text["amount"])
    told_kind = EntryKind(kind)
    if amount < 0:
        if told_kind != EntryKind.RECEIVED:
            raise RowRefused(Finding.CONTRADICTORY, "Ce montant ne peut être négatif.")
        told_kind, amount = EntryKind.PAYMENT_REVERSED, -amount
    on = _date(text["on"])
    if on is None:
        raise RowRefused(Finding.UNREADABLE, "La date du fait manque.")
    if on > today:
        raise RowRefused(Finding.FUTURE, f"Le {on:%d/%m/%Y} est dans le futur.")
    return Told(
        reference=text["reference"].upper(),
        chorus_number=text["chorus_number"],
        siret=_siret(text["siret"], needed=not (text["reference"] or text["chorus_number"])),
        piece=text["piece"],
        fact=Fact(
            kind=told_kind,
            on=on,
            amount=amount,
            chorus_number=text["chorus_number"] if told_kind == EntryKind.ISSUED else "",
            due_on=_date(text["due_on"]) if told_kind == EntryKind.ISSUED else None,
            notified_on=_date(text["notified_on"]) if told_kind == EntryKind.ISSUED else None,
            reason=" ; ".join(filter(None, (text["reason"], text["piece"]))),
        ),
    )


def _amount(text: str) -> Decimal:
    try:
        return read_amount(text) if text else Decimal("0.00")
    except UnreadableValue as error:
        raise RowRefused(Finding.UNREADABLE, str(error)) from error


def _date(text: str) -> datetime.date | None:
    try:
        return read_date(text, is_recent=True) if text else None
    except UnreadableValue as error:
        raise RowRefused(Finding.UNREADABLE, str(error)) from error


def _siret(text: str, *, needed: bool) -> str:
    if needed and is_scientific(text):
        raise RowRefused(
            Finding.UNREADABLE, f"« {text} » : un tableur a arrondi le SIRET, reprenez l'original."
        )
    # A spreadsheet that takes it for a number drops the zeros that it begins with.
    return normalise(text).zfill(_SIRET) if text else ""


# --- Matching ------------------------------------------------------------------
class Ledger:
    """The titres that a return may speak of, as they will stand after each of its rows."""

    def __init__(self, told: Iterable[Told]) -> None:
        told = list(told)
        self.accounts: dict[int, Account] = {}
        self.by_reference: dict[str, int] = {}
        self.by_siret: dict[str, list[int]] = defaultdict(list)
        self.by_number = self._issued_under({t.chorus_number for t in told if t.chorus_number})
        self._fetch("reference", {t.reference for t in told if t.reference})
        self._fetch("pk", set(self.by_number.values()) - set(self.accounts))
        left = (t for t in told if t.reference not in self.by_reference)
        self._fetch("siret", {t.siret for t in left if t.siret})
        self.known = self._known({t.digest for t in told})

    def _issued_under(self, numbers: set[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for part in _in_parts(numbers):
            entries = Entry.objects.filter(kind=EntryKind.ISSUED, chorus_number__in=part)
            entries = entries.in_force(timezone.localdate())
            found.update(entries.order_by("pk").values_list("chorus_number", "titre"))
        return found

    def _fetch(self, field: str, keys: set[Any]) -> None:
        for part in _in_parts(keys):
            titres = Titre.objects.for_ledger().filter(**{f"{field}__in": part})
            for account in accounts_of(titres.order_by("pk")):
                self._keep(account)

    def _keep(self, account: Account) -> None:
        titre = account.titre
        if titre.pk not in self.accounts:
            self.accounts[titre.pk] = account
            self.by_reference[titre.reference] = titre.pk
            self.by_siret[titre.siret].append(titre.pk)

    def _known(self, digests: set[str]) -> set[str]:
        """Return the digests that rows written in the ledger have already."""
        found: set[str] = set()
        for part in _in_parts(digests):
            rows = ReturnRow.objects.filter(entries__isnull=False, digest__in=part)
            found.update(rows.order_by().values_list("digest", flat=True))
        return found

    def titre_of(self, told: Told) -> Account:
        """Return the titre that a row is about. Raises RowRefused for a mere proposal, or none."""
        key = self.by_reference.get(told.reference)
        if key is None and told.fact.kind != EntryKind.ISSUED:
            key = self.by_number.get(told.chorus_number)
        if key is not None:
            return self.accounts[key]
        if candidates := self.candidates(told):
            names = ", ".join(account.titre.reference for account in candidates[:5])
            raise RowRefused(Finding.PROPOSED, f"Même SIRET, même montant : {names}. Confirmez-le.")
        raise RowRefused(Finding.UNMATCHED, "Aucun titre ne porte cette référence ni ce numéro.")

    def candidates(self, told: Told) -> list[Account]:
        """Return the titres of the same debtor and amount: a proposal, for a person to confirm."""
        return [
            account
            for account in (self.accounts[key] for key in self.by_siret.get(told.siret, ()))
            if account.stands and told.fact.amount in (account.titre.amount, account.balance)
        ]

    def check(self, told: Told, account: Account) -> None:
        """Raise RowRefused if what a row tells is known already, or contrary to what is."""
        fact, titre = told.fact, account.titre
        if told.digest in self.known:
            raise RowRefused(Finding.KNOWN, "Un retour précédent a déjà dit la même chose.")
        same = [e for e in account.entries if e.kind == fact.kind]
        if fact.kind in _ONCE and any(e.chorus_number == fact.chorus_number for e in same):
            raise RowRefused(Finding.KNOWN, "C'est déjà enregistré.")
        if fact.kind not in _ONCE and any(
            (e.on, e.amount) == (fact.on, fact.amount) and e.source_id is None for e in same
        ):
            raise RowRefused(
                Finding.DOUBLE, "Une écriture du même jour et du même montant existe déjà."
            )
        bearer = self.by_number.get(fact.chorus_number) if fact.chorus_number else None
        if bearer not in (None, titre.pk):
            raise RowRefused(
                Finding.CONTRADICTORY,
                f"Le numéro {fact.chorus_number} est déjà celui d'un autre titre.",
            )
        if reason := refusal(account, fact):
            words = " ".join(reason.values()) if isinstance(reason, dict) else reason
            raise RowRefused(Finding.CONTRADICTORY, words)

    def write(self, told: Told, account: Account, entry: Entry) -> None:
        """Take a row into account for those that follow."""
        for key in {account.titre.pk, entry.account_id}:
            if key in self.accounts:
                self.accounts[key] = with_account(self.accounts[key], entry)
        if told.fact.chorus_number:
            self.by_number[told.fact.chorus_number] = account.titre.pk


def outcomes(lines: Iterable[Line], layout: Layout) -> list[Outcome]:
    """Return what is made of each row, in the order of the file; nothing is written."""
    today = timezone.localdate()
    read: list[tuple[Line, Told | RowRefused | None]] = []
    for line in lines:
        try:
            read.append((line, read_row(line.cells, layout, today)))
        except RowRefused as refused:
            read.append((line, refused))
    ledger = Ledger(told for _, told in read if isinstance(told, Told))
    return list(_outcomes(read, ledger))


def _outcomes(
    read: Iterable[tuple[Line, Told | RowRefused | None]], ledger: Ledger
) -> Iterator[Outcome]:
    seen: set[str] = set()
    for line, told in read:
        if told is None:
            yield Outcome(line, Finding.KNOWN, "Ligne que la présentation laisse de côté.")
        elif isinstance(told, RowRefused):
            yield Outcome(line, told.finding, told.explanation)
        else:
            yield _outcome(line, told, ledger, told.digest in seen)
            seen.add(told.digest)


def _outcome(line: Line, told: Told, ledger: Ledger, is_double: bool) -> Outcome:
    account = None
    try:
        account = ledger.titre_of(told)
        if is_double:
            raise RowRefused(Finding.DOUBLE, "Une ligne du même fichier dit la même chose.")
        ledger.check(told, account)
    except RowRefused as refused:
        titre = account.titre if account else None
        return Outcome(line, refused.finding, refused.explanation, told.digest, titre)
    entry = entry_of(account, told.fact, by=None)
    ledger.write(told, account, entry)
    return Outcome(line, Finding.APPLIED, _excess(ledger, entry), told.digest, account.titre, entry)


def _excess(ledger: Ledger, entry: Entry) -> str:
    """Flag what came in beyond what is owed."""
    account = ledger.accounts.get(entry.account_id)
    if entry.kind != EntryKind.RECEIVED or account is None or account.balance >= 0:
        return ""
    return f"Trop-perçu : {euros_and_cents(-account.balance)}."


def _in_parts(keys: Collection[Any]) -> Iterator[list[Any]]:
    """Yield keys, each once and in order, some hundreds at a time."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
