"""The avenant: schools added to or removed from a signed convention during its year."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conventions.amendments import preparing
from conventions.amendments.effects import can_be_amended, current_amount, current_school_count
from conventions.amendments.lifecycle import AmendmentState
from conventions.amendments.models import Amendment
from conventions.authority import record_act, record_act_dates
from conventions.dossiers.timeline import summary_of
from conventions.enrolment.enrolling import withdraw
from conventions.enrolment.preparation import prepare
from conventions.exchanges.models import Notification
from conventions.lifecycle import State
from conventions.models import Enrolment, file_name, issue_documents, own_pieces
from conventions.printing import convention_context
from lifecycle.errors import StaleFile, TransitionRefused
from schools.models import School
from tests.factories import (
    ConventionFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
    sign_amendment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def convention():
    """Two schools, signed by both; the year is under way."""
    return current_signed_convention()


@pytest.fixture
def school(convention):
    """One more school of the same payer, not enrolled."""
    return SchoolFactory(payer=convention.collectivity)


@pytest.fixture
def amendment(convention, school):
    """Sent: it adds one school and removes none."""
    amendment = prepare_amendment(convention, add=[school])
    amendment.send(by=None)
    print_quickly(amendment)
    return amendment


def refused(call, field=None):
    """Return the message of the refusal that `call` meets (at `field`)."""
    with pytest.raises(TransitionRefused) as refusal:
        call()
    messages = refusal.value.message_dict[field] if field else refusal.value.messages
    return " ".join(messages)


# --- Preparing --------------------------------------------------------------
def test_it_takes_the_next_number_and_says_what_it_changes(convention, school, rectorat):
    removed = convention.enrolments.first()
    amendment = preparing.prepare_amendment(
        convention, by=rectorat, reason="Une école ouvre.", add=[school], remove=[removed]
    )
    assert (amendment.number, amendment.state) == (1, AmendmentState.PREPARED)
    assert (amendment.added_count, amendment.removed_count) == (1, 1)
    assert amendment.amount_change == 0
    assert [line.uai for line in amendment.added] == [school.uai]
    assert amendment.removed == [removed]
    entry = convention.journal.first()
    assert summary_of(entry) == "Avenant n° 1 : préparé, 1 école ajoutée, 1 retirée"
    assert entry.changes == {"added": [school.uai], "removed": [removed.uai]}


def test_only_a_convention_signed_by_both_is_amended():
    convention = ConventionFactory()
    call = lambda: prepare_amendment(convention, remove=[convention.enrolments.first()])  # noqa: E731
    assert "signée par les deux parties : celle-ci est préparée" in refused(call)


def test_a_convention_that_has_ended_is_not_amended(convention, school):
    assert can_be_amended(convention)
    convention.campaign.ends_on = timezone.localdate() - datetime.timedelta(days=1)
    message = refused(lambda: prepare_amendment(convention, add=[school]))
    assert message.startswith("La convention a pris fin le")
    assert not can_be_amended(convention)


def test_a_town_hall_does_not_prepare_avenants(convention, school, town_hall):
    assert "Seul le rectorat" in refused(
        lambda: preparing.prepare_amendment(convention, by=town_hall, reason="…", add=[school])
    )


def test_it_has_a_reason_and_changes_something(convention, school):
    assert refused(lambda: prepare_amendment(convention, add=[school], reason=" "), "reason")
    assert "au moins une école" in refused(lambda: prepare_amendment(convention))


@pytest.mark.parametrize(
    ("make_school", "reason"),
    [
        (lambda convention: SchoolFactory(), "n'est pas à la charge de cette collectivité"),
        (
            lambda convention: SchoolFactory(
                payer=convention.collectivity, state=School.State.CLOSED
            ),
            "est fermée",
        ),
        (lambda convention: convention.enrolments.first().school, "déjà inscrite cette année"),
    ],
    ids=["of another payer", "closed", "enrolled"],
)
def test_a_school_that_cannot_come_in_is_refused_by_name(convention, make_school, reason):
    school = make_school(convention)
    message = refused(lambda: prepare_amendment(convention, add=[school]), "add")
    assert reason in message
    assert school.uai in message
    assert not Amendment.objects.exists()


def test_a_school_of_another_convention_is_not_removed(convention):
    foreign = ConventionFactory(campaign=convention.campaign).enrolments.first()
    assert foreign.uai in refused(lambda: prepare_amendment(convention, remove=[foreign]), "remove")


def test_one_avenant_at_a_time(convention, amendment):
    line = convention.enrolments.first()
    assert "déjà en cours" in refused(lambda: prepare_amendment(convention, remove=[line]))
    sign_amendment(amendment)
    convention.refresh_from_db()
    assert prepare_amendment(convention, remove=[line]).number == 2


def test_of_two_agents_who_prepare_one_the_second_is_told(convention, school):
    seen = type(convention).objects.get(pk=convention.pk)
    prepare_amendment(convention, add=[school]).abandon(by=None, comment="Erreur.")
    with pytest.raises(StaleFile):
        prepare_amendment(seen, remove=[convention.enrolments.first()])


# --- Schools kept aside -----------------------------------------------------
def test_a_school_added_is_kept_at_once_and_joins_once_both_have_signed(
    convention, school, amendment
):
    line = school.enrolments.get()
    assert (line.convention, line.fee) == (None, convention.unit_fee)
    amendment.sign_for_collectivity(by=None, on=timezone.localdate())
    assert school.enrolments.get().convention is None
    amendment.sign_for_region(by=None, on=timezone.localdate())
    assert amendment.state == AmendmentState.SIGNED
    assert school.enrolments.get().convention == convention


def test_an_enrolment_without_convention_is_taken(convention, school):
    line = Enrolment(campaign=convention.campaign, school=school)
    line.copy_from_school()
    line.save()
    assert prepare_amendment(convention, add=[school]).added == [line]


def test_a_school_kept_for_an_avenant_waits_for_no_convention(convention, school, amendment):
    report = prepare(convention.campaign, by=None)
    assert (report.created, report.left_out) == ([], [])
    assert not convention.campaign.enrolments.waiting().exists()
    line = school.enrolments.get()
    assert "retenue pour un avenant" in refused(lambda: withdraw(line, by=None))


def test_a_school_removed_leaves_on_the_day_of_the_last_signature(convention):
    line = convention.enrolments.first()
    amendment = prepare_amendment(convention, remove=[line])
    amendment.send(by=None)
    print_quickly(amendment)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    amendment.sign_for_region(by=None, on=timezone.localdate() - datetime.timedelta(days=2))
    amendment.sign_for_collectivity(by=None, on=yesterday)
    line.refresh_from_db()
    assert line.released_on == yesterday


def test_abandoning_frees_the_schools_it_kept(convention, school, amendment):
    assert refused(lambda: amendment.abandon(by=None, comment=""), "comment")
    amendment.abandon(by=None, comment="L'ouverture est remise.")
    assert school.enrolments.get().released_on == timezone.localdate()
    again = prepare_amendment(convention, add=[school])
    assert again.number == 2


def test_abandoning_leaves_enrolled_a_school_that_was(convention, school):
    line = Enrolment(campaign=convention.campaign, school=school)
    line.copy_from_school()
    line.save()
    amendment = prepare_amendment(convention, add=[school])
    assert line not in convention.campaign.enrolments.waiting()
    amendment.abandon(by=None, comment="L'avenant attendra.")
    assert line in convention.campaign.enrolments.waiting()


def test_a_school_removed_may_come_back_by_the_next_avenant(convention):
    line = convention.enrolments.first()
    sign_amendment(prepare_amendment(convention, remove=[line]))
    convention.refresh_from_db()
    sign_amendment(prepare_amendment(convention, add=[line.school]))
    convention.refresh_from_db()
    assert current_school_count(convention) == convention.school_count


# --- What was issued does not change (rule 3) -------------------------------
def test_the_convention_keeps_printing_what_it_printed(convention, school):
    before = convention_context(convention)
    amendment = prepare_amendment(convention, add=[school], remove=[convention.enrolments.first()])
    sign_amendment(amendment)
    convention.refresh_from_db()
    assert convention_context(convention) == before
    assert (convention.school_count, convention.amount) == (2, Decimal("90.00"))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), max_size=4))
def test_the_current_amount_is_that_of_the_schools_that_remain(moves):
    """Whatever was added, removed or abandoned: schools × tariff, and each change adds up."""
    with transaction.atomic():
        convention = current_signed_convention()
        for added, removed, is_signed in moves:
            lines = list(convention.enrolments.enrolled()[:removed])
            schools = SchoolFactory.create_batch(added, payer=convention.collectivity)
            if not (schools or lines):
                continue
            amendment = prepare_amendment(convention, add=schools, remove=lines)
            if is_signed:
                sign_amendment(amendment)
            else:
                amendment.abandon(by=None, comment="Exemple.")
            convention.refresh_from_db()
        remaining = convention.enrolments.enrolled().count()
        changes = sum(a.amount_change for a in convention.amendments.signed())
        assert current_school_count(convention) == remaining
        assert current_amount(convention) == remaining * convention.unit_fee
        assert current_amount(convention) == convention.amount + changes
        transaction.set_rollback(True)


def test_each_avenant_starts_from_the_one_before(convention):
    for _ in range(2):
        school = SchoolFactory(payer=convention.collectivity)
        amendment = sign_amendment(prepare_amendment(convention, add=[school]))
        convention.refresh_from_db()
    amendment = convention.amendments.get(number=2)
    assert (amendment.balance, amendment.count_after) == (1, 4)
    assert (amendment.amount_before, amendment.amount_after) == (135, 180)


# --- Sending and signing ----------------------------------------------------
def test_sending_tells_the_town_hall(amendment, convention):
    assert amendment.sent_on == timezone.localdate()
    assert convention.notifications.first().kind == Notification.Kind.AMENDMENT_SENT


def test_an_avenant_is_not_signed_before_its_convention_nor_in_the_future(amendment, convention):
    before = convention.effective_on - datetime.timedelta(days=1)
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    assert "précéder la prise d'effet" in refused(
        lambda: amendment.sign_for_region(by=None, on=before), "on"
    )
    assert "futur" in refused(lambda: amendment.sign_for_region(by=None, on=tomorrow), "on")


def test_nothing_is_signed_once_the_convention_is_terminated(amendment, convention):
    type(convention).objects.filter(pk=convention.pk).update(state=State.TERMINATED)
    amendment = Amendment.objects.get(pk=amendment.pk)
    today = timezone.localdate()
    assert "résiliée" in refused(lambda: amendment.sign_for_region(by=None, on=today))


def test_its_journal_entries_are_not_taken_for_the_conventions(amendment, convention):
    sign_amendment(amendment)
    entries = convention.journal.all()[:4]
    assert [(entry.part, entry.verb) for entry in entries] == [
        ("A1", "sign_for_region"),
        ("A1", "sign_for_collectivity"),
        ("A1", "add_piece"),
        ("A1", "send"),
    ]


def test_of_ten_avenants_a_refusal_about_the_first_names_who_signed_the_first(convention):
    first, *_, last = (UserFactory(role="rectorat") for _ in range(10))
    today = timezone.localdate()
    for number in range(1, 11):
        school = SchoolFactory(payer=convention.collectivity)
        amendment = prepare_amendment(convention, add=[school])
        amendment.send(by=None)
        issue_documents(amendment, by=None)
        amendment.sign_for_collectivity(by=None, on=today)
        amendment.sign_for_region(by={1: first, 10: last}.get(number), on=today)
        convention.refresh_from_db()
    numbered_one, numbered_ten = (convention.amendments.get(number=n) for n in (1, 10))
    assert first.get_full_name() in refused(lambda: numbered_one.sign_for_region(by=None, on=today))
    assert last.get_full_name() in refused(lambda: numbered_ten.sign_for_region(by=None, on=today))
    assert {piece.part for piece in own_pieces(numbered_one)} == {"A1"}
    assert summary_of(convention.journal.filter(part="A10").first()).startswith("Avenant n° 10 : ")


def test_a_refusal_about_the_convention_names_nobody_who_signed_an_avenant(convention, amendment):
    agent = UserFactory(role="rectorat")
    amendment.sign_for_collectivity(by=agent, on=timezone.localdate())
    amendment.sign_for_region(by=agent, on=timezone.localdate())
    message = refused(lambda: convention.sign_for_region(by=None, on=timezone.localdate()))
    assert "signée par les deux parties (système, le" in message


def test_a_town_hall_signs_for_its_side_only(amendment, town_hall):
    today = timezone.localdate()
    assert "pas ouvert" in refused(lambda: amendment.sign_for_region(by=town_hall, on=today))
    amendment.sign_for_collectivity(by=town_hall, on=today)
    assert amendment.state == AmendmentState.SIGNED_BY_COLLECTIVITY


# --- Its act and its PDF ----------------------------------------------------
def test_its_act_is_optional_and_authorises_the_signature_from_its_date(amendment):
    today = timezone.localdate()
    yesterday = today - datetime.timedelta(days=1)
    record_act(amendment, by=None, kind="deliberation", number="2026-12", dated_on=today)
    assert "précéder l'acte" in refused(
        lambda: amendment.sign_for_collectivity(by=None, on=yesterday), "on"
    )
    amendment.sign_for_collectivity(by=None, on=today)
    record_act_dates(amendment, by=None, deposited_on=today, published_on=today)
    assert amendment.act.executory_on == today
    assert "ne change plus" in refused(
        lambda: record_act(amendment, by=None, kind="decision", number="1", dated_on=today)
    )


def test_its_pieces_are_its_own(amendment, convention):
    today = timezone.localdate()
    record_act(amendment, by=None, kind="decision", number="2026-12", dated_on=today)
    of_the_convention = own_pieces(convention).count()
    issue_documents(amendment, by=None)
    issued = sorted(own_pieces(amendment), key=lambda piece: piece.kind)
    # Printed when it was sent, and again once it names the act that authorises it.
    assert [piece.kind for piece in issued] == ["amendment", "amendment", "amendment_act"]
    assert issue_documents(amendment, by=None) == []
    assert own_pieces(convention).count() == of_the_convention
    name = file_name(issued[0])
    year = convention.campaign.school_year
    assert name.startswith(f"avenant-n-1_avenant-a-signer_{year}_")
    assert issued[0].document.context["amendment"]["amount_change"] == "45.00"


# --- The database refuses nonsense ------------------------------------------
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"number": 1}, "Ce numéro d'avenant existe déjà."),
        ({"number": 2}, "Un avenant est déjà en cours pour cette convention."),
        (
            {"number": 2, "state": AmendmentState.ABANDONED, "amount_change": 1},
            "L'effet sur le montant est celui du tarif de la convention sur le solde des écoles.",
        ),
    ],
)
def test_the_database_refuses(amendment, convention, values, message):
    other = Amendment(convention=convention, reason="…", unit_fee=convention.unit_fee, **values)
    with pytest.raises(ValidationError) as refusal:
        other.full_clean()
    assert message in refusal.value.messages
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()


DATES_OF_STATE = {
    "prepared": (),
    "sent": ("sent_on",),
    "signed_by_collectivity": ("sent_on", "collectivity_signed_on"),
    "signed_by_region": ("sent_on", "region_signed_on"),
    "signed": ("sent_on", "collectivity_signed_on", "region_signed_on"),
}
ABOUT_DATE = {
    "sent_on": "porte une date d'envoi",
    "collectivity_signed_on": "la collectivité a signé porte la date",
    "region_signed_on": "la région académique a signé porte la date",
}


@pytest.mark.parametrize("state", DATES_OF_STATE)
def test_a_state_comes_with_its_dates_and_a_date_with_its_states(amendment, state):
    def values(dates):
        day = timezone.localdate()
        return {"state": state, **{date: day if date in dates else None for date in ABOUT_DATE}}

    for date, message in ABOUT_DATE.items():
        otherwise = values(set(DATES_OF_STATE[state]) ^ {date})
        with pytest.raises(IntegrityError), transaction.atomic():
            Amendment.objects.update(**otherwise)
        for name, value in otherwise.items():
            setattr(amendment, name, value)
        with pytest.raises(ValidationError, match=message):
            amendment.validate_constraints()
    Amendment.objects.update(**values(DATES_OF_STATE[state]))


def test_a_school_is_once_in_an_avenant(amendment):
    row = amendment.changes.get()
    row.pk = None
    with pytest.raises(ValidationError, match="figure déjà dans cet avenant"):
        row.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
