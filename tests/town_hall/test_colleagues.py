"""A town hall looks after who has access to its files, and says once a campaign that it is right."""

import datetime
from html import unescape

import pytest
from django.urls import reverse

from accounts.invitations.models import Invitation
from accounts.models import AccessEntry, AccessReview, User
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from law.elections import last_municipal_elections
from tests.factories import CollectivityFactory, InvitationFactory, UserFactory
from town_hall.reviews import is_due

ELECTED = {
    "representative_civility": "F",
    "representative_first_name": "Inès",
    "representative_last_name": "Vidal",
    "representative_capacity": "Maire",
    "capacity_gender": "F",
    "representative_since": "2026-03-21",
}


@pytest.fixture
def town(convention):
    return convention.collectivity


@pytest.fixture
def manager(town):
    user = UserFactory(collectivities=[town])
    user.managed.set([town])
    return user


def url(town, name="colleagues", *args):
    return reverse(name, args=[town.code, *args])


def test_everybody_of_the_town_hall_sees_who_has_access(client, town, manager):
    colleague = UserFactory(collectivities=[town])
    UserFactory(collectivities=[CollectivityFactory()], last_name="Ailleurs")
    client.force_login(colleague)

    page = client.get(url(town)).text

    assert manager.email in page
    assert "Gère les accès" in page
    assert "Ailleurs" not in page
    assert "Envoyer l’invitation" not in page


def test_pages_name_the_collectivity_as_a_sentence_goes_on(client, town, manager):
    town.commune.name = "Agde"
    town.commune.save()
    client.force_login(manager)
    assert "conventions de la commune d'Agde" in unescape(client.get(url(town)).text)


def test_who_manages_access_invites_a_colleague(client, town, manager, delivered):
    client.force_login(manager)

    client.post(url(town), {"email": "collegue@mairie.fr", "is_manager": "on"})

    invitation = Invitation.objects.get()
    assert (invitation.collectivity, invitation.invited_by) == (town, manager)
    assert invitation.is_manager
    assert [message.to for message in delivered()] == [["collegue@mairie.fr"]]
    assert "collegue@mairie.fr" in client.get(url(town)).text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"email": "pas une adresse"}, "adresse"),
        ({"email": "a@b.fr", "is_manager": "on", "is_shared": "on"}, "ne gère pas les accès"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_leaves(client, town, manager, typed, told):
    client.force_login(manager)

    response = client.post(url(town), typed)

    assert response.status_code == 422
    assert told in response.text
    assert not Invitation.objects.exists()


def test_others_invite_and_remove_nobody(client, town, manager):
    colleague = UserFactory(collectivities=[town])
    client.force_login(colleague)

    assert client.post(url(town), {"email": "a@b.fr"}).status_code == 403
    assert client.post(url(town, "remove_colleague", manager.pk)).status_code == 403
    assert not Invitation.objects.exists()
    assert town in manager.collectivities.all()


def test_a_colleague_is_removed_and_may_be_invited_again(client, town, manager):
    colleague = UserFactory(collectivities=[town])
    client.force_login(manager)

    client.post(url(town, "remove_colleague", colleague.pk))

    colleague.refresh_from_db()
    assert not colleague.is_active
    assert AccessEntry.objects.get(kind="rights").by == manager
    client.post(url(town), {"email": colleague.email})
    client.logout()
    client.post(Invitation.objects.get().path)
    colleague.refresh_from_db()
    assert colleague.is_active
    assert town in colleague.collectivities.all()


def test_who_works_for_another_collectivity_too_keeps_that_one(client, town, manager):
    other = CollectivityFactory()
    colleague = UserFactory(collectivities=[town, other])
    client.force_login(manager)

    client.post(url(town, "remove_colleague", colleague.pk))

    assert list(User.objects.get(pk=colleague.pk).collectivities.all()) == [other]
    assert User.objects.get(pk=colleague.pk).is_active


def test_the_last_who_manages_access_is_not_removed(client, town, manager):
    second = UserFactory(collectivities=[town])
    second.managed.set([town])
    client.force_login(second)
    client.post(url(town, "remove_colleague", manager.pk))
    assert town not in manager.collectivities.all()

    response = client.post(url(town, "remove_colleague", second.pk), follow=True)

    assert "son propre compte" in response.text
    assert town in second.collectivities.all()


@pytest.mark.parametrize(
    ("name", "state"), [("withdraw_invitation", "withdrawn"), ("invite_again", "waiting")]
)
def test_an_invitation_is_sent_again_or_withdrawn(client, town, manager, name, state, delivered):
    invitation = InvitationFactory(collectivity=town)
    client.force_login(manager)

    client.post(url(town, name, invitation.pk))

    invitation.refresh_from_db()
    assert invitation.state == state
    assert len(delivered()) == (1 if name == "invite_again" else 0)


def test_the_list_of_another_town_hall_does_not_exist(client, town, manager):
    other = CollectivityFactory()
    client.force_login(manager)

    assert client.get(url(other)).status_code == 404
    assert client.post(url(other), {"email": "a@b.fr"}).status_code == 404


# --- Once a campaign -------------------------------------------------------------


def test_when_a_campaign_opens_the_list_is_confirmed_in_one_step(client, town, manager, convention):
    AccessReview.objects.create(collectivity=town, by=manager, by_name="X")
    AccessReview.objects.update(at=datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC))
    campaign = convention.campaign
    Campaign.objects.filter(pk=campaign.pk).update(
        state="preparation", contact_email="a@example.org"
    )
    Campaign.objects.get(pk=campaign.pk).open(by=None)
    client.force_login(manager)
    assert "vérifier la liste des accès" in client.get(reverse("conventions")).text
    assert "Cette liste est-elle juste" in client.get(url(town)).text

    client.post(url(town, "confirm_access"))

    assert not is_due(town)
    assert "vérifier la liste des accès" not in client.get(reverse("conventions")).text
    assert AccessEntry.objects.get(kind="review").by == manager


def test_after_elections_it_is_confirmed_with_the_representative(client, town, manager):
    client.force_login(manager)
    assert "qui la représente" in client.get(url(town)).text

    missing = client.post(url(town, "confirm_access"), ELECTED | {"representative_last_name": ""})
    assert missing.status_code == 422
    assert not AccessReview.objects.exists()
    client.post(url(town, "confirm_access"), ELECTED)

    assert Collectivity.objects.get(pk=town.pk).representative_last_name == "Vidal"
    assert [str(m.since) for m in town.mandates.all()] == ["None", "2026-03-21"]
    assert AccessReview.objects.get().by == manager


def test_a_shared_mailbox_confirms_nothing(client, town):
    shared = UserFactory(collectivities=[town], is_shared=True)
    client.force_login(shared)
    client.post(reverse("person_name"), {"name": "Inès"})

    assert client.post(url(town, "confirm_access"), ELECTED).status_code == 403


@pytest.mark.parametrize(
    ("day", "first_round"),
    [
        ("2026-03-14", "2020-03-15"),
        ("2026-03-15", "2026-03-15"),
        ("2026-11-24", "2026-03-15"),
        ("2031-12-31", "2026-03-15"),
        ("2032-02-29", "2026-03-15"),
        ("2032-03-01", "2032-03-01"),
    ],
)
def test_the_last_municipal_elections(day, first_round):
    of = datetime.date.fromisoformat

    assert last_municipal_elections(of(day)) == of(first_round)
