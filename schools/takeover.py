"""Who pays for a school on a given day: its commune, or the grouping that took it over."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from communes.importing import save_rows
from communes.models import Collectivity, Membership
from law.days import Days
from schools.models import School, Takeover

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

_TAKEN_OVER = "Confiée à un regroupement"
_GIVEN_BACK = "Rendue à sa commune"
# Schools were entrusted before there was an ENT; what is planned is planned a year ahead.
_FIRST_DAY = datetime.date(2000, 1, 1)
_AHEAD = datetime.timedelta(days=366)
_FOLLOWED = "Changement de payeur à sa date"


@dataclass
class TakeoverReport:
    """`left_out` pairs a school with the reason (French) why nothing changes for it."""

    changed: list[School] = field(default_factory=list)
    left_out: list[tuple[School, str]] = field(default_factory=list)


def payer_on(day: datetime.date, path: str = "") -> Coalesce:
    """Return the expression of the pk of the collectivity that pays for a school on `day`.

    `path` leads from the annotated model to its school, empty for School itself. A
    collectivity merged into another is replaced by the one that stands for it today.
    """
    prefix = f"{path}__" if path else ""
    latest = Takeover.objects.filter(school=OuterRef(f"{prefix}pk"), since__lte=day)
    return Coalesce(
        Subquery(
            latest.order_by("-since").values(pk_on_day=Coalesce("payer__merged_into", "payer"))[:1]
        ),
        F(f"{prefix}commune__collectivity__merged_into"),
        F(f"{prefix}commune__collectivity"),
        F(f"{prefix}payer"),
        output_field=BigIntegerField(),
    )


class Paid(TypedDict):
    """What `schools_paid_by` adds to a school."""

    since: datetime.date | None


def schools_paid_by(
    collectivity: Collectivity, day: datetime.date
) -> "QuerySet[WithAnnotations[School, Paid]]":
    """Return the schools that `collectivity` pays for on `day`, each with `since`.

    `since` is the day it took the school over, None for a commune's own.
    """
    latest = Takeover.objects.filter(school=OuterRef("pk"), since__lte=day, payer__isnull=False)
    return (
        School.objects.annotate(payer_then=payer_on(day))
        .filter(payer_then=collectivity.pk)
        .exclude(state=School.State.CLOSED)
        .annotate(
            since=Subquery(latest.filter(payer=collectivity).order_by("-since").values("since")[:1])
        )
        .select_related("commune")
        .order_by("commune__search_text", "uai")
    )


def review(
    schools: QuerySet[School], payer: Collectivity | None, since: datetime.date
) -> TakeoverReport:
    """Tell what `take_over` would do, or with no `payer` `give_back`; nothing is written.

    Only open schools that stand, on `since`, in a member commune can be taken over.
    Raises ValidationError at "payer" for what is not a living EPCI or syndicat, at "since"
    for a day that cannot be.
    """
    today = timezone.localdate()
    if said := Days(_FIRST_DAY, today + _AHEAD).refusal_on(since, today):
        raise ValidationError({"since": said})
    if payer is not None and not payer.is_grouping:
        raise ValidationError(
            {"payer": "Choisissez un EPCI ou un syndicat : une commune paie déjà pour ses écoles."}
        )
    if payer is not None and payer.merged_into_id:
        raise ValidationError(
            {"payer": f"Il est réuni à {payer.merged_into} : choisissez ce dernier."}
        )
    members: set[int] = set()
    if payer is not None:
        of_payer = Membership.objects.filter(collectivity=payer)
        members = set(of_payer.on(since).values_list("commune_id", flat=True))
    report = TakeoverReport()
    found = schools.select_related("commune__department", "commune__collectivity", "payer")
    for school in found.annotate(payer_then=payer_on(since)).order_by("search_text", "uai"):
        reason = _reason(school, school.payer_then, payer, since, members)
        if reason:
            report.left_out.append((school, reason))
        else:
            report.changed.append(school)
    return report


def take_over(
    schools: QuerySet[School], payer: Collectivity, since: datetime.date, *, by: User | None
) -> TakeoverReport:
    """Let `payer` pay for `schools` from `since` on, and say which were left out and why.

    A campaign follows the payer of its first day. `by` signs the history. One
    transaction, a constant number of queries. Raises ValidationError like `review`.
    """
    return _record(schools, payer, since, by, _TAKEN_OVER)


def give_back(
    schools: QuerySet[School], since: datetime.date, *, by: User | None
) -> TakeoverReport:
    """Let the communes pay for `schools` again from `since` on."""
    return _record(schools, None, since, by, _GIVEN_BACK)


@transaction.atomic
def follow_payers(*, by: User | None = None, schools: QuerySet[School] | None = None) -> int:
    """Bring `School.payer` to today's payer, for a takeover due or a merger; return how many."""
    rows = School.objects.all() if schools is None else schools
    due = list(
        rows.annotate(payer_then=payer_on(timezone.localdate())).exclude(payer=F("payer_then"))
    )
    for school in due:
        school.payer_id = school.payer_then
    save_rows(School, [], due, ["payer"], by=by, reason=_FOLLOWED)
    return len(due)


def _reason(
    school: School,
    payer_then: int | None,
    payer: Collectivity | None,
    since: datetime.date,
    members: Collection[int],
) -> str:
    """Why nothing changes for `school`, "" when something does."""
    if payer is None:
        own: Collectivity | None = getattr(school.commune, "collectivity", None)
        unchanged = own and payer_then in (own.pk, own.merged_into_id)
        return "Sa commune paie déjà pour elle à cette date." if unchanged else ""
    if school.state == School.State.CLOSED:
        return "Elle est fermée."
    if school.commune_id not in members:
        return f"{school.commune.name} n'est pas membre de « {payer.name} » au {since:%d/%m/%Y}."
    if payer_then == payer.pk:
        return "Elle est déjà à sa charge à cette date."
    return ""


@transaction.atomic
def _record(
    schools: QuerySet[School],
    payer: Collectivity | None,
    since: datetime.date,
    by: User | None,
    reason: str,
) -> TakeoverReport:
    report = review(schools, payer, since)
    chosen = School.objects.filter(pk__in=[school.pk for school in report.changed])
    known = {row.school_id: row for row in Takeover.objects.filter(school__in=chosen, since=since)}
    created: list[Takeover] = []
    for school in report.changed:
        if row := known.get(school.pk):
            row.payer = payer
        else:
            created.append(Takeover(school=school, payer=payer, since=since))
    save_rows(Takeover, created, list(known.values()), ["payer"], by=by, reason=reason)
    follow_payers(by=by, schools=chosen)
    return report
