"""What waits for an agent today: counts, each of which opens the list that it counts.

A file's lines read the rules and the facts that its list filters by
(`conventions.situations`); the other lines count what their list would show.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, F, Min, Q, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
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
from jobs import running
from jobs.heartbeat import SILENCE, silence
from jobs.models import Job
from rectorat.boards.board import Tally
from schools.models import School

_OPEN = Q(campaign__state=Campaign.State.OPEN)


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
    """`yours`: what only an agent does; `watched`: what does not go as it should."""

    yours: list[Line]
    watched: list[Line]
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


def build_desk(user: User, *, is_mine: bool) -> Desk:
    """Return what waits for `user` in their départements; their own files only if `is_mine`.

    A constant number of queries, whatever the files.
    """
    # Read once: every scope asks for them.
    prefetch_related_objects([user], "departments__academy")
    conventions = Convention.objects.for_user(user)
    if is_mine:
        conventions = conventions.filter(assignment__agent=user)
    of_files = dict(_of_files(conventions, is_mine=is_mine))
    yours = [*of_files.pop("yours"), *([] if is_mine else _of_papers(user))]
    watched = [*of_files.pop("watched"), *([] if is_mine else _of_the_rest(user))]
    return Desk(
        yours=[line for line in yours if line.count],
        watched=[line for line in watched if line.count],
        campaigns=_campaigns(conventions),
        departments=list(user.departments.all()),
        is_mine=is_mine,
    )


def _list(query: str, words: Words, *, is_mine: bool) -> str:
    """Return the address of the list of conventions that a line counts."""
    campaign = "all" if words.everywhere else "open"
    mine = "&agent=me" if is_mine else ""
    address = reverse("admin:conventions_convention_changelist")
    return f"{address}?{query}&campaign={campaign}{mine}"


def _of_files(
    conventions: ConventionQuerySet, *, is_mine: bool
) -> Iterator[tuple[str, list[Line]]]:
    def line(key: str, count: int, query: str, words: Words) -> Line:
        return Line(key, count, words.about(count), _list(query, words, is_mine=is_mine))

    expected = _expected(conventions)
    found = _facts(conventions, [*TO_DO, *TO_WATCH])
    by_rule = [
        line(rule.key, expected[rule.key], f"expected={rule.key}", BY_RULE[rule.key])
        for rule in RULES
        if rule.of == Side.RECTORAT
    ]
    to_do = [line(fact.key, found[fact.key], query, words) for fact, query, words in TO_DO]
    to_watch = [line(fact.key, found[fact.key], query, words) for fact, query, words in TO_WATCH]
    yield "yours", [*by_rule, *to_do]
    yield "watched", to_watch


def _expected(conventions: ConventionQuerySet) -> dict[str, int]:
    """Count the files by the rule of the rectorat that they wait by, in one query."""
    rows = (
        with_expected(conventions.order_by())
        .values_list(F("expected"), F("campaign__state"))
        .annotate(Count("pk"))
    )
    counted = dict.fromkeys(BY_RULE, 0)
    for key, state, count in rows:
        words = BY_RULE.get(key)
        if words and (words.everywhere or state == Campaign.State.OPEN):
            counted[key] += count
    return counted


def _facts(
    conventions: ConventionQuerySet, lines: Iterable[tuple[Fact, str, Words]]
) -> dict[str, int]:
    """Count the files of which each fact is so, in one query."""
    today = timezone.localdate()
    counts = {
        fact.key: Count("pk", filter=fact.condition(today) & (Q() if words.everywhere else _OPEN))
        for fact, _, words in lines
    }
    return conventions.order_by().aggregate(**counts)


def _of_papers(user: User) -> list[Line]:
    """Piles with sheaves that a person still has to confirm."""
    own = Q(by=user) if user.limited_to_departments else Q()
    waiting = Sheaf.objects.filter(state=Sheaf.State.WAITING).order_by()
    piles = Pile.objects.filter(own, pk__in=waiting.values("pile")).count()
    words = Words(
        "pile de documents numérisés à vérifier", "piles de documents numérisés à vérifier"
    )
    address = reverse("admin:piles_pile_changelist", query={"waiting": "yes"})
    return [Line("piles", piles, words.about(piles), address)]


def _of_the_rest(user: User) -> list[Line]:
    """Schools whose closure is proposed; jobs that failed, or are not done."""
    in_scope = user.department_scope("commune__department")
    closing = School.objects.filter(in_scope, closure_proposed_on__isnull=False).count()
    closures = Words("fermeture d'école proposée", "fermetures d'écoles proposées")
    return [
        Line(
            "closures",
            closing,
            closures.about(closing),
            reverse("admin:schools_school_changelist", query={"fermeture": "oui"}),
        ),
        *_of_jobs(user),
    ]


def _of_jobs(user: User) -> Iterator[Line]:
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
    if since and since < timezone.now() - SILENCE and silence():
        words = Words(
            "traitement qui attend : le travail de fond est arrêté",
            "traitements qui attendent : le travail de fond est arrêté",
        )
    address = reverse("admin:jobs_job_changelist", query={"state__in": ",".join(states)})
    yield Line("jobs", unfinished, words.about(unfinished), address)


def _campaigns(conventions: ConventionQuerySet) -> list[CampaignStanding]:
    """Return every campaign that is begun or open, with where its conventions stand."""
    under_way = (Campaign.State.PREPARATION, Campaign.State.OPEN)
    standings = {
        campaign.pk: CampaignStanding(campaign, Tally())
        for campaign in Campaign.objects.filter(state__in=under_way)
    }
    rows = (
        conventions.filter(campaign__in=standings)
        .order_by()
        .values_list("campaign", "state")
        .annotate(Count("pk"))
    )
    for campaign, state, count in rows:
        standings[campaign].tally.by_state[state] = count
    return list(standings.values())
