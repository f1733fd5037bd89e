"""What is done for the thousands of schools and payers of a campaign, as jobs (`jobs.actions`)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.models import User
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.enrolment.codes import read_codes
from conventions.enrolment.enrolling import EnrolmentReport, enrol_codes
from conventions.enrolment.preparation import prepare
from conventions.enrolment.renewal import Renewal, renew
from conventions.models import Enrolment
from jobs import running
from jobs.actions import Action, Outcome
from jobs.models import Job, JobItem
from schools.models import School

# Each takes some ten queries, and holds the campaign meanwhile.
_AT_ONCE = 500
_ALREADY = "Déjà inscrite."
_CLOSING = "L'annuaire annonce sa fermeture : vérifiez qu'elle reste ouverte, sinon retirez-la."
_NOT_LAST_YEARS = "N'est pas une école de l'an dernier dans vos départements."


# --- Conventions of payers --------------------------------------------------------
def _prepare(keys: Sequence[int], *, by: User, facts: Mapping[str, Any]) -> dict[int, Outcome]:
    """Give collectivities their convention in the campaign `facts["campaign"]`."""
    campaign = Campaign.objects.get(pk=facts["campaign"])
    try:
        report = prepare(campaign, by=by, payers=keys)
    except ValidationError as refusal:
        return dict.fromkeys(keys, Outcome(left_out=" ".join(refusal.messages)))
    left = {payer.pk: reason for payer, reason in report.left_out}
    return {key: Outcome(left_out=left.get(key, "")) for key in keys}


def _names_of_payers(keys: Sequence[int]) -> dict[int, str]:
    found = Collectivity.objects.filter(pk__in=keys).order_by()
    return {key: f"{name} ({code})" for key, name, code in found.values_list("pk", "name", "code")}


def _payers_of(user: User) -> QuerySet[Collectivity]:
    return Collectivity.objects.filter(collectivity_scope(user))


# --- A list of schools: its rows are its lines ------------------------------------
def start_enrolling(campaign: Campaign, text: str, *, by: User) -> Job:
    """Ask for the enrolment of the schools whose UAI codes stand in `text`.

    Each code is a row of the job, each line without one too, with its reason. Raises
    TransitionRefused when the campaign is over, or to who is no agent.
    """
    campaign.refuse_work(by)
    codes, refused = read_codes(text)
    lines = [(line, code, "") for line, code in codes]
    lines += [(refusal.line, refusal.text, refusal.reason) for refusal in refused]
    numbered = dict(enumerate(sorted(lines, key=lambda line: line[0]), start=1))
    return running.start(
        "enrol",
        numbered,
        by=by,
        facts={"campaign": campaign.pk, "lines": numbered},
        names={key: f"{text} (ligne {line})" for key, (line, text, _) in numbered.items()},
        selection=f"{campaign}, liste de codes",
    )


def refused_lines(job: Job) -> str:
    """Return, as a list to correct, what a job of `start_enrolling` could not enrol."""
    left = job.items.filter(state=JobItem.State.LEFT_OUT).exclude(reason=_ALREADY)
    lines = job.facts["lines"]
    return "\n".join(lines[str(key)][1] for key in left.values_list("key", flat=True))


def _enrol(keys: Sequence[int], *, by: User, facts: Mapping[str, Any]) -> dict[int, Outcome]:
    """Enrol the schools of some lines of a list."""
    campaign = Campaign.objects.get(pk=facts["campaign"])
    lines = {key: facts["lines"][str(key)] for key in keys}
    read = {key: code for key, (_, code, refusal) in lines.items() if not refusal}
    report = enrol_codes(campaign, [*read.items()], by=by)
    refused = {refusal.line: refusal.reason for refusal in report.refused}
    news = _news(report)
    outcomes = {key: Outcome(left_out=refusal) for key, (_, _, refusal) in lines.items()}
    for key, code in read.items():
        left = Outcome(left_out=refused.get(key, _ALREADY))
        outcomes[key] = news.pop(code, left)  # Written twice, it is enrolled once.
    return outcomes


def _news(report: EnrolmentReport) -> dict[str, Outcome]:
    """Return what became of the schools enrolled, by their code."""
    closing = _codes(report.closing)
    enrolled = _codes(report.enrolled)
    return {code: Outcome(remark=_CLOSING if code in closing else "") for code in enrolled}


def _codes(enrolments: Iterable[Enrolment]) -> list[str]:
    return [enrolment.uai for enrolment in enrolments]


# --- The schools of last year ------------------------------------------------------
def start_renewing(
    campaign: Campaign, renewal: Renewal, decisions: Collection[int], *, by: User, back: str
) -> Job | None:
    """Ask for the enrolment of the unchanged schools of last year and of those decided for.

    `back` is the page that its report leads to. Return None where there is no school. Raises
    TransitionRefused when the campaign is over.
    """
    campaign.refuse_work(by)
    schools = [candidate.pk for candidate in renewal.chosen(decisions)]
    if not schools:
        return None
    decided = len(schools) - len(renewal.unchanged)
    return running.start(
        "renew",
        schools,
        by=by,
        facts={"campaign": campaign.pk, "decided": sorted(decisions)},
        back=back,
        selection=f"{campaign}, écoles de {renewal.previous.school_year} : "
        f"inchangées {len(renewal.unchanged)}, décidées {decided}",
    )


def _renew(keys: Sequence[int], *, by: User, facts: Mapping[str, Any]) -> dict[int, Outcome]:
    """Enrol schools of last year, as they are now; what changed meanwhile is left out."""
    campaign = Campaign.objects.get(pk=facts["campaign"])
    previous = campaign.previous
    if previous is None:
        return dict.fromkeys(keys, Outcome(left_out=_NOT_LAST_YEARS))
    proposal, report = renew(campaign, previous, set(facts["decided"]), by=by, schools=keys)
    enrolled = campaign.enrolments.enrolled().filter(school__in=keys).order_by()
    there = enrolled.values_list("school", flat=True)
    outcomes = dict.fromkeys(keys, Outcome(left_out=_NOT_LAST_YEARS))
    outcomes |= dict.fromkeys(there, Outcome(left_out=_ALREADY))
    news = _news(report)
    refused = {refusal.text: refusal.reason for refusal in report.refused}
    for candidate in proposal.unchanged + proposal.flagged:
        uai, changed = candidate.uai, " ".join(candidate.reasons.values())
        left = Outcome(left_out=refused.get(uai, changed))
        outcomes[candidate.pk] = news.get(uai, left)
    return outcomes


def _names_of_schools(keys: Sequence[int]) -> dict[int, str]:
    found = School.objects.filter(pk__in=keys).order_by()
    rows = found.values_list("pk", "uai", "name", "commune__name")
    return {key: f"{uai} — {name}, {commune}" for key, uai, name, commune in rows}


def _schools_of(user: User) -> QuerySet[School]:
    """Those that stand in the départements of `user`, and those paid for from there."""
    return School.objects.filter(
        user.department_scope("commune__department") | collectivity_scope(user, "payer")
    )


ACTIONS = {
    "prepare": Action(
        label="Préparer les conventions",
        done="Collectivités dont la convention est prête",
        names=_names_of_payers,
        page="admin:communes_collectivity_change",
        visible=_payers_of,
        do=_prepare,
        at_once=_AT_ONCE,
        is_atomic=True,
    ),
    "enrol": Action(
        label="Inscrire des écoles",
        done="Écoles inscrites",
        names=lambda keys: {},
        page="",
        do=_enrol,
        at_once=_AT_ONCE,
        is_atomic=True,
    ),
    "renew": Action(
        label="Reprendre les écoles de l'an dernier",
        done="Écoles inscrites",
        names=_names_of_schools,
        page="admin:schools_school_change",
        visible=_schools_of,
        do=_renew,
        at_once=_AT_ONCE,
        is_atomic=True,
    ),
}
