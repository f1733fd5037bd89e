"""The link of an e-mail: opens one file, once, for a while, for whoever owns the address."""

import datetime
import re

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import get_user
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts import rights
from accounts.models import AccessEntry
from accounts.roles import Role
from outbox.models import LINK_LASTS, Email, PersonalLink
from outbox.tasks import deliver
from tests.factories import CampaignFactory, ConventionFactory, UserFactory
from typography import mend

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(convention, town_hall, rectorat):
    """The convention, sent: its e-mails have left."""
    convention.collectivity.email = ""
    convention.collectivity.save()
    convention.campaign.reply_by = datetime.date(2022, 12, 15)
    convention.campaign.save()
    convention.send(by=rectorat)
    deliver()
    return convention


def link_to(person):
    """The path that the last e-mail to `person` holds."""
    message = next(m for m in reversed(mail.outbox) if m.to == [person.email])
    return re.search(r"https?://[^/\s]+(/conventions/lien/\S+)", message.body)[1]


def is_signed_in(client):
    return get_user(client).is_authenticated


# --- What the e-mail says ---------------------------------------------------
def test_the_e_mail_names_what_it_is_about_and_whom_to_call(sent, town_hall):
    (message,) = mail.outbox
    assert message.subject.startswith(mend(f"{sent.collectivity_title} – "))
    for words in (
        sent.collectivity_title,
        "Écoles : 2. Participation : 90,00 €",
        "avant le 15 décembre 2022",
        "Jeanne Durand, 04 67 91 00 00",
    ):
        assert mend(words) in message.body
        assert mend(words) in message.alternatives[0].content.replace("&#x27;", "’")


def test_each_recipient_has_a_message_and_a_link_of_their_own(sent, town_hall, rectorat):
    colleague = UserFactory(role=Role.TOWN_HALL, collectivities=[sent.collectivity])
    sent.remind(by=rectorat, awaited={"words": "…", "expected": None, "amendment": None})
    deliver()
    assert link_to(town_hall) != link_to(colleague)
    assert all(len(message.to) == 1 for message in mail.outbox)


def test_no_token_stays_in_what_is_kept(sent, town_hall):
    token = link_to(town_hall).strip("/").rpartition("/")[2]
    email = Email.objects.get()
    assert sent.get_absolute_url() in email.body
    assert token not in f"{email.body}{email.html}"
    kept = PersonalLink.objects.values_list().get()
    assert token not in map(str, kept)


def test_who_was_reached_is_not_written_to_twice(sent, town_hall):
    colleague = UserFactory(role=Role.TOWN_HALL, collectivities=[sent.collectivity])
    Email.objects.update(
        state=Email.State.QUEUED,
        next_attempt_at=None,
        recipients=[town_hall.email, colleague.email],
    )
    deliver()
    assert [message.to for message in mail.outbox] == [[town_hall.email], [colleague.email]]


# --- Opening ----------------------------------------------------------------
def test_reading_the_page_uses_nothing_up_and_a_click_opens_the_file(client, sent, town_hall):
    path = link_to(town_hall)
    for _ in range(3):  # Scanners of mail come first.
        page = client.get(path)
        assert sent.collectivity_title in page.content.decode()
    assert not is_signed_in(client)
    assert client.post(path).url == sent.get_absolute_url()
    assert get_user(client) == town_hall
    assert client.get(sent.get_absolute_url()).status_code == 200
    entry = AccessEntry.objects.filter(kind=AccessEntry.Kind.SIGN_IN).get()
    assert "lien" in entry.detail


def test_who_is_signed_in_goes_straight_to_the_file_and_keeps_the_link(client, sent, town_hall):
    client.force_login(town_hall)
    assert client.get(link_to(town_hall)).url == sent.get_absolute_url()
    assert PersonalLink.objects.get().used_at is None


def test_it_serves_once(client, sent, town_hall):
    path = link_to(town_hall)
    client.post(path)
    client.logout()
    page = client.post(path)
    assert page.status_code == 410
    assert "Ce lien a déjà servi" in page.content.decode()
    assert not is_signed_in(client)


