"""Taking last year's schools over into a new campaign; whatever changed is an agent's decision."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.scope import within_scope
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.enrolment.enrolling import EnrolmentReport, enrol_codes
from conventions.lifecycle import COLLECTIVITY_SIGNED, State
from conventions.models import Enrolment
from schools.models import School
from schools.takeover import payer_on

_CHUNK = 1000
_PAYER = ("name", "merged_on", "merged_into__name")
# What is compared of last year's enrolment, its school, its convention, and no more.
_READ = (
    *("campaign", "school", "convention"),
    *("name", "commune_name", "department_code", "released_on"),
    *("school__uai", "school__name", "school__state", "school__closure_proposed_on"),
    *("school__commune__name", "school__commune__department__code"),
    *(f"school__commune__collectivity__{field}" for field in _PAYER),
    "convention__state",
    *(f"convention__collectivity__{field}" for field in _PAYER),
)


class Change(models.TextChoices):
    """Why a school is not simply carried over, the weightiest first."""

    CLOSED = "closed", "École fermée"
    TO_CLOSE = "to_close", "École à fermer"
    CLOSURE_PROPOSED = "closure_proposed", "Fermeture proposée"
    ABANDONED = "abandoned", "Convention abandonnée"
    TERMINATED = "terminated", "Convention résiliée"
    MERGED = "merged", "Commune réunie à une autre"
    PAYER = "payer", "Autre collectivité qui paie"
    MOVED = "moved", "Autre commune"
    RENAMED = "renamed", "Autre nom"
    UNPREPARED = "unprepared", "Convention jamais préparée"
    UNSIGNED = "unsigned", "Convention jamais signée"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A school of last year: its key, what it is now, who pays, and what changed, in French.

    No more than that, since there are as many as schools in the country.
    """

    pk: int
    uai: str
    name: str
    commune: str
    payer: str
    reasons: dict[Change, str]
    was_released: bool

    @property
    def change(self) -> Change:
        """The weightiest reason, under which an agent finds it."""
        return min(self.reasons, key=list(Change).index)

    @property
    def may_enrol(self) -> bool:
        return Change.CLOSED not in self.reasons


@dataclass
class Renewal:
    campaign: Campaign
    previous: Campaign
    unchanged: list[Candidate] = field(default_factory=list)
    flagged: list[Candidate] = field(default_factory=list)
    already: int = 0

    @property
    def tally(self) -> list[tuple[Change, int]]:
        """How many schools to decide about under each change; none of those without any."""
        counts = Counter(candidate.change for candidate in self.flagged)
        return [(change, counts[change]) for change in Change if counts[change]]

    def chosen(self, decisions: Collection[int]) -> list[Candidate]:
        """The unchanged schools, and of those to decide about the ones whose pk is decided for."""
        decided = [c for c in self.flagged if c.may_enrol and c.pk in decisions]
        return self.unchanged + decided

    def flagged_for(self, change: str | None) -> list[Candidate]:
        """The schools to decide about, all or those found under one change."""
        return [c for c in self.flagged if change is None or c.change == change]


def propose(
    campaign: Campaign,
    previous: Campaign,
    user: User | None = None,
    schools: Sequence[int] | None = None,
) -> Renewal:
    """Compare the schools enrolled in `previous` with what is known of them today.

    A school withdrawn last year is left out; one whose convention was abandoned is shown.
    `user` sees the schools whose payer of the new campaign's first day stands in their
    scope; `schools` (their pks) are looked at instead of all. A constant number of queries.
    """
    renewal = Renewal(campaign, previous)
    enrolled = set(campaign.enrolments.enrolled().values_list("school_id", flat=True))
    names = dict(Collectivity.objects.order_by().values_list("pk", "name"))
    already: set[int] = set()
    found: dict[int, Candidate] = {}
    for last in _last_enrolments(campaign, previous, user, schools):
        school = last.enrolment.school
        if school.pk in enrolled:
            already.add(school.pk)
            continue
        # The enrolment in force, else the last whose convention was abandoned.
        if (known := found.get(school.pk)) and not known.was_released:
            continue
        reasons = {
            **_changes_of_school(last.enrolment, previous),
            **_changes_of_payer(last, campaign, previous, names),
            **_fate_of_convention(last.enrolment, previous),
        }
        found[school.pk] = Candidate(
            pk=school.pk,
            uai=school.uai,
            name=school.name,
            commune=school.commune.name,
            payer=names[last.payer_then],
            reasons=reasons,
            was_released=last.enrolment.released_on is not None,
        )
    for candidate in found.values():
        (renewal.flagged if candidate.reasons else renewal.unchanged).append(candidate)
    renewal.already = len(already)
    return renewal


