"""The database refuses nonsense, whatever door it comes through."""

import datetime
from copy import copy

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from conventions.acts.models import Act
from conventions.campaigns.models import Campaign
from conventions.models import ConfirmedParty, Convention, Enrolment, Piece
from documents.models import Document
from lifecycle.frozen import FrozenError
from lifecycle.models import JournalEntry
from tests.factories import ConventionFactory, SchoolFactory

pytestmark = pytest.mark.django_db

DAY = datetime.date(2022, 10, 10)


def refuse(message, query, instance=None):
    """Check that the database refuses, and that validation says `message` beforehand."""
    with pytest.raises(IntegrityError), transaction.atomic():
        query()
    if instance is not None:
        with pytest.raises(ValidationError, match=message):
            instance.validate_constraints()


def test_one_convention_per_collectivity_and_campaign(convention):
    again = copy(convention)
    again.pk = None
    again._state.adding = True
    refuse("déjà sa convention", again.save, again)


def test_an_abandoned_convention_leaves_room_for_another(convention, rectorat):
    convention.abandon(by=rectorat, comment="Erreur")
    ConventionFactory(campaign=convention.campaign, collectivity=convention.collectivity)
    assert Convention.objects.count() == 2


def test_a_school_is_not_in_two_conventions_of_one_year(convention):
    line = convention.enrolments.first()
    again = Enrolment(campaign=convention.campaign, school=line.school)
    again.copy_from_school()
    refuse("deux conventions", again.save, again)


def test_the_amount_is_count_times_fee(convention):
    convention.amount = 91
    refuse(
        "multiplié",
        lambda: Convention.objects.filter(pk=convention.pk).update(amount=91),
        convention,
    )


def test_a_fee_with_cents_makes_an_exact_amount(convention):
    Convention.objects.filter(pk=convention.pk).update(
        school_count=3, unit_fee="0.10", amount="0.30"
    )
    convention.refresh_from_db()
    assert str(convention.amount) == "0.30"


DATES_OF_STATE = {
    "prepared": (),
    "sent": ("sent_on",),
    "correction_requested": ("sent_on",),
    "accepted": ("sent_on", "accepted_on"),
    "signed_by_collectivity": ("sent_on", "accepted_on", "collectivity_signed_on"),
    "signed_by_region": ("sent_on", "accepted_on", "region_signed_on"),
    "signed": ("sent_on", "accepted_on", "collectivity_signed_on", "region_signed_on"),
    "terminated": ("sent_on", "accepted_on", "collectivity_signed_on", "region_signed_on"),
}
ABOUT_DATE = {
    "sent_on": "porte une date d'envoi",
    "accepted_on": "porte les renseignements confirmés",
    "collectivity_signed_on": "la collectivité a signé porte la date",
    "region_signed_on": "la région académique a signé porte la date",
}


@pytest.fixture
def in_state(convention):
    """Return a function that puts `convention` in a state with some dates, by no verb."""
    party = ConfirmedParty.copy_of(convention.collectivity)
    party.save()

    def put(state, dates):
        values = {"state": state, **{date: DAY if date in dates else None for date in ABOUT_DATE}}
        values["party"] = party if "accepted_on" in dates else None
        for name, value in values.items():
            setattr(convention, name, value)
        return lambda: Convention.objects.filter(pk=convention.pk).update(**values)

    return put


@pytest.mark.parametrize("state", DATES_OF_STATE)
def test_a_state_comes_with_its_dates_and_a_date_with_its_states(convention, in_state, state):
    dates = DATES_OF_STATE[state]
    for date, message in ABOUT_DATE.items():
        otherwise = set(dates) ^ {date}
        refuse(message, in_state(state, otherwise), convention)
    in_state(state, dates)()


def test_what_was_given_up_keeps_the_dates_that_it_had(in_state):
    for dates in DATES_OF_STATE.values():
        in_state("abandoned", dates)()


@pytest.mark.parametrize("absent", ["accepted_on", "party"])
def test_what_was_confirmed_and_its_day_go_together(convention, in_state, absent):
    in_state("accepted", DATES_OF_STATE["accepted"])()
    setattr(convention, absent, None)
    refuse(
        "porte les renseignements confirmés",
        lambda: Convention.objects.filter(pk=convention.pk).update(**{absent: None}),
        convention,
    )


@pytest.mark.parametrize("field", ["deposited_on", "published_on", "reported_on"])
def test_nothing_happens_to_an_act_before_its_date(convention, field):
    adopted = {"state": "adopted", "number": "1", "dated_on": DAY}
    act = Act(collectivity=convention.collectivity, kind="decision", **adopted)
    act.save()
    before = DAY - datetime.timedelta(days=1)
    setattr(act, field, before)
    refuse("précéder", lambda: Act.objects.update(**{field: before}), act)
    with pytest.raises(ValidationError) as refusal:
        act.full_clean()
    assert list(refusal.value.error_dict) == [field]


def test_a_campaign_has_a_tariff_above_zero(convention):
    convention.campaign.tariff = 0
    refuse("supérieure à zéro", lambda: Campaign.objects.update(tariff=0), convention.campaign)


def test_a_version_of_a_piece_exists_once(convention, rectorat):
    document = Document.freeze(b"%PDF-1.7", pages=1, by=rectorat)
    fields = {"convention": convention, "kind": "other", "version": 1, "document": document}
    Piece.objects.create(**fields)
    refuse("existe déjà", lambda: Piece.objects.create(**fields), Piece(**fields))


def test_the_journal_cannot_be_rewritten(convention, rectorat):
    convention.send(by=rectorat)
    entry = JournalEntry.objects.get()
    for change in (
        entry.save,
        entry.delete,
        lambda: JournalEntry.objects.update(summary="x"),
        lambda: JournalEntry.objects.all().delete(),
    ):
        with pytest.raises(FrozenError):
            change()


def test_an_issued_document_cannot_change(rectorat):
    document = Document.freeze(b"%PDF-1.7", pages=1, by=rectorat)
    with pytest.raises(FrozenError):
        document.save()


def test_the_same_bytes_are_stored_once(rectorat):
    first = Document.freeze(b"%PDF-1.7", pages=1, by=rectorat)
    second = Document.freeze(b"%PDF-1.7", pages=1, by=rectorat)
    assert first.file.name == second.file.name


def test_the_line_of_a_school_is_never_below_zero(convention):
    line = Enrolment(campaign=convention.campaign, school=SchoolFactory(), fee=-1)
    refuse("au-dessous de zéro", line.save, line)
