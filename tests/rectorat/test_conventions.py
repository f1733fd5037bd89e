"""What agents of the rectorat do with conventions in the admin site."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act
from conventions.lifecycle import State
from conventions.models import Convention, Enrolment, Piece, attach, withdraw
from conventions.terminations.models import give_formal_notice
from documents.received.uploads import UploadedPdf
from lifecycle.models import JournalEntry
from tests.factories import (
    AcademyFactory,
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    sign_by_both,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

LIST = "admin:conventions_convention_changelist"


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


@pytest.fixture
def gard():
    return DepartmentFactory(
        code="30",
        name="Gard",
        of_name="du Gard",
        academy=AcademyFactory(code="16", name="Toulouse"),
    )


@pytest.fixture
def gard_convention(gard):
    commune = CommuneFactory(code="30350", name="Le Vigan", department=gard)
    return ConventionFactory(collectivity=CollectivityFactory(commune=commune))


@pytest.fixture
def gard_agent(client, gard):
    """An agent who looks after one département only."""
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    return client


def verb_url(verb, *conventions):
    url = reverse("admin:conventions_convention_verb", args=[verb])
    return f"{url}?conventions={keys_of(*conventions)}" if conventions else url


def keys_of(*conventions):
    return ",".join(str(convention.pk) for convention in conventions)


def listed(client, **filters):
    response = client.get(reverse(LIST), filters)
    return {convention.reference for convention in response.context["cl"].result_list}


def page_url(convention):
    return reverse("admin:conventions_convention_change", args=[convention.pk])


# --- The list ---------------------------------------------------------------
def test_list_shows_all_open_campaigns_unless_one_is_asked_for(agent, convention):
    newer = ConventionFactory(campaign=CampaignFactory(start_year=2023))
    assert listed(agent) == {newer.reference, convention.reference}
    assert listed(agent, campaign=newer.campaign_id) == {newer.reference}
    convention.campaign.close(by=None)
    assert listed(agent) == {newer.reference}
    assert listed(agent, campaign=convention.campaign.pk) == {convention.reference}
    assert listed(agent, campaign="all") == {convention.reference, newer.reference}


def test_list_is_filtered_by_departement_academie_and_state(agent, convention, gard_convention):
    gard_convention.send(by=None)
    assert listed(agent, department="30") == {gard_convention.reference}
    assert listed(agent, academy="11") == {convention.reference}
    assert listed(agent, state__exact="sent") == {gard_convention.reference}


def test_a_convention_is_late_once_sent_and_the_reply_date_has_passed(agent, convention):
    campaign = convention.campaign
    campaign.reply_by = timezone.localdate() - datetime.timedelta(days=1)
    campaign.save()
    assert listed(agent, late="yes") == set()
    convention.send(by=None)
    assert listed(agent, late="yes") == {convention.reference}
    signed = sign_by_both(ConventionFactory(campaign=campaign))
    assert signed.reference not in listed(agent, late="yes")


def test_list_is_searched_without_accents_and_by_reference(agent):
    commune = CommuneFactory(code="34337", name="Villeneuve-lès-Maguelone")
    ConventionFactory(collectivity=CollectivityFactory(commune=commune))
    ConventionFactory()
    assert listed(agent, q="villeneuve les mag") == {"ENT-2022-34337"}
    assert listed(agent, q="ENT-2022-34337") == {"ENT-2022-34337"}


@pytest.mark.parametrize("size", [1, 12])
def test_list_takes_the_same_queries_whatever_its_length(
    agent, size, django_assert_max_num_queries
):
    for convention in ConventionFactory.create_batch(size):
        sign_by_both(convention)
    with django_assert_max_num_queries(14):
        agent.get(reverse(LIST))


def test_an_agent_sees_only_their_departements(gard_agent, convention, gard_convention):
    assert listed(gard_agent) == {gard_convention.reference}
    assert gard_agent.get(page_url(gard_convention)).status_code == 200
    assert gard_agent.get(page_url(convention)).status_code == 302


# --- Verbs on a selection ---------------------------------------------------
def ask_across(client, verb, filters=""):
    """Choose every row of the filtered list, as "select all" does, and ask for `verb`."""
    first = Convention.objects.first()
    data = {"action": verb, "select_across": "1", "index": "0", "_selected_action": first.pk}
    return client.post(f"{reverse(LIST)}{filters}", data)


def test_asking_announces_the_numbers_and_changes_nothing(agent, convention):
    sent = ConventionFactory()
    sent.send(by=None)
    page = ask_across(agent, "send")
    preview = page.context["preview"]
    assert preview.done == [convention]
    assert preview.left_out == [(sent, "La convention est envoyée.")]
    assert Convention.objects.get(pk=convention.pk).state == State.PREPARED


def test_every_convention_of_a_filtered_list_is_sent(agent, convention, gard_convention, worked):
    page = ask_across(agent, "send", "?department=30")
    agent.post(verb_url("send"), {"conventions": page.context["keys"]})
    worked()
    gard_convention.refresh_from_db()
    convention.refresh_from_db()
    assert (gard_convention.state, convention.state) == (State.SENT, State.PREPARED)


def test_more_conventions_than_the_limit_on_fields_are_sent_at_once(agent, settings, worked):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    ConventionFactory.create_batch(8)
    page = ask_across(agent, "send")
    agent.post(verb_url("send"), {"conventions": page.context["keys"]})
    assert worked().items.filter(state="done").count() == 8
    assert JournalEntry.objects.filter(verb="send").count() == 8


def test_doing_it_twice_leaves_all_out_with_the_reason(agent, convention, worked):
    others = ConventionFactory.create_batch(2)
    data = {"conventions": keys_of(convention, *others)}
    agent.post(verb_url("send"), data)
    worked()
    agent.post(verb_url("send"), data)
    items = worked().items.all()
    assert {item.state for item in items} == {"left_out"}
    assert all("convention est envoyée" in item.reason for item in items)
    assert JournalEntry.objects.filter(verb="send").count() == 3


def test_one_signature_date_is_recorded_for_the_whole_selection(agent, day, worked):
    conventions = ConventionFactory.create_batch(2)
    for convention in conventions:
        convention.send(by=None)
        convention.accept(by=None)
    data = {"conventions": keys_of(*conventions), "on": "2022-10-10"}
    agent.post(verb_url("sign_for_region"), data)
    worked()
    assert set(Convention.objects.values_list("state", "region_signed_on")) == {
        (State.SIGNED_BY_REGION, day("10/10/2022"))
    }


def test_a_signature_in_the_future_is_refused_at_its_field(agent, convention):
    other = ConventionFactory()
    for each in (convention, other):
        each.send(by=None)
        each.accept(by=None)
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    data = {"conventions": keys_of(convention, other), "on": tomorrow.isoformat()}
    response = agent.post(verb_url("sign_for_region"), data)
    assert "dans le futur" in response.context["form"].errors["on"][0]
    assert Convention.objects.filter(state=State.ACCEPTED).count() == 2


def test_abandoning_asks_for_a_reason_and_keeps_it(agent, convention):
    data = {"conventions": keys_of(convention), "comment": " "}
    response = agent.post(verb_url("abandon"), data)
    assert response.context["form"].errors["comment"] == ["Indiquez le motif de l'abandon."]
    agent.post(verb_url("abandon"), data | {"comment": "École fermée"})
    assert convention.journal.get().comment == "École fermée"


def test_an_agent_acts_only_on_their_departements(gard_agent, convention, gard_convention, worked):
    data = {"conventions": keys_of(convention, gard_convention)}
    gard_agent.post(verb_url("send"), data)
    worked()
    convention.refresh_from_db()
    gard_convention.refresh_from_db()
    assert (convention.state, gard_convention.state) == (State.PREPARED, State.SENT)


@pytest.mark.parametrize("role", ["town_hall", "finance"])
def test_others_may_not_act_in_the_admin_site(client, convention, role):
    client.force_login(UserFactory(role=role, collectivities=[convention.collectivity]))
    client.post(verb_url("send"), {"conventions": keys_of(convention)})
    convention.refresh_from_db()
    assert convention.state == State.PREPARED


@pytest.mark.parametrize("keys", ["", "x", "1,", "1;2", "9" * 30])
def test_tampered_keys_are_not_found(agent, keys):
    assert agent.post(verb_url("send"), {"conventions": keys}).status_code == 404


# --- One convention ---------------------------------------------------------
def test_page_offers_what_the_state_allows(agent, convention):
    verbs = {rule.verb for rule in agent.get(page_url(convention)).context["transitions"]}
    assert verbs == {"send", "abandon"}


def test_page_says_why_an_action_is_not_for_today(agent, convention):
    assert agent.get(page_url(convention)).context["not_today"] == []
    convention.send(by=None)
    Convention.objects.update(reminded_on=timezone.localdate(), reminder_count=1)
    page = agent.get(page_url(convention))
    assert "remind" not in {rule.verb for rule in page.context["transitions"]}
    ((label, reason),) = page.context["not_today"]
    assert label == "Relancer la collectivité"
    assert reason in page.text.replace("’", "'").replace("\u00a0", " ")


def test_page_shows_the_executory_date_and_the_end_of_both_delays(agent, signed_convention):
    page = agent.get(page_url(signed_convention)).content.decode()
    assert "décision n° 2022DECAD076".lower() in page.lower()
    assert "13/10/2022" in page
    assert page.count("14/12/2022") == 2


def test_page_cannot_be_written_to(agent, convention):
    response = agent.post(page_url(convention), {"state": "signed", "amount": "0"})
    assert response.status_code == 403


def test_a_refusal_for_one_convention_is_said_on_its_page(agent, convention):
    convention.send(by=None)
    response = agent.post(verb_url("send"), {"conventions": keys_of(convention)})
    assert "la convention est envoyée" in response.content.decode()


def test_a_date_before_the_act_is_refused_at_its_field(agent, convention, day):
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=None, kind="decision", number="1", dated_on=day("10/10/2022"))
    data = {"conventions": keys_of(convention), "on": "2022-10-09"}
    response = agent.post(verb_url("sign_for_collectivity"), data)
    assert "précéder l&#x27;acte" in str(response.context["form"].errors["on"])


# --- Enrolled schools, journal ----------------------------------------------
def withdraw_url(line):
    return reverse("admin:conventions_enrolment_withdraw", args=[line.pk])


def test_a_school_is_withdrawn_after_a_confirmation(agent, convention):
    line = convention.enrolments.first()
    agent.get(withdraw_url(line))
    assert convention.enrolments.filter(released_on__isnull=True).count() == 2
    agent.post(withdraw_url(line))
    convention.refresh_from_db()
    assert convention.amount == 45


def test_a_school_of_a_sent_convention_stays(agent, convention):
    convention.send(by=None)
    response = agent.post(withdraw_url(convention.enrolments.first()), follow=True)
    assert "déjà envoyée" in response.content.decode()
    assert Enrolment.objects.filter(released_on__isnull=True).count() == 2


def test_a_school_of_another_departement_is_not_found(gard_agent, convention):
    assert gard_agent.post(withdraw_url(convention.enrolments.first())).status_code == 404


@pytest.mark.parametrize(
    "name", ["conventions_enrolment", "lifecycle_journalentry", "conventions_convention"]
)
@pytest.mark.parametrize("action", ["add", "delete"])
def test_records_are_neither_added_nor_deleted(agent, signed_convention, name, action):
    args = {
        "conventions_enrolment": signed_convention.enrolments.first().pk,
        "lifecycle_journalentry": signed_convention.journal.first().pk,
        "conventions_convention": signed_convention.pk,
    }
    url = reverse(f"admin:{name}_{action}", args=[] if action == "add" else [args[name]])
    assert agent.get(url).status_code == 403


def test_journal_is_searched_by_reference_and_filtered_by_action(agent, signed_convention):
    url = reverse("admin:lifecycle_journalentry_changelist")
    page = agent.get(url, {"q": signed_convention.reference, "verb": "send"})
    assert [entry.verb for entry in page.context["cl"].result_list] == ["send"]


def test_a_piece_taken_back_is_found_in_the_journal_by_its_action(agent, convention):
    convention.send(by=None)
    copy = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")
    piece = attach(convention, kind=Piece.Kind.CONVENTION_SIGNED, pdf=copy, by=None)
    withdraw(convention, piece, by=None, reason="Une autre commune")
    page = agent.get(reverse("admin:lifecycle_journalentry_changelist"))
    (actions,) = [spec for spec in page.context["cl"].filter_specs if spec.title == "action"]
    offered = dict(actions.lookup_choices)
    assert {entry.verb for entry in convention.journal.all()} <= set(offered)


@pytest.mark.parametrize(
    ("part", "parts"), [("C", {""}), ("A", {"A1"}), ("T", {"T1"}), ("", {"", "A1", "T1"})]
)
def test_journal_is_filtered_by_what_of_a_file_it_is_about(agent, part, parts):
    convention = current_signed_convention()
    prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    notice = {"side": "region", "on": timezone.localdate(), "grievances": "Griefs"}
    give_formal_notice(convention, by=None, **notice)
    convention.campaign.close(by=None)
    url = reverse("admin:lifecycle_journalentry_changelist")
    found = agent.get(url, {"part": part} if part else {}).context["cl"].result_list
    assert {entry.part for entry in found} == parts
    of_campaign = [entry for entry in found if entry.convention is None]
    assert bool(of_campaign) == (part == "")


def test_journal_keeps_to_the_agents_departements(gard_agent, signed_convention):
    url = reverse("admin:lifecycle_journalentry_changelist")
    assert not gard_agent.get(url).context["cl"].result_list


@pytest.mark.parametrize("size", [1, 12])
@pytest.mark.parametrize("name", ["conventions_enrolment", "lifecycle_journalentry"])
def test_other_lists_take_the_same_queries_whatever_their_length(
    agent, size, name, django_assert_max_num_queries
):
    for convention in ConventionFactory.create_batch(size):
        convention.send(by=None)
    with django_assert_max_num_queries(13):
        agent.get(reverse(f"admin:{name}_changelist"))


def test_an_agent_answers_a_request_and_sends_again(agent, convention, town_hall):
    convention.send(by=None)
    convention.request_correction(by=town_hall, subject="schools", comment="Une école a fermé.")
    page = agent.get(verb_url("send", convention)).content.decode()
    assert "Réponse à la collectivité" in page
    agent.post(verb_url("send"), {"conventions": keys_of(convention), "comment": "C'est corrigé."})
    convention.refresh_from_db()
    assert convention.state == State.SENT
    assert convention.messages.last().body == "C'est corrigé."


def test_an_agent_records_a_request_received_otherwise(agent, convention):
    convention.send(by=None)
    url, keys = verb_url("request_correction"), keys_of(convention)
    response = agent.post(url, {"conventions": keys, "subject": "schools", "comment": ""})
    assert response.context["form"].errors.keys() == {"comment"}
    agent.post(url, {"conventions": keys, "subject": "schools", "comment": "Par téléphone."})
    convention.refresh_from_db()
    assert convention.state == State.CORRECTION_REQUESTED


def test_an_agent_writes_in_the_thread(agent, convention):
    convention.send(by=None)
    url = reverse("admin:conventions_convention_message", args=[convention.pk])
    agent.post(url, {"subject": "other", "body": "Bonjour."})
    assert convention.messages.get().side == "rectorat"
    response = agent.post(url, {"subject": "other", "body": "Bonjour."})
    assert "déjà envoyé" in response.content.decode()


def test_an_agent_does_not_write_in_a_file_of_another_department(gard_agent, convention):
    url = reverse("admin:conventions_convention_message", args=[convention.pk])
    assert gard_agent.get(url).status_code == 404


@pytest.mark.parametrize(
    ("query", "signed", "waiting"),
    [
        ("warning=signed_before_executory", True, False),
        ("warning=none", False, True),
        ("warning=unknown", False, False),
        ("standing=ended", True, False),
        ("standing=upcoming", False, True),
        ("standing=unknown", False, False),
    ],
)
def test_the_list_is_filtered_by_what_deserves_attention_and_by_standing(
    agent, convention, query, signed, waiting
):
    sign_by_both(convention)
    other = ConventionFactory()
    listed = set(agent.get(f"{reverse(LIST)}?campaign=all&{query}").context["cl"].queryset)
    assert (convention in listed, other in listed) == (signed, waiting)


def test_a_page_offers_a_history_only_where_one_is_kept(agent, convention):
    """Django's own would say of a file, whose journal is on its page, that it has none."""
    for name, key, is_kept in (
        ("conventions_convention", convention.pk, False),
        ("communes_collectivity", convention.collectivity_id, True),
    ):
        page = agent.get(reverse(f"admin:{name}_change", args=[key])).text
        assert ("historylink" in page) is is_kept
