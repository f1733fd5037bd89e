"""What deserves attention on a file: one list, for the file's page and for the lists.

Each warning says the same thing twice, as a text about a file and as a condition on
conventions; a test holds both to one another. None of them blocks anything.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import ExtractDay, ExtractMonth, ExtractYear
from django.db.models.lookups import LessThan
from django.utils import timezone

from communes.models import ONLINE_FROM, Collectivity
from conventions.acts.models import Act, ActState
from conventions.acts.sitting import EXPECTED
from conventions.lifecycle import REWORKABLE, State
from conventions.models import Convention, Enrolment
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
        return self.words(convention) if convention.campaign.ends_on >= today else ""

    def concerned(self, today: datetime.date) -> Q:
        """Return the condition on conventions: those that bear it."""
        under_way = ~Q(state=State.ABANDONED) & Q(campaign__ends_on__gte=today)
        return under_way & self.condition


def found_on(convention: Convention) -> list[str]:
    """Return what deserves attention on this file, in words."""
    if convention.state == State.ABANDONED:
        return []
    today = timezone.localdate()
    texts = (warning.text(convention, today) for warning in WARNINGS)
    return [text for text in texts if text]


def with_warning(conventions: ConventionQuerySet, key: str) -> ConventionQuerySet:
    """Leave the conventions of a queryset that bear the warning `key`."""
    return conventions.filter(condition(key, timezone.localdate()))


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


def _day(day: datetime.date) -> str:
    return f"{day:%d/%m/%Y}"


# --- Signed before the act was executory (CE avis 10/06/1996 n° 176873) ------
def _signed_too_soon(convention: Convention, act: Act, today: datetime.date) -> str:
    signed, executory = convention.collectivity_signed_on, act.executory_on
    if signed and not executory:
        return (
            "La convention est signée alors que l'acte n'est pas encore exécutoire : "
            "déposez-le en préfecture et publiez-le sans attendre."
        )
    if signed and signed < executory:
        return (
            f"La convention a été signée le {_day(signed)}, avant que l'acte ne soit exécutoire "
            f"({_day(executory)}). La loi demande l'inverse."
        )
    return ""


def _is_signed_too_soon(today: datetime.date) -> Q:
    signed = Q(collectivity_signed_on__isnull=False)
    return signed & (
        Q(act__executory_on__isnull=True) | Q(collectivity_signed_on__lt=F("act__executory_on"))
    )


# --- The delegation that a decision rests on (CGCT L2122-22) -----------------
def _delegation_unspecified(convention: Convention, act: Act, today: datetime.date) -> str:
    # Once the collectivity has signed, nobody can complete its act: it is no use to warn.
    unspecified = not (act.delegation_item and act.delegation_reference)
    if act.is_decision and unspecified and not convention.collectivity_signed_on:
        return (
            f"La décision ne précise pas la délégation du {convention.collectivity.council} au "
            f"{convention.collectivity.executive} : l'alinéa de l'article "
            f"{'L5211-10' if convention.collectivity.is_grouping else 'L2122-22'} et la "
            "délibération qui l'a donnée."
        )
    return ""


def _is_delegation_unspecified(today: datetime.date) -> Q:
    return Q(act__kind=Act.Kind.DECISION, collectivity_signed_on__isnull=True) & (
        Q(act__delegation_item="") | Q(act__delegation_reference="")
    )


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


# --- What the prefect and the collectivity did since -------------------------
def _withdrawn(convention: Convention, act: Act, today: datetime.date) -> str:
    day = act.withdrawn_on
    if day:
        return (
            f"L'acte a été retiré le {_day(day)} : il n'autorise plus la signature, la "
            "collectivité doit en prendre un nouveau."
        )
    return ""


def _pieces_awaited(convention: Convention, act: Act, today: datetime.date) -> str:
    requested_on = act.missing_pieces_requested_on
    if requested_on and act.is_referral_suspended:
        return (
            f"Le préfet a demandé des pièces le {_day(requested_on)} : "
            "transmettez-les, son délai ne court pas tant qu'il les attend."
        )
    return ""


# --- What changed on the ground -----------------------------------------------
def _merged(convention: Convention) -> str:
    collectivity = convention.collectivity
    if collectivity.merged_into is None or collectivity.merged_on is None:
        return ""
    return (
        f"{collectivity.name} fait partie de {collectivity.merged_into.name} depuis le "
        f"{_day(collectivity.merged_on)} : c'est elle qui paie et signe désormais."
    )


_CLOSING = ~Q(school__closure_proposed_on=None) | Q(school__state=School.State.CLOSED)
# What is prepared follows the annuaire by itself; what was sent prints what it printed.
_RENAMED = (
    ~(Q(name=F("school__name")) & Q(commune_name=F("school__commune__name")))
    & Q(convention__sent_on__isnull=False)
    & ~_CLOSING
)


def _with_schools(which: Q) -> Q:
    enrolled = Enrolment.objects.enrolled().filter(which, convention=OuterRef("pk"))
    return Q(Exists(enrolled))


def _schools(convention: Convention, which: Q) -> str:
    found = convention.enrolments.enrolled().filter(which).order_by("uai")
    return ", ".join(str(enrolment) for enrolment in found)


def _closing(convention: Convention) -> str:
    schools = _schools(convention, _CLOSING)
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
    schools = _schools(convention, _RENAMED)
    if not schools:
        return ""
    return f"École renommée ou déplacée depuis que la convention a été préparée : {schools}."


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
)

WARNINGS: tuple[FileWarning | TerritoryWarning, ...] = (
    *TERRITORY,
    FileWarning(
        "signed_before_executory",
        "Signée avant que l'acte soit exécutoire",
        _signed_too_soon,
        _is_signed_too_soon,
    ),
    FileWarning(
        "delegation",
        "Délégation non précisée",
        _delegation_unspecified,
        _is_delegation_unspecified,
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
    FileWarning(
        "withdrawn",
        "Acte retiré",
        _withdrawn,
        lambda today: Q(act__withdrawn_on__isnull=False),
    ),
    FileWarning(
        "missing_pieces",
        "Pièces demandées par le préfet",
        _pieces_awaited,
        lambda today: Q(
            act__missing_pieces_requested_on__isnull=False,
            act__missing_pieces_answered_on__isnull=True,
        ),
    ),
)
_BY_KEY = {warning.key: warning for warning in WARNINGS}
