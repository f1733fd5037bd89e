"""Writing in the ledger: what is refused and why, one writer after the other.

Whoever writes titres or entries takes the next value of one counter first. Who computed
before what to write gives the value seen then, and learns if somebody wrote meanwhile.
"""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from billing.ledger import Account, account_of, cents
from billing.models import Counter, Entry, Titre, next_number
from billing.models.entry import GIVES, TAKES, EntryKind
from documents.wording.typography import euros_and_cents
from law import deadlines
from lifecycle.plausible import Window

LEDGER = "grand livre"
# As the columns hold them.
LARGEST = Decimal("99999999.99")
WITH_AMOUNT = (*TAKES, *GIVES, EntryKind.CONTESTED, EntryKind.DECIDED)


class EntryRefused(ValidationError):
    """Something that the ledger does not take; the message (French) says why."""


class LedgerMoved(Exception):
    """Somebody wrote in the ledger since it was read: compute again."""


@dataclass(frozen=True)
class Fact:
    """What happened to a titre, as it is told. Amounts in euros, above zero."""

    kind: EntryKind
    on: datetime.date
    amount: Decimal = Decimal("0.00")
    chorus_number: str = ""
    due_on: datetime.date | None = None
    notified_on: datetime.date | None = None
    reason: str = ""
    decision: str = ""
    author: str = ""


def ledger_version() -> int:
    """Return how many times the ledger was written in."""
    counter = Counter.objects.filter(pk=LEDGER).first()
    return counter.value if counter else 0


@contextmanager
def writing(seen: int | None = None) -> Iterator[None]:
    """Hold the ledger for a transaction; raises LedgerMoved if it is not at `seen` any more."""
    with transaction.atomic():
        version = next_number(LEDGER)
        if seen is not None and version != seen + 1:
            raise LedgerMoved
        yield


def record(titre: Titre, fact: Fact, *, by: User | None) -> Entry:
    """Write a fact about a titre, on the ledger's own terms.

    Raises EntryRefused, with the message at its field where it is about one.
    """
    with writing():
        account = account_of(Titre.objects.in_full().get(pk=titre.pk))
        if message := refusal(account, fact):
            raise EntryRefused(message)
        if fact.kind == EntryKind.ISSUED and (other := bearing(fact.chorus_number, titre)):
            raise EntryRefused(f"Le numéro {fact.chorus_number} est déjà celui du titre {other}.")
        entry = entry_of(account, fact, by=by)
        entry.save()
    return entry


def reverse(entry: Entry, *, on: datetime.date, reason: str, by: User | None) -> Entry:
    """Undo an entry by another, which names it. Raises EntryRefused."""
    if not reason.strip():
        raise EntryRefused({"reason": "Indiquez pourquoi cette écriture est annulée."})
    if on > timezone.localdate():
        raise EntryRefused({"on": _FUTURE})
    with writing():
        entry = Entry.objects.select_related("titre").get(pk=entry.pk)
        if entry.reverses_id is not None:
            raise EntryRefused("Une annulation ne s'annule pas : enregistrez le fait de nouveau.")
        if entry.is_reversed:
            raise EntryRefused("Cette écriture est déjà annulée.")
        if on < entry.on:
            raise EntryRefused({"on": f"L'écriture annulée est du {entry.on:%d/%m/%Y}."})
        if message := _what_rests_on(entry):
            raise EntryRefused(message)
        reversal = Entry(
            titre=entry.titre,
            account_id=entry.account_id,
            kind=entry.kind,
            on=on,
            amount=entry.amount,
            effect=-entry.effect,
            chorus_number=entry.chorus_number,
            reason=reason.strip(),
            decision=entry.decision,
            author=entry.author,
            reverses=entry,
            by=by,
        )
        reversal.save()
    return reversal


def entry_of(
    account: Account, fact: Fact, *, by: User | None, source_id: int | None = None
) -> Entry:
    """Return the entry of a fact, unsaved."""
    titre = account.titre
    amount = titre.amount if fact.kind == EntryKind.ISSUED else fact.amount
    if fact.kind == EntryKind.CONTESTED and not amount:
        amount = account.balance
    return Entry(
        titre=titre,
        account_id=titre.account_id,
        kind=fact.kind,
        on=fact.on,
        amount=amount,
        effect=effect_of(titre, fact.kind, amount),
        chorus_number=fact.chorus_number,
        due_on=fact.due_on,
        notified_on=fact.notified_on,
        reason=fact.reason.strip(),
        decision=fact.decision.strip(),
        author=fact.author.strip(),
        source_id=source_id,
        by=by,
    )


