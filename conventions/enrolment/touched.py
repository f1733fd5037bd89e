"""The living files that an event of the territory touches, each with the act to take there.

For whoever confirms a closure or imports an official file: before it is done, and after.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from conventions.lifecycle import REWORKABLE, State
from conventions.models import Convention, Enrolment, ended_before

_FILE = "admin:conventions_convention_change"
_OVER = (State.ABANDONED, State.TERMINATED)
# Confirmed or not, nobody has signed: it can still go back to the rectorat.
_RETURNABLE = (State.SENT, State.ACCEPTED)


@dataclass(frozen=True)
class Touched:
    """`what` happened to is in a living file, where `act` (in words) is to be taken.

    `page` and `key` name the address of the admin site where it is; `convention` is None for
    a school in no file yet.
    """

    what: str
    convention: Convention | None
    act: str
    page: str
    key: int


def by_closures(schools: Iterable[str]) -> list[Touched]:
    """Return what the closure of `schools` (their UAI codes) touches."""
    return [_leaving(enrolment) for enrolment in _living(schools)]


def by_new_payers(schools: Iterable[str]) -> list[Touched]:
    """Return what another payer of `schools` (their UAI codes) touches."""
    return [
        Touched(
            str(enrolment),
            enrolment.convention,
            "Préparez de nouveau : l'école ira dans la convention de son nouveau payeur",
            "admin:campaigns_campaign_prepare",
            enrolment.campaign_id,
        )
        if not enrolment.added_by and _is_reworkable(enrolment)
        else _leaving(enrolment)
        for enrolment in _living(schools)
    ]


def by_new_names(schools: Iterable[str]) -> list[Touched]:
    """Return the files that may still print the new name or commune of `schools`.

    What is not sent follows by itself; what somebody signed keeps what it prints.
    """
    return [
        Touched(
            str(enrolment),
            enrolment.convention,
            "Demandez une correction, préparez de nouveau, puis renvoyez le dossier",
            _FILE,
            enrolment.convention.pk,
        )
        for enrolment in _living(schools)
        if enrolment.convention and enrolment.convention.state in _RETURNABLE
    ]


def by_mergers(collectivities: Iterable[str]) -> list[Touched]:
    """Return the files of `collectivities` (their codes) that were merged into another."""
    found = Convention.objects.filter(
        ~ended_before(timezone.localdate()), collectivity__code__in=collectivities
    )
    living = found.exclude(state__in=_OVER).select_related("campaign", "collectivity")
    return [_merged(convention) for convention in living.order_by("campaign", "collectivity__code")]


def _living(schools: Iterable[str]) -> Iterable[Enrolment]:
    today: datetime.date = timezone.localdate()
    found = Enrolment.objects.enrolled().filter(school__uai__in=schools)
    return (
        found.filter(campaign__ends_on__gte=today)
        .exclude(convention__state__in=_OVER)
        .select_related("campaign", "convention", "added_by__convention")
        .order_by("campaign", "uai")
    )


def _is_reworkable(enrolment: Enrolment) -> bool:
    return enrolment.convention is None or enrolment.convention.state in REWORKABLE


def _leaving(enrolment: Enrolment) -> Touched:
    """How a school leaves its file, by where that one stands."""
    convention = enrolment.convention
    if convention is None and enrolment.added_by:
        amended = enrolment.added_by.convention
        act = "Abandonnez l'avenant qui l'ajoute, ou n'y laissez que les autres écoles"
        return Touched(str(enrolment), amended, act, _FILE, amended.pk)
    if convention is None or convention.state in REWORKABLE:
        page = "admin:conventions_enrolment_withdraw"
        return Touched(str(enrolment), convention, "Retirez-la avant l'envoi", page, enrolment.pk)
    if convention.state == State.SIGNED:
        act, page = "Préparez un avenant qui la retire", "admin:conventions_convention_amend"
    elif convention.state in _RETURNABLE:
        act, page = "Demandez une correction, retirez-la, puis renvoyez le dossier", _FILE
    else:
        act = "Préparez un avenant quand les deux parties auront signé, ou abandonnez le dossier"
        page = _FILE
    return Touched(str(enrolment), convention, act, page, convention.pk)


def _merged(convention: Convention) -> Touched:
    page, key = _FILE, convention.pk
    if convention.state in REWORKABLE:
        act = "Préparez de nouveau : ses écoles iront dans la convention de qui lui succède"
        page, key = "admin:campaigns_campaign_prepare", convention.campaign_id
    elif convention.state == State.SIGNED:
        act = "Rien à faire : qui lui succède est tenu par la convention jusqu'à sa fin"
    else:
        act = "Reprenez le dossier : celui qui suit sera au nom de qui lui succède"
    return Touched(str(convention.collectivity), convention, act, page, key)
