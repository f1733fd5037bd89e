"""The territory changes while a file is open: who reads it sees it, who vanished signs no more."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from communes.models import Collectivity
from conventions.authority import can_record_act, record_act
from conventions.campaigns.models import Campaign
from conventions.lifecycle import State
from conventions.models import Convention, latest_piece, outdated_pieces
from conventions.situations import warnings
from conventions.terminations.models import give_formal_notice
from lifecycle.errors import TransitionRefused
from schools.models import School
from schools.takeover import take_over
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    GroupingFactory,
    SchoolFactory,
    TextModelFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def sent():
    convention = ConventionFactory()
    Campaign.objects.update(ends_on=TODAY() + datetime.timedelta(days=200))
    convention = Convention.objects.with_parties().get()
    convention.send(by=None)
    return convention


def merge(collectivity, on):
    successor = CollectivityFactory(commune=CommuneFactory(name="Neuville"))
    collectivity.merged_into, collectivity.merged_on = successor, on
    collectivity.save()


def seen(convention):
    return Convention.objects.with_parties().get(pk=convention.pk)


def warned(key):
    return Convention.objects.filter(warnings.condition(key, timezone.localdate())).exists()


def test_a_vanished_collectivity_confirms_and_signs_no_more_and_its_successor_is_named(sent):
    merge(sent.collectivity, TODAY())
    with pytest.raises(TransitionRefused, match="fait partie de la commune de Neuville"):
        sent.accept(by=None)
    assert seen(sent).state == State.SENT


def test_it_takes_no_act_and_signs_nothing_from_that_day_on_but_what_it_had_signed(sent):
    yesterday = TODAY() - datetime.timedelta(days=1)
    sent.accept(by=None)
    record_act(sent, by=None, kind="decision", number="1", dated_on=yesterday)
    print_quickly(sent)
    merge(sent.collectivity, TODAY())
    with pytest.raises(TransitionRefused, match="c'est elle qui signe"):
        record_act(sent, by=None, kind="decision", number="2", dated_on=TODAY())
    with pytest.raises(TransitionRefused, match="c'est elle qui signe"):
        sent.sign_for_collectivity(by=None, on=TODAY())
    sent.sign_for_collectivity(by=None, on=yesterday)
    assert sent.state == State.SIGNED_BY_COLLECTIVITY


def test_nothing_is_sent_to_who_vanished(convention):
    merge(convention.collectivity, TODAY())
    with pytest.raises(TransitionRefused, match="fait partie de la commune de Neuville"):
        convention.send(by=None)


def test_the_file_and_the_lists_tell_of_a_merger(sent):
    assert not warned("merged")
    merge(sent.collectivity, TODAY())
    assert any(
        "fait partie de la commune de Neuville" in text for text in warnings.found_on(seen(sent))
    )
    assert warned("merged")


@pytest.mark.parametrize(
    "change", [{"state": "closed"}, {"closure_proposed_on": datetime.date(2026, 11, 1)}]
)
def test_they_tell_of_a_school_that_closes(sent, change):
    assert not warned("closing")
    school = sent.enrolments.first().school
    type(school).objects.filter(pk=school.pk).update(**change)
    (text,) = warnings.found_on(seen(sent))
    assert school.uai in text
    assert "un avenant" in text
    assert warned("closing")
    assert not warned("renamed")


def test_before_sending_it_is_to_be_withdrawn(convention):
    Campaign.objects.update(ends_on=TODAY() + datetime.timedelta(days=200))
    school = convention.enrolments.first().school
    type(school).objects.filter(pk=school.pk).update(state="closed")
    (text,) = warnings.found_on(seen(convention))
    assert "retirez-la avant l'envoi" in text


def test_they_tell_of_a_school_renamed_after_it_was_sent(sent):
    school = sent.enrolments.first().school
    type(school).objects.filter(pk=school.pk).update(name="École Rosa Parks")
    (text,) = warnings.found_on(seen(sent))
    assert school.uai in text
    assert warned("renamed")


def test_a_school_whose_closure_is_proposed_is_not_enrolled_in_silence(client, rectorat, worked):
    campaign = CampaignFactory()
    school, other = SchoolFactory(closure_proposed_on=TODAY()), SchoolFactory()
    client.force_login(rectorat)
    url = reverse("admin:campaigns_campaign_enrol", args=[campaign.pk])
    client.post(url, {"text": f"{school.uai} {other.uai}"})
    remarked = worked().items.exclude(reason="").get()
    assert school.uai in remarked.name
    assert "annonce sa fermeture" in remarked.reason
    assert campaign.enrolments.count() == 2


def test_a_school_that_another_collectivity_took_over_shows_on_what_was_sent(sent):
    school = sent.enrolments.first().school
    syndicat = GroupingFactory(members=[school.commune])
    assert not warned("payer")
    take_over(School.objects.filter(pk=school.pk), syndicat, TODAY(), by=None)
    assert warned("payer")
    assert any(
        "a désormais la charge" in text and school.uai in text
        for text in warnings.found_on(seen(sent))
    )
    # Who succeeds a merged collectivity is no new payer: that it was merged is told instead.
    merge(sent.collectivity, TODAY())
    Collectivity.objects.filter(pk=sent.collectivity_id).update(merged_into=syndicat)
    assert not warned("payer")


def test_what_is_not_sent_yet_follows_its_payer_without_a_warning():
    convention = ConventionFactory()
    school = convention.enrolments.first().school
    syndicat = GroupingFactory(members=[school.commune])
    take_over(School.objects.filter(pk=school.pk), syndicat, TODAY(), by=None)
    assert not warned("payer")


def elect(collectivity, last_name="NOUVELLE"):
    collectivity.representative_last_name = last_name
    collectivity.save()


def test_a_new_representative_shows_on_what_is_still_to_be_signed(sent):
    sent.accept(by=None)
    assert not warned("representative")
    elect(sent.collectivity)
    (text,) = warnings.found_on(seen(sent))
    assert "NOUVELLE" in text
    assert warned("representative")
    seen(sent).accept(by=None)
    assert warnings.found_on(seen(sent)) == []
    assert not warned("representative")


def test_an_avenant_prints_who_represents_the_collectivity_on_its_day():
    convention = current_signed_convention()
    former = convention.party.representative_last_name
    elect(convention.collectivity)
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    amendment.send(by=None)
    print_quickly(amendment)
    printed = latest_piece(amendment, "amendment").document.context["collectivity"]
    assert "NOUVELLE" in printed["representative"]
    assert former not in printed["representative"]
    # Elected while it waits: what is unsigned is outdated, what is signed stays.
    elect(convention.collectivity, "SUIVANTE")
    (stale,) = outdated_pieces(amendment)
    assert stale.kind == "amendment"
    print_quickly(amendment)
    amendment.sign_for_collectivity(by=None, on=TODAY())
    elect(convention.collectivity, "DERNIÈRE")
    assert amendment.party.representative_last_name == "SUIVANTE"
    _, context = amendment.text_and_context("amendment")
    assert "SUIVANTE" in context.collectivity.representative
    assert outdated_pieces(amendment) == []


def change_representative(client, convention, **changes):
    """What the town hall sends from « Changer de représentant », the page opened first."""
    address = [convention.campaign.school_year, convention.collectivity.code]
    url = reverse("convention_representative", args=address)
    form = client.get(url).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    return client.post(url, data | changes)


def test_a_change_told_while_an_avenant_waits_outdates_it_and_shows_on_the_file(client):
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    amendment.send(by=None)
    print_quickly(amendment)
    client.force_login(UserFactory(collectivities=[convention.collectivity]))
    who = {"representative_first_name": "Inès", "representative_last_name": "NOUVELLE"}

    refused = change_representative(client, convention, **who)
    assert refused.status_code == 422
    assert "donnez le jour" in refused.context["form"].errors["representative_since"][0]
    since = TODAY() - datetime.timedelta(days=2)
    assert (
        change_representative(client, convention, **who, representative_since=since).status_code
        == 302
    )

    assert amendment.convention.pieces.get(part="A1", kind="amendment", outdated=True)
    page = client.get(convention.get_absolute_url()).text
    assert "Représentée aujourd’hui par Inès NOUVELLE" in page
    # Signed the day before she was elected, and recorded since: it names who signed.
    former = convention.party.representative_last_name
    amendment = convention.amendments.get()
    amendment.sign_for_collectivity(by=None, on=since - datetime.timedelta(days=1))
    assert amendment.party.representative_last_name == former
    amendment.sign_for_collectivity(by=None, on=since)
    assert amendment.party.representative_last_name == "NOUVELLE"


def test_who_represents_the_collectivity_is_confirmed_with_an_avenant(client):
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    amendment.send(by=None)
    print_quickly(amendment)
    client.force_login(UserFactory(collectivities=[convention.collectivity]))
    address = [convention.campaign.school_year, convention.collectivity.code, 1]
    url = reverse("amendment_signature", args=address)
    data = {"version": amendment.version, "on": f"{TODAY()}"}
    assert convention.collectivity.representative in client.get(url).text
    assert client.post(url, data).context["form"].errors["is_representative"]
    assert client.post(url, data | {"is_representative": "on"}).status_code == 302


def test_so_does_a_letter_of_termination():
    convention = current_signed_convention()
    elect(convention.collectivity)
    TextModelFactory(kind="formal_notice")
    termination = give_formal_notice(
        convention, by=None, side="region", on=TODAY(), grievances="Non."
    )
    _, context = termination.text_and_context("formal_notice")
    assert "NOUVELLE" in context.collectivity.representative


def test_nobody_is_warned_of_a_year_that_is_over(sent):
    Campaign.objects.update(ends_on=TODAY() - datetime.timedelta(days=1))
    merge(sent.collectivity, TODAY())
    assert warnings.found_on(seen(sent)) == []
    assert not warned("merged")


def test_an_avenant_of_a_terminated_convention_takes_no_act_and_prints_nothing():
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    amendment.send(by=None)
    assert can_record_act(amendment)
    assert amendment.kinds_to_issue() == ["amendment"]
    Convention.objects.filter(pk=convention.pk).update(state=State.TERMINATED)
    amendment.convention.refresh_from_db()
    assert not can_record_act(amendment)
    assert amendment.kinds_to_issue() == []
