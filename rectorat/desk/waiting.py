"""What waits for an agent today: counts, each of which opens the list that it counts.

A file's lines read the rules and the facts that its list filters by
(`conventions.situations`); the other lines count what their list would show.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.db.models import (
    Count,
    F,
    IntegerField,
    Min,
    Prefetch,
    Q,
    QuerySet,
    Value,
    prefetch_related_objects,
)
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.scope import departments_of
from communes.contacts.mayors import pending_keys
from communes.contacts.models import ProposedMayor
from communes.models import Department
from conventions.campaigns.models import Campaign
from conventions.exchanges.models import Side
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from conventions.piles.models import Pile, Sheaf
from conventions.situations import facts
from conventions.situations.expectations import RULES
from conventions.situations.facts import Fact
from conventions.situations.situation import with_expected
from conventions.situations.warnings import TERRITORY
from figures.kept import of_departments
from jobs import running
from jobs.heartbeat import SILENCE, Silence, silence
from jobs.models import Job
from rectorat.boards.board import Tally
from schools.models import School

# A campaign (none for a fact) and its state, the state of files, a key, how many.
_Row = tuple[Any, ...]
_OPEN = Q(campaign__state=Campaign.State.OPEN)
_UNDER_WAY = (Campaign.State.PREPARATION, Campaign.State.OPEN)


@dataclass(frozen=True)
class Words:
    """A line in words, for one and for many; `everywhere`: of campaigns that are over too."""

    one: str
    many: str
    everywhere: bool = False

    def about(self, count: int) -> str:
        return self.one if count < 2 else self.many


@dataclass(frozen=True)
class Line:
    """Something that waits: how much of it, in words, and the address of its list."""

    key: str
    count: int
    words: str
    url: str


@dataclass
class CampaignStanding:
    """Where the living conventions of an open campaign stand."""

    campaign: Campaign
    tally: Tally


@dataclass
class Desk:
    """`yours`: what only an agent does; `watched`: what does not go as it should.

    `silence`: what waits without a worker, which the page says above all.
    """

    yours: list[Line]
    watched: list[Line]
    silence: Silence | None
    campaigns: list[CampaignStanding]
    departments: list[Department]
    is_mine: bool


# What a rule asks of the rectorat (`expectations.RULES`), as a line.
BY_RULE = {
    "to_answer": Words("demande de correction à traiter", "demandes de correction à traiter"),
    "to_prepare_again": Words(
        "convention à préparer de nouveau", "conventions à préparer de nouveau"
    ),
    "to_send": Words("convention à relire et à envoyer", "conventions à relire et à envoyer"),
    "to_sign_for_region": Words(
        "convention à signer par la région", "conventions à signer par la région"
    ),
    "to_send_amendment": Words("avenant à envoyer", "avenants à envoyer", everywhere=True),
    "to_sign_amendment_for_region": Words(
        "avenant à signer par la région", "avenants à signer par la région", everywhere=True
    ),
    "ending_by_region": Words(
        "résiliation à poursuivre", "résiliations à poursuivre", everywhere=True
    ),
    "overrun": Words(
        "dossier d'une année passée, sans les deux signatures",
        "dossiers d'une année passée, sans les deux signatures",
        everywhere=True,
    ),
}
# Facts, the filter that shows them, and their line: to be done, then to be watched.
TO_DO: tuple[tuple[Fact, str, Words], ...] = (
    (
        facts.UNANSWERED,
        "exchanges=unanswered",
        Words("message sans réponse", "messages sans réponse", everywhere=True),
    ),
    (
        facts.TO_RECORD,
        "copies=to_record",
        Words("copie signée reçue, à enregistrer", "copies signées reçues, à enregistrer"),
    ),
)
TO_WATCH: tuple[tuple[Fact, str, Words], ...] = (
    (
        facts.ENDING_SOON,
        "ending=ending_soon",
        Words(
            "résiliation dont l'échéance approche",
            "résiliations dont l'échéance approche",
            everywhere=True,
        ),
    ),
    (facts.LATE, "late=yes", Words("dossier en retard", "dossiers en retard")),
    (
        facts.UNREACHABLE,
        "reach=unreachable",
        Words("dossier qui n'atteint personne", "dossiers qui n'atteignent personne"),
    ),
    (
        facts.MAIL_FAILED,
        "exchanges=mail_failed",
        Words(
            "dossier dont un courriel n'est pas parti", "dossiers dont un courriel n'est pas parti"
        ),
    ),
    (
        facts.ON_THE_GROUND,
        urlencode({"warning": ",".join(warning.key for warning in TERRITORY)}),
        Words(
            "dossier touché par un changement sur le terrain",
            "dossiers touchés par un changement sur le terrain",
        ),
    ),
    (
        facts.OUTDATED,
        "papers=outdated",
        Words(
            "dossier dont un document n'est plus à jour",
            "dossiers dont un document n'est plus à jour",
        ),
    ),
)

# What no file tells: the list that each opens, with its filter.
OF_THE_REST = {
    "piles": (
        "piles_pile_changelist",
        {"waiting": "yes"},
        Words("pile de documents numérisés à vérifier", "piles de documents numérisés à vérifier"),
    ),
    "closures": (
        "schools_school_changelist",
        {"fermeture": "oui"},
        Words("fermeture d'école proposée", "fermetures d'écoles proposées"),
    ),
    "mayors": (
        "contacts_proposedmayor_changelist",
        {},
        Words(
            "maire proposé, à appliquer ou à écarter", "maires proposés, à appliquer ou à écarter"
        ),
    ),
}


def build_desk(user: User, *, is_mine: bool) -> Desk:
    """Return what waits for `user` in their départements; their own files only if `is_mine`.

    A constant number of queries, whatever the files.
    """
    # Read once: every scope asks for them.
    departments = Department.objects.select_related("academy")
    prefetch_related_objects([user], Prefetch("departments", departments))
    standing = _Standing(_mine(user) if is_mine else _kept(user))
    no_worker = silence()
    of_files = dict(_of_files(standing, is_mine=is_mine))
    yours, watched = of_files["yours"], of_files["watched"]
    if not is_mine:
        papers, *others = _of_the_rest(user)
        yours = [*yours, papers]
        watched = [*watched, *others, *_of_jobs(user, no_worker)]
    return Desk(
        yours=[line for line in yours if line.count],
        watched=[line for line in watched if line.count],
        silence=no_worker,
        campaigns=standing.campaigns(),
        departments=list(user.departments.all()),
        is_mine=is_mine,
    )


def _mine(user: User) -> Iterator[list[_Row]]:
    """Count the files given to an agent: few, and by no mark of a département."""
    conventions = Convention.objects.for_user(user).filter(assignment__agent=user)
    yield [tuple(row) for _, *row in _counted(conventions)]


def _kept(user: User) -> Iterator[list[_Row]]:
    for _, rows in of_departments("desk", departments_of(user), _by_department):
        yield rows


class _Standing:
    """The files by campaign, state and what they wait for, and those of which a fact is so.

    Of each: the campaign and its state, that of the files, a rule's key, how many; of a fact,
    its key and how many.
    """

    def __init__(self, found: Iterable[Iterable[_Row]]) -> None:
        self.rows = [row for rows in found for row in rows]

    def expected(self) -> dict[str, int]:
        """How many wait by each rule of the rectorat, of the campaigns that its line tells of."""
        counted = dict.fromkeys(BY_RULE, 0)
        for campaign, campaign_state, _, key, count in self.rows:
            words = BY_RULE.get(key) if campaign else None
            if words and (words.everywhere or campaign_state == Campaign.State.OPEN):
                counted[key] += count
        return counted

    def facts(self) -> Counter[str]:
        """Of how many files each fact is so."""
        counted: Counter[str] = Counter()
        for campaign, _, _, key, count in self.rows:
            if not campaign:
                counted[key] += count
        return counted

    def campaigns(self) -> list[CampaignStanding]:
        """Every campaign that is begun or open, with where its conventions stand."""
        every = list(Campaign.objects.all())
        standings = {}
        for campaign, previous in zip_longest(every, every[1:]):
            campaign.previous = previous  # The newest first: a page asks for it of each.
            if campaign.state in _UNDER_WAY:
                standings[campaign.pk] = CampaignStanding(campaign, Tally())
        for key, _, state, _, count in self.rows:
            if key in standings:
                standings[key].tally.by_state[state] += count
        return list(standings.values())


def _by_department(departments: list[int]) -> dict[int, list[_Row]]:
    found: dict[int, list[_Row]] = defaultdict(list)
    conventions = Convention.objects.filter(collectivity__department__in=departments)
    for department, *row in _counted(conventions):
        found[department].append(tuple(row))
    return found


def _counted(conventions: ConventionQuerySet) -> QuerySet[Any, Any]:
    """Count by département, in one query: what `_Standing` reads."""
    under_way = conventions.filter(campaign__state__in=_UNDER_WAY)
    # Of years that are over, what may wait for the rectorat alone: they only become more.
    over = conventions.exclude(campaign__state__in=_UNDER_WAY).filter(_of_any_campaign())
    today = timezone.localdate()
    facts_found = (
        conventions.filter(fact.condition(today), Q() if words.everywhere else _OPEN)
        .order_by()
        .values_list(
            F("collectivity__department"),
            Value(None, IntegerField()),
            Value(""),
            Value(""),
            Value(fact.key),
        )
        .annotate(Count("pk"))
        for fact, _, words in (*TO_DO, *TO_WATCH)
    )
    return _expected(under_way).union(_expected(over), *facts_found, all=True)


def _expected(conventions: ConventionQuerySet) -> QuerySet[Any, Any]:
    rows = with_expected(conventions.order_by()).values_list(
        F("collectivity__department"),
        F("campaign"),
        F("campaign__state"),
        F("state"),
        F("expected"),
    )
    return rows.annotate(Count("pk"))


def _of_any_campaign() -> Q:
    """What is so of the files that wait by a rule told of campaigns that are over, too."""
    today = timezone.localdate()
    everywhere = (rule for rule in RULES if rule.key in BY_RULE and BY_RULE[rule.key].everywhere)
    return reduce(or_, (rule.condition(today) for rule in everywhere))


def _list(query: str, words: Words, *, is_mine: bool) -> str:
    """Return the address of the list of conventions that a line counts."""
    campaign = "all" if words.everywhere else "open"
    mine = "&agent=me" if is_mine else ""
    address = reverse("admin:conventions_convention_changelist")
    return f"{address}?{query}&campaign={campaign}{mine}"


def _of_files(standing: _Standing, *, is_mine: bool) -> Iterator[tuple[str, list[Line]]]:
    def line(key: str, count: int, query: str, words: Words) -> Line:
        return Line(key, count, words.about(count), _list(query, words, is_mine=is_mine))

    expected, found = standing.expected(), standing.facts()
    by_rule = [
        line(rule.key, expected[rule.key], f"expected={rule.key}", BY_RULE[rule.key])
        for rule in RULES
        if rule.of == Side.RECTORAT
    ]
    to_do = [line(fact.key, found[fact.key], query, words) for fact, query, words in TO_DO]
    to_watch = [line(fact.key, found[fact.key], query, words) for fact, query, words in TO_WATCH]
    yield "yours", [*by_rule, *to_do]
    yield "watched", to_watch


def _of_the_rest(user: User) -> list[Line]:
    """Piles with sheaves to confirm; closures of schools and mayors that are proposed."""
    own = Q(by=user) if user.limited_to_departments else Q()
    waiting = Sheaf.objects.filter(state=Sheaf.State.WAITING).order_by()
    found = _count_each(
        piles=Pile.objects.filter(own, pk__in=waiting.values("pile")),
        closures=School.objects.filter(
            user.department_scope("commune__department"), closure_proposed_on__isnull=False
        ),
    )
    in_scope = user.department_scope("collectivity__department")
    found["mayors"] = len(pending_keys(ProposedMayor.objects.filter(in_scope)))
    return [
        Line(key, found[key], words.about(found[key]), reverse(f"admin:{page}", query=query))
        for key, (page, query, words) in OF_THE_REST.items()
    ]


def _count_each(**rows: QuerySet[Any]) -> dict[str, int]:
    """Count the rows of several tables in one query."""
    first, *others = (
        some.order_by().values_list(Value(name)).annotate(Count("pk"))
        for name, some in rows.items()
    )
    # What has no row is not told.
    return dict.fromkeys(rows, 0) | dict(first.union(*others, all=True))


def _of_jobs(user: User, no_worker: Silence | None) -> Iterator[Line]:
    """Jobs that failed, or are not done."""
    own = Q(by=user) if user.limited_to_departments else Q()
    states = (Job.State.QUEUED, Job.State.RUNNING)
    under_way = Q(state__in=states)
    found = Job.objects.filter(own).aggregate(
        failed=Count("pk", filter=Q(pk__in=running.failed().values("pk"))),
        unfinished=Count("pk", filter=under_way),
        since=Min("created_at", filter=under_way),
    )
    failed, unfinished, since = found["failed"], found["unfinished"], found["since"]
    words = Words("traitement en échec, à recommencer", "traitements en échec, à recommencer")
    address = reverse("admin:jobs_job_changelist", query={"failed": "yes"})
    yield Line("jobs_failed", failed, words.about(failed), address)
    words = Words("traitement qui n'est pas terminé", "traitements qui ne sont pas terminés")
    if no_worker and since and since < timezone.now() - SILENCE:
        words = Words(
            "traitement qui attend : le travail de fond est arrêté",
            "traitements qui attendent : le travail de fond est arrêté",
        )
    address = reverse("admin:jobs_job_changelist", query={"state__in": ",".join(states)})
    yield Line("jobs", unfinished, words.about(unfinished), address)
