"""Enrolling schools in a campaign, from codes typed, pasted or uploaded."""

import re
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions.lifecycle import REWORKABLE
from conventions.models import Campaign, ConventionSchool, JournalEntry, TransitionRefused
from schools import uai
from schools.models import School
from schools.takeover import payer_on

_UAI_LIKE = re.compile(r"(?<![0-9A-Za-z])\d{7}\s?[A-Za-z](?![0-9A-Za-z])")
_CELLS = re.compile(r"[;,\t]")


@dataclass(frozen=True)
class Refusal:
    """A line that was not enrolled; `reason` (French) says why."""

    line: int
    text: str
    reason: str


@dataclass
class EnrolmentReport:
    enrolled: list[ConventionSchool] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def read_codes(text: str) -> tuple[list[tuple[int, str]], list[Refusal]]:
    """Return the UAI codes found in `text` with their line, and the lines without one.

    A line may hold several codes, or a code among other cells (a spreadsheet's row);
    a first line without any digit is a heading.
    """
    codes, refused = [], []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if not line.strip() or (number == 1 and not re.search(r"\d", line)):
            continue
        candidates = _UAI_LIKE.findall(line) or [_most_telling_cell(line)]
        for candidate in candidates:
            try:
                codes.append((number, uai.parse(candidate)))
            except uai.InvalidUAI as error:
                refused.append(Refusal(number, candidate.strip(), str(error)))
    return codes, refused


def _most_telling_cell(line: str) -> str:
    """The cell to quote when no code was found: the first with a digit, else the line."""
    if "E+" in line.upper():
        return line.strip()
    cells = [cell for cell in _CELLS.split(line) if re.search(r"\d", cell)]
    return (cells[0] if cells else line).strip()[:60]


@transaction.atomic
def enrol(campaign: Campaign, text: str, *, by, origin: str = "") -> EnrolmentReport:
    """Enrol the schools whose UAI codes stand in `text`, and say what was left out.

    Codes already enrolled are counted, not repeated. The journal adds `origin` to what
    it says. Raises TransitionRefused when the campaign is over.
    """
    # A double click waits here, then finds the schools enrolled.
    Campaign.objects.select_for_update().get(pk=campaign.pk).refuse_if_over()
    report = EnrolmentReport()
    codes, report.refused = read_codes(text)
    schools = _schools_by_uai(campaign, [code for _, code in codes], by)
    seen = set()
    for line, code in codes:
        school, reason = schools.get(code, (None, _UNKNOWN))
        if school is None:
            report.refused.append(Refusal(line, code, reason))
        elif code in seen or school.already_enrolled:
            report.already.append(code)
        else:
            enrolment = ConventionSchool(campaign=campaign, school=school)
            enrolment.copy_from_school()
            report.enrolled.append(enrolment)
        seen.add(code)
    report.refused.sort(key=lambda refusal: refusal.line)
    ConventionSchool.objects.bulk_create(report.enrolled, batch_size=500)
    if report.enrolled:
        JournalEntry.about(
            campaign,
            by=by,
            verb="enrol",
            summary=f"{len(report.enrolled)} école(s) inscrite(s){origin}",
            changes={"uai": [enrolment.uai for enrolment in report.enrolled]},
        ).save()
    return report


_UNKNOWN = (
    "Aucune école connue ne porte ce code. Vérifiez-le, ou importez l'annuaire des écoles à jour."
)
_CLOSED = "Cette école est fermée."
_OUTSIDE = "Cette école est hors de vos départements."


def _schools_by_uai(campaign, codes, by):
    """Map each known code to (school, "") or (None, reason), in a few queries."""
    enrolled = set(
        campaign.schools.filter(released_on__isnull=True).values_list("school_id", flat=True)
    )
    allowed = None
    if by is not None and by.limited_to_departments:
        allowed = set(
            Collectivity.objects.filter(collectivity_scope(by)).values_list("pk", flat=True)
        )
    found = {}
    for start in range(0, len(codes), 500):
        batch = School.objects.filter(uai__in=codes[start : start + 500])
        batch = batch.annotate(payer_then=payer_on(campaign.starts_on))
        for school in batch.select_related("commune__department"):
            school.already_enrolled = school.pk in enrolled
            if school.state == School.State.CLOSED:
                found[school.uai] = (None, _CLOSED)
            elif allowed is not None and school.payer_then not in allowed:
                found[school.uai] = (None, _OUTSIDE)
            else:
                found[school.uai] = (school, "")
    return found


def withdraw(enrolment: ConventionSchool, *, by) -> None:
    """Take a school out of the campaign, as long as its convention has not been sent."""
    convention = enrolment.convention
    if enrolment.released_on:
        raise TransitionRefused(f"{enrolment} n'est déjà plus inscrite.")
    if convention and convention.state not in REWORKABLE:
        raise TransitionRefused(
            f"{enrolment} figure dans une convention déjà envoyée : elle ne peut plus être retirée."
        )
    if convention is None and enrolment.amendments.exists():
        raise TransitionRefused(
            f"{enrolment} est retenue pour un avenant : c'est lui qu'il faut abandonner."
        )
    with transaction.atomic():
        enrolment.released_on = timezone.localdate()
        enrolment.save(update_fields=["released_on"])
        JournalEntry.about(
            convention or enrolment.campaign,
            by=by,
            verb="withdraw",
            summary=f"École retirée : {enrolment}",
        ).save()
        if convention:
            convention.recount(by=by)
