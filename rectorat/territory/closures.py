"""Closures of schools that an import proposed: confirmed or put aside, as jobs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from accounts.models import User
from conventions.enrolment import touched
from jobs.actions import Outcome, one_by_one
from rectorat.lists.asking import ListAction
from schools import closures
from schools.models import School

_NOT_PROPOSED = "Aucune fermeture n'est proposée pour cette école."
# One transaction: a few queries each.
_AT_ONCE = 20


def _confirm(key: int, by: User, facts: Mapping[str, Any]) -> Outcome:
    """Close a school; what is to be known is where it is still to be taken out."""
    school = School.objects.filter(pk=key)
    if not closures.confirm_closures(school, by=by):
        return Outcome(left_out=_NOT_PROPOSED)
    return Outcome(remark=" ".join(map(_in_words, touched.by_closures(_codes(school)))))


def _keep_open(key: int, by: User, facts: Mapping[str, Any]) -> Outcome:
    kept = closures.keep_open(School.objects.filter(pk=key), by=by)
    return Outcome(left_out="" if kept else _NOT_PROPOSED)


def _codes(schools: Iterable[School]) -> list[str]:
    return [school.uai for school in schools]


def _in_words(line: touched.Touched) -> str:
    where = line.convention.reference if line.convention else "Dans aucune convention"
    return f"{where} : {line.act[0].lower()}{line.act[1:]}."


def _names(keys: Sequence[int]) -> dict[int, str]:
    found = School.objects.filter(pk__in=keys).order_by()
    rows = found.values_list("pk", "name", "uai", "commune__name")
    return {key: f"{name} ({uai}), {commune}" for key, name, uai, commune in rows}


def _action(label: str, done: str, explanation: str, do: Any, **how: Any) -> ListAction:
    return ListAction(
        label=label,
        done=done,
        explanation=explanation,
        permission="schools.change_school",
        do=one_by_one(do),
        at_once=_AT_ONCE,
        is_atomic=True,
        names=_names,
        page="admin:schools_school_change",
        visible=lambda user: School.objects.filter(user.department_scope("commune__department")),
        rows=lambda chosen: chosen.select_related("commune__department"),
        refusal=lambda school: "" if school.closure_proposed_on else _NOT_PROPOSED,
        **how,
    )


ACTIONS = {
    "confirm_closures": _action(
        "Confirmer la fermeture proposée",
        "Écoles fermées",
        "Ces écoles seront fermées : aucune ne pourra plus être inscrite à une campagne. Rien n'est "
        "supprimé.",
        _confirm,
        touched=lambda schools: touched.by_closures(_codes(schools)),
    ),
    "keep_open": _action(
        "Garder ouverte malgré la proposition",
        "Écoles gardées ouvertes",
        "La proposition de fermeture sera écartée. Une école qui manque encore au prochain fichier "
        "complet sera proposée de nouveau.",
        _keep_open,
    ),
}