def effect_of(titre: Titre, kind: EntryKind, amount: Decimal) -> int:
    """Return what an entry of that kind changes of a balance, in cents."""
    if kind == EntryKind.ISSUED:
        return cents(-amount if titre.is_deduction else amount)
    if kind in TAKES:
        return -cents(amount)
    return cents(amount) if kind in GIVES else 0


def bearing(chorus_number: str, but: Titre | None = None) -> Titre | None:
    """Return the titre that Chorus issued under a number, `but` left out; None if there is none."""
    entries = Entry.objects.filter(kind=EntryKind.ISSUED, chorus_number=chorus_number)
    entries = entries.in_force(timezone.localdate())
    if but is not None:
        entries = entries.exclude(titre=but)
    entry = entries.select_related("titre").order_by("pk").first()
    return entry.titre if entry else None


# --- What is refused ---------------------------------------------------------
_FUTURE = "Cette date est dans le futur : enregistrez le fait une fois accompli."
_LATEST_DUE = 24  # months
_FIRST = "Ce titre n'est pas encore émis : son numéro Chorus vient d'abord."


def refusal(account: Account, fact: Fact) -> str | dict[str, str]:
    """Return why a fact cannot be true of a titre (French), by field where it is about one.

    "" when the ledger takes it. The account is that of today.
    """
    titre = account.titre
    if fact.on > account.as_at:
        return {"on": _FUTURE}
    if account.is_withdrawn:
        return "Le lot de ce titre a été retiré : le comptable ne l'a pas reçu."
    if message := _beside_refusal(account, fact):
        return message
    if fact.on < titre.requested_on:
        return {"on": f"Ce titre n'a été demandé que le {titre.requested_on:%d/%m/%Y}."}
    if fact.amount > LARGEST or fact.amount < 0:
        return {"amount": "Ce montant n'est pas possible."}
    if fact.kind in WITH_AMOUNT and fact.kind != EntryKind.CONTESTED:
        if not fact.amount and fact.kind != EntryKind.DECIDED:
            return {"amount": "Donnez un montant supérieur à zéro."}
    if fact.kind in (EntryKind.ISSUED, EntryKind.REJECTED):
        return _answer_refusal(account, fact)
    if account.rejected:
        return f"Ce titre a été rejeté le {account.rejected.on:%d/%m/%Y}."
    if account.issued is None:
        return _FIRST
    if fact.on < account.issued.on:
        return {"on": f"Ce titre n'a été émis que le {account.issued.on:%d/%m/%Y}."}
    check = _CHECKS.get(fact.kind)
    return check(account, fact) if check else ""


def _beside_refusal(account: Account, fact: Fact) -> dict[str, str]:
    """A titre is notified once it is issued; it falls due within two years."""
    if fact.notified_on is None and fact.due_on is None:
        return {}
    windows = {
        "notified_on": Window(fact.on, account.as_at),
        "due_on": Window(fact.on, deadlines.add_months(fact.on, _LATEST_DUE)),
    }
    days = {name: getattr(fact, name) for name in windows}
    refusals = {name: windows[name].refusal(day) for name, day in days.items() if day}
    return {name: message for name, message in refusals.items() if message}


def _answer_refusal(account: Account, fact: Fact) -> str | dict[str, str]:
    if account.issued:
        return (
            f"Ce titre est déjà émis sous le numéro {account.issued.chorus_number}, le "
            f"{account.issued.on:%d/%m/%Y}."
        )
    if account.rejected:
        return f"Ce titre a déjà été rejeté le {account.rejected.on:%d/%m/%Y}."
    if fact.kind == EntryKind.REJECTED:
        return "" if fact.reason.strip() else {"reason": "Indiquez le motif du rejet."}
    if not fact.chorus_number:
        return {"chorus_number": "Donnez le numéro du titre dans Chorus."}
    if fact.amount and fact.amount != account.titre.amount:
        return {
            "amount": f"Le titre a été demandé pour {euros_and_cents(account.titre.amount)}, pas "
            f"pour {euros_and_cents(fact.amount)}."
        }
    return ""


def _once(account: Account, fact: Fact) -> str:
    taken = any(entry.kind == fact.kind for entry in account.entries)
    return "Ce titre est déjà pris en charge." if taken else ""


def _payment(account: Account, fact: Fact) -> str:
    if account.titre.is_deduction:
        return "Une réduction ou une annulation ne se paie pas : désignez le titre corrigé."
    return ""


def _at_most_received(account: Account, fact: Fact) -> str | dict[str, str]:
    if fact.amount > account.received:
        return {"amount": f"Seuls {euros_and_cents(account.received)} ont été encaissés."}
    return ""


