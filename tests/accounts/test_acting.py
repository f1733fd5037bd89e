"""Who uses a mailbox that a service shares; for which collectivity a shared secretary works."""

import pytest
from django.urls import reverse

from accounts.invitations import inviting
from conventions.correspondence import post_message
from conventions.exchanges.models import Message
from lifecycle.models import JournalEntry
from tests.factories import ConventionFactory, UserFactory

CHOICE, NAME = reverse("collectivity_choice"), reverse("person_name")


@pytest.fixture
def files(db, rectorat):
    """Two files sent, of two collectivities."""
    one = ConventionFactory()
    other = ConventionFactory(campaign=one.campaign)
    for each in (one, other):
        each.send(by=rectorat)
    return one, other


@pytest.fixture
def secretary(files):
    """Works for both."""
    return UserFactory(collectivities=[each.collectivity for each in files])


@pytest.fixture
def shared(files):
    return UserFactory(
        first_name="",
        last_name="Secrétariat",
        is_shared=True,
        collectivities=[files[0].collectivity],
    )


def page_of(convention, name="convention"):
    return reverse(name, args=[convention.campaign.school_year, convention.collectivity.code])


def choose(client, convention):
    return client.post(CHOICE, {"code": convention.collectivity.code, "next": page_of(convention)})


def test_a_secretary_of_several_collectivities_chooses_one_first(client, secretary, files):
    client.force_login(secretary)

    asked = client.get(page_of(files[0]))
    assert asked.url.startswith(CHOICE)
    page = client.get(asked.url)
    offered = {collectivity.code for collectivity in page.context["collectivities"]}
    assert offered == {each.collectivity.code for each in files}
    chosen = client.post(CHOICE, {"code": files[0].collectivity.code, "next": page.context["next"]})

    assert chosen.url == page_of(files[0])
    assert client.get(chosen.url).status_code == 200


def test_the_name_of_the_chosen_one_is_on_every_screen_and_the_others_files_are_not(
    client, secretary, files
):
    one, _ = files
    client.force_login(secretary)
    choose(client, one)

    for page in ("conventions", "calendar", "mfa_index"):
        text = client.get(reverse(page)).text
        assert f'<p class="site-collectivity">{one.collectivity}</p>' in text
    listed = client.get(reverse("conventions")).context["object_list"]
    assert [convention.pk for convention in listed] == [one.pk]


def test_a_form_sent_from_a_tab_of_the_other_collectivity_is_refused(client, secretary, files):
    one, other = files
    client.force_login(secretary)
    choose(client, one)
    choose(client, other)

    sent = client.post(page_of(one, "convention_message"), {"subject": "other", "body": "Bonjour"})

    assert sent.status_code == 409
    assert "Rien n’a été enregistré" in sent.text
    assert not Message.objects.exists()


def test_a_page_of_the_other_one_offers_to_change(client, secretary, files):
    one, other = files
    client.force_login(secretary)
    choose(client, one)

    page = client.get(page_of(other))

    assert page.status_code == 409
    assert f"Travailler pour {other.collectivity.name}" in page.text
    assert client.get(choose(client, other).url).status_code == 200


def test_nobody_chooses_a_collectivity_that_is_not_theirs(client, secretary):
    client.force_login(secretary)

    assert client.post(CHOICE, {"code": ConventionFactory().collectivity.code}).status_code == 404


def test_who_works_for_one_is_asked_nothing(client, files):
    client.force_login(UserFactory(collectivities=[files[0].collectivity]))

    assert client.get(page_of(files[0])).status_code == 200


def test_a_shared_mailbox_asks_once_a_session_who_is_there(client, shared, files):
    client.force_login(shared)
    asked = client.get(page_of(files[0]))
    assert asked.url.startswith(NAME)

    client.post(NAME, {"name": "Inès Vidal", "next": "/conventions/"})

    text = client.get(page_of(files[0])).text
    assert "Secrétariat (Inès Vidal)" in text


def test_the_journal_keeps_both_names(client, shared, files):
    client.force_login(shared)
    client.post(NAME, {"name": "Inès Vidal"})

    client.post(
        page_of(files[0], "convention_message"),
        {
            "subject": "other",
            "body": "Bonjour",
            "version": files[0].version,
        },
    )

    assert Message.objects.get().by_name == "Secrétariat (Inès Vidal)"
    assert JournalEntry.objects.filter(by_name="Secrétariat (Inès Vidal)").exists()


def test_a_shared_mailbox_manages_no_colleague(shared, files):
    shared.managed.set([files[0].collectivity])

    assert not inviting.may_manage(shared, files[0].collectivity)


def test_a_name_ends_with_the_session(client, shared, files):
    client.force_login(shared)
    client.post(NAME, {"name": "Inès Vidal"})
    client.post(reverse("account_logout"))
    client.force_login(shared)

    assert client.get(page_of(files[0])).url.startswith(NAME)
    message = post_message(files[0], by=shared, subject="other", body="…")
    assert message.by_name == "Secrétariat"
