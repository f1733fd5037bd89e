"""In by ProConnect: there and back with a real OpenID Provider on this machine."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.cache import caches
from django.urls import reverse
from joserfc.jwk import RSAKey

from accounts import factor, rights
from accounts.models import AccessEntry, User
from accounts.roles import Role
from tests.accounts.provider import CLIENT, SECRET, Provider
from tests.factories import PASSWORD, CollectivityFactory, UserFactory

EMAIL = "ines.vidal@mairie.fr"


@pytest.fixture(scope="module")
def one_provider():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        provider = Provider()
        yield provider
        provider.stop()


@pytest.fixture
def provider(one_provider, settings):
    """ProConnect as the site finds it, with Inès Vidal before it."""
    one_provider.__dict__.update(
        sub="sub-1",
        claims={},
        info_claims={},
        signs_info=True,
        asked=[],
        info={"email": EMAIL, "given_name": "Inès", "usual_name": "Vidal", "siret": "213400001000"},
    )
    settings.PROCONNECT_DISCOVERY_URL = f"{one_provider.url}/.well-known/openid-configuration"
    settings.PROCONNECT_CLIENT_ID = settings.OIDC_RP_CLIENT_ID = CLIENT
    settings.PROCONNECT_CLIENT_SECRET = settings.OIDC_RP_CLIENT_SECRET = SECRET
    return one_provider


@pytest.fixture
def ines(db):
    return UserFactory(email=EMAIL, last_name="Vidal", collectivities=[CollectivityFactory()])


def visit(client, **query):
    """Leave for ProConnect, and return the address that it sends the person back to."""
    there = client.get(reverse("proconnect"), query).url
    back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
    return back.partition("testserver")[2]


def come_by_proconnect(client, **query):
    return client.get(visit(client, **query))


def who(client):
    return client.session.get("_auth_user_id")


def test_a_person_comes_in_and_starts_where_their_role_starts(client, provider, ines):
    response = come_by_proconnect(client)

    assert response.url == reverse("home")
    assert who(client) == str(ines.pk)
    assert AccessEntry.objects.get(kind="sign_in").detail == "Connexion par ProConnect"


def test_what_is_asked_of_proconnect(client, provider, ines):
    come_by_proconnect(client)

    (asked,) = provider.asked
    assert asked["scope"] == "openid given_name usual_name email siret uid"
    assert asked["code_challenge_method"] == "S256"
    assert asked["claims"] == '{"id_token": {"amr": {"essential": true}}}'
    assert len(asked["state"]) == len(asked["nonce"]) == 32


def test_a_person_goes_on_to_the_page_they_wanted(client, provider, ines):
    assert come_by_proconnect(client, next="/conventions/").url == "/conventions/"


# --- Whose account ---------------------------------------------------------------


def test_the_first_time_the_account_is_found_by_its_address_and_keeps_the_sub(
    client, provider, ines
):
    come_by_proconnect(client)

    ines.refresh_from_db()
    assert (ines.proconnect_sub, ines.proconnect_siret) == ("sub-1", "213400001000")


def test_found_by_the_sub_name_and_address_follow(client, provider, ines):
    User.objects.update(proconnect_sub="sub-1")
    provider.info |= {"email": "Ines.Martin@mairie.fr", "usual_name": "Martin"}

    come_by_proconnect(client)

    ines.refresh_from_db()
    assert who(client) == str(ines.pk)
    assert (ines.email, ines.last_name) == ("ines.martin@mairie.fr", "Martin")
    assert client.get(reverse("mfa_index")).status_code == 200


def test_another_sub_at_the_same_address_replaces_the_first_and_is_journalled(
    client, provider, ines
):
    User.objects.update(proconnect_sub="sub-0")

    come_by_proconnect(client)

    ines.refresh_from_db()
    assert ines.proconnect_sub == "sub-1"
    assert who(client) == str(ines.pk)
    assert AccessEntry.objects.get(kind="proconnect").detail == "Identité ProConnect remplacée"


def test_sub_and_address_of_two_accounts_are_refused_until_an_administrator_clears_one(
    client, provider, ines, administrator, delivered
):
    other = UserFactory(proconnect_sub="sub-1", email="ancienne@mairie.fr")

    come_by_proconnect(client)

    assert who(client) is None
    assert "deux comptes" in client.get(reverse("proconnect_back")).text
    (message,) = delivered()
    assert message.to == [administrator.email]
    assert other.email in message.body
    assert ines.email in message.body
    rights.forget_proconnect(other, by=administrator, reason="deux comptes")
    come_by_proconnect(client)
    assert who(client) == str(ines.pk)


def test_the_siret_gives_nothing_and_shuts_nobody_out(client, provider, ines):
    elsewhere = CollectivityFactory(siret="21340001000018")
    provider.info["siret"] = elsewhere.siret

    come_by_proconnect(client)

    assert who(client) == str(ines.pk)
    assert elsewhere not in ines.collectivities.all()


def test_the_mailbox_of_a_service_keeps_its_name(client, provider, ines):
    User.objects.update(is_shared=True, last_name="Secrétariat", first_name="")

    come_by_proconnect(client)

    ines.refresh_from_db()
    assert ines.get_full_name() == "Secrétariat"


# --- Those refused ---------------------------------------------------------------


@pytest.mark.parametrize("case", ["unknown", "deactivated"])
def test_whom_we_refuse_is_told_whom_to_ask_and_may_come_as_somebody_else(
    client, provider, ines, case
):
    if case == "unknown":
        provider.info["email"] = "autre@mairie.fr"
    else:
        User.objects.update(is_active=False, proconnect_sub="sub-1")

    end = come_by_proconnect(client).url

    query = parse_qs(urlsplit(end).query)
    assert end.startswith(f"{provider.url}/session/end?")
    assert query["id_token_hint"]
    back = requests.get(end, allow_redirects=False, timeout=5).headers["Location"]
    page = client.get(back.partition("testserver")[2])
    assert page.status_code == 403
    assert "demandez une invitation" in page.text
    assert who(client) is None
    assert AccessEntry.objects.get(kind="failure").detail.startswith("ProConnect : ")
    assert User.objects.get(pk=ines.pk).is_active == (case == "unknown")


def test_signing_out_ends_both_sessions(client, provider, ines):
    come_by_proconnect(client)

    page = client.post(reverse("account_logout"))

    assert who(client) is None
    assert page.headers["Refresh"].startswith(f"0; url={provider.url}/session/end?id_token_hint=")


# --- What does not hold ----------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"nonce": "un autre"}, id="wrong-nonce"),
        pytest.param({"exp": 1_600_000_000}, id="expired"),
        pytest.param({"aud": "un autre service"}, id="other-audience"),
        pytest.param({"iss": "https://ailleurs.example.fr"}, id="other-issuer"),
    ],
)
def test_an_id_token_that_does_not_hold_opens_nothing(client, provider, ines, claims):
    provider.claims = claims

    response = come_by_proconnect(client)

    assert response.status_code == 400
    assert who(client) is None
    assert "réponse refusée" in AccessEntry.objects.get(kind="failure").detail


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"sub": "sub-2"}, id="somebody-else"),
        pytest.param({"aud": "un autre service"}, id="other-audience"),
        pytest.param({"iss": "https://ailleurs.example.fr"}, id="other-issuer"),
        pytest.param({"email_verified": False}, id="unverified-address"),
    ],
)
def test_a_userinfo_that_does_not_hold_opens_nothing(client, provider, ines, claims):
    provider.info_claims = claims

    assert come_by_proconnect(client).status_code == 400
    assert who(client) is None


def test_an_unsigned_userinfo_opens_nothing(client, provider, ines):
    provider.signs_info = False

    assert come_by_proconnect(client).status_code == 400
    assert who(client) is None


def test_a_token_signed_by_another_key_opens_nothing(client, provider, ines, monkeypatch):
    stranger = RSAKey.generate_key(2048, {"kid": "k1"})
    sign = provider.sign
    monkeypatch.setattr(provider, "sign", lambda claims: sign(claims, stranger))

    assert come_by_proconnect(client).status_code == 400
    assert who(client) is None


def test_a_code_serves_once(client, provider, ines):
    back = visit(client)
    client.get(back)
    client.post(reverse("account_logout"))
    state = parse_qs(urlsplit(visit(client)).query)["state"][0]
    code = parse_qs(urlsplit(back).query)["code"][0]

    replayed = client.get(reverse("proconnect_callback"), {"code": code, "state": state})

    assert client.get(back).status_code == 400
    assert replayed.status_code == 400
    assert who(client) is None


def test_a_state_of_another_browser_opens_nothing(client, provider, ines):
    back = visit(client)
    client.cookies.clear()

    assert client.get(back).status_code == 400
    assert who(client) is None


# --- Second factor ---------------------------------------------------------------


def test_an_agents_factor_is_proved_when_the_id_token_says_so(client, provider, ines):
    User.objects.update(role=Role.FINANCE)
    provider.claims = {"amr": ["pwd", "mfa"]}

    come_by_proconnect(client)

    assert client.get(reverse("claims")).status_code == 200


def test_else_an_agent_sets_one_up_here(client, provider, ines):
    User.objects.update(role=Role.FINANCE)
    provider.claims = {"amr": ["pwd"]}

    come_by_proconnect(client)

    assert client.get(reverse("claims")).url.startswith(reverse("mfa_index"))


def test_who_proved_by_proconnect_proves_anew_by_proconnect(client, provider, ines):
    User.objects.update(role=Role.ADMINISTRATOR)
    provider.claims = {"amr": ["mfa"]}
    town = UserFactory(collectivities=[CollectivityFactory()])
    come_by_proconnect(client)
    session = client.session
    session["account_authentication_methods"] = [
        each | {"at": each["at"] - factor.FRESH_FOR.total_seconds()}
        for each in session["account_authentication_methods"]
    ]
    session.save()
    page = reverse("admin:accounts_user_reset_factor", args=[town.pk])

    asked = client.post(page, {"reason": "téléphone perdu"})
    assert asked.url.startswith(reverse("proconnect"))
    there = client.get(asked.url).url
    assert "prompt=login" in there
    back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
    done = client.get(back.partition("testserver")[2])

    assert done.url == reverse("admin:accounts_user_change", args=[town.pk])
    assert AccessEntry.objects.filter(detail__contains="téléphone perdu").exists()


# --- Around ----------------------------------------------------------------------


def test_without_proconnect_there_is_no_button(client, db):
    assert "proconnect" not in client.get(reverse("account_login")).text.lower()


def test_with_proconnect_there_is_one(client, db, provider):
    assert reverse("proconnect") in client.get(reverse("account_login")).text


def test_down_it_leaves_the_other_ways_open(client, settings, ines):
    settings.PROCONNECT_DISCOVERY_URL = "http://127.0.0.1:9/.well-known/openid-configuration"
    caches["files"].clear()

    page = client.get(reverse("proconnect"))

    assert page.status_code == 503
    assert "ProConnect ne répond pas" in page.text
    client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
    assert who(client) == str(ines.pk)


def test_once_it_is_their_only_way_agents_have_no_password(client, provider, ines, settings):
    settings.PROCONNECT_ONLY_FOR_AGENTS = True
    agent = UserFactory(role=Role.FINANCE)

    refused = client.post(
        reverse("account_login"), {"login": agent.email, "password": PASSWORD}, follow=True
    )
    assert "par ProConnect seulement" in refused.text
    assert who(client) is None
    client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
    assert who(client) == str(ines.pk)
