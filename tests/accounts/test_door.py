"""What strangers may learn or break at the door: who has an account, who is locked out."""

import datetime

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import limits, tasks
from accounts.models import AccessEntry, Counter, Failures
from accounts.roles import Role
from outbox.models import Email
from tests.factories import PASSWORD, UserFactory

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def person(db):
    return UserFactory(role=Role.TOWN_HALL, email="camille.roux@mairie.fr")


@pytest.fixture
def counters(settings):
    """The counters as a real site keeps them."""
    settings.CACHES = settings.CACHES | {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "accounts_counter",
            "OPTIONS": {"MAX_ENTRIES": 10**9},
        }
    }


def sign_in(email, password, network=HOME, client=None):
    return (client or Client()).post(
        reverse("account_login"), {"login": email, "password": password}, REMOTE_ADDR=network
    )


def fail(email, times, network=HOME, client=None):
    for _ in range(times):
        response = sign_in(email, "pas le bon", network, client)
    return response


def is_in(response):
    return response.status_code == 302


# --- Who has an account ----------------------------------------------------------


@pytest.mark.parametrize("page", ["account_request_login_code", "account_reset_password"])
def test_the_same_queries_are_made_whether_an_address_has_an_account_or_not(person, page):
    shapes = []
    for email in (person.email, "inconnu@mairie.fr"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            Client().post(reverse(page), {"email": email})
        tables = [query["sql"].partition("WHERE")[0][:60] for query in queries]
        shapes.append([sql for sql in tables if "INSERT" in sql or "UPDATE" in sql])

    known, unknown = shapes
    assert known == unknown
    assert any('"outbox_email"' in sql for sql in known)


@pytest.mark.parametrize("page", ["account_request_login_code", "account_reset_password"])
def test_a_mail_server_that_is_down_changes_no_answer(person, page, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    answers = [
        Client().post(reverse(page), {"email": email})
        for email in (person.email, "inconnu@mairie.fr")
    ]

    assert [(a.status_code, a.url) for a in answers] == [(302, answers[0].url)] * 2


def test_nothing_is_written_to_who_has_no_account(db):
    Client().post(reverse("account_request_login_code"), {"email": "inconnu@mairie.fr"})

    email = Email.objects.get()
    assert (email.recipients, email.body, email.state) == ([], "", Email.State.NO_RECIPIENT)


def test_a_code_that_was_sent_is_wiped_out(person, delivered):
    Client().post(reverse("account_request_login_code"), {"email": person.email})
    assert "code" in delivered()[0].body

    assert Email.objects.get().body == ""


def test_a_code_that_serves_no_more_does_not_leave(person, delivered, time_machine):
    time_machine.move_to("2026-11-24T10:00Z")
    Client().post(reverse("account_request_login_code"), {"email": person.email})
    time_machine.shift(datetime.timedelta(minutes=16))

    assert delivered() == []
    assert Email.objects.get().state == Email.State.FAILED


# --- Locking out -----------------------------------------------------------------


def test_failures_from_elsewhere_keep_nobody_out(person):
    fail(person.email, 30, ELSEWHERE)

    assert is_in(sign_in(person.email, PASSWORD))


def test_after_five_failures_one_waits_some_seconds_then_longer(person, time_machine):
    time_machine.move_to("2026-11-24T10:00Z", tick=False)
    fail(person.email, 5)
    refused = sign_in(person.email, PASSWORD)
    assert "Attendez 5 secondes" in refused.text
    assert "recevez un code par courriel" in refused.text

    time_machine.shift(5)
    fail(person.email, 1)
    assert "Attendez 10 secondes" in sign_in(person.email, PASSWORD).text
    time_machine.shift(10)

    assert is_in(sign_in(person.email, PASSWORD))
    assert is_in(sign_in(person.email, PASSWORD))


def test_nobody_waits_longer_than_a_minute(person, time_machine):
    time_machine.move_to("2026-11-24T10:00Z", tick=False)
    for _ in range(40):
        fail(person.email, 1)
        time_machine.shift(60)

    assert is_in(sign_in(person.email, PASSWORD))


def test_nobody_waits_for_a_clock_that_was_set_back(person, time_machine):
    time_machine.move_to("2026-11-24T10:00Z", tick=False)
    fail(person.email, 1)
    time_machine.shift(-86_400)
    assert "Trop d’essais" not in sign_in(person.email, "pas le bon").text


def test_an_address_without_account_waits_as_long(db, time_machine):
    time_machine.move_to("2026-11-24T10:00Z", tick=False)
    fail("inconnu@mairie.fr", 5)

    assert "Attendez 5 secondes" in sign_in("inconnu@mairie.fr", PASSWORD).text


def test_a_browser_that_signed_in_before_has_a_count_of_its_own(person):
    browser = Client()
    sign_in(person.email, PASSWORD, client=browser)
    browser.post(reverse("account_logout"))
    fail(person.email, 8)

    assert not is_in(sign_in(person.email, PASSWORD))
    assert is_in(sign_in(person.email, PASSWORD, client=browser))


def test_many_accounts_tried_from_one_network_slow_it_down(db):
    for number in range(limits.OF_NETWORK.free):
        fail(f"personne{number}@mairie.fr", 1, ELSEWHERE)

    assert "Trop d’essais" in fail("encore@mairie.fr", 1, ELSEWHERE).text


def test_a_code_by_e_mail_stays_open_meanwhile(person, delivered):
    fail(person.email, 8)

    response = Client().post(reverse("account_request_login_code"), {"email": person.email})

    assert is_in(response)
    assert [message.to for message in delivered()] == [[person.email]]


def test_messages_to_an_address_are_counted_by_the_day_for_known_and_unknown(
    person, counters, time_machine
):
    time_machine.move_to("2026-11-24T10:00Z")
    for email in (person.email, "inconnu@mairie.fr"):
        answers = []
        for _ in range(11):
            time_machine.shift(datetime.timedelta(minutes=2))
            page = reverse("account_request_login_code")
            answers.append(Client().post(page, {"email": email}))
        assert [is_in(answer) for answer in answers] == [True] * 10 + [False]
        assert "Trop de courriels" in answers[-1].text


# --- Counters --------------------------------------------------------------------


def test_no_number_of_requests_drops_a_live_counter(db, counters):
    counter = caches["default"]
    counter.set("vivant", 1, 3600)
    for number in range(400):
        counter.set(f"autre-{number}", 1, 3600)

    assert counter.get("vivant") == 1
    assert Counter.objects.count() == 401


def test_what_counts_no_more_is_cleared_away(person, counters, time_machine):
    time_machine.move_to("2026-11-24T10:00Z")
    caches["default"].set("passé", 1, 60)
    fail(person.email, 1)
    time_machine.shift(limits.FORGOTTEN_AFTER + datetime.timedelta(minutes=1))

    limits.forget_old()

    assert not Counter.objects.exists()
    assert not Failures.objects.exists()


def test_the_journal_is_kept_a_year(person):
    AccessEntry.objects.create(kind="session", kept_until=datetime.date(2020, 1, 1))
    AccessEntry.objects.create(kind="session")

    tasks.clean_up()

    assert AccessEntry.objects.count() == 1
    assert AccessEntry.objects.get().kept_until.year >= 2027


# --- Journal ---------------------------------------------------------------------


def test_a_failure_is_journalled_with_its_network_the_unknown_address_hashed(person, caplog):
    with caplog.at_level("INFO", logger="accounts.journal"):
        fail(person.email, 1, ELSEWHERE)
        fail("motdepasse@tape.ici", 1, ELSEWHERE)

    known, unknown = AccessEntry.objects.order_by("pk")
    assert (known.person, known.subject, known.network) == (person, person.email, ELSEWHERE)
    assert unknown.subject.startswith("inconnu:")
    assert "tape.ici" not in caplog.text
    assert caplog.text.count("kind=failure") == 2


def test_a_sign_in_is_journalled(person):
    sign_in(person.email, PASSWORD)

    entry = AccessEntry.objects.get()
    assert (entry.kind, entry.person, entry.network) == ("sign_in", person, HOME)
    assert entry.detail == "Connexion par mot de passe"


# --- Pages kept by nobody --------------------------------------------------------


@pytest.mark.parametrize("page", ["conventions", "calendar", "mfa_index"])
def test_what_is_shown_to_somebody_signed_in_is_kept_by_no_browser(client, person, page):
    client.force_login(person)

    assert client.get(reverse(page)).headers["Cache-Control"] == "private, no-store"


def test_a_file_neither(client, convention, town_hall, rectorat):
    convention.send(by=rectorat)
    client.force_login(town_hall)

    preview = client.get(reverse("convention_preview", args=[2022, convention.collectivity.code]))

    assert preview.headers["Content-Type"] == "application/pdf"
    assert preview.headers["Cache-Control"] == "private, no-store"


def test_a_proxy_gone_round_is_logged_once_and_shuts_nobody_out(person, settings, caplog):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 3
    for _ in range(2):
        client = Client(headers={"X-Forwarded-For": "203.0.113.7, 10.0.0.1"})
        assert is_in(sign_in(person.email, PASSWORD, client=client))
    signed_in = AccessEntry.objects.filter(kind=AccessEntry.Kind.SIGN_IN)
    assert set(signed_in.values_list("network", flat=True)) == {"203.0.113.7"}
    assert caplog.text.count("TRUSTED_PROXY_COUNT is 3") == 1
