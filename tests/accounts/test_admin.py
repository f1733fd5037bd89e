"""Opening and looking after accounts, in the admin site."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from tests.factories import CollectivityFactory, DepartmentFactory, UserFactory

LIST = reverse("admin:accounts_user_changelist")
ADD = reverse("admin:accounts_user_add")


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def town(db):
    return CollectivityFactory(name="Villeneuve-lès-Maguelone")


def person(**fields):
    return {
        "email": "Secretariat@Mairie.fr",
        "first_name": "Inès",
        "last_name": "Vidal",
        "is_active": "on",
        "role": Role.TOWN_HALL,
    } | fields


@pytest.mark.django_db(transaction=True)
def test_a_new_person_chooses_a_password_from_a_link(as_administrator, client, town):
    as_administrator.post(ADD, person(collectivities=[town.pk]))

    user = User.objects.get(email="secretariat@mairie.fr")
    assert not user.has_usable_password()
    assert mail.outbox[0].to == [user.email]
    client.logout()
    link = re.search(r"http://\S+/lien/\S+", mail.outbox[0].body).group()
    password = "une phrase bien longue"
    client.post(client.get(link).url, {"password1": password, "password2": password})
    user.refresh_from_db()
    assert user.check_password(password)


def test_changing_a_person_sends_nothing_and_keeps_the_password(
    as_administrator, town, django_capture_on_commit_callbacks
):
    user = UserFactory(collectivities=[town])
    with django_capture_on_commit_callbacks(execute=True):
        as_administrator.post(
            reverse("admin:accounts_user_change", args=[user.pk]),
            person(collectivities=[town.pk]),
        )

    changed = User.objects.get(pk=user.pk)
    assert changed.last_name == "Vidal"
    assert changed.password == user.password
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_a_message_that_cannot_leave_loses_nothing_and_is_told(as_administrator, town, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    as_administrator.post(ADD, person(collectivities=[town.pk]))

    assert User.objects.filter(email="secretariat@mairie.fr").exists()
    assert "n’a pas pu être envoyé" in as_administrator.get(LIST).text


@pytest.mark.parametrize(
    ("role", "with_town", "with_department", "message"),
    [
        (Role.TOWN_HALL, False, False, "Choisissez au moins une collectivité"),
        (Role.FINANCE, True, False, "Seule une mairie a des collectivités"),
        (Role.RECTORAT, True, False, "Seule une mairie a des collectivités"),
        (Role.TOWN_HALL, True, True, "Seul le rectorat a des départements"),
    ],
)
def test_what_a_person_looks_after_goes_with_their_role(
    as_administrator, town, role, with_town, with_department, message
):
    response = as_administrator.post(
        ADD,
        person(
            role=role,
            collectivities=[town.pk] if with_town else [],
            departments=[town.department_id] if with_department else [],
        ),
    )

    assert message in response.text
    assert not User.objects.filter(email="secretariat@mairie.fr").exists()


def test_two_people_cannot_have_one_address(as_administrator, town):
    UserFactory(email="secretariat@mairie.fr")

    response = as_administrator.post(ADD, person(collectivities=[town.pk]))

    assert "Un compte existe déjà avec cette adresse" in response.text


def test_the_link_is_sent_again_to_active_people_only(as_administrator):
    active, inactive = UserFactory(), UserFactory(is_active=False)

    response = as_administrator.post(
        LIST,
        {"action": "send_first_sign_in_link", "_selected_action": [active.pk, inactive.pk]},
        follow=True,
    )

    assert [message.to for message in mail.outbox] == [[active.email]]
    assert "Comptes inactifs, à qui rien n’a été envoyé : 1." in response.text


def test_the_rectorat_reads_people_and_changes_nothing(client, rectorat):
    user = UserFactory(role=Role.FINANCE)
    client.force_login(rectorat)
    page = reverse("admin:accounts_user_change", args=[user.pk])

    assert client.get(page).status_code == 200
    assert client.post(page, person(role=Role.FINANCE)).status_code == 403
    assert client.get(ADD).status_code == 403


def test_an_agent_of_some_departments_sees_their_town_halls_only(client, town):
    elsewhere = CollectivityFactory(department=DepartmentFactory(code="48"))
    near = UserFactory(collectivities=[town], last_name="Proche")
    UserFactory(collectivities=[elsewhere], last_name="Lointaine")
    client.force_login(UserFactory(role=Role.RECTORAT, departments=[town.department]))

    text = client.get(LIST).text

    assert near.last_name in text
    assert "Lointaine" not in text


@pytest.mark.parametrize("words", ["villeneuve les", "VIDAL", "secretariat@"])
def test_people_are_found_by_name_address_and_place(as_administrator, town, words):
    UserFactory(email="secretariat@mairie.fr", last_name="Vidal", collectivities=[town])
    UserFactory(last_name="Autre")

    text = as_administrator.get(LIST, {"q": words}).text

    assert "1 utilisateur" in text


def test_nobody_deletes_a_person(as_administrator):
    user = UserFactory()

    response = as_administrator.post(
        reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"}
    )

    assert response.status_code == 403


def test_a_change_of_role_is_kept_in_the_history(as_administrator, administrator, town):
    user = UserFactory(collectivities=[town])
    as_administrator.post(
        reverse("admin:accounts_user_change", args=[user.pk]), person(role=Role.FINANCE)
    )

    text = as_administrator.get(reverse("admin:accounts_user_history", args=[user.pk])).text

    assert "mairie → finances" in text
    assert administrator.get_full_name() in text
