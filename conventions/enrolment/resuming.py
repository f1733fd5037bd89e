"""A file begun again, after an error that only a new one can put right."""

from copy import copy

from django.db import transaction

from accounts.models import User
from conventions.campaigns.models import Campaign
from conventions.enrolment.enrolling import enrol
from conventions.enrolment.preparation import prepare
from conventions.lifecycle import TRANSITIONS
from conventions.models import Convention
from lifecycle.errors import TransitionRefused


def can_resume(convention: Convention) -> bool:
    """Tell whether a file may be given up, in a campaign where another can take its place."""
    return convention.state in TRANSITIONS["abandon"].targets and not convention.campaign.is_over


def resume(convention: Convention, *, by: User | None, comment: str) -> Convention:
    """Give a file up with a reason, enrol its schools again, and prepare the file that follows.

    All or nothing. The new file has a reference of its own; names, payers and fee are
    those of today. Raises TransitionRefused, and when none of its schools can be enrolled.
    """
    with transaction.atomic():
        campaign = Campaign.objects.held(convention.campaign)
        campaign.refuse_work(by)
        codes = list(convention.enrolments.enrolled().values_list("uai", flat=True))
        # A copy: what is refused below leaves the caller's file as it was read.
        given_up = copy(convention)
        given_up.abandon(by=by, comment=comment)
        report = enrol(
            campaign, "\n".join(codes), by=by, origin=f", reprise de {convention.reference}"
        )
        payers = campaign.enrolments.payable(campaign, by).filter(uai__in=codes).enrolled()
        prepare(campaign, by=by, payers={enrolment.payer_id for enrolment in payers})
        if report.refused:
            reasons = " ".join(f"{refusal.text} : {refusal.reason}" for refusal in report.refused)
            raise TransitionRefused(f"Ce dossier ne peut pas être repris tel quel. {reasons}")
        again = campaign.enrolments.enrolled().filter(uai__in=codes)
        if unknown := [line.uai for line in again if line.is_unknown_to(campaign.rule)]:
            raise TransitionRefused(
                f"Le tarif compte un nombre que {', '.join(unknown)} n'a pas : donnez-le sur la page "
                "de l'école, puis recommencez."
            )
        found = campaign.conventions.living().filter(enrolments__in=again).order_by("pk").first()
        if found is None:
            raise TransitionRefused(
                "La collectivité qui paie désormais a déjà son dossier, envoyé : abandonnez "
                "celui-ci, puis ajoutez ses écoles au sien par un avenant."
            )
        convention.refresh_from_db()
        return found
