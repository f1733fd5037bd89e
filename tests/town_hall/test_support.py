"""The rectorat sees what a collectivity sees, in its territory, for half an hour, and only reads."""

import datetime

import pytest
from django.urls import reverse

from accounts.models import AccessEntry, User
from accounts.roles import Role
from conventions.exchanges.models import Message
from tests.factories import ConventionFactory, DepartmentFactory, UserFactory


@pytest.fixture
def sent(convention, rectorat):
    convention.send(by=rectorat)
    return convention


def start(client, convention, reason="appel de la mairie"):
    return client.post(
        reverse("support_start", args=[convention.collectivity.code]), {"reason": reason}
    )


def page_of(convention, name="convention"):
    return reverse(name, args=[convention.campaign.school_year, convention.collectivity.code])


@pytest.fixture
def visit(client, rectorat, sent, time_machine):
    time_machine.move_to("2026-11-24T10:00Z")
    client.force_login(rectorat)
    start(client, sent)
    return client


def test_the_agent_sees_the_town_halls_page_with_a_banner_and_its_files_only(visit, sent):
    other = ConventionFactory(campaign=sent.campaign)

    page = visit.get(page_of(sent))

    assert page.context["user"].role == Role.TOWN_HALL
    assert f"Vous voyez ce que voit {sent.collectivity}" in page.text
    assert visit.get(page_of(other)).status_code == 404
    assert visit.get(reverse("admin:index")).status_code == 302


def test_a_reason_is_asked(client, rectorat, sent):
    client.force_login(rectorat)

    assert "obligatoire" in start(client, sent, reason=" ").text
    assert "Mes conventions" not in client.get(reverse("admin:index")).text
    assert not AccessEntry.objects.exists()


def test_every_unsafe_method_is_refused_in_one_place(visit, sent):
    for url in (page_of(sent, "convention_message"), reverse("calendar"), reverse("mfa_index")):
        answer = visit.post(url, {"subject": "other", "body": "Bonjour", "action": "renew"})
        assert answer.status_code == 403
        assert "Vous consultez seulement" in answer.text
    assert not Message.objects.exists()


def test_the_role_of_the_agent_is_not_changed_by_it(visit, rectorat, sent):
    visit.get(page_of(sent))

    assert User.objects.get(pk=rectorat.pk).role == Role.RECTORAT
    assert rectorat.history.count() == 1


def test_the_town_hall_reads_it_in_its_journal_and_administrators_in_theirs(
    visit, rectorat, sent, town_hall
):
    entry = AccessEntry.objects.get(kind="support")
    assert entry.by == rectorat
    assert "motif : appel de la mairie" in entry.detail
    visit.post(reverse("account_logout"))
    visit.force_login(town_hall)

    text = visit.get(page_of(sent)).text

    assert "Dossier consulté par le rectorat comme le voit la collectivité" in text
    assert "appel de la mairie" in text


def test_files_that_are_opened_meanwhile_are_journalled(visit, sent):
    visit.get(page_of(sent, "convention_preview"))

    assert page_of(sent, "convention_preview") in AccessEntry.objects.get(kind="download").detail


@pytest.mark.parametrize("end", ["by a click", "after half an hour"])
def test_it_ends(visit, sent, time_machine, end):
    if end == "by a click":
        visit.post(reverse("support_end"))
    else:
        time_machine.shift(datetime.timedelta(minutes=30, seconds=1))

    assert visit.get(reverse("admin:index")).status_code == 200
    assert "Vous voyez ce que voit" not in visit.get(page_of(sent)).text


def test_out_of_the_territory_it_does_not_exist(client, sent):
    agent = UserFactory(role=Role.RECTORAT, departments=[DepartmentFactory(code="48")])
    client.force_login(agent)

    assert start(client, sent).status_code == 404


@pytest.mark.parametrize("role", [Role.TOWN_HALL, Role.FINANCE])
def test_others_see_as_nobody(client, sent, role):
    client.force_login(UserFactory(role=role))

    assert start(client, sent).status_code == 403
