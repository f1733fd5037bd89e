"""The act by virtue of which a collectivity signs: entered, made its own, then dated.

The verbs of an `Act`, called with what it authorises: the act changes what that prints, and
stands in its journal.
"""

import datetime
from copy import copy
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from conventions.acts.models import Act, ActState
from conventions.acts.repeating import DELEGATION, DEPUTY, made_own_last
from conventions.acts.sitting import Sitting
from conventions.models.dossier import is_in_its_place, latest_piece, mark_outdated
from conventions.models.piece import Piece
from conventions.models.signed import SignedByBoth
from documents.wording.proofreading import proofread, tidy
from lifecycle.door import compare_and_swap, hold, write_journal
from lifecycle.errors import TransitionRefused

# Of the collectivity's own text, in characters: more would hold the press for seconds.
MAX_OWN_TEXT = 60_000
ACT_FIELDS = (
    "kind",
    "planned_on",
    "number",
    "dated_on",
    *DELEGATION,
    "executor",
)
# What makes it the collectivity's own.
OWN_FIELDS = ("adapted_text", "letterhead", *DEPUTY)
DATE_FIELDS = (
    "deposited_on",
    "published_on",
    "publication_mode",
    "certified_on",
    "certified_by",
    "certified_capacity",
    "reported_on",
    *Act.AFTERMATH_FIELDS,
)


# --- What may be done -------------------------------------------------------
def can_record_act(subject: SignedByBoth) -> bool:
    """Tell whether nature, number and date of the act may (still) be entered.

    Once the collectivity has signed, only of an act taken in place of one withdrawn.
    """
    return subject.act_is_open or can_replace_act(subject)


def can_replace_act(subject: SignedByBoth) -> bool:
    """Tell whether a new act may be taken in place of the one that was withdrawn."""
    return bool(subject.act and subject.act.withdrawn_on) and subject.state != "abandoned"


def can_record_act_dates(subject: SignedByBoth) -> bool:
    """Tell whether what happened to the act may be recorded: once it is adopted."""
    return subject.adopted_act is not None and subject.state != "abandoned"


def can_drop_draft(subject: SignedByBoth) -> bool:
    """Tell whether the act is still a draft, that its collectivity may do without."""
    act = subject.act
    return act is not None and not act.is_adopted and subject.state != "abandoned"


def can_adapt_act(subject: SignedByBoth) -> bool:
    """Tell whether the act's text, letterhead and signatory may (still) be chosen.

    What was deposited, published or handed back signed is what it is.
    """
    act = subject.act
    if act is None or not subject.act_is_open or act.deposited_on or act.published_on:
        return False
    copy = latest_piece(subject, Piece.Kind.ACT_SIGNED)
    return copy is None or copy.added_at <= act.recorded_at


def act_text_kind(subject: SignedByBoth, act: Act) -> str:
    """Return the nature of the text that `act` prints (documents.wording.kinds)."""
    return f"{subject.ACT_TEXT_PREFIX}{act.kind}"


def act_as_typed(subject: SignedByBoth, **values: Any) -> Act:
    """Return the act as `record_act` would write these values; nothing is saved or refused."""
    act = _act_to_write(subject)
    _leave_text_of_another_kind(act, values["kind"])
    sitting = _sitting_told(act, values)
    for name in ACT_FIELDS:
        setattr(act, name, values[name])
    act.state = ActState.ADOPTED if act.number and act.dated_on else ActState.DRAFT
    act.sitting = None if sitting.is_blank else sitting
    return act


# --- Verbs ------------------------------------------------------------------
def record_act(subject: SignedByBoth, *, by: User | None, **values: Any) -> None:
    """Enter or correct the act (ACT_FIELDS) and its sitting (Sitting.FIELDS), until it is signed.

    With a number and a date it is adopted, without either it is a draft. One that was
    withdrawn is replaced by a new one, at any time. Raises TransitionRefused, or
    ValidationError with the message at its field.
    """
    number, dated_on = values.pop("number", ""), values.pop("dated_on", None)
    if number and dated_on:
        values.pop("planned_on", None)
        adopt_act(subject, by=by, number=number, dated_on=dated_on, **values)
    elif number or dated_on:
        raise TransitionRefused(
            {
                "dated_on" if number else "number": "Donnez le numéro et la date ensemble, une "
                "fois l'acte pris ; laissez les deux vides tant que c'est un projet."
            }
        )
    else:
        draft_act(subject, by=by, **values)


def draft_act(subject: SignedByBoth, *, by: User | None, **values: Any) -> None:
    """Enter or correct the draft of the act: its text is there before its number and date.

    `planned_on` is the day of the sitting, or of the signature. Raises as `record_act`.
    """
    _refuse_recording(subject, by)
    subject.campaign.planning_window.refuse(values.get("planned_on"), "planned_on")
    act = _act_to_write(subject)
    if act.is_adopted:
        raise TransitionRefused(
            {"number": f"Cette {act.get_kind_display()} est prise : donnez son numéro et sa date."}
        )
    _record(subject, act, by, f"Projet d'acte enregistré{_instead_of(act)}", values)


