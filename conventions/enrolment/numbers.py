"""A school's pupils or classes typed for one campaign: kept, and taken by its convention at once."""

from django.db import transaction

from accounts.models import User
from conventions.campaigns.models import Campaign, TypedNumber
from conventions.campaigns.tariffs import Counted
from conventions.enrolment.enrolling import recount, refuse_outside
from conventions.models import Enrolment
from conventions.models.priced import has_same_tariff
from lifecycle.door import hold, write_journal
from lifecycle.errors import TransitionRefused


def type_number(
    enrolment: Enrolment, *, by: User | None, number: int | None, reason: str
) -> TypedNumber:
    """Keep what a school counts for in its campaign, with who typed it and why.

    `number` is of what the tariff counts; None gives the annuaire its say again. A convention
    prepared at the tariff of today is counted anew at once. Raises TransitionRefused: the tariff
    counts neither pupils nor classes, no number would be left, the school was taken out, kept for
    an avenant or sent in its convention, campaign over, outside of the territory of `by`; and
    ValidationError for a number or a reason that is none.
    """
    with transaction.atomic():
        campaign = Campaign.objects.held(enrolment.campaign)
        campaign.refuse_work(by)
        refuse_outside(enrolment, by)
        enrolment = Enrolment.objects.select_related("school", "convention").get(pk=enrolment.pk)
        enrolment.campaign = campaign
        if not campaign.rule.asks_numbers:
            raise TransitionRefused(
                "Le tarif de cette campagne ne compte ni les élèves ni les classes."
            )
        _refuse_settled(enrolment)
        typed = TypedNumber(
            campaign=campaign,
            school=enrolment.school,
            unit=campaign.rule.unit,
            number=number,
            reason=reason.strip(),
            by=by,
        )
        typed.full_clean()
        typed.save()
        _take(enrolment, typed, by)
        noun = Counted(typed.unit).label
        summary = f"Nombre retenu ({noun}), {enrolment.uai} : {typed}"
        write_journal(
            enrolment.convention or campaign, by, "type_number", summary, comment=typed.reason
        )
    return typed


def _refuse_settled(enrolment: Enrolment) -> None:
    """Hold the convention, and say why its number may not be typed any more."""
    if convention := enrolment.convention:
        hold(convention)
        convention.refresh_from_db(fields=["state", "version"])
    if enrolment.may_be_counted:
        return
    if enrolment.released_on:
        raise TransitionRefused(f"{enrolment} n'est plus inscrite.")
    if enrolment.added_by_id:
        raise TransitionRefused(
            f"{enrolment} est retenue pour un avenant : abandonnez-le, puis saisissez le nombre."
        )
    raise TransitionRefused(
        f"{enrolment} figure dans une convention déjà envoyée : son montant ne change plus. "
        "Une réduction se demande aux finances, sur la page de sa créance."
    )


def _take(enrolment: Enrolment, typed: TypedNumber, by: User | None) -> None:
    """Count the school by what was typed; a convention at another tariff is prepared anew anyway."""
    enrolment.typed = typed
    enrolment.count_by(enrolment.campaign.rule)
    convention = enrolment.convention
    is_counted = convention is None or has_same_tariff(convention, enrolment.campaign)
    if is_counted and convention and enrolment.number is None:
        raise TransitionRefused("L'annuaire ne donne pas ce nombre : saisissez-le.")
    enrolment.save(update_fields=["typed", "number", "fee"] if is_counted else ["typed"])
    if is_counted and convention:
        recount(convention, by)
