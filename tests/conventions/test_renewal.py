"""What is carried over from last year, and what waits for an agent's decision."""

import datetime

import pytest
from django.urls import reverse

from conventions.enrolment.enrolling import enrol
from conventions.enrolment.renewal import Change, propose, renew
from conventions.models import Convention, Enrolment
from jobs.models import Job
from schools.models import School, Takeover
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    GroupingFactory,
    SchoolFactory,
    UserFactory,
    sign_by_both,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def last_year():
    return CampaignFactory(start_year=2022)


@pytest.fixture
def campaign(last_year):
    return CampaignFactory(start_year=2023)


@pytest.fixture
def signed(last_year):
    """Last year's convention of one school, signed by both: its school is unchanged."""
    return sign_by_both(ConventionFactory(campaign=last_year, schools_count=1))


def school_of(convention):
    return convention.enrolments.get().school


def flags(campaign):
    """The changes found, of the only school of last year."""
    renewal = propose(campaign, campaign.previous)
    (candidate,) = renewal.unchanged + renewal.flagged
    return set(candidate.reasons)


def change(school, **values):
    School.objects.filter(pk=school.pk).update(**values)


# --- Each change ------------------------------------------------------------
def test_a_school_signed_for_last_year_is_unchanged(campaign, signed):
    assert flags(campaign) == set()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"state": School.State.CLOSED}, Change.CLOSED),
        ({"state": School.State.TO_CLOSE}, Change.TO_CLOSE),
        ({"closure_proposed_on": datetime.date(2023, 6, 1)}, Change.CLOSURE_PROPOSED),
        ({"name": "Simone Veil"}, Change.RENAMED),
    ],
)
def test_a_change_of_the_school_is_flagged(campaign, signed, values, expected):
    change(school_of(signed), **values)
    assert flags(campaign) == {expected}


def test_a_school_moved_to_another_commune_is_flagged_with_its_new_payer(campaign, signed):
    change(school_of(signed), commune=CollectivityFactory().commune)
    assert flags(campaign) == {Change.MOVED, Change.PAYER}


def test_a_commune_merged_into_another_is_flagged_as_such_and_not_as_another_payer(
    campaign, signed
):
    merged = signed.collectivity
    merged.merged_into, merged.merged_on = CollectivityFactory(), datetime.date(2023, 1, 1)
    merged.save()
    assert flags(campaign) == {Change.MERGED}


def test_a_commune_merged_while_a_syndicat_pays_is_flagged(campaign, last_year):
    syndicat = GroupingFactory()
    convention = ConventionFactory(campaign=last_year, collectivity=syndicat, schools_count=0)
    school = SchoolFactory()
    Takeover.objects.create(school=school, payer=syndicat, since=datetime.date(2020, 9, 1))
    line = Enrolment(campaign=last_year, school=school, convention=convention)
    line.copy_from_school()
    line.save()
    Convention.objects.filter(pk=convention.pk).update(school_count=1, amount=45)
    convention.refresh_from_db()
    sign_by_both(convention)
    assert flags(campaign) == set()
    own = school.commune.collectivity
    own.merged_into, own.merged_on = CollectivityFactory(), datetime.date(2023, 1, 1)
    own.save()
    assert flags(campaign) == {Change.MERGED}


def test_the_payer_compared_is_the_one_of_the_first_day_of_the_new_campaign(campaign, signed):
    school, syndicat = school_of(signed), GroupingFactory()
    takeover = Takeover.objects.create(
        school=school, payer=syndicat, since=datetime.date(2023, 9, 2)
    )
    assert flags(campaign) == set()
    takeover.since = campaign.starts_on
    takeover.save()
    assert flags(campaign) == {Change.PAYER}


def test_an_abandoned_convention_is_flagged_though_its_schools_were_released(campaign, last_year):
    ConventionFactory(campaign=last_year, schools_count=1).abandon(by=None, comment="Doublon")
    assert flags(campaign) == {Change.ABANDONED}


def test_a_school_enrolled_again_after_an_abandon_counts_by_its_last_convention(
    campaign, last_year
):
    abandoned = ConventionFactory(campaign=last_year, schools_count=1)
    school = school_of(abandoned)
    abandoned.abandon(by=None, comment="Doublon")
    again = Enrolment(campaign=last_year, school=school)
    again.copy_from_school()
    again.save()
    assert flags(campaign) == {Change.UNPREPARED}


def test_a_terminated_convention_is_flagged(campaign, signed):
    Convention.objects.update(state="terminated")
    assert flags(campaign) == {Change.TERMINATED}


def test_a_collectivity_that_never_signed_is_flagged(campaign, last_year):
    ConventionFactory(campaign=last_year, schools_count=1).send(by=None)
    assert flags(campaign) == {Change.UNSIGNED}


def test_a_school_withdrawn_last_year_is_not_proposed(campaign, signed):
    Enrolment.objects.update(released_on=datetime.date(2022, 9, 5))
    renewal = propose(campaign, campaign.previous)
    assert (renewal.unchanged, renewal.flagged) == ([], [])


def test_schools_are_compared_in_as_many_queries_however_many(
    campaign, last_year, rectorat, django_assert_num_queries
):
    merged = ConventionFactory(campaign=last_year, schools_count=3)
    merged.collectivity.merged_into = CollectivityFactory()
    merged.collectivity.merged_on = datetime.date(2023, 1, 1)
    merged.collectivity.save()
    ConventionFactory(campaign=last_year, schools_count=2)
    School.objects.update(name="Renommée", state=School.State.TO_CLOSE)

    with django_assert_num_queries(4):  # Enrolled, names, départements of the agent, schools.
        renewal = propose(campaign, last_year, rectorat)

    assert len(renewal.flagged) == 5
    reasons = {reason for candidate in renewal.flagged for reason in candidate.reasons}
    assert {Change.RENAMED, Change.TO_CLOSE, Change.MERGED} <= reasons


