"""Article 11 on the screens: what each step asks for."""

import datetime
from dataclasses import dataclass, replace
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
from law import deadlines
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
    text_help: str = "Imprimé tel quel dans la lettre ; une ligne vide sépare deux paragraphes."
    # What is copied back into the form when the step is done again.
    date_field: str = ""
    # What it starts is shown first, and asked about.
    is_confirmed: bool = False

    @property
    def is_letter(self) -> bool:
        """Tell whether a letter is printed of it, which names who signs."""
        return self.text in ("grievances", "reasons")


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
            is_confirmed=True,
        ),
        EndingStep(
            "retrait",
            "withdraw_notice",
            label="Retirer la mise en demeure",
            intro="Le retrait met fin à la procédure : la convention continue. L'autre partie est "
            "prévenue par courriel, avec le motif au dossier ; la lettre y reste.",
            done="La mise en demeure est retirée. La procédure est close, la convention continue.",
            date_label="Date du retrait",
            text="comment",
            text_label="Motif du retrait",
            text_help="Inscrit à l'historique du dossier, que les deux parties lisent.",
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
_NOTICE = STEPS["mise-en-demeure"]
_CORRECTION = replace(
    _NOTICE,
    label="Corriger la mise en demeure",
    intro="La mise en demeure est enregistrée. Corrigez ici sa date ou ses griefs, avant l'étape "
    "suivante ; une nouvelle lettre est produite en PDF. Donnée à tort, elle se retire.",
    is_confirmed=False,
)


@dataclass(frozen=True)
class Consequences:
    """What a formal notice of a day starts: what each party may do, and from when."""

    conciliation_by: datetime.date
    second_letter_from: datetime.date
    terminates_from: datetime.date


def consequences_of(notice_on: datetime.date) -> Consequences:
    """Return what follows a notice of `notice_on` when no conciliation is held (article 11)."""
    last = deadlines.end_of_conciliation(notice_on)
    letter = last + datetime.timedelta(days=1)
    return Consequences(last, letter, deadlines.termination_on(letter))


def step_of(convention: Convention, slug: str) -> EndingStep | None:
    """Return a step as `convention` stands, None for no step: a notice given is corrected."""
    step = STEPS.get(slug)
    return _CORRECTION if step is _NOTICE and open_termination(convention) else step


def open_steps(convention: Convention, user: User) -> list[EndingStep]:
    """Return the steps that `user` may take today, in the order of article 11."""
    slugs = {step.verb: slug for slug, step in STEPS.items()}
    steps = [step_of(convention, slugs[verb]) for verb in open_verbs(convention, user)]
    return [step for step in steps if step]


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
