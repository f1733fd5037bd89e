"""Reminders: a person's act or the campaign's schedule, within an interval and a number."""

import datetime
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act_dates
from conventions.dossiers import reminders
from conventions.dossiers.reminders import refusal, remind
from conventions.dossiers.tasks import send_reminders
from conventions.exchanges.models import Notification
from conventions.models import Convention
from jobs.models import Job, JobItem
from jobs.tasks import run_job
from lifecycle.errors import TransitionRefused
from lifecycle.models import JournalEntry
from tests.factories import (
    ConventionFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    sign_by_both,
)

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


@pytest.fixture
def sent(convention, town_hall):
    """Sent forty days ago, to a town hall that has an account."""
    convention.send(by=None, on=timezone.localdate() - 40 * DAY)
    return convention


@pytest.fixture
def scheduled(sent):
    """The same, in a campaign that reminds 30 and 10 days before a day 20 days from now."""
    set_campaign(sent, reply_by=timezone.localdate() + 20 * DAY, reminder_schedule="30, 10")
    return sent


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def set_campaign(convention, **values):
    for name, value in values.items():
        setattr(convention.campaign, name, value)
    convention.campaign.save()


def reminded_days_ago(convention, days, times=1):
    Convention.objects.filter(pk=convention.pk).update(
        reminder_count=times, reminded_on=timezone.localdate() - days * DAY
    )
    convention.refresh_from_db()


def reminder_emails():
    return Notification.objects.filter(kind=Notification.Kind.REMINDER)


def run(*arguments):
    output = StringIO()
    call_command("send_reminders", *arguments, stdout=output)
    return output.getvalue()


# --- A person's act ---------------------------------------------------------
def test_a_reminder_says_what_is_missing_and_is_in_the_journal(sent, rectorat):
    remind(sent, by=rectorat)
    assert "vérifier les écoles et vos renseignements" in reminder_emails().get().email.body
    entry = sent.journal.get(verb="remind")
    assert (entry.by, entry.from_state, entry.to_state) == (rectorat, "sent", "sent")
    sent.refresh_from_db()
    assert (sent.reminder_count, sent.reminded_on) == (1, timezone.localdate())


def test_a_town_hall_does_not_remind_itself(sent, town_hall):
    with pytest.raises(TransitionRefused, match="pas ouvert à votre compte"):
        remind(sent, by=town_hall)


def test_a_file_that_waits_for_the_rectorat_is_not_reminded(sent, town_hall, rectorat):
    sent.request_correction(by=town_hall, subject="other", comment="À revoir.")
    with pytest.raises(TransitionRefused, match="Rien n'est attendu"):
        remind(sent, by=rectorat)


def test_a_prepared_file_is_not_reminded(convention, town_hall, rectorat):
    with pytest.raises(TransitionRefused, match="Rien n'est attendu"):
        remind(convention, by=rectorat)


def test_a_signed_file_is_reminded_while_the_dates_of_its_act_are_missing(
    convention, town_hall, rectorat
):
    set_campaign(convention, ends_on=timezone.localdate() + 90 * DAY)
    sign_by_both(convention, on=timezone.localdate(), published_on=None)
    remind(convention, by=rectorat)
    assert "déposer l’acte en préfecture" in reminder_emails().get().email.body


def test_a_signed_file_whose_act_is_executory_is_not_reminded(convention, town_hall, rectorat):
    today = timezone.localdate()
    sign_by_both(convention, on=today, published_on=today)
    with pytest.raises(TransitionRefused, match="Rien n'est attendu"):
        remind(convention, by=rectorat)


def test_it_is_reminded_again_when_the_report_to_the_council_is_overdue(
    signed_convention, town_hall
):
    set_campaign(signed_convention, ends_on=timezone.localdate() + 90 * DAY)
    assert refusal(signed_convention) == ""


def test_a_signed_file_is_reminded_while_its_avenant_waits_for_the_town_hall(rectorat):
    convention, today = current_signed_convention(), timezone.localdate()
    record_act_dates(
        convention, by=None, deposited_on=today, published_on=today, publication_mode="electronic"
    )
    UserFactory(collectivities=[convention.collectivity])
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    with pytest.raises(TransitionRefused, match="Rien n'est attendu"):
        remind(convention, by=rectorat)
    amendment.send(by=rectorat)
    convention = Convention.objects.with_parties().get(pk=convention.pk)
    remind(convention, by=rectorat)
    assert "L’avenant n°\u00a01" in reminder_emails().get().email.body


@pytest.mark.parametrize(("days", "allowed"), [(6, False), (7, True)])
def test_the_interval_of_the_campaign_is_kept(sent, rectorat, days, allowed):
    reminded_days_ago(sent, days)
    if allowed:
        remind(sent, by=rectorat)
        assert sent.reminder_count == 2
    else:
        tomorrow = timezone.localdate() + DAY
        with pytest.raises(TransitionRefused, match=f"à partir du {tomorrow:%d/%m/%Y}"):
            remind(sent, by=rectorat)


def test_the_number_of_reminders_of_the_campaign_is_kept(sent, rectorat):
    reminded_days_ago(sent, 30, times=sent.campaign.reminder_cap)
    with pytest.raises(TransitionRefused, match="maximum"):
        remind(sent, by=rectorat)


def test_nobody_is_reminded_who_has_no_address(convention, rectorat):
    convention.send(by=rectorat)
    with pytest.raises(TransitionRefused, match="Personne à qui écrire"):
        remind(convention, by=rectorat)
    assert convention.reminder_count == 0