# --- Renewing ---------------------------------------------------------------
def test_unchanged_schools_are_enrolled_and_flagged_ones_only_when_decided(
    campaign, last_year, rectorat
):
    kept, ticked, left = (
        school_of(sign_by_both(ConventionFactory(campaign=last_year, schools_count=1)))
        for _ in range(3)
    )
    change(ticked, name="Simone Veil")
    change(left, name="Marie Curie")
    _, report = renew(campaign, last_year, {ticked.pk}, by=rectorat)
    assert {line.school for line in report.enrolled} == {kept, ticked}
    assert campaign.enrolments.get(school=ticked).name == "Simone Veil"
    entry = campaign.journal.get(verb="enrol")
    assert (entry.by, entry.summary) == (
        rectorat,
        "2 écoles inscrites (campagne de 2022-2023)",
    )
    renewal = propose(campaign, last_year, rectorat)
    assert (renewal.already, len(renewal.flagged)) == (2, 1)


def test_a_closed_school_is_never_enrolled_even_when_decided(campaign, signed, rectorat):
    school = school_of(signed)
    change(school, state=School.State.CLOSED)
    _, report = renew(campaign, campaign.previous, {school.pk}, by=rectorat)
    assert report.enrolled == []


def test_an_agent_renews_the_schools_of_their_departements_only(campaign, signed, last_year):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    collectivity = CollectivityFactory(commune=CommuneFactory(code="30350", department=gard))
    theirs = sign_by_both(
        ConventionFactory(campaign=last_year, collectivity=collectivity, schools_count=1)
    )
    agent = UserFactory(role="rectorat", departments=[gard])
    _, report = renew(campaign, last_year, set(), by=agent)
    assert [line.school for line in report.enrolled] == [school_of(theirs)]


@pytest.mark.parametrize("conventions", [1, 6])
def test_a_proposal_takes_the_same_queries_whatever_the_number_of_schools(
    campaign, last_year, rectorat, conventions, django_assert_num_queries
):
    for _ in range(conventions):
        sign_by_both(ConventionFactory(campaign=last_year))
        change(Enrolment.objects.last().school, name="Simone Veil")
    # The scope of the agent, what is enrolled, the names of payers, last year's lines.
    with django_assert_num_queries(4):
        propose(campaign, last_year, rectorat)


# --- The page ---------------------------------------------------------------
@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


@pytest.fixture
def page(campaign):
    return reverse("admin:campaigns_campaign_renew", args=[campaign.pk])


def test_the_page_only_reads_then_enrols_what_was_ticked(agent, page, campaign, signed, worked):
    school = school_of(signed)
    change(school, name="Simone Veil")
    shown = agent.get(page).content.decode()
    assert "« École primaire n°" in shown
    assert "« Simone Veil »" in shown
    assert "Cochez au moins une école" in agent.post(page, follow=True).text
    assert not Job.objects.exists()
    response = agent.post(page, {"ticked": [school.pk]})
    job = worked()
    assert response.url == reverse("admin:jobs_job_change", args=[job.pk])
    assert job.items.get(state="done").key == school.pk
    assert campaign.enrolments.get().school == school
    report = agent.get(response.url).text
    assert reverse("admin:campaigns_campaign_prepare", args=[campaign.pk]) in report
    assert "Retour à la campagne" in report


def test_what_changed_since_the_page_was_read_is_left_out_with_what_changed(
    agent, page, campaign, last_year, worked
):
    kept, renamed, gone = (
        school_of(sign_by_both(ConventionFactory(campaign=last_year, schools_count=1)))
        for _ in range(3)
    )
    agent.post(page)
    change(renamed, name="Simone Veil")
    change(gone, state=School.State.CLOSED)
    items = {item.key: item for item in worked().items.all()}
    assert [line.school for line in campaign.enrolments.all()] == [kept]
    assert "« Simone Veil »" in items[renamed.pk].reason
    assert "fermée" in items[gone.pk].reason
    assert items[kept.pk].state == "done"


def test_a_school_enrolled_meanwhile_is_not_enrolled_twice(agent, page, campaign, signed, worked):
    agent.post(page)
    enrol(campaign, school_of(signed).uai, by=None)
    assert worked().items.get().reason == "Déjà inscrite."
    assert campaign.enrolments.count() == 1


def test_all_schools_of_one_change_are_enrolled_by_the_button_that_counts_them(
    agent, page, campaign, last_year, monkeypatch, worked
):
    monkeypatch.setattr("rectorat.admin.renewal.PER_PAGE", 1)
    ConventionFactory(campaign=last_year, schools_count=3).send(by=None)
    response = agent.get(page, {"change": "unsigned"})
    assert "« Convention jamais signée » (3)" in response.content.decode()
    keys = response.context["all_schools"]
    agent.post(page, {"all": "1", "all_schools": keys})
    worked()
    assert campaign.enrolments.count() == 3


def test_the_first_campaign_has_nothing_to_renew(agent, last_year):
    url = reverse("admin:campaigns_campaign_renew", args=[last_year.pk])
    assert "Aucune campagne ne précède" in agent.get(url, follow=True).content.decode()


def test_a_closed_campaign_renews_nothing(agent, page, campaign, signed):
    campaign.close(by=None)
    assert "est close" in agent.post(page, follow=True).content.decode()
    assert not campaign.enrolments.exists()
