"""Where a file stands for its town hall: the steps, and what is expected now."""

import datetime
from dataclasses import dataclass, replace
from enum import Enum

from django.utils import timezone

from conventions.acts.models import Act
from conventions.authority import can_adapt_act, can_record_act
from conventions.lifecycle import COLLECTIVITY_SIGNED, TRANSITIONS, State
from conventions.models import Convention, Piece
from conventions.situations.expectations import received
from conventions.situations.situation import Situation, situation


class Status(Enum):
    DONE = "Fait"
    TODO = "À faire"
    LATER = "À venir"
    OTHER_SIDE = "Côté rectorat"
    DROPPED = "Sans suite"


@dataclass(frozen=True)
class Step:
    """One step: `page` names the URL where it is done, `action` is the button's text.

    `other_page` is another way to answer, when there is one.
    """

    title: str
    status: Status
    detail: str
    page: str = ""
    action: str = ""
    due_on: datetime.date | None = None
    other_page: str = ""
    other_action: str = ""

    @property
    def is_late(self) -> bool:
        """Tell whether the step should have been done before today."""
        late = self.due_on is not None and self.due_on < timezone.localdate()
        return late and self.status == Status.TODO


def steps(convention: Convention) -> list[Step]:
    """Return the town hall's steps in the order of the law (act, executory, signature).

    The order is a guide: the act's dates and the signature may be entered in any order,
    since the law's order is not always the real one (the product warns, never blocks). The
    one to do now is the situation's; what is not done of a file that is over stays undone.
    """
    found = {
        "identity": _identity(convention),
        "act": _act(convention),
        "transmission": _transmission(convention),
        "signature": _signature(convention),
        "copies": _copies(convention, received(convention)),
        "region": _region(convention),
    }
    if convention.act is None or convention.act.is_decision:
        found["report"] = _report(convention)
    now = situation(convention)
    return [_settled(key, step, now) for key, step in found.items()]


def _settled(key: str, step: Step, now: Situation | None) -> Step:
    if step.status == Status.DONE:
        return step
    if now is None or now.now.closes:
        return replace(
            step, status=Status.DROPPED, detail="Non fait.", page="", other_page="", due_on=None
        )
    if now.town_hall and now.town_hall.step == key:
        return replace(step, status=Status.TODO)
    return step if step.status == Status.OTHER_SIDE else replace(step, status=Status.LATER)


def expected_now(found: list[Step]) -> Step | None:
    """Return the step that the town hall does now, None when it only waits."""
    return next((step for step in found if step.status == Status.TODO), None)


