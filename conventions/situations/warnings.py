"""What deserves attention on a file: one list, for the file's page and for the lists.

Each warning says the same thing twice, as a text about a file and as a condition on
conventions; a test holds both to one another. None of them blocks anything.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Prefetch,
    Q,
    prefetch_related_objects,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import ExtractDay, ExtractMonth, ExtractYear
from django.db.models.lookups import LessThan
from django.utils import timezone

from communes.models import ONLINE_FROM, Collectivity
from conventions.acts.models import Act, ActState
from conventions.acts.sitting import EXPECTED
from conventions.acts.troubles import TROUBLES, Trouble
from conventions.amendments.lifecycle import SENT
from conventions.amendments.models import Amendment
from conventions.lifecycle import REWORKABLE, State
from conventions.models import Convention, Enrolment, SignedByBoth, ended_before, signed_too_soon
from conventions.models.convention import ConventionQuerySet
from law import deadlines
from schools.models import School


@dataclass(frozen=True)
class FileWarning:
    """`words(convention, act, today)` is empty when all is well; `condition(today)` says so in SQL."""

    key: str
    label: str
    words: Callable[[Convention, Act, datetime.date], str]
    condition: Callable[[datetime.date], Q]

    def text(self, convention: Convention, today: datetime.date) -> str:
        """Return what it says of a file, "" when all is well or when there is no act yet."""
        return self.words(convention, convention.act, today) if convention.act else ""

    def concerned(self, today: datetime.date) -> Q:
        """Return the condition on conventions: those that bear it."""
        return ~Q(state=State.ABANDONED) & Q(act__isnull=False) & self.condition(today)


@dataclass(frozen=True)
class TerritoryWarning:
    """What changed on the ground since a file was begun, until its year is over."""

    key: str
    label: str
    words: Callable[[Convention], str]
    condition: Q

    def text(self, convention: Convention, today: datetime.date) -> str:
        """Return what it says of a file, "" when all is well."""
        return self.words(convention) if convention.ends_on >= today else ""

    def concerned(self, today: datetime.date) -> Q:
        """Return the condition on conventions: those that bear it."""
        under_way = ~Q(state=State.ABANDONED) & ~ended_before(today)
        return under_way & self.condition


@dataclass(frozen=True)
class ActWarning:
    """What is amiss with an act of the file: the convention's, or that of an avenant sent."""

    trouble: Trouble

    @property
    def key(self) -> str:
        return self.trouble.key

    @property
    def label(self) -> str:
        return f"{self.trouble.label[:1].upper()}{self.trouble.label[1:]}"

    def text(self, convention: Convention, today: datetime.date) -> str:
        """Return what it says of each act concerned, "" when all is well."""
        words = self.trouble.words
        concerned = [pair for pair in _acts(convention) if self.trouble.holds(pair[1])]
        return " ".join(f"{of}{words(act)}" for of, act in concerned) if words else ""

    def concerned(self, today: datetime.date) -> Q:
        """Return the condition on conventions: those that bear it."""
        amiss = self.trouble.condition("act__")
        return ~Q(state=State.ABANDONED) & (amiss | _with_avenant(amiss))


def _acts(convention: Convention) -> Iterator[tuple[str, Act]]:
    """The acts of a file, each with what it is of, for the beginning of a sentence."""
    if convention.act:
        yield "", convention.act
    for amendment in _avenants(convention):
        if amendment.act:
            yield f"Avenant n° {amendment.number} : ", amendment.act


def _avenants(convention: Convention) -> list[Amendment]:
    """Those that were sent, and not given up."""
    # They come after both signatures: no query for the files that cannot have one.
    if not convention.effective_on:
        return []
    return [a for a in convention.amendments.all() if a.state in SENT]


def _with_avenant(which: Q) -> Q:
    """The condition on conventions with an avenant, of those, that meets `which`."""
    return Q(Exists(Amendment.objects.shown().filter(which, convention=OuterRef("pk"))))


def found_on(convention: Convention) -> list[str]:
    """Return what deserves attention on this file, in words."""
    if convention.state == State.ABANDONED:
        return []
    today = timezone.localdate()
    texts = (warning.text(convention, today) for warning in WARNINGS)
    return [text for text in texts if text]


def condition(key: str, today: datetime.date) -> Q:
    """Return the condition on conventions of the warning `key`: those that bear it."""
    return _BY_KEY[key].concerned(today)


def without_warning(conventions: ConventionQuerySet) -> ConventionQuerySet:
    """Leave the conventions of a queryset that bear no warning at all."""
    today = timezone.localdate()
    any_of_them = Q()
    for warning in WARNINGS:
        any_of_them |= warning.concerned(today)
    warned = Convention.objects.filter(any_of_them)
    return conventions.exclude(pk__in=warned.order_by().values("pk"))