def test_of_two_clicks_at_once_one_opens_it(sent, town_hall):
    """Both have read the link as unused: what settles it is the row, not what was read."""
    token = link_to(town_hall).strip("/").rpartition("/")[2]
    clicks = [PersonalLink.of(token), PersonalLink.of(token)]
    assert [click.use() for click in clicks] == [True, False]


def test_it_serves_for_a_while(client, sent, town_hall):
    path = link_to(town_hall)
    PersonalLink.objects.update(made_at=timezone.now() - LINK_LASTS)
    assert "Ce lien est trop ancien" in client.post(path).content.decode()
    assert not is_signed_in(client)


def test_it_ends_with_a_change_of_rights(client, sent, town_hall):
    path = link_to(town_hall)
    other = ConventionFactory().collectivity
    rights.grant(town_hall, other, manages=False, by=None)
    assert "Votre compte a changé" in client.post(path).content.decode()
    assert not is_signed_in(client)


@pytest.mark.parametrize("change", ["closed", "agent", "elsewhere"])
def test_it_opens_nothing_to_who_may_not_see_the_file(client, sent, town_hall, change):
    path = link_to(town_hall)
    if change == "closed":
        town_hall.is_active = False
    elif change == "agent":
        town_hall.role = Role.RECTORAT
    else:
        town_hall.collectivities.clear()
    town_hall.save()
    assert client.post(path).status_code == 410
    assert not is_signed_in(client)


def test_an_address_without_an_account_is_told_how_to_have_one(client, sent, rectorat):
    sent.collectivity.email = "accueil@example.org"
    sent.collectivity.save()
    sent.remind(by=rectorat, awaited={"words": "…", "expected": None, "amendment": None})
    deliver()
    message = next(m for m in mail.outbox if m.to == ["accueil@example.org"])
    path = re.search(r"/conventions/lien/\S+", message.body)[0]
    page = client.post(path)
    assert page.status_code == 410
    assert "Demandez une invitation" in page.content.decode()


def test_a_second_factor_that_was_set_up_is_asked_for(client, sent, town_hall):
    TOTP.activate(town_hall, generate_totp_secret())
    assert client.post(link_to(town_hall)).url == reverse("mfa_authenticate")
    assert not is_signed_in(client)


def test_an_unknown_link_says_what_to_do(client, db):
    page = client.get(reverse("file_link", args=["jamais-vu"]))
    assert page.status_code == 410
    assert "Recevoir un code par courriel" in page.content.decode()


# --- For that file alone ----------------------------------------------------
@pytest.fixture
def opened(client, sent, town_hall):
    client.post(link_to(town_hall))
    return client


@pytest.mark.parametrize("page", ["conventions", "own_titres", "calendar", "mfa_index", "sessions"])
def test_the_rest_asks_to_sign_in(opened, page):
    answer = opened.get(reverse(page))
    assert answer.status_code == 403
    assert "Connectez-vous pour le reste" in answer.content.decode()


def test_the_other_years_ask_to_sign_in_too(opened, sent, rectorat):
    other = ConventionFactory(
        campaign=CampaignFactory(start_year=2023), collectivity=sent.collectivity
    )
    other.send(by=rectorat)
    assert opened.get(other.get_absolute_url()).status_code == 403


@pytest.mark.parametrize("page", ["legal", "verify"])
def test_what_anybody_reads_without_signing_in_stays_open(opened, page):
    assert opened.get(reverse(page)).status_code == 200


def test_the_front_door_leads_to_the_file(opened, sent):
    assert opened.get("/").url == sent.get_absolute_url()


def test_signing_in_by_password_opens_the_rest(opened, sent, town_hall):
    town_hall.set_password("un mot de passe assez long")
    town_hall.save()
    opened.logout()
    opened.post(
        reverse("account_login"),
        {"login": town_hall.email, "password": "un mot de passe assez long"},
    )
    assert opened.get(reverse("conventions")).status_code == 200


def test_a_secretary_of_several_communes_works_for_the_one_of_the_file(
    client, sent, town_hall, rectorat
):
    town_hall.collectivities.add(ConventionFactory().collectivity)
    client.post(link_to(town_hall))
    page = client.get(sent.get_absolute_url())
    assert page.status_code == 200
    assert page.context["user"].acting_for == sent.collectivity
