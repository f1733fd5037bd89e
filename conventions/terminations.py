"""Article 11 on the screens: what each step asks for, and where a procedure stands."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # E-mails, which conventions send, say where a procedure stands.
    from conventions.models import Convention, Termination


@dataclass(frozen=True)
class EndingStep:
    """One verb of `models.ending` as a page; `text` names the field it takes beside the date."""

    slug: str
    verb: str
    label: str
    intro: str
    done: str
    date_label: str
    text: str = ""
    text_label: str = ""
    # What is copied back into the form when the step is done again.
    date_field: str = ""


STEPS = {
    step.slug: step
    for step in (
        EndingStep(
            "mise-en-demeure",
            "give_formal_notice",
            label="Mettre en demeure",
            intro="La mise en demeure ouvre la procédure de l'article 11 : une lettre recommandée "
            "avec accusé de réception expose les griefs. Enregistrez-la le jour de son envoi ; "
            "la lettre est produite en PDF.",
            done="La mise en demeure est enregistrée. La lettre est dans les documents du dossier.",
            date_label="Date de la lettre recommandée",
            text="grievances",
            text_label="Griefs exposés dans la lettre",
            date_field="notice_on",
        ),
        EndingStep(
            "conciliation",
            "record_conciliation",
            label="Enregistrer la conciliation",
            intro="Une conciliation se tient dans le mois qui suit la mise en demeure. Enregistrez "
            "la date de la réunion.",
            done="La conciliation est enregistrée.",
            date_label="Date de la réunion",
            date_field="conciliation_on",
        ),
        EndingStep(
            "accord",
            "record_settlement",
            label="Enregistrer un accord",
            intro="Un accord met fin à la procédure : la convention continue.",
            done="L'accord est enregistré. La procédure est close, la convention continue.",
            date_label="Date de l'accord",
        ),
        EndingStep(
            "seconde-lettre",
            "send_second_letter",
            label="Enregistrer la seconde lettre",
            intro="Si la conciliation échoue, une seconde lettre recommandée énonce les motifs de "
            "la résiliation, qui intervient quinze jours après son envoi. La lettre est produite "
            "en PDF.",
            done="La seconde lettre est enregistrée. Elle est dans les documents du dossier.",
            date_label="Date de la seconde lettre recommandée",
            text="reasons",
            text_label="Motifs de la résiliation",
            date_field="second_letter_on",
        ),
        EndingStep(
            "resiliation",
            "terminate",
            label="Enregistrer la résiliation",
            intro="La résiliation est définitive. Les sommes versées ne sont pas remboursées et la "
            "participation de l'année reste due.",
            done="La convention est résiliée.",
            date_label="Date de la résiliation",
        ),
    )
}
_BY_VERB = {step.verb: step for step in STEPS.values()}


def open_steps(convention: Convention, role: str) -> list[EndingStep]:
    """Return the steps that `role` may take today, in the order of article 11."""
    return [_BY_VERB[verb] for verb in convention.ending_verbs(role)]


def initial(step: EndingStep, termination: Termination | None) -> dict:
    """Return what a form shows first: what was recorded, when the step corrects it."""
    if termination is None or not step.date_field:
        return {}
    values = {"on": getattr(termination, step.date_field)}
    if step.text:
        values[step.text] = getattr(termination, step.text)
    return values


@dataclass(frozen=True)
class Standing:
    """Where a procedure stands, in a sentence, and the next deadline: what, and when."""

    text: str
    deadline: str = ""
    on: datetime.date | None = None


def standing(termination: Termination) -> Standing:
    """Return where a procedure stands."""
    if termination.terminated_on:
        return Standing(
            f"Convention résiliée le {_day(termination.terminated_on)}. La participation de "
            "l'année reste due.",
            "Un accord amiable se cherche, avant de saisir le tribunal, jusqu'au",
            termination.amicable_until,
        )
    if termination.settled_on:
        return Standing(
            f"Un accord a été trouvé le {_day(termination.settled_on)} : la procédure est close, "
            "la convention continue."
        )
    if termination.second_letter_on:
        return Standing(
            f"La seconde lettre recommandée est du {_day(termination.second_letter_on)}.",
            "La résiliation intervient le",
            termination.terminates_on,
        )
    if termination.conciliation_on:
        return Standing(
            f"La conciliation s'est tenue le {_day(termination.conciliation_on)}. Enregistrez "
            "l'accord ou, si elle a échoué, la seconde lettre.",
        )
    return Standing(
        f"Mise en demeure du {_day(termination.notice_on)}, par la "
        f"{termination.get_side_display()}.",
        "Conciliation à tenir au plus tard le",
        termination.conciliation_by,
    )


def _day(day: datetime.date) -> str:
    return f"{day:%d/%m/%Y}"