def _day(day: datetime.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _identity(convention: Convention) -> Step:
    title = "Vérifier les écoles et vos renseignements"
    if convention.state == State.CORRECTION_REQUESTED:
        detail = "Correction demandée : le rectorat vous répond et vous renvoie la convention."
        return Step(title, Status.OTHER_SIDE, detail)
    is_open = convention.state in TRANSITIONS["request_correction"].targets
    other_page = "convention_correction" if is_open else ""
    other_action = "Demander une correction"
    if convention.party:
        # Correctable until somebody signs.
        page = "convention_identity" if convention.state == State.ACCEPTED else ""
        detail = f"Confirmés le {_day(convention.accepted_on)}."
        return Step(
            title,
            Status.DONE,
            detail,
            page,
            "Modifier mes renseignements",
            other_page=other_page,
            other_action=other_action,
        )
    return Step(
        title,
        Status.TODO,
        "Vérifiez sur une page les écoles, le SIRET, l'adresse et le représentant qui seront "
        "imprimés, et choisissez votre acte : les papiers à signer sont produits aussitôt.",
        "convention_identity",
        "Vérifier",
        convention.campaign.reply_by,
        other_page,
        other_action,
    )


def _act(convention: Convention) -> Step:
    title = "Préparer l'acte qui autorise la signature"
    act = convention.act
    if act and act.withdrawn_on:
        return Step(
            title,
            Status.TODO,
            f"L'acte a été retiré le {_day(act.withdrawn_on)} : il n'autorise plus la signature. "
            "Prenez-en un nouveau ; son PDF à signer sera produit aussitôt.",
            "convention_act",
            "Prendre un nouvel acte",
        )
    if act and not act.is_adopted:
        return _adoption(convention, act)
    if act:
        may_change = can_record_act(convention)
        name = str(act)
        return Step(
            title,
            Status.DONE,
            f"{name[:1].upper()}{name[1:]} du {_day(act.dated_on)}.",
            "convention_act" if may_change else "",
            "Corriger",
            other_page="own_act" if can_adapt_act(convention) else "",
            other_action="Adapter le texte, l'en-tête ou le signataire",
        )
    if not convention.party:
        return Step(
            title,
            Status.LATER,
            f"Décision du {convention.collectivity.executive} ou délibération, à votre choix.",
        )
    return Step(
        title,
        Status.TODO,
        f"Choisissez une décision du {convention.collectivity.executive} ou une délibération : son "
        "projet est produit aussitôt, l'acte à signer dès que vous donnez son numéro et sa date.",
        "convention_act",
        "Préparer l'acte",
        convention.campaign.reply_by,
    )


def _adoption(convention: Convention, act: Act) -> Step:
    """What a draft waits for: its number and its date."""
    lacking = f" Il manque encore : {', '.join(act.missing_facts)}." if act.missing_facts else ""
    planned = f", prévue le {_day(act.planned_on)}" if act.planned_on else ""
    taken = "signature" if act.is_decision else "séance"
    return Step(
        "Prendre l'acte qui autorise la signature",
        Status.TODO,
        f"Le projet de {act.get_kind_display()} est prêt. Après la {taken}{planned}, donnez le "
        f"numéro et la date : l'acte à signer est produit aussitôt.{lacking}",
        "convention_act",
        "Donner le numéro et la date",
        convention.campaign.reply_by,
        other_page="own_act" if can_adapt_act(convention) else "",
        other_action="Adapter le texte, l'en-tête ou le signataire",
    )


def _transmission(convention: Convention) -> Step:
    title = "Déposer l'acte en préfecture et le publier"
    act = convention.adopted_act
    if act is None:
        return Step(title, Status.LATER, "Une fois l'acte signé.")
    if act.withdrawn_on:
        return _after_withdrawal(title, "Une fois le nouvel acte pris.")
    if act.executory_on:
        detail = f"Acte exécutoire depuis le {_day(act.executory_on)}."
        return Step(title, Status.DONE, detail, "convention_dates", "Corriger les dates")
    if act.deposited_on:
        detail = f"Déposé le {_day(act.deposited_on)}. Il reste à le publier."
    elif act.published_on:
        detail = f"Publié le {_day(act.published_on)}. Il reste à le déposer en préfecture."
    else:
        detail = (
            "Faites signer l'acte, transmettez-le à la préfecture et publiez-le : il devient "
            "exécutoire quand les deux sont faits."
        )
    return Step(
        title,
        Status.TODO,
        detail,
        "convention_return",
        "Déposer les papiers signés et donner les dates",
        convention.campaign.reply_by,
        "convention_print",
        "Imprimer et signer",
    )


def _signature(convention: Convention) -> Step:
    title = "Faire signer la convention"
    if convention.state in COLLECTIVITY_SIGNED:
        page = "convention_signature" if convention.state == State.SIGNED_BY_COLLECTIVITY else ""
        detail = f"Signée le {_day(convention.collectivity_signed_on)}."
        return Step(title, Status.DONE, detail, page, "Corriger la date")
    if convention.adopted_act is None or not convention.party:
        return Step(title, Status.LATER, "De préférence une fois l'acte exécutoire.")
    return Step(
        title,
        Status.TODO,
        "Imprimez la convention, faites-la signer, puis enregistrez la date. La loi demande "
        "que l'acte soit exécutoire avant.",
        "convention_return",
        "Déposer les papiers signés et donner les dates",
        convention.campaign.reply_by,
        "convention_print",
        "Imprimer et signer",
    )


def _copies(convention: Convention, pieces: set[str]) -> Step:
    title = "Joindre les copies signées"
    labels = {
        Piece.Kind.ACT_SIGNED: "l'acte",
        Piece.Kind.CONVENTION_SIGNED: "la convention",
    }
    missing = [label for kind, label in labels.items() if kind not in pieces]
    if not missing:
        return Step(title, Status.DONE, "Acte et convention joints.")
    wanted = " et ".join(missing)
    if convention.adopted_act is None or not convention.party:
        return Step(title, Status.LATER, "Un PDF de l'acte et un PDF de la convention.")
    return Step(
        title,
        Status.TODO,
        f"Il manque la copie signée de : {wanted} (PDF).",
        "convention_return",
        "Déposer les papiers signés",
    )


def _region(convention: Convention) -> Step:
    title = "Signature de la région académique"
    if convention.region_signed_on:
        return Step(title, Status.DONE, f"Signée le {_day(convention.region_signed_on)}.")
    return Step(title, Status.OTHER_SIDE, "Le rectorat enregistre la date de sa signature.")


def _report(convention: Convention) -> Step:
    title = "Communiquer la décision au conseil"
    act = convention.act
    if act is None:
        return Step(
            title,
            Status.LATER,
            f"Seulement pour une décision du {convention.collectivity.executive}.",
        )
    if not act.is_adopted:
        return Step(title, Status.LATER, "Une fois la décision prise.")
    if act.withdrawn_on:
        return _after_withdrawal(title, "Une fois la nouvelle décision prise.")
    if act.reported_on:
        detail = f"Communiquée le {_day(act.reported_on)}."
        return Step(title, Status.DONE, detail, "convention_dates", "Corriger les dates")
    return Step(
        title,
        Status.TODO,
        f"Le {convention.collectivity.executive} rend compte de la décision à l'une des prochaines "
        f"réunions du {convention.collectivity.council}.",
        "convention_dates",
        "Enregistrer la date",
        act.report_due_on,
    )


def _after_withdrawal(title: str, detail: str) -> Step:
    """A step of an act that was withdrawn: whose dates may have been mistyped, that one too."""
    return Step(
        title, Status.LATER, detail, "convention_dates", "Corriger les dates de l'acte retiré"
    )
