"""What an account opens changes: all that was given before ends, and the journal says so."""

import pytest
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts import rights
from accounts.models import AccessEntry, User
from accounts.roles import Role
from conventions.exchanges.models import CalendarSubscription
from conventions.models import issue_documents
from lifecycle.rereading import fingerprint
from rectorat.admin import RereadUserAdmin
from tests.factories import PASSWORD, CollectivityFactory, UserFactory


@pytest.fixture
def administrator(db):
    return UserFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def town(db):
    return CollectivityFactory()


@pytest.fixture
def person(town):
    return UserFactory(collectivities=[town])


def to_finance(user):
    user.collectivities.clear()
    user.role = Role.FINANCE
    user.save()


def another_town(user):
    user.collectivities.set([CollectivityFactory()])


def deactivated(user):
    user.is_active = False
    user.save()


changes = pytest.mark.parametrize("change", [to_finance, another_town, deactivated])


@changes
def test_sessions_end(client, person, administrator, change):
    client.force_login(person)
    assert client.get(reverse("conventions")).status_code == 200
    with rights.changing(person, by=administrator):
        change(person)

    assert client.get(reverse("conventions")).url.startswith(reverse("account_login"))


@changes
def test_calendar_addresses_end(client, person, administrator, change):
    address = reverse("calendar_file", args=[CalendarSubscription.renew(person).token])
    assert client.get(address).status_code == 200
    with rights.changing(person, by=administrator):
        change(person)
    User.objects.update(is_active=True)

    assert client.get(address).status_code == 404


@changes
def test_links_that_wait_end(client, person, administrator, change, delivered):
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = next(word for word in delivered()[0].body.split() if "/lien/" in word)
    with rights.changing(person, by=administrator):
        change(person)
    User.objects.update(is_active=True)

    assert "Ce lien ne fonctionne plus" in Client().get(link).text


def test_a_calendar_address_of_before_the_rights_were_dated_still_answers(client, person):
    """As after the upgrade: rights date from when the account was opened."""
    subscription = CalendarSubscription.renew(person)
    User.objects.update(rights_since=person.date_joined)

    assert client.get(reverse("calendar_file", args=[subscription.token])).status_code == 200


def test_a_change_that_changes_no_right_ends_nothing(client, person, administrator):
    client.force_login(person)
    with rights.changing(person, by=administrator):
        person.last_name = "Autre"
        person.save()

    assert client.get(reverse("conventions")).status_code == 200
    assert not AccessEntry.objects.filter(kind="rights").exists()


def test_the_journal_says_what_changed_who_did_it_and_why(person, administrator, town):
    with rights.changing(person, by=administrator, reason="mutation"):
        to_finance(person)

    entry = AccessEntry.objects.get(kind="rights")
    assert (entry.person, entry.by) == (person, administrator)
    assert "rôle : mairie → finances" in entry.detail
    assert f"collectivités : {town} → —" in entry.detail
    assert "motif : mutation" in entry.detail


def test_nobody_changes_their_own_role(client, administrator):
    client.force_login(administrator)
    page = reverse("admin:accounts_user_change", args=[administrator.pk])

    client.post(
        page,
        {
            "email": administrator.email,
            "first_name": "A",
            "last_name": "B",
            "role": Role.FINANCE,
            "read_at": fingerprint(User.objects.get(pk=administrator.pk), RereadUserAdmin.unread),
        },
    )

    administrator.refresh_from_db()
    assert (administrator.role, administrator.is_active) == (Role.ADMINISTRATOR, True)


def test_the_rectorat_ends_town_halls_access_with_a_reason_and_no_agents(client, rectorat, person):
    agent = UserFactory(role=Role.FINANCE)
    client.force_login(rectorat)
    chosen = {"action": "end_access", "_selected_action": [person.pk, agent.pk, rectorat.pk]}
    page = reverse("admin:accounts_user_changelist")

    asked = client.post(page, chosen)
    assert "Motif" in asked.text
    assert User.objects.get(pk=person.pk).is_active
    client.post(page, chosen | {"reason": "départ"})

    closed = set(User.objects.filter(is_active=False))
    assert closed == {person}
    assert "motif : départ" in AccessEntry.objects.get(kind="rights").detail


def test_the_rectorat_names_who_manages_the_access_of_a_town_hall(client, rectorat, person, town):
    shared = UserFactory(collectivities=[town], is_shared=True)
    client.force_login(rectorat)

    page = client.post(
        reverse("admin:accounts_user_changelist"),
        {"action": "let_manage", "_selected_action": [person.pk, shared.pk, rectorat.pk]},
        follow=True,
    )

    assert list(User.objects.filter(managed=town)) == [person]
    assert "Gèrent désormais les accès : 1. Laissés de côté" in page.text
    assert "gère les accès de : — →" in AccessEntry.objects.get(kind="rights").detail


def test_nobody_ends_their_own_access(administrator):
    with pytest.raises(ValidationError, match="son propre compte"):
        rights.end_access(administrator, by=administrator)


# --- Sessions --------------------------------------------------------------------


def two_sessions(person):
    browsers = Client(), Client()
    for browser in browsers:
        browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return browsers


def test_people_see_their_sessions_and_end_one(person):
    here, there = two_sessions(person)
    page = here.get(reverse("sessions"))
    assert page.text.count('name="session"') == 2
    assert page.text.count("Celle-ci") == 1
    other = UserSession.objects.exclude(session_key=here.session.session_key).get()

    here.post(reverse("sessions"), {"session": other.pk})

    assert there.get(reverse("conventions")).url.startswith(reverse("account_login"))
    assert here.get(reverse("conventions")).status_code == 200
    assert AccessEntry.objects.filter(kind="session", person=person).count() == 1


def test_nobody_ends_the_session_of_another(person, client):
    two_sessions(person)
    client.force_login(UserFactory(collectivities=[CollectivityFactory()]))

    response = client.post(
        reverse("sessions"), {"session": UserSession.objects.order_by("pk").first().pk}
    )

    assert response.status_code == 404


# --- Lists taken away ------------------------------------------------------------


def test_an_export_is_journalled(client, rectorat):
    client.force_login(rectorat)
    url = reverse("admin:communes_commune_export", args=["csv"])

    client.get(url).getvalue()

    entry = AccessEntry.objects.get(kind="export")
    assert (entry.person, entry.detail) == (rectorat, f"Export : {url}")


def test_a_selection_taken_as_one_archive_is_journalled(
    client, rectorat, signed_convention, worked
):
    issue_documents(signed_convention, by=rectorat)
    client.force_login(rectorat)

    ask = reverse("admin:conventions_convention_verb", args=["pieces"])
    client.post(ask, {"conventions": signed_convention.pk})
    client.post(reverse("admin:jobs_job_file", args=[worked().pk])).getvalue()

    assert "2026-11-24_pieces.zip" in AccessEntry.objects.get(kind="download").detail


def test_administrators_search_the_journal_and_nobody_edits_it(client, administrator, person):
    with rights.changing(person, by=administrator):
        to_finance(person)
    client.force_login(administrator)
    page = reverse("admin:accounts_accessentry_changelist")

    assert "1 entrée" in client.get(page, {"q": person.email}).text
    entry = AccessEntry.objects.get(kind="rights")
    url = reverse("admin:accounts_accessentry_change", args=[entry.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"detail": "rien"}).status_code == 403
    delete = reverse("admin:accounts_accessentry_delete", args=[entry.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
