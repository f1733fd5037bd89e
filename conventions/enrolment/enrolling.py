"""Enrolling schools in a campaign, from codes typed, pasted or uploaded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.scope import collectivity_scope, within_scope
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.enrolment.codes import Refusal, read_codes
from conventions.lifecycle import REWORKABLE
from conventions.models import Convention, Enrolment
from conventions.models.priced import parts_of
from lifecycle.door import changes_of, compare_and_swap, hold, write_journal
from lifecycle.errors import TransitionRefused
from schools.models import School
from schools.takeover import payer_on
from tabular.admin_search import searchable
from tabular.folding import fold
from typography.counting import counted

# A search says to add a word beyond.
SCHOOLS_FOUND = 50


@dataclass
class EnrolmentReport:
    """What became of the codes: enrolled, `already` there, refused with the reason.

    `closing` are those enrolled whose closure is proposed by the official file.
    """

    enrolled: list[Enrolment] = field(default_factory=list)
    closing: list[Enrolment] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def find_schools(
    campaign: Campaign, words: str, user: User
) -> list[tuple[School, Collectivity, bool]]:
    """Return open schools of `user`'s territory with every word in name, commune or code.

    Each with who pays for it on the campaign's first day, and whether it is enrolled; no
    more than SCHOOLS_FOUND.
    """
    schools = School.objects.annotate(payer_then=payer_on(campaign.starts_on))
    schools = schools.filter(within_scope(user, "payer_then")).exclude(state=School.State.CLOSED)
    for word in fold(searchable(words)).split():
        schools = schools.filter(search_text__contains=word)
    found = list(schools.select_related("commune").order_by("search_text")[:SCHOOLS_FOUND])
    payers = Collectivity.objects.in_bulk({school.payer_then for school in found})
    enrolled = set(
        campaign.enrolments.enrolled().filter(school__in=found).values_list("school_id", flat=True)
    )
    return [(school, payers[school.payer_then], school.pk in enrolled) for school in found]


def enrol(campaign: Campaign, text: str, *, by: User | None, origin: str = "") -> EnrolmentReport:
    """Enrol the schools whose UAI codes stand in `text`, and say what was left out.

    As `enrol_codes`, which see.
    """
    codes, refused = read_codes(text)
    report = enrol_codes(campaign, codes, by=by, origin=origin)
    report.refused = sorted([*refused, *report.refused], key=lambda refusal: refusal.line)
    return report


@transaction.atomic
def enrol_codes(
    campaign: Campaign, codes: Sequence[tuple[int, str]], *, by: User | None, origin: str = ""
) -> EnrolmentReport:
    """Enrol the schools of UAI codes that `read_codes` found, each with its line.

    Codes already enrolled are counted, not repeated. The journal adds `origin` to what
    it says. Raises TransitionRefused when the campaign is over, or to who is no agent.
    """
    # A double click waits here, then finds the schools enrolled.
    Campaign.objects.held(campaign).refuse_work(by)
    report = EnrolmentReport()
    enrolled = set(campaign.enrolments.enrolled().values_list("school_id", flat=True))
    schools = _schools_by_uai(campaign, [code for _, code in codes], by)
    typed = campaign.typed_numbers.last_of_each()
    seen = set()
    for line, code in codes:
        school, reason = schools.get(code, (None, _UNKNOWN))
        if school is None:
            report.refused.append(Refusal(line, code, reason))
        elif code in seen or school.pk in enrolled:
            report.already.append(code)
        else:
            enrolment = Enrolment(campaign=campaign, school=school, typed=typed.get(school.pk))
            enrolment.copy_from_school()
            report.enrolled.append(enrolment)
            if school.is_closing:
                report.closing.append(enrolment)
        seen.add(code)
    Enrolment.objects.bulk_create(report.enrolled, batch_size=500)
    if report.enrolled:
        write_journal(
            campaign,
            by,
            "enrol",
            f"{counted(len(report.enrolled), 'école inscrite')}{origin}",
            changes={"uai": [enrolment.uai for enrolment in report.enrolled]},
        )
    return report


_UNKNOWN = (
    "Aucune école connue ne porte ce code. Vérifiez-le, ou importez l'annuaire des écoles à jour."
)
_CLOSED = "Cette école est fermée."
_OUTSIDE = "Cette école est hors de vos départements."


def _schools_by_uai(
    campaign: Campaign, codes: list[str], by: User | None
) -> dict[str, tuple[School | None, str]]:
    """Map each known code to (school, "") or (None, reason), in a few queries."""
    allowed = None
    if by is not None and by.limited_to_departments:
        allowed = set(
            Collectivity.objects.filter(collectivity_scope(by)).values_list("pk", flat=True)
        )
    found: dict[str, tuple[School | None, str]] = {}
    for start in range(0, len(codes), 500):
        batch = School.objects.filter(uai__in=codes[start : start + 500])
        batch = batch.annotate(payer_then=payer_on(campaign.starts_on))
        for school in batch.select_related("commune__department"):
            if school.state == School.State.CLOSED:
                found[school.uai] = (None, _CLOSED)
            elif allowed is not None and school.payer_then not in allowed:
                found[school.uai] = (None, _OUTSIDE)
            else:
                found[school.uai] = (school, "")
    return found


def withdraw(enrolment: Enrolment, *, by: User | None) -> None:
    """Take a school out of the campaign, as long as its convention has not been sent.

    Raises TransitionRefused: sent, kept for an avenant, campaign over, outside of the
    territory of `by`.
    """
    with transaction.atomic():
        campaign = Campaign.objects.held(enrolment.campaign)
        campaign.refuse_work(by)
        refuse_outside(enrolment, by)
        _withdraw(enrolment, campaign, by)


def _withdraw(enrolment: Enrolment, campaign: Campaign, by: User | None) -> None:
    convention = enrolment.convention
    if convention:
        hold(convention)
        convention.refresh_from_db(fields=["state", "version"])
    if enrolment.released_on:
        raise TransitionRefused(f"{enrolment} n'est déjà plus inscrite.")
    if convention and convention.state not in REWORKABLE:
        raise TransitionRefused(
            f"{enrolment} figure dans une convention déjà envoyée : elle ne peut plus être retirée."
        )
    if enrolment.added_by_id:
        raise TransitionRefused(
            f"{enrolment} est retenue pour un avenant : c'est lui qu'il faut abandonner."
        )
    enrolment.released_on = timezone.localdate()
    enrolment.save(update_fields=["released_on"])
    summary = f"École retirée : {enrolment}"
    if convention:
        write_journal(convention, by, "withdraw", summary)
        recount(convention, by)
    else:
        write_journal(campaign, by, "withdraw", summary)


def recount(convention: Convention, by: User | None) -> None:
    """Bring count and amount in line with the schools of a convention that is not sent."""
    lines = list(convention.enrolments.enrolled())
    totals = parts_of(convention.rule, lines, convention.exception)
    changes = changes_of(convention, totals)
    compare_and_swap(convention, **totals)
    write_journal(convention, by, "recount", f"Nombre d'écoles : {len(lines)}", changes=changes)


def refuse_outside(enrolment: Enrolment, by: User | None) -> None:
    campaign = enrolment.campaign
    mine = campaign.enrolments.payable(campaign, by)
    if not mine.filter(pk=enrolment.pk).exists():
        raise TransitionRefused("Cette école est hors de vos départements.")