def _at_most_owed(account: Account, fact: Fact) -> str | dict[str, str]:
    if fact.amount > account.balance:
        return {"amount": f"Il ne reste dû que {euros_and_cents(account.balance)}."}
    return ""


def _own_decision(account: Account, fact: Fact) -> str | dict[str, str]:
    """An act of the authorising officer (décret 2012-1246, article 124), not a return."""
    wanted = {"reason": fact.reason, "decision": fact.decision, "author": fact.author}
    if missing := {name for name, words in wanted.items() if not words.strip()}:
        return dict.fromkeys(sorted(missing), "Indiquez-le : c'est une décision de l'ordonnateur.")
    return _at_most_owed(account, fact)


def _contestation(account: Account, fact: Fact) -> str | dict[str, str]:
    """One at a time: the next comes once the last was decided, or rejected by silence."""
    if account.contested:
        return f"Une contestation du {account.contested.on:%d/%m/%Y} attend déjà sa décision."
    if account.contestations and fact.on < account.contestations[-1].over_on:
        last = account.contestations[-1].made
        return {"on": f"Ce jour-là, celle du {last.on:%d/%m/%Y} attendait encore sa décision."}
    if account.balance <= 0:
        return "Plus rien n'est dû sur ce titre : il n'y a rien à contester."
    return _at_most_owed(account, fact)


def _decision(account: Account, fact: Fact) -> str | dict[str, str]:
    """Silence that rejected may still be followed by a decision, which confirms or grants."""
    contested = account.undecided
    if contested is None:
        return "Aucune contestation de ce titre n'attend de décision."
    if fact.on < contested.on:
        return {"on": f"La contestation n'a été reçue que le {contested.on:%d/%m/%Y}."}
    if fact.amount > contested.amount:
        return {"amount": f"Seuls {euros_and_cents(contested.amount)} sont contestés."}
    return "" if fact.reason.strip() else {"reason": "Indiquez les motifs de la décision."}


_CHECKS: dict[EntryKind, Callable[[Account, Fact], str | dict[str, str]]] = {
    EntryKind.TAKEN_IN_CHARGE: _once,
    EntryKind.RECEIVED: _payment,
    EntryKind.PAYMENT_REVERSED: _at_most_received,
    EntryKind.REFUNDED: _at_most_received,
    EntryKind.REMINDED: lambda account, fact: (
        "" if account.balance > 0 else "Plus rien n'est dû sur ce titre."
    ),
    EntryKind.CONTESTED: _contestation,
    EntryKind.DECIDED: _decision,
    EntryKind.REMITTED: _own_decision,
    EntryKind.WRITTEN_OFF: _own_decision,
}


def _what_rests_on(entry: Entry) -> str:
    """Return what would hang in the air without this entry (French), "" when nothing would."""
    account = account_of(Titre.objects.in_full().get(pk=entry.titre_id))
    if entry.kind == EntryKind.ISSUED:
        if len(account.entries) > 1 or account.titre.corrections.exists():
            return "D'autres écritures ou d'autres titres reposent sur cette émission."
    elif entry.kind == EntryKind.RECEIVED:
        back = account.received - entry.amount
        return "" if back >= 0 else "Un encaissement annulé ou un remboursement repose sur elle."
    elif entry.kind == EntryKind.CONTESTED:
        if any(each.made == entry and each.decision for each in account.contestations):
            return "Une décision a été prise sur cette contestation."
    elif entry.kind == EntryKind.REJECTED:
        if any(account_of(titre).stands for titre in _later_titres(account.titre)):
            return "Une nouvelle demande a été faite depuis : ce rejet ne peut plus être annulé."
    elif entry.kind == EntryKind.DECIDED:
        if account.contestations[-1].decision != entry:
            return "Une autre contestation a été reçue depuis cette décision."
        part = decision_part(entry)
        later = (titre for titre in _later_titres(account.titre) if part in titre.parts)
        if any(account_of(titre).stands for titre in later):
            return "Une réduction a été demandée en vertu de cette décision."
    return ""


def _later_titres(titre: Titre) -> Iterator[Titre]:
    titres = Titre.objects.in_full().filter(claim=titre.claim_id, rank__gt=titre.rank)
    yield from titres


def decision_part(entry: Entry) -> str:
    """Return how titres name the reduction that a decision grants, "D7" (`Titre.parts`)."""
    return f"D{entry.pk}"


def with_account(account: Account, *entries: Entry) -> Account:
    """Return an account as it will be once `entries`, unsaved, are written."""
    own = [entry for entry in entries if entry.titre_id == account.titre.pk]
    counted = [entry for entry in entries if entry.account_id == account.titre.pk]
    return replace(
        account,
        entries=(*account.entries, *own),
        counted=(*account.counted, *counted),
    )