def _day(day: datetime.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


# --- Signed before the act was executory (CE avis 10/06/1996 n° 176873) ------
def _signed_too_soon(convention: Convention, act: Act, today: datetime.date) -> str:
    papers: list[SignedByBoth] = [convention, *_avenants(convention)]
    return " ".join(_too_soon(paper) for paper in papers if paper.is_signed_too_soon)


def _too_soon(paper: SignedByBoth) -> str:
    executory = paper.act.executory_on if paper.act else None
    signed = f"La collectivité a signé {paper.noun} le {_day(paper.collectivity_signed_on)}"
    if executory is None:
        return (
            f"{signed}, alors que l'acte n'est pas encore exécutoire : déposez-le en préfecture "
            "et publiez-le sans attendre."
        )
    return (
        f"{signed}, avant que l'acte ne soit exécutoire ({_day(executory)}). La loi demande "
        "l'inverse."
    )


def _is_signed_too_soon(today: datetime.date) -> Q:
    return signed_too_soon() | _with_avenant(signed_too_soon())


# --- What a délibération says of its sitting (CGCT L2121-23, R2121-9) ----------
def _sitting_untold(convention: Convention, act: Act, today: datetime.date) -> str:
    if act.is_adopted and act.missing_facts:
        return (
            "La délibération ne dit pas tout de la séance et du vote. Il manque : "
            f"{', '.join(act.missing_facts)}."
        )
    return ""


def _is_sitting_untold(today: datetime.date) -> Q:
    untold = Q(act__sitting__isnull=True) | Q(act__sitting__secretary="")
    for name in EXPECTED:
        untold |= Q(**{f"act__sitting__{name}__isnull": True})
    return untold & Q(act__kind=Act.Kind.DELIBERATION, act__state=ActState.ADOPTED)


# --- The report to the council (CGCT L2122-23) -------------------------------
def _not_reported(convention: Convention, act: Act, today: datetime.date) -> str:
    due = act.report_due_on
    if due and not act.reported_on and due < today:
        return f"La décision aurait dû être communiquée au conseil avant le {_day(due)}."
    return ""


def _is_not_reported(today: datetime.date) -> Q:
    yesterday = today - datetime.timedelta(days=1)
    return Q(
        act__kind=Act.Kind.DECISION,
        act__reported_on__isnull=True,
        act__dated_on__lte=deadlines.latest_start(yesterday, deadlines.COUNCIL_REPORT_MONTHS),
    )


# --- How and how long an act is public (CGCT L2131-1, R2131-1) ---------------
def _published_too_briefly(convention: Convention, act: Act, today: datetime.date) -> str:
    since, until = act.published_on, act.published_until
    if since and until and not deadlines.is_public_long_enough(since, until):
        return (
            f"L'acte, publié le {_day(since)}, a été retiré de la publication le {_day(until)} : "
            "il doit rester public deux mois au moins."
        )
    return ""


def _is_published_too_briefly(today: datetime.date) -> Q:
    until = _day_number("act__published_until")
    since = _day_number("act__published_on")
    return Q(LessThan(until, since + deadlines.PUBLICITY_DAY_NUMBERS))


def _day_number(path: str) -> CombinedExpression:
    """`deadlines.day_number`, computed by the database."""
    months = ExtractYear(path) * 12 + ExtractMonth(path)
    return months * deadlines.DAY_NUMBERS_A_MONTH + ExtractDay(path)


def _published_otherwise(convention: Convention, act: Act, today: datetime.date) -> str:
    expected = convention.collectivity.publicity_mode
    if act.published_on and act.publication_mode and act.publication_mode != expected:
        return (
            f"L'acte a été publié {act.get_publication_mode_display()}, alors que cette "
            f"collectivité publie ses actes {Collectivity.Regime(expected).label}."
        )
    return ""


def _is_published_otherwise(today: datetime.date) -> Q:
    online = Q(act__publication_mode=Act.PublicationMode.ELECTRONIC)
    as_chosen = Q(act__publication_mode=F("collectivity__publicity_regime"))
    must_be_online = (
        Q(collectivity__kind=Collectivity.Kind.EPCI)
        | Q(collectivity__commune__population__gte=ONLINE_FROM)
        | Q(collectivity__publicity_regime="")
    )
    published = Q(act__published_on__isnull=False) & ~Q(act__publication_mode="")
    return published & ((must_be_online & ~online) | (~must_be_online & ~as_chosen))


# --- What changed on the ground -----------------------------------------------
def _merged(convention: Convention) -> str:
    collectivity = convention.collectivity
    if collectivity.merged_into is None or collectivity.merged_on is None:
        return ""
    return (
        f"{collectivity.name} fait partie {collectivity.merged_into.of_title} depuis le "
        f"{_day(collectivity.merged_on)} : c'est elle qui paie et signe désormais."
    )


_CLOSING = ~Q(school__closure_proposed_on=None) | Q(school__state=School.State.CLOSED)
# What is prepared follows the annuaire by itself; what was sent prints what it printed.
_RENAMED = (
    ~(Q(name=F("school__name")) & Q(commune_name=F("school__commune__name")))
    & Q(convention__sent_on__isnull=False)
    & ~_CLOSING
)
# Of what was sent: preparing anew follows the payer by itself.
_NEW_PAYER = (
    ~Q(school__payer=F("convention__collectivity"))
    & ~Q(school__payer=F("convention__collectivity__merged_into"))
    & Q(convention__sent_on__isnull=False)
)


def _with_schools(which: Q) -> Q:
    enrolled = Enrolment.objects.enrolled().filter(which, convention=OuterRef("pk"))
    return Q(Exists(enrolled))


# The schools of a file, each with what happened to it: read once for all the warnings.
SCHOOLS = Prefetch(
    "enrolments",
    Enrolment.objects.annotate(
        **{
            name: ExpressionWrapper(which, output_field=BooleanField())
            for name, which in (
                ("is_closing", _CLOSING),
                ("is_renamed", _RENAMED),
                ("has_new_payer", _NEW_PAYER),
            )
        }
    ),
)


def _schools(convention: Convention, event: str) -> str:
    prefetch_related_objects([convention], SCHOOLS)
    enrolments: Iterable[Enrolment] = convention.enrolments.all()
    found = [e for e in enrolments if not e.released_on and getattr(e, event)]
    return ", ".join(str(enrolment) for enrolment in sorted(found, key=lambda e: e.uai))


def _closing(convention: Convention) -> str:
    schools = _schools(convention, "is_closing")
    if not schools:
        return ""
    way_out = (
        "retirez-la avant l'envoi"
        if convention.state in REWORKABLE
        else "un avenant, préparé par le rectorat, la retire"
    )
    return (
        f"École fermée, ou dont la fermeture est annoncée : {schools}. Si c'est exact, {way_out}."
    )


def _renamed(convention: Convention) -> str:
    schools = _schools(convention, "is_renamed")
    if not schools:
        return ""
    return f"École renommée ou déplacée depuis que la convention a été préparée : {schools}."


def _new_payer(convention: Convention) -> str:
    schools = _schools(convention, "has_new_payer")
    if not schools:
        return ""
    return (
        f"École dont une autre collectivité a désormais la charge : {schools}. Si c'était déjà le "
        "cas à la rentrée, un avenant, préparé par le rectorat, la retire ; sinon, rien ne change "
        "pour cette année."
    )


# Confirmed, and not signed by the collectivity yet.
_TO_SIGN = (State.ACCEPTED, State.SIGNED_BY_REGION)
_SAME_REPRESENTATIVE = Q(
    party__representative_first_name=F("collectivity__representative_first_name"),
    party__representative_last_name=F("collectivity__representative_last_name"),
)


def _represented_otherwise(convention: Convention) -> str:
    party, collectivity = convention.party, convention.collectivity
    if party is None or convention.state not in _TO_SIGN:
        return ""
    if party.representative == collectivity.representative:
        return ""
    return (
        f"Le représentant de la collectivité a changé : {collectivity.representative} à la place "
        f"de {party.representative}, que la convention imprime. "
        + (
            "Confirmez de nouveau les renseignements avant de signer."
            if convention.state == State.ACCEPTED
            else "Le dossier est à reprendre avant d'être signé."
        )
    )


TERRITORY = (
    TerritoryWarning(
        "representative",
        "Représentant changé avant la signature",
        _represented_otherwise,
        Q(state__in=_TO_SIGN) & ~_SAME_REPRESENTATIVE,
    ),
    TerritoryWarning(
        "merged",
        "Collectivité fusionnée",
        _merged,
        Q(collectivity__merged_into__isnull=False, collectivity__merged_on__isnull=False),
    ),
    TerritoryWarning("closing", "École fermée ou qui ferme", _closing, _with_schools(_CLOSING)),
    TerritoryWarning("renamed", "École renommée ou déplacée", _renamed, _with_schools(_RENAMED)),
    TerritoryWarning("payer", "École à un nouveau payeur", _new_payer, _with_schools(_NEW_PAYER)),
)

WARNINGS: tuple[FileWarning | TerritoryWarning | ActWarning, ...] = (
    *TERRITORY,
    FileWarning(
        "signed_before_executory",
        "Signée avant que l'acte soit exécutoire",
        _signed_too_soon,
        _is_signed_too_soon,
    ),
    FileWarning(
        "sitting",
        "Séance ou vote incomplets",
        _sitting_untold,
        _is_sitting_untold,
    ),
    FileWarning(
        "report",
        "Pas de communication au conseil après trois mois",
        _not_reported,
        _is_not_reported,
    ),
    FileWarning(
        "brief_publication",
        "Publication de moins de deux mois",
        _published_too_briefly,
        _is_published_too_briefly,
    ),
    FileWarning(
        "publication_mode",
        "Mode de publication inattendu",
        _published_otherwise,
        _is_published_otherwise,
    ),
    *(ActWarning(trouble) for trouble in TROUBLES if trouble.words),
)
_BY_KEY = {warning.key: warning for warning in WARNINGS}