def test_a_double_click_reminds_once(sent, rectorat):
    seen = Convention.objects.with_parties().get(pk=sent.pk)
    remind(sent, by=rectorat)
    with pytest.raises(TransitionRefused, match="entre-temps"):
        remind(seen, by=rectorat)
    assert reminder_emails().count() == 1


# --- From the admin site ----------------------------------------------------
def test_reminding_a_selection_announces_who_is_left_out_and_why(agent, sent):
    other = ConventionFactory()
    url = reverse("admin:conventions_convention_verb", args=["remind"])
    keys = f"{sent.pk},{other.pk}"
    page = agent.get(url, {"conventions": keys})
    assert page.context["preview"].done == [sent]
    reason = "Rien n'est attendu de la collectivité : la convention est préparée."
    assert page.context["preview"].left_out == [(other, reason)]
    assert not reminder_emails().exists()
    agent.post(url, {"conventions": keys})
    run_job(Job.objects.get().pk)
    assert Job.objects.get().items.get(key=sent.pk).state == JobItem.State.DONE
    assert JobItem.objects.get(key=other.pk).reason == reason
    assert JournalEntry.objects.filter(verb="remind").count() == 1


def test_the_list_shows_how_often_and_when(agent, sent, rectorat):
    remind(sent, by=rectorat)
    page = agent.get(reverse("admin:conventions_convention_changelist"), {"campaign": "all"})
    assert f"1 ({timezone.localdate():%d/%m/%Y})" in page.content.decode()


# --- The campaign's schedule ------------------------------------------------
def test_the_schedule_reminds_once_however_often_it_runs(scheduled):
    assert "Relancées : 1" in run()
    assert "Relancées : 0" in run()
    assert send_reminders() == 0
    assert reminder_emails().count() == 1
    assert scheduled.journal.get(verb="remind").by is None


def test_a_dry_run_writes_nothing_and_says_what_it_would(scheduled):
    before = JournalEntry.objects.count()
    output = run("--dry-run")
    assert "À relancer : 1" in output
    assert scheduled.reference in output
    assert not reminder_emails().exists()
    assert JournalEntry.objects.count() == before
    scheduled.refresh_from_db()
    assert scheduled.reminder_count == 0


def test_what_is_left_out_is_said_with_its_reason(scheduled):
    reminded_days_ago(scheduled, 2)
    assert f"{scheduled} : Relancée le" in run()


def test_a_file_sent_after_the_scheduled_day_is_left_alone(scheduled):
    Convention.objects.update(sent_on=timezone.localdate() - DAY)
    assert "après le jour prévu" in run()
    assert not reminder_emails().exists()


def test_the_second_day_of_the_schedule_reminds_again(scheduled):
    set_campaign(scheduled, reply_by=timezone.localdate() + 10 * DAY)
    reminded_days_ago(scheduled, 20)
    assert "Relancées : 1" in run()


@pytest.mark.parametrize("days", [31, -1])
def test_nothing_is_scheduled_before_the_first_day_nor_after_the_reply_date(scheduled, days):
    set_campaign(scheduled, reply_by=timezone.localdate() + days * DAY)
    assert "Aucune relance prévue" in run()
    assert not reminder_emails().exists()


def test_a_closed_campaign_reminds_nobody(scheduled):
    scheduled.campaign.close(by=None)
    assert run("--campaign", scheduled.campaign.school_year).count("Aucune relance prévue") == 1
    assert send_reminders() == 0


def test_an_unknown_campaign_is_said_with_those_that_are_open(scheduled):
    with pytest.raises(CommandError, match=scheduled.campaign.school_year):
        run("--campaign", "1999-2000")


def test_what_changed_since_it_was_found_is_left_out(scheduled, town_hall):
    found = reminders.scheduled(scheduled.campaign)
    scheduled.request_correction(by=town_hall, subject="other", comment="À revoir.")
    report = reminders.send(found)
    assert report.done == []
    assert len(report.left_out) == 1


@pytest.mark.parametrize("text", ["trente", "30;10", "0", "400", "30,,10", "-5", "²"])
def test_a_schedule_that_is_not_days_is_refused_at_its_field(sent, text):
    campaign = sent.campaign
    campaign.reply_by, campaign.reminder_schedule = timezone.localdate(), text
    with pytest.raises(ValidationError) as refusal:
        campaign.full_clean()
    assert list(refusal.value.message_dict) == ["reminder_schedule"]


def test_a_schedule_without_a_reply_date_is_refused(sent):
    sent.campaign.reply_by, sent.campaign.reminder_schedule = None, "30"
    with pytest.raises(ValidationError, match="date de réponse"):
        sent.campaign.full_clean()


def test_a_schedule_is_put_in_order(sent):
    sent.campaign.reply_by = timezone.localdate()
    sent.campaign.reminder_schedule = "10,30 , 10"
    sent.campaign.full_clean()
    assert sent.campaign.reminder_schedule == "30, 10"
    assert sent.campaign.reminder_days == [30, 10]


def test_many_files_are_looked_at_in_as_many_queries_as_one(scheduled):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            reminders.scheduled(scheduled.campaign)
        return len(captured)

    of_one = queries()
    for convention in ConventionFactory.create_batch(3):
        UserFactory(collectivities=[convention.collectivity])
        convention.send(by=None, on=timezone.localdate() - 40 * DAY)
    assert queries() == of_one
