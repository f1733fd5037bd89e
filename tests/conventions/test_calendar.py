"""A town hall's deadlines in its own diary, by a secret address it may revoke."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from conventions.exchanges.models import CalendarSubscription
from conventions.terminations.models import give_formal_notice
from tests.factories import CampaignFactory, ConventionFactory, UserFactory, sign_by_both

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(town_hall):
    return reverse("calendar_file", args=[CalendarSubscription.renew(town_hall).token])


@pytest.fixture
def mairie(client, town_hall):
    client.force_login(town_hall)
    return client


def events(client, address):
    calendar = Calendar.from_ical(client.get(address).content)
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def days(client, address):
    return sorted(event.decoded("dtstart") for event in events(client, address).values())


def test_the_deadlines_of_a_signed_file_are_days_with_the_address_of_the_file(
    client, address, signed_convention
):
    assert days(client, address) == [
        datetime.date(2022, 12, 14),  # appeal
        datetime.date(2022, 12, 14),  # referral
        datetime.date(2023, 1, 10),  # report to the council
        datetime.date(2023, 9, 1),  # end
    ]
    for event in events(client, address).values():
        assert event["url"] == f"http://127.0.0.1:8000{signed_convention.get_absolute_url()}"
        assert signed_convention.collectivity_title in event["summary"]


def test_a_sent_file_awaits_its_reply(client, address, convention):
    convention.campaign.reply_by = datetime.date(2022, 12, 31)
    convention.campaign.save()
    convention.send(by=None)
    assert days(client, address) == [datetime.date(2022, 12, 31)]


def test_a_deadline_that_moves_stays_the_same_event(client, address, convention):
    convention.campaign.reply_by = datetime.date(2022, 12, 31)
    convention.campaign.save()
    convention.send(by=None)
    before = set(events(client, address))
    convention.campaign.reply_by = datetime.date(2023, 1, 15)
    convention.campaign.save()
    assert set(events(client, address)) == before
    assert days(client, address) == [datetime.date(2023, 1, 15)]


def test_a_termination_shows_its_next_deadline_and_keeps_the_last_once_it_is_over(
    client, address, signed_convention
):
    def of_termination():
        return [
            (str(event["summary"]).partition(" : ")[0], event.decoded("dtstart"))
            for uid, event in events(client, address).items()
            if "-termination-" in uid
        ]

    notice = timezone.localdate() - datetime.timedelta(days=60)
    termination = give_formal_notice(
        signed_convention, by=None, side="region", on=notice, grievances="Griefs"
    )
    assert of_termination() == [("Tenir la conciliation", termination.conciliation_by)]
    letter = timezone.localdate() - datetime.timedelta(days=16)
    termination.send_second_letter(by=None, on=letter, reasons="Motifs")
    effect, amicable = of_termination()
    assert effect == ("Résiliation de la convention", letter + datetime.timedelta(days=15))
    termination.terminate(by=None, on=effect[1])
    assert of_termination() == [amicable]
    assert len(events(client, address)) == 1


def test_an_agreement_takes_the_deadlines_of_a_termination_away(client, address, signed_convention):
    before = set(events(client, address))
    today = timezone.localdate()
    termination = give_formal_notice(
        signed_convention, by=None, side="region", on=today, grievances="Griefs"
    )
    termination.record_settlement(by=None, on=today)
    assert set(events(client, address)) == before


def test_many_files_ask_as_many_queries_as_one(client, address, signed_convention):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    of_one = queries()
    for start_year in (2020, 2021):
        ConventionFactory(
            campaign=CampaignFactory(start_year=start_year),
            collectivity=signed_convention.collectivity,
        ).send(by=None)
    assert queries() == of_one


def test_nothing_shows_before_the_file_is_sent(client, address, convention):
    assert events(client, address) == {}


def test_the_files_of_others_are_not_there(client, address):
    sign_by_both(ConventionFactory())
    assert events(client, address) == {}


def test_no_person_is_named(client, address, signed_convention, town_hall):
    text = client.get(address).content.decode()
    for name in (
        town_hall.last_name,
        town_hall.email,
        signed_convention.party.representative_last_name,
        signed_convention.campaign.signatory_last_name,
    ):
        assert name not in text


def test_it_opens_without_signing_in_and_nothing_keeps_a_copy(client, address):
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"] == "private, no-store"


def test_a_wrong_address_is_a_page_that_does_not_exist(client, address):
    assert client.get(f"{address[:-5]}x.ics").status_code == 404


def test_it_stops_answering_with_the_account(client, address, town_hall):
    town_hall.is_active = False
    town_hall.save()
    assert client.get(address).status_code == 404


def test_a_renewed_address_answers_and_the_one_before_no_longer(mairie, address, town_hall):
    mairie.post(reverse("calendar"), {"action": "renew"})
    renewed = CalendarSubscription.objects.live().get(user=town_hall)
    assert mairie.get(address).status_code == 404
    assert mairie.get(reverse("calendar_file", args=[renewed.token])).status_code == 200


def test_a_revoked_address_no_longer_answers(mairie, address):
    mairie.post(reverse("calendar"), {"action": "revoke"})
    assert mairie.get(address).status_code == 404


def test_reading_the_page_gives_no_address(mairie, town_hall):
    mairie.get(reverse("calendar"))
    assert not CalendarSubscription.objects.exists()


def test_the_page_shows_the_address_that_one_asked_for(mairie, town_hall):
    page = mairie.post(reverse("calendar"), {"action": "renew"}, follow=True)
    assert CalendarSubscription.objects.get().url in page.content.decode()


def test_the_addresses_of_two_people_are_their_own(mairie, town_hall, convention):
    CalendarSubscription.renew(UserFactory(collectivities=[convention.collectivity]))
    mairie.post(reverse("calendar"), {"action": "renew"})
    mairie.post(reverse("calendar"), {"action": "revoke"})
    assert CalendarSubscription.objects.live().count() == 1
