"""Preparing an avenant: its schools are chosen, kept for it, and its effect computed."""

import datetime
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES
from conventions.amendments.models import (
    Amendment,
    AmendmentChange,
    charge_with,
    refuse_amending,
)
from conventions.campaigns.fitting_texts import (
    OF_AN_AVENANT,
    refuse_text_without_free,
    refuse_texts_per_school,
)
from conventions.campaigns.tariffs import Basis, Charge
from conventions.models import ConfirmedParty, Convention, Enrolment
from documents.wording.kinds import AMENDMENTS, Kind
from documents.wording.texts import newest_text
from law.days import Days
from law.deadlines import add_months
from lifecycle.door import compare_and_swap, write_journal
from lifecycle.errors import TransitionRefused
from schools.models import School
from schools.takeover import schools_paid_by
from typography.counting import counted

# How long after its campaign a convention may be made to last.
_LONGEST_MONTHS = 12


def prepare_amendment(
    convention: Convention,
    *,
    by: User | None,
    reason: str,
    add: Iterable[School] = (),
    remove: Iterable[Enrolment] = (),
    new_end_on: datetime.date | None = None,
    states_party: bool = False,
) -> Amendment:
    """Prepare an avenant that adds the schools `add` and removes the enrolments `remove`.

    It may as well, or only, move the end of the convention to `new_end_on`, and with
    `states_party` say who the collectivity is by now: every avenant prints it as it is.

    The schools added are kept for it at once, and join the convention when both
    parties have signed. Raises TransitionRefused, with the message at its field
    (`reason`, `add`, `remove`, `new_end_on`, `states_party`), and ValidationError for texts of
    avenants that would not say the convention's tariff.
    """
    to_add, to_remove = list(dict.fromkeys(add)), list(dict.fromkeys(remove))
    if by is not None and by.role not in ADMIN_SITE_ROLES:
        raise TransitionRefused("Seul le rectorat prépare un avenant.")
    convention.refuse_stranger(by)
    refuse_amending(convention)
    if any(not amendment.is_over for amendment in convention.amendments.all()):
        raise TransitionRefused("Un avenant est déjà en cours pour cette convention.")
    if not reason.strip():
        raise TransitionRefused({"reason": "Indiquez l'objet de l'avenant."})
    if not (to_add or to_remove or new_end_on or states_party):
        raise TransitionRefused(
            "Choisissez ce que l'avenant change : au moins une école, la date de fin, ou qui est la "
            "collectivité."
        )
    if states_party and not party_changes(convention):
        raise TransitionRefused(
            {"states_party": "La collectivité est telle que la convention l'imprime."}
        )
    if new_end_on:
        _refuse_end(convention, new_end_on)
    _refuse_texts_of_another_rule(convention)
    try:
        with transaction.atomic():
            compare_and_swap(convention)
            _refuse_removals(convention, to_remove)
            added = _enrolments_to_add(convention, to_add)
            return _write(
                convention, by, reason.strip(), added, to_remove, new_end_on, states_party
            )
    except IntegrityError as error:
        raise TransitionRefused(
            {"add": "Une de ces écoles vient d'être inscrite ailleurs : relisez la liste."}
        ) from error


def party_changes(convention: Convention) -> dict[str, list[str]]:
    """Return what the collectivity is otherwise than as last signed: {name: [then, now]}."""
    signed = [amendment.party for amendment in convention.amendments.signed() if amendment.party]
    before = signed[-1] if signed else convention.party
    return ConfirmedParty.copy_of(convention.collectivity).changes_since(before)


def possible_ends(convention: Convention) -> tuple[datetime.date, datetime.date]:
    """Return the first and the last day to which an avenant may move the end of a convention.

    An end already past would be no news; one far away, another year's convention.
    """
    return timezone.localdate(), add_months(convention.campaign.ends_on, _LONGEST_MONTHS)


def _refuse_end(convention: Convention, day: datetime.date) -> None:
    if said := Days(*possible_ends(convention)).refusal_on(day, timezone.localdate()):
        raise TransitionRefused({"new_end_on": said})
    if day == convention.ends_on:
        raise TransitionRefused({"new_end_on": "La convention prend déjà fin ce jour-là."})


def _refuse_texts_of_another_rule(convention: Convention) -> None:
    """The newest texts are printed, which may be older than the tariff that they have to say."""
    rule = convention.rule
    if rule.basis != Basis.SCHOOL or rule.vat_rate or convention.exception:
        texts = (newest_text(kind) for kind in sorted(AMENDMENTS))
        refuse_texts_per_school(texts, OF_AN_AVENANT)
    if convention.is_free:
        refuse_text_without_free(newest_text(Kind.AMENDMENT))