def adopt_act(
    subject: SignedByBoth, *, by: User | None, number: str, dated_on: datetime.date, **values: Any
) -> None:
    """Give the act its number and its date, or correct them. Raises as `record_act`."""
    _refuse_recording(subject, by)
    subject.campaign.window.refuse(dated_on, "dated_on")
    act = _act_to_write(subject)
    adopted = {"state": ActState.ADOPTED, "planned_on": None}
    values = {**values, **adopted, "number": number, "dated_on": dated_on}
    _record(subject, act, by, f"Acte de la collectivité enregistré{_instead_of(act)}", values)


def drop_draft(subject: SignedByBoth, *, by: User | None, reason: str = "") -> None:
    """Give up the draft of the act, with its sitting and its own text: the journal keeps them.

    A withdrawn act that it would have replaced is the act again. What was printed of it stays
    in the file. An agent gives a `reason`, which the town hall reads. Raises TransitionRefused
    once it is adopted.
    """
    subject.refuse_stranger(by)
    draft = subject.act
    if draft is None or not can_drop_draft(subject):
        raise TransitionRefused(
            "Seul un projet d'acte s'abandonne : un acte pris se corrige, ou se retire."
        )
    if is_in_its_place(by) and not reason.strip():
        raise TransitionRefused({"reason": "Indiquez le motif."})
    blank, sitting = Act(), draft.sitting
    held = {name: getattr(blank, name) for name in (*ACT_FIELDS, *OWN_FIELDS)}
    changes = _changes(draft, held)
    if sitting:
        changes |= _changes(sitting, {name: getattr(Sitting(), name) for name in Sitting.FIELDS})
    with transaction.atomic():
        hold(subject)
        compare_and_swap(subject, act=draft.replaces)
        draft.delete()
        if sitting:
            sitting.delete()
        summary = "Projet d'acte abandonné"
        write_journal(subject, by, "drop_draft", summary, comment=reason, changes=changes)
        mark_outdated(subject)
        subject.tell_in_your_place(by, summary, reason)


def _refuse_recording(subject: SignedByBoth, by: User | None) -> None:
    subject.refuse_stranger(by)
    subject.refuse_vanished()
    if not can_record_act(subject):
        raise TransitionRefused(
            "L'acte s'enregistre une fois le document entre les mains de la collectivité "
            "(renseignements confirmés, avenant envoyé), et ne change plus après sa signature."
        )


def _record(
    subject: SignedByBoth, act: Act, by: User | None, summary: str, values: dict[str, Any]
) -> None:
    _leave_text_of_another_kind(act, values["kind"])
    if act.adapted_text and act.kind != values["kind"]:
        raise TransitionRefused(
            {
                "kind": f"Vous avez adapté le texte de cette {act.get_kind_display()} : revenez "
                "d'abord au texte du modèle (« Adapter l'acte »), puis changez sa nature."
            }
        )
    before, sitting = act.sitting or Sitting(), _sitting_told(act, values)
    values = {name: value for name, value in values.items() if name not in Sitting.FIELDS}
    # Its constraints are said by `clean`, at their field; PostgreSQL cannot add up unknowns.
    sitting.full_clean(validate_constraints=False)
    subject.campaign.planning_window.refuse(sitting.convened_on, "convened_on")
    _refuse_late_convocation(sitting, values.get("dated_on") or values.get("planned_on"))
    changes = _changes(before, {name: getattr(sitting, name) for name in Sitting.FIELDS})
    values["sitting"] = None if sitting.is_blank else sitting
    with transaction.atomic():
        if values["sitting"]:
            sitting.save()
        _write(subject, act, by, "record_act", summary, values, changes)
        if before.pk and values["sitting"] is None:
            before.delete()


def _leave_text_of_another_kind(act: Act, kind: str) -> None:
    """Last year's own text says nothing in a new act of another nature."""
    if act.pk is None and act.kind != kind:
        act.adapted_text = ""


def _sitting_told(act: Act, values: dict[str, Any]) -> Sitting:
    """Return the sitting of an act with what `values` say of it, blank but for a délibération."""
    if values["kind"] != Act.Kind.DELIBERATION:
        return Sitting()
    facts = {name: values[name] for name in Sitting.FIELDS if name in values}
    return (act.sitting or Sitting()).with_facts(facts)


