"""Looking after accounts, in the admin site."""

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.models import User
from accounts.roles import Role
from lifecycle.rereading import fingerprint
from rectorat.admin import RereadUserAdmin
from tests.factories import CollectivityFactory, DepartmentFactory, UserFactory

LIST = reverse("admin:accounts_user_changelist")


def change(user):
    return reverse("admin:accounts_user_change", args=[user.pk])


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def town(db):
    return CollectivityFactory(name="Villeneuve-lès-Maguelone")


def person(user, **fields):
    return {
        "read_at": fingerprint(User.objects.get(pk=user.pk), RereadUserAdmin.unread),
        "email": "Secretariat@Mairie.fr",
        "first_name": "Inès",
        "last_name": "Vidal",
        "is_active": "on",
        "role": Role.TOWN_HALL,
    } | fields


def test_changing_a_person_sends_nothing_and_keeps_the_password(
    as_administrator, town, django_capture_on_commit_callbacks
):
    user = UserFactory(collectivities=[town])
    with django_capture_on_commit_callbacks(execute=True):
        as_administrator.post(
            change(user),
            person(user, collectivities=[town.pk]),
        )

    changed = User.objects.get(pk=user.pk)
    assert changed.last_name == "Vidal"
    assert changed.password == user.password
    assert mail.outbox == []


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
    user = UserFactory(collectivities=[town])

    response = as_administrator.post(
        change(user),
        person(
            user,
            role=role,
            collectivities=[town.pk] if with_town else [],
            departments=[town.department_id] if with_department else [],
        ),
    )

    assert message in response.text
    assert User.objects.get(pk=user.pk).last_name == user.last_name


def test_two_people_cannot_have_one_address(as_administrator, town):
    UserFactory(email="secretariat@mairie.fr")
    user = UserFactory(collectivities=[town])

    response = as_administrator.post(change(user), person(user, collectivities=[town.pk]))

    assert "Un compte existe déjà avec cette adresse" in response.text


def test_accounts_are_opened_by_invitation_only(as_administrator):
    assert as_administrator.get(reverse("admin:accounts_user_add")).status_code == 403


def test_the_rectorat_reads_people_and_changes_nothing(client, rectorat):
    user = UserFactory(role=Role.FINANCE)
    client.force_login(rectorat)
    page = change(user)

    assert client.get(page).status_code == 200
    assert client.post(page, person(user, role=Role.FINANCE)).status_code == 403


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
    as_administrator.post(change(user), person(user, role=Role.FINANCE))

    text = as_administrator.get(reverse("admin:accounts_user_history", args=[user.pk])).text

    assert "mairie → finances" in text
    assert administrator.get_full_name() in text


def test_a_history_tells_the_links_of_each_version_in_as_many_queries(
    as_administrator, town, django_assert_max_num_queries
):
    user = UserFactory(collectivities=[town])
    for index in range(5):
        user.collectivities.add(CollectivityFactory(name=f"Ajoutée-{index}"))
        user.managed.set([town] if index % 2 else [])

    with django_assert_max_num_queries(15):
        text = as_administrator.get(reverse("admin:accounts_user_history", args=[user.pk])).text

    changes = " ".join(strip_tags(text).split())
    assert f"Gère les accès de : [] → [{town}]" in changes, changes
    assert f"[{town}] → []" in changes


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("nobody", {"seule", "partie"}), ("no_manager", {"seule", "partie", "suivie"})],
)
def test_collectivities_without_anybody_are_found(client, rectorat, wanted, found):
    CollectivityFactory(name="seule")
    UserFactory(collectivities=[CollectivityFactory(name="partie")], is_active=False)
    UserFactory(collectivities=[CollectivityFactory(name="suivie")])
    managed = CollectivityFactory(name="gérée")
    UserFactory(collectivities=[managed]).managed.set([managed])
    client.force_login(rectorat)

    page = client.get(reverse("admin:communes_collectivity_changelist"), {"access": wanted})

    assert {collectivity.name for collectivity in page.context["cl"].queryset} == found


def test_a_collectivity_shows_who_has_access(client, rectorat, town):
    user = UserFactory(collectivities=[town])
    user.managed.set([town])
    client.force_login(rectorat)

    text = client.get(reverse("admin:communes_collectivity_change", args=[town.pk])).text

    assert f"({user.email}), gère les accès" in text
    assert "Inviter une personne" in text
