"""Accounts that serve no more: warned at eleven months, closed at thirteen, nameless three years on."""

import datetime

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import rights
from accounts.leaving import idle
from accounts.models import AccessEntry, User
from accounts.roles import Role
from conventions.correspondence import post_message
from conventions.exchanges.models import Message
from lifecycle.door import write_journal
from lifecycle.frozen import FrozenError
from lifecycle.models import JournalEntry
from tests.factories import (
    CollectivityFactory,
    ConventionFactory,
    DepartmentFactory,
    InvitationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def away(months, **fields):
    """Somebody who signed in for the last time so many months ago, and a few days."""
    since = timezone.now() - datetime.timedelta(days=31 * months)
    return UserFactory(last_login=since, date_joined=since, rights_since=since, **fields)


@pytest.fixture
def town():
    return CollectivityFactory()


@pytest.fixture
def gone(town, time_machine):
    """Warned on 24 November, then away for three months more."""
    time_machine.move_to("2026-11-24T10:00Z")
    user = away(12, collectivities=[town], email="partie@mairie.fr", last_name="Vidal")
    idle.review()
    time_machine.move_to("2027-02-24T10:00Z")
    return user


def test_who_came_within_eleven_months_is_left_alone():
    away(10)

    found = idle.review()

    assert found == idle.Departures([], [], [], [])


def test_after_eleven_months_one_is_told_once_until_when(delivered):
    user = away(12)

    assert idle.review().warned == [user]
    assert idle.review().warned == []

    (message,) = delivered()
    assert message.to == [user.email]
    assert "connectez-vous avant le" in message.body
    assert User.objects.get(pk=user.pk).is_active


def test_nobody_is_closed_unwarned():
    user = away(20)

    found = idle.review()

    assert (found.warned, found.closed) == ([user], [])


def test_after_thirteen_months_the_account_is_closed(gone):
    assert idle.review().closed == [gone]

    assert not User.objects.get(pk=gone.pk).is_active
    entry = AccessEntry.objects.filter(kind="rights", person=gone).first()
    assert "sans connexion depuis treize mois" in entry.detail


def test_who_came_back_meanwhile_is_not(gone):
    User.objects.update(last_login=timezone.now())

    assert idle.review().closed == []


def test_the_last_administrator_is_left_alone(gone):
    User.objects.update(role=Role.ADMINISTRATOR)

    assert idle.review().closed == []


def test_the_rectorat_of_the_territory_is_told_of_collectivities_without_anybody(
    gone, town, delivered
):
    near = UserFactory(role=Role.RECTORAT, departments=[town.department])
    UserFactory(role=Role.RECTORAT, departments=[DepartmentFactory(code="48")])
    delivered().clear()

    assert idle.review().left_alone == [town]

    (message,) = delivered()
    assert message.to == [near.email]
    assert str(town) in message.body


def test_a_collectivity_that_somebody_else_opens_is_not_alone(gone, town):
    UserFactory(collectivities=[town])

    assert idle.review().left_alone == []


def test_three_years_later_name_and_address_are_nowhere_in_the_account_nor_its_history(
    gone, time_machine
):
    InvitationFactory(email=gone.email)
    rights.end_access(gone, by=None)
    time_machine.move_to("2030-02-20T10:00Z")
    assert idle.review().forgotten == []
    time_machine.move_to("2030-02-25T10:00Z")

    assert idle.review().forgotten == [gone]

    for row in [User.objects.get(pk=gone.pk), *User.history.filter(id=gone.pk)]:
        assert (row.last_name, row.first_name) == ("compte anonymisé", "")
        assert row.email == f"compte-{gone.pk}@anonyme.invalid"
    assert idle.review().forgotten == []


def test_the_journals_keep_function_and_collectivity_in_place_of_the_name(gone, town, time_machine):
    convention = ConventionFactory(collectivity=town)
    convention.send(by=None, on=datetime.date(2026, 11, 20))
    post_message(convention, by=gone, subject="other", body="Bonjour")
    write_journal(convention, gone, "note", "Dossier relu")
    rights.end_access(gone, by=None)
    time_machine.move_to("2030-02-25T10:00Z")

    idle.review()

    told = f"mairie ({town}), compte anonymisé"
    assert Message.objects.get(by=gone).by_name == told
    written = JournalEntry.objects.filter(by=gone)
    assert written.exists()
    assert {entry.by_name for entry in written} == {told}
    assert not JournalEntry.objects.filter(by_name__contains="Vidal").exists()
    assert {e.by_name for e in JournalEntry.objects.exclude(by=gone)} == {"système"}


def test_the_database_lets_nothing_else_of_a_journal_change(gone, town, time_machine):
    convention = ConventionFactory(collectivity=town)
    write_journal(convention, gone, "note", "Dossier relu")
    entries = QuerySet(JournalEntry).filter(by=gone)
    for before_and_after in range(2):
        for change in (
            {"by_name": "Quelqu'un d'autre"},
            {"summary": "Autre chose"},
            {"by_name": "mairie, compte anonymisé", "summary": "Autre chose"},
            {"by_name": "mairie, compte anonymisé", "by": None},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                entries.update(**change)
        if not before_and_after:
            with pytest.raises(IntegrityError), transaction.atomic():
                entries.update(by_name="mairie, compte anonymisé")
            rights.end_access(gone, by=None)
            idle.forget(gone)
    with pytest.raises(IntegrityError), transaction.atomic():
        entries._raw_delete(entries.db)
    with pytest.raises(FrozenError):
        JournalEntry.objects.filter(by=gone).update(by_name="mairie, compte anonymisé")


def test_a_dry_run_says_and_writes_nothing(gone, capsys, delivered):
    delivered().clear()

    call_command("close_idle_accounts", dry_run=True)

    said = capsys.readouterr().out
    assert "Désactivés : 1" in said
    assert gone.email in said
    assert "Rien n'a été écrit." in said
    assert User.objects.get(pk=gone.pk).is_active
    assert delivered() == []
