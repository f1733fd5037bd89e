"""Agents open nothing without a second factor, whatever the way in; what weighs asks it anew."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import factor, rights
from accounts.models import AccessEntry, User
from accounts.roles import Role
from billing.batches.preparing import Choice, prepare_list
from lifecycle.rereading import fingerprint
from rectorat.admin import RereadUserAdmin
from tests.factories import PASSWORD, CollectivityFactory, UserFactory

SECRET = "JBSWY3DPEHPK3PXP"
TOTP_PAGE = reverse("mfa_activate_totp")


def code_of(secret=SECRET):
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


@pytest.fixture
def agent(db):
    return UserFactory(role=Role.FINANCE)


@pytest.fixture
def administrator(db):
    return UserFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def with_totp(agent):
    TOTP.activate(agent, SECRET)
    return agent


def sign_in(client, user):
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def stale(client):
    """Let the factor of the session be older than a quarter of an hour."""
    session = client.session
    session["account_authentication_methods"] = [
        each | {"at": each["at"] - factor.FRESH_FOR.total_seconds()}
        for each in session["account_authentication_methods"]
    ]
    session.save()


@pytest.mark.parametrize("way", ["password", "code", "reset"])
def test_whatever_the_way_in_the_enrolment_page_alone_opens(client, agent, delivered, way):
    client = Client()
    if way == "password":
        sign_in(client, agent)
    elif way == "code":
        client.post(reverse("account_request_login_code"), {"email": agent.email})
        code = delivered()[0].body.split("\n\n")[2].strip()
        client.post(reverse("account_confirm_login_code"), {"code": code})
    else:
        client.post(reverse("account_reset_password"), {"email": agent.email})
        link = next(word for word in delivered()[0].body.split() if "/lien/" in word)
        password = "une phrase bien longue et nouvelle"
        client.post(client.get(link).url, {"password1": password, "password2": password})
        client.post(reverse("account_login"), {"login": agent.email, "password": password})

    assert client.session["_auth_user_id"] == str(agent.pk)
    assert client.get(reverse("claims")).url.startswith(reverse("mfa_index"))
    assert "Protégez votre compte" in client.get(reverse("mfa_index")).text


def test_an_agent_sets_up_an_application_sees_ten_codes_once_and_goes_on(
    agent, delivered, django_capture_on_commit_callbacks
):
    client = Client()
    sign_in(client, agent)
    secret = client.get(TOTP_PAGE).context["form"].secret

    with django_capture_on_commit_callbacks(execute=True):
        done = client.post(TOTP_PAGE, {"code": code_of(secret)}, follow=True)

    assert client.get(reverse("claims")).status_code == 200
    codes = client.get(reverse("mfa_view_recovery_codes"))
    shown = [page for page in (done, codes) if "Ils ne seront plus montrés" in page.text]
    assert len(shown) == 1
    assert shown[0].text.count("<li><code>") == 10
    again = client.get(reverse("mfa_view_recovery_codes")).text
    assert "<li><code>" not in again
    assert any("Application de codes ajoutée" in message.body for message in delivered())
    assert AccessEntry.objects.get(kind="factor").person == agent


def test_a_town_hall_needs_none(client, town_hall):
    client.force_login(town_hall, factor=False)

    assert client.get(reverse("conventions")).status_code == 200


def test_who_has_one_is_asked_for_it(with_totp):
    client = Client()

    assert sign_in(client, with_totp).url == reverse("mfa_authenticate")
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "Ce code n’est pas le bon" in wrong.text
    client.post(reverse("mfa_authenticate"), {"code": code_of()})

    assert client.get(reverse("claims")).status_code == 200
    assert AccessEntry.objects.filter(detail="Second facteur refusé", person=with_totp).exists()


def test_a_recovery_code_replaces_it_once(with_totp):
    code = RecoveryCodes.activate(with_totp).get_unused_codes()[0]
    answers = []
    for _ in range(2):
        client = Client()
        sign_in(client, with_totp)
        answers.append(client.post(reverse("mfa_authenticate"), {"code": code}).status_code)

    assert answers == [302, 200]


def test_the_secret_is_not_readable_in_the_database(with_totp):
    stored = Authenticator.objects.get(user=with_totp).data["secret"]

    assert SECRET not in stored


def test_an_agent_does_not_take_their_last_factor_away(client, with_totp):
    client.force_login(with_totp)

    client.post(reverse("mfa_deactivate_totp"))

    assert factor.has_own(with_totp)


# --- Asked anew ------------------------------------------------------------------


def test_the_factor_itself_asks_for_it_anew(client, with_totp):
    client.force_login(with_totp)
    stale(client)

    response = client.post(reverse("mfa_deactivate_totp"))

    assert response.url.startswith(reverse("mfa_reauthenticate"))


def test_requesting_titres_asks_for_the_factor_anew(client, with_totp, convention):
    prepared = prepare_list(Choice(convention.campaign), by=with_totp)
    client.force_login(with_totp)
    stale(client)

    response = client.post(reverse("list_confirm", args=[prepared.pk]))

    assert response.url.startswith(reverse("mfa_reauthenticate"))


def test_archiving_a_campaign_asks_for_it_anew(client, administrator, convention):
    TOTP.activate(administrator, SECRET)
    client.force_login(administrator)
    stale(client)

    url = reverse("admin:campaigns_campaign_archive", args=[convention.campaign.pk])

    assert client.post(url).url.startswith(reverse("mfa_reauthenticate"))


def test_the_coding_of_titres_is_asked_anew_and_what_was_typed_is_kept(
    client, with_totp, convention
):
    client.force_login(with_totp)
    stale(client)
    page = reverse("billing_general")
    form = client.get(page).context["form"]
    values = {name: form[name].value() for name in form.fields}
    typed = {name: "" if value is None else value for name, value in values.items()}
    typed |= {"author_name": "Alix Combes", "author_capacity": "Secrétaire générale"}

    asked = client.post(page, typed)
    assert asked.url.startswith(reverse("mfa_reauthenticate"))
    done = client.post(asked.url, {"code": code_of(), "next": page})

    assert done.url == reverse("billing_settings")
    assert client.get(page).context["form"]["author_name"].value() == "Alix Combes"


def test_a_change_of_rights_is_asked_anew(client, administrator):
    TOTP.activate(administrator, SECRET)
    town_hall = UserFactory(collectivities=[CollectivityFactory()])
    client.force_login(administrator)
    stale(client)
    page = reverse("admin:accounts_user_change", args=[town_hall.pk])
    typed = {
        "email": town_hall.email,
        "first_name": "Inès",
        "last_name": "Vidal",
        "role": Role.FINANCE,
        "is_active": "on",
        "read_at": fingerprint(User.objects.get(pk=town_hall.pk), RereadUserAdmin.unread),
    }

    asked = client.post(page, typed)
    assert User.objects.get(pk=town_hall.pk).role == Role.TOWN_HALL
    client.post(asked.url, {"code": code_of(), "next": page})

    assert User.objects.get(pk=town_hall.pk).role == Role.FINANCE


# --- Lost ------------------------------------------------------------------------


def test_another_administrator_resets_a_lost_factor_with_a_reason(
    client, administrator, with_totp, delivered
):
    client.force_login(administrator)

    client.post(
        reverse("admin:accounts_user_reset_factor", args=[with_totp.pk]),
        {"reason": "téléphone perdu"},
    )

    assert not factor.has_own(with_totp)
    (message,) = delivered()
    assert message.to == [with_totp.email]
    assert "téléphone perdu" in message.body
    entry = AccessEntry.objects.get(kind="factor")
    assert (entry.person, entry.by) == (with_totp, administrator)


def test_nobody_resets_their_own(client, administrator):
    TOTP.activate(administrator, SECRET)
    client.force_login(administrator)

    client.post(
        reverse("admin:accounts_user_reset_factor", args=[administrator.pk]), {"reason": "perdu"}
    )

    assert factor.has_own(administrator)


def test_no_reset_without_a_reason(client, administrator, with_totp):
    client.force_login(administrator)

    client.post(reverse("admin:accounts_user_reset_factor", args=[with_totp.pk]), {"reason": " "})

    assert factor.has_own(with_totp)


def test_the_last_administrator_is_reset_by_a_command_on_the_server(administrator, delivered):
    TOTP.activate(administrator, SECRET)
    with pytest.raises(CommandError, match="Aucun compte"):
        call_command("reset_factor", "inconnu@x.fr", reason="perdu")

    call_command("reset_factor", administrator.email, reason="téléphone perdu")

    assert not factor.has_own(administrator)
    assert "l’administrateur du serveur" in delivered()[0].body


def test_sessions_end_with_the_factor_that_was_reset(client, administrator, with_totp):
    client.force_login(with_totp)
    rights.reset_factor(with_totp, by=administrator, reason="perdu")

    assert client.get(reverse("claims")).url.startswith(reverse("account_login"))
    assert timezone.now() >= with_totp.rights_since
