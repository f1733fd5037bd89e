"""Signing in, as a person sees it: password, code by e-mail, forgotten password, limits."""

import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from accounts.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_PASSWORD, ensure_accounts
from accounts.models import User
from accounts.roles import Role
from tests.factories import PASSWORD, CollectivityFactory, UserFactory

NEW_PASSWORD = "une autre phrase bien longue"


@pytest.fixture
def person(db):
    return UserFactory(role=Role.FINANCE, email="camille.roux@mairie.fr")


@pytest.fixture
def counted_attempts(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "attempts",
        }
    }
    cache.clear()


def sign_in(client, email, password):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_a_person_signs_in_with_e_mail_and_password(client, person):
    response = sign_in(client, person.email, PASSWORD)

    assert response.status_code == 302
    assert response.url == reverse("home")


def test_signing_in_is_no_change_of_the_account(client, person):
    sign_in(client, person.email, PASSWORD)

    assert person.history.count() == 1


def test_the_e_mail_address_is_recognised_whatever_its_case(client, person):
    assert sign_in(client, "Camille.ROUX@mairie.fr", PASSWORD).status_code == 302


def test_a_wrong_password_is_told_in_french_and_keeps_the_address(client, person):
    response = sign_in(client, person.email, "pas le bon")

    assert "ne sont pas les bons" in response.text
    assert person.email in response.text


def test_a_deactivated_account_is_sent_to_a_page_that_says_so(client, person):
    User.objects.update(is_active=False)

    response = sign_in(client, person.email, PASSWORD)

    assert response.url == reverse("account_inactive")


def test_too_many_requests_get_a_page_that_says_what_to_do(client, person, counted_attempts):
    for _ in range(31):
        response = sign_in(client, "", "")

    assert response.status_code == 429
    assert "Attendez quelques minutes" in response.text


def test_nobody_opens_an_account_alone(client, db):
    response = client.post(
        reverse("account_signup"),
        {"email": "a@b.fr", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )

    assert "par invitation" in response.text
    assert not User.objects.exists()


def test_a_code_by_e_mail_replaces_the_password(client, person, delivered):
    client.post(reverse("account_request_login_code"), {"email": person.email})
    code = re.search(r"^([A-Z0-9-]{6,})$", delivered()[0].body, re.MULTILINE).group(1)

    response = client.post(reverse("account_confirm_login_code"), {"code": code})

    assert response.url == reverse("home")
    assert client.session["_auth_user_id"] == str(person.pk)


def test_a_wrong_code_is_refused_with_a_way_out(client, person):
    client.post(reverse("account_request_login_code"), {"email": person.email})

    response = client.post(reverse("account_confirm_login_code"), {"code": "000000"})

    assert "Ce code n’est pas le bon" in response.text
    assert "Recevoir un nouveau code" in response.text


def test_whoever_receives_no_code_can_sign_in_otherwise(client, person):
    client.post(reverse("account_request_login_code"), {"email": person.email})
    client.post(reverse("account_logout"), {"next": reverse("account_login")})

    page = client.get(reverse("account_login"))

    assert page.status_code == 200
    assert "session" not in page.text


@pytest.mark.parametrize("page", ["account_request_login_code", "account_reset_password"])
def test_an_unknown_address_is_not_told_apart_and_gets_no_message(client, person, page, delivered):
    known = client.post(reverse(page), {"email": person.email})
    client.cookies.clear()

    unknown = client.post(reverse(page), {"email": "inconnu@mairie.fr"})

    assert (unknown.status_code, unknown.url) == (known.status_code, known.url)
    assert [message.to for message in delivered()] == [[person.email]]


def test_a_forgotten_password_is_chosen_again_from_the_link_received(client, person, delivered):
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = re.search(r"http://\S+", delivered()[0].body).group()
    form_page = client.get(link).url

    client.post(form_page, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    person.refresh_from_db()
    assert person.check_password(NEW_PASSWORD)


def test_a_link_serves_once(client, person, delivered):
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = re.search(r"http://\S+", delivered()[0].body).group()
    client.post(client.get(link).url, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    client.cookies.clear()

    assert "Ce lien ne fonctionne plus" in client.get(link).text


def test_e_mails_are_signed_with_the_name_of_the_site(client, person, settings, delivered):
    client.post(reverse("account_reset_password"), {"email": person.email})

    assert settings.SITE_NAME in delivered()[0].body


def test_the_admin_site_signs_in_at_the_same_page(client, db):
    response = client.get(reverse("admin:index"), follow=True)

    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_the_admin_site_changes_passwords_at_the_same_page(client, administrator):
    client.force_login(administrator)

    assert client.get(reverse("admin:password_change")).url == reverse("account_change_password")


def test_a_signed_in_person_without_the_right_gets_a_refusal_not_a_loop(client, person):
    client.force_login(person)

    response = client.get(reverse("admin:index"), follow=True)

    assert response.status_code == 403
    assert "Vous n’avez pas accès à cette page" in response.text


def test_demonstration_accounts_are_shown_in_demonstration_mode_only(client, db, settings):
    settings.DEMONSTRATION = True
    shown = client.get(reverse("account_login")).text
    settings.DEMONSTRATION = False
    hidden = client.get(reverse("account_login")).text

    assert DEMONSTRATION_PASSWORD in shown
    assert DEMONSTRATION_PASSWORD not in hidden


def test_a_demonstration_account_comes_back_to_the_page_it_was_asked_at(client, db, settings):
    settings.DEMONSTRATION = True
    for account in DEMONSTRATION_ACCOUNTS:
        if account.collectivity_code:
            CollectivityFactory(commune__code=account.collectivity_code)
    ensure_accounts()
    page = client.get(reverse("account_login", query={"next": "/mentions-legales/"}))
    assert page.content.decode().count('name="next" value="/mentions-legales/"') > 1
    email = DEMONSTRATION_ACCOUNTS[0].email
    values = {"email": email, "next": "/mentions-legales/"}
    assert client.post(reverse("demonstration_sign_in"), values)["Location"] == values["next"]


def test_demonstration_accounts_can_be_made_twice_and_sign_in(client, db):
    for account in DEMONSTRATION_ACCOUNTS:
        if account.collectivity_code:
            CollectivityFactory(commune__code=account.collectivity_code)
    ensure_accounts()

    users = ensure_accounts()

    assert User.objects.count() == len(users) == len(DEMONSTRATION_ACCOUNTS)
    assert [c.code for c in users[0].collectivities.all()] == ["34337"]
    assert sign_in(client, users[0].email, DEMONSTRATION_PASSWORD).status_code == 302