def _refuse_removals(convention: Convention, removed: list[Enrolment]) -> None:
    for enrolment in removed:
        if enrolment.convention_id != convention.pk or enrolment.released_on:
            raise TransitionRefused(
                {"remove": f"{enrolment} n'est pas, ou plus, inscrite à cette convention."}
            )


def _enrolments_to_add(convention: Convention, schools: list[School]) -> list[Enrolment]:
    """Return an enrolment for each school, its own or a new one, in no convention yet."""
    campaign = convention.campaign
    enrolled = {
        enrolment.school_id: enrolment
        for enrolment in campaign.enrolments.enrolled().filter(school__in=schools)
    }
    free = set(campaign.enrolments.waiting().values_list("school_id", flat=True))
    paid = schools_paid_by(convention.collectivity, campaign.starts_on)
    payable = set(
        paid.filter(pk__in=[school.pk for school in schools]).values_list("pk", flat=True)
    )
    typed = campaign.typed_numbers.last_of_each()
    refusals, enrolments = [], []
    for school in schools:
        enrolment = enrolled.get(school.pk)
        if school.state == School.State.CLOSED:
            refusals.append(f"{school} est fermée.")
        elif school.pk not in payable:
            refusals.append(f"{school} n'est pas à la charge de cette collectivité.")
        elif enrolment and school.pk not in free:
            refusals.append(f"{school} est déjà inscrite cette année.")
        else:
            new = Enrolment(campaign=campaign, school=school, typed=typed.get(school.pk))
            enrolments.append(enrolment or new)
    if refusals:
        raise TransitionRefused({"add": refusals})
    for enrolment in enrolments:
        enrolment.campaign = campaign
        enrolment.copy_from_school()
        enrolment.count_by(convention.rule)
        if enrolment.is_unknown_to(convention.rule):
            refusals.append(
                f"{enrolment} : effectif manquant. Inscrivez-la d'abord, saisissez le nombre que "
                "compte le tarif, puis préparez l'avenant."
            )
    if refusals:
        raise TransitionRefused({"add": refusals})
    return enrolments


def _effect(convention: Convention, added: list[Enrolment], removed: list[Enrolment]) -> Charge:
    """Return what the convention's own rule makes of its schools, less what it does today."""
    taken_out = {enrolment.pk for enrolment in removed}
    now = convention.enrolments.enrolled()
    kept = [line.weight for line in now if line.pk not in taken_out]
    after = [*kept, *(line.weight for line in added)]
    today = charge_with(convention, convention.amendments.signed())
    return convention.rule.charge(after, convention.exception).less(today)


def _write(
    convention: Convention,
    by: User | None,
    reason: str,
    added: list[Enrolment],
    removed: list[Enrolment],
    new_end_on: datetime.date | None,
    states_party: bool,
) -> Amendment:
    last = convention.amendments.order_by("-number").first()
    change = _effect(convention, added, removed)
    amendment = Amendment(
        convention=convention,
        number=last.number + 1 if last else 1,
        reason=reason,
        added_count=len(added),
        removed_count=len(removed),
        unit_fee=convention.unit_fee,
        new_end_on=new_end_on,
        states_party=states_party,
        number_change=change.number,
        lump_change=change.lump,
        vat_change=change.vat,
        reduction_change=change.reduction,
        amount_change=change.amount,
    )
    amendment.full_clean(exclude=["convention"])
    amendment.save()
    for enrolment in added:
        was_enrolled = enrolment.pk is not None
        enrolment.added_by = amendment
        enrolment.save()
        amendment.changes.create(
            enrolment=enrolment, kind=AmendmentChange.Kind.ADDED, was_enrolled=was_enrolled
        )
    for enrolment in removed:
        amendment.changes.create(enrolment=enrolment, kind=AmendmentChange.Kind.REMOVED)
    write_journal(
        amendment,
        by,
        "prepare",
        f"préparé, {counted(len(added), 'école ajoutée')}, {counted(len(removed), 'retirée')}",
        to_state=amendment.state,
        comment=reason,
        changes={
            word: [enrolment.uai for enrolment in enrolments]
            for word, enrolments in (("added", added), ("removed", removed))
            if enrolments
        }
        | (party_changes(convention) if states_party else {})
        | ({"new_end_on": [f"{new_end_on}"]} if new_end_on else {}),
    )
    return amendment