def _refuse_late_convocation(sitting: Sitting, held_on: datetime.date | None) -> None:
    """A council is convened one clear day ahead at the very least (CGCT L2121-11, L2121-12)."""
    if sitting.convened_on and held_on and sitting.convened_on >= held_on:
        raise TransitionRefused(
            {"convened_on": f"La convocation précède la séance, du {held_on:%d/%m/%Y}."}
        )


def adapt_act(subject: SignedByBoth, *, by: User | None, adapted_text: str, **values: Any) -> None:
    """Make the act the collectivity's own, as long as it has not signed.

    `adapted_text` is Markdown with the fields of its nature; blank, or the same as the
    model's, it is the model's. `letterhead` is the name of a stored image, or "";
    `signatory`, `signatory_capacity` and `signatory_delegation` name who signs by
    delegation, all three or none.
    Raises TransitionRefused, or ValidationError with the faults under "adapted_text".
    """
    subject.refuse_stranger(by)
    if subject.act is None or not can_adapt_act(subject):
        raise TransitionRefused(
            "L'acte s'adapte une fois enregistré, et ne change plus dès qu'il est signé, déposé "
            "ou publié."
        )
    values["adapted_text"] = own_act_text(subject, adapted_text)
    act = copy(subject.act)
    _write(subject, act, by, "adapt_act", "Acte adapté par la collectivité", values)


def own_act_text(subject: SignedByBoth, adapted_text: str) -> str:
    """Return the collectivity's own text as it is kept, "" when it is the model's.

    Raises ValidationError, its faults under "adapted_text".
    """
    text = tidy(adapted_text) if adapted_text.strip() else ""
    if text == subject.act_text.body:
        return ""
    if len(text) > MAX_OWN_TEXT:
        raise ValidationError({"adapted_text": [_too_long(text)]})
    kind = act_text_kind(subject, subject.act) if subject.act else ""
    if text and (faults := proofread(kind, text)):
        raise ValidationError({"adapted_text": [str(fault) for fault in faults]})
    return text


def _too_long(text: str) -> str:
    count, most = (f"{number:,}".replace(",", " ") for number in (len(text), MAX_OWN_TEXT))
    return (
        f"Ce texte compte {count} caractères, et un acte {most} au plus : raccourcissez-le, ou "
        "déposez votre acte au format PDF."
    )


def record_act_dates(subject: SignedByBoth, *, by: User | None, **values: Any) -> None:
    """Enter or correct what happened to the act (DATE_FIELDS, those given only)."""
    subject.refuse_stranger(by)
    if subject.act is None or not can_record_act_dates(subject):
        raise TransitionRefused("Donnez d'abord à l'acte son numéro et sa date.")
    for name, value in values.items():
        if isinstance(value, datetime.date):
            subject.campaign.window.refuse(value, name)
    act = copy(subject.act)
    _write(subject, act, by, "record_act_dates", "Dates de l'acte enregistrées", values)


def _act_to_write(subject: SignedByBoth) -> Act:
    """Return the act to correct, or a new one."""
    before = subject.act
    if before and not before.withdrawn_on:
        return copy(before)
    own = {} if before else made_own_last(subject)
    return Act(
        collectivity=subject.collectivity,
        letterhead=_last_letterhead(subject),
        replaces=before,
        **own,
    )


def _instead_of(act: Act) -> str:
    """Return which act a new one replaces, for the end of a sentence."""
    return f", à la place de : {act.replaces}" if act.replaces and not act.pk else ""


def _last_letterhead(subject: SignedByBoth) -> str:
    """The letterhead of the collectivity's latest act that has one, "" when none has."""
    acts = Act.objects.filter(collectivity=subject.collectivity).exclude(letterhead="")
    latest = acts.order_by("-recorded_at", "-pk").first()
    return (latest.letterhead.name or "") if latest else ""


def _write(
    subject: SignedByBoth,
    act: Act,
    by: User | None,
    verb: str,
    summary: str,
    values: dict[str, Any],
    beside: dict[str, list[Any]] | None = None,
) -> None:
    """Write `values` on the act; `beside` is what the journal says of its sitting."""
    changes = _changes(act, values) | (beside or {})
    if not changes and act.pk:
        return
    for name, value in values.items():
        setattr(act, name, value)
    act.full_clean(exclude=["collectivity", "replaces", "sitting"])
    with transaction.atomic():
        hold(subject)
        act.save()
        compare_and_swap(subject, act=act)
        write_journal(subject, by, verb, summary, changes=changes)
        act.refresh_from_db(fields=["executory_on"])
        mark_outdated(subject)
        subject.tell_in_your_place(by, summary)


def _changes(row: Act | Sitting, values: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what `values` change of a row, as the journal keeps it."""
    return {
        name: [Act.for_journal(name, getattr(row, name)), Act.for_journal(name, value)]
        for name, value in values.items()
        if not row._meta.get_field(name).is_relation and getattr(row, name) != value
    }
