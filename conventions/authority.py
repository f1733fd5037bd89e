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
from conventions.acts.models import Act
from conventions.models.dossier import mark_outdated, own_pieces
from conventions.models.piece import Piece
from conventions.models.signed import SignedByBoth
from documents.wording.proofreading import proofread, tidy
from lifecycle.door import compare_and_swap, hold, write_journal
from lifecycle.errors import TransitionRefused

ACT_FIELDS = (
    "kind",
    "number",
    "dated_on",
    "delegation_item",
    "delegation_reference",
    "executor",
)
DATE_FIELDS = (
    "deposited_on",
    "published_on",
    "publication_mode",
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
    """Tell whether what happened to the act may be recorded."""
    return subject.act is not None and subject.state != "abandoned"


def can_adapt_act(subject: SignedByBoth) -> bool:
    """Tell whether the act's text, letterhead and signatory may (still) be chosen.

    What was deposited, published or handed back signed is what it is.
    """
    act = subject.act
    if act is None or not subject.act_is_open or act.deposited_on or act.published_on:
        return False
    copies = own_pieces(subject).filter(kind=Piece.Kind.ACT_SIGNED)
    return not copies.filter(added_at__gt=act.recorded_at).exists()


def act_text_kind(subject: SignedByBoth, act: Act) -> str:
    """Return the nature of the text that `act` prints (documents.wording.kinds)."""
    return f"{subject.ACT_TEXT_PREFIX}{act.kind}"


# --- Verbs ------------------------------------------------------------------
def record_act(subject: SignedByBoth, *, by: User | None, **values: Any) -> None:
    """Enter or correct the act (ACT_FIELDS), as long as the collectivity has not signed.

    One that was withdrawn is replaced by a new one, at any time. Raises TransitionRefused,
    or ValidationError with the message at its field.
    """
    subject.refuse_stranger(by)
    subject.refuse_vanished()
    if not can_record_act(subject):
        raise TransitionRefused(
            "L'acte s'enregistre une fois le document entre les mains de la collectivité "
            "(renseignements confirmés, avenant envoyé), et ne change plus après sa signature."
        )
    subject.campaign.window.refuse(values["dated_on"], "dated_on")
    act, summary = _act_to_write(subject)
    if act.adapted_text and act.kind != values["kind"]:
        raise TransitionRefused(
            {
                "kind": f"Vous avez adapté le texte de cette {act.get_kind_display()} : revenez "
                "d'abord au texte du modèle (« Adapter l'acte »), puis changez sa nature."
            }
        )
    _write(subject, act, by, "record_act", summary, values)


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
    kind = act_text_kind(subject, subject.act) if subject.act else ""
    if text and (faults := proofread(kind, text)):
        raise ValidationError({"adapted_text": [str(fault) for fault in faults]})
    return text


def record_act_dates(subject: SignedByBoth, *, by: User | None, **values: Any) -> None:
    """Enter or correct what happened to the act (DATE_FIELDS, those given only)."""
    subject.refuse_stranger(by)
    if subject.act is None or not can_record_act_dates(subject):
        raise TransitionRefused("Enregistrez d'abord l'acte : nature, numéro et date.")
    for name, value in values.items():
        if isinstance(value, datetime.date):
            subject.campaign.window.refuse(value, name)
    act = copy(subject.act)
    _write(subject, act, by, "record_act_dates", "Dates de l'acte enregistrées", values)


def _act_to_write(subject: SignedByBoth) -> tuple[Act, str]:
    """Return the act to correct, or a new one, and what the journal says of it."""
    before = subject.act
    if before and not before.withdrawn_on:
        return copy(before), "Acte de la collectivité enregistré"
    act = Act(collectivity=subject.collectivity, letterhead=_last_letterhead(subject))
    if before is None:
        return act, "Acte de la collectivité enregistré"
    act.replaces = before
    return act, f"Nouvel acte de la collectivité, à la place de : {before}"


def _last_letterhead(subject: SignedByBoth) -> str:
    """The letterhead of the collectivity's latest act that has one, "" when none has."""
    acts = Act.objects.filter(collectivity=subject.collectivity).exclude(letterhead="")
    latest = acts.order_by("-dated_on", "-pk").first()
    return (latest.letterhead.name or "") if latest else ""


def _write(
    subject: SignedByBoth, act: Act, by: User | None, verb: str, summary: str, values: dict
) -> None:
    changes = {
        name: [act.for_journal(name, getattr(act, name)), act.for_journal(name, value)]
        for name, value in values.items()
        if getattr(act, name) != value
    }
    if not changes and act.pk:
        return
    for name, value in values.items():
        setattr(act, name, value)
    act.full_clean(exclude=["collectivity", "replaces"])
    with transaction.atomic():
        hold(subject)
        act.save()
        compare_and_swap(subject, act=act)
        write_journal(subject, by, verb, summary, changes=changes)
        act.refresh_from_db(fields=["executory_on"])
        mark_outdated(subject)