def renew(
    campaign: Campaign,
    previous: Campaign,
    decisions: Collection[int],
    *,
    by: User | None,
    schools: Sequence[int] | None = None,
) -> tuple[Renewal, EnrolmentReport]:
    """Enrol the unchanged schools of `previous`, and of the others those decided for.

    `decisions` holds the pks of schools; what changed since it was shown to the agent
    waits for a decision of its own. `schools`: these only. Returns what was found of each, and
    what became of those chosen. Raises TransitionRefused when the campaign is over.
    """
    proposal = propose(campaign, previous, by, schools)
    codes = [(0, candidate.uai) for candidate in proposal.chosen(decisions)]
    origin = f" (campagne de {previous.school_year})"
    return proposal, enrol_codes(campaign, codes, by=by, origin=origin)


@dataclass(frozen=True)
class _Last:
    """Last year's enrolment of a school, with the keys of who paid then and who pays now."""

    enrolment: Enrolment
    payer_before: int
    payer_then: int


def _last_enrolments(
    campaign: Campaign, previous: Campaign, user: User | None, schools: Sequence[int] | None
) -> Iterator[_Last]:
    """Last year's enrolments, those of abandoned conventions included, as they are read."""
    enrolments = previous.enrolments.filter(
        Q(released_on__isnull=True) | Q(convention__state=State.ABANDONED)
    ).annotate(
        payer_then=payer_on(campaign.starts_on, "school"),
        payer_before=payer_on(previous.starts_on, "school"),
    )
    if user is not None:
        enrolments = enrolments.filter(within_scope(user, "payer_then"))
    if schools is not None:
        enrolments = enrolments.filter(school__in=schools)
    enrolments = enrolments.select_related(
        "school__commune__department",
        "school__commune__collectivity__merged_into",
        "convention__collectivity__merged_into",
    )
    rows = enrolments.only(*_READ).order_by("department_code", "commune_name", "uai", "pk")
    for row in rows.iterator(chunk_size=_CHUNK):
        yield _Last(row, row.payer_before, row.payer_then)


# --- What changed for a school since last year, the reason for each change in French ---
def _changes_of_school(enrolment: Enrolment, previous: Campaign) -> dict[Change, str]:
    school, year = enrolment.school, previous.school_year
    found = {}
    if school.state == School.State.CLOSED:
        found[Change.CLOSED] = "Elle est fermée : elle ne peut plus être inscrite."
    elif school.state == School.State.TO_CLOSE:
        found[Change.TO_CLOSE] = "L'annuaire annonce sa fermeture."
    if school.closure_proposed_on:
        found[Change.CLOSURE_PROPOSED] = (
            f"Absente du fichier du {school.closure_proposed_on:%d/%m/%Y} : confirmez sa "
            "fermeture ou écartez-la."
        )
    if enrolment.name != school.name:
        found[Change.RENAMED] = (
            f"En {year} : « {enrolment.name} » ; aujourd'hui : « {school.name} »."
        )
    commune = school.commune
    if (enrolment.commune_name, enrolment.department_code) != (
        commune.name,
        commune.department.code,
    ):
        found[Change.MOVED] = (
            f"En {year} : {enrolment.commune_name} ({enrolment.department_code}) ; aujourd'hui : "
            f"{commune.name} ({commune.department.code})."
        )
    return found


def _changes_of_payer(
    last: _Last, campaign: Campaign, previous: Campaign, names: dict[int, str]
) -> dict[Change, str]:
    enrolment = last.enrolment
    convention = enrolment.convention
    before = convention.collectivity_id if convention else last.payer_before
    found = {}
    for merged in _collectivities(enrolment):
        heir, since = merged.merged_into, merged.merged_on
        if heir and (merged.pk == before or (since and since >= previous.starts_on)):
            found[Change.MERGED] = f"« {merged.name} » est réunie à « {heir.name} »."
            if merged.pk == before:
                before = heir.pk
    if before != last.payer_then:
        found[Change.PAYER] = (
            f"En {previous.school_year} : « {names[before]} » ; au {campaign.starts_on:%d/%m/%Y} : "
            f"« {names[last.payer_then]} »."
        )
    return found


def _collectivities(enrolment: Enrolment) -> Iterator[Collectivity]:
    """The collectivity of last year's convention, then the school's commune's own."""
    if enrolment.convention:
        yield enrolment.convention.collectivity
    own: Collectivity | None = getattr(enrolment.school.commune, "collectivity", None)
    if own and not (enrolment.convention and own.pk == enrolment.convention.collectivity_id):
        yield own


def _fate_of_convention(enrolment: Enrolment, previous: Campaign) -> dict[Change, str]:
    year, convention = previous.school_year, enrolment.convention
    if convention is None:
        return {Change.UNPREPARED: f"Inscrite en {year}, mais sans convention."}
    if convention.state == State.ABANDONED:
        return {Change.ABANDONED: f"Sa convention de {year} a été abandonnée."}
    if convention.state == State.TERMINATED:
        return {Change.TERMINATED: f"Sa convention de {year} a été résiliée."}
    if convention.state not in COLLECTIVITY_SIGNED:
        return {
            Change.UNSIGNED: f"La collectivité n'a pas signé en {year} (état de la convention : "
            f"{convention.get_state_display()})."
        }
    return {}
