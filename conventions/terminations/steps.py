"""Article 11 on the screens: what each step asks for."""

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from conventions.models import Convention
from conventions.terminations.models import (
    Termination,
    give_formal_notice,
    open_termination,
    open_verbs,
    why_not,
)
from lifecycle.errors import TransitionRefused


@dataclass(frozen=True)
class EndingStep:
    """One verb of a `Termination` as a page; `text` names the field it takes beside the date."""

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


def open_steps(convention: Convention, user: User) -> list[EndingStep]:
    """Return the steps that `user` may take today, in the order of article 11."""
    return [_BY_VERB[verb] for verb in open_verbs(convention, user)]


def initial(step: EndingStep, convention: Convention) -> dict[str, Any]:
    """Return what a form shows first: what was recorded, when the step corrects it."""
    termination = open_termination(convention)
    if termination is None or not step.date_field:
        return {}
    values = {"on": getattr(termination, step.date_field)}
    if step.text:
        values[step.text] = getattr(termination, step.text)
    return values


def take(convention: Convention, step: EndingStep, *, by: User, **facts: Any) -> Termination:
    """Take a step and return the procedure. Raises ValidationError as its verb does."""
    termination = open_termination(convention)
    if step.verb == "give_formal_notice":
        return give_formal_notice(convention, by=by, **facts)
    if termination is None:
        raise TransitionRefused(why_not(convention, step.verb, by))
    getattr(termination, step.verb)(by=by, **facts)
    return termination
