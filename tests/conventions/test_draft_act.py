"""An act exists before it is taken: a draft, without number nor date, that is printed."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from icalendar import Calendar

from conventions.acts.models import Act, ActState
from conventions.acts.sitting import Sitting
from conventions.authority import (
    adapt_act,
    can_adapt_act,
    drop_draft,
    record_act,
    record_act_dates,
)
from conventions.dossiers.agenda import calendar_of
from conventions.dossiers.progress import expected_now, steps
from conventions.models import Convention, issue_documents, latest_piece
from conventions.situations import warnings
from lifecycle.errors import TransitionRefused
from tests.factories import UserFactory, current_signed_convention, prepare_amendment

pytestmark = pytest.mark.django_db

DAY = datetime.date(2022, 10, 10)
DRAFT = {"kind": "deliberation", "number": "", "dated_on": None}
TAKEN = {"kind": "deliberation", "number": "2022DEL014", "dated_on": DAY}


@pytest.fixture
def accepted(convention):
    convention.send(by=None, on=DAY)
    convention.accept(by=None, on=DAY)
    return convention


@pytest.fixture
def drafted(accepted):
    record_act(accepted, by=None, **DRAFT)
    return accepted


@pytest.fixture
def mairie(client, town_hall):
    client.force_login(town_hall)
    return client


def page(name, convention):
    return reverse(name, args=[convention.campaign.school_year, convention.collectivity.code])


# --- From draft to adopted ----------------------------------------------------
def test_an_act_is_a_draft_as_soon_as_its_nature_is_chosen(drafted):
    act = Act.objects.get()
    assert (act.state, act.number, act.dated_on, act.year) == (ActState.DRAFT, "", None, None)
    assert str(act) == "projet de délibération"
    assert drafted.adopted_act is None


def test_with_its_number_and_its_date_it_is_adopted(drafted, town_hall):
    record_act(drafted, by=town_hall, **TAKEN)
    act = Act.objects.get()
    assert (act.state, act.year, str(act)) == (ActState.ADOPTED, 2022, "délibération n° 2022DEL014")
    entry = drafted.journal.first()
    assert entry.changes == {
        "state": ["draft", "adopted"],
        "number": ["", "2022DEL014"],
        "dated_on": [None, "2022-10-10"],
    }


def test_an_adopted_act_is_corrected_and_does_not_become_a_draft_again(drafted):
    record_act(drafted, by=None, **TAKEN)
    record_act(drafted, by=None, **TAKEN | {"number": "2022DEL015"})
    assert drafted.act.number == "2022DEL015"
    with pytest.raises(TransitionRefused) as refusal:
        record_act(drafted, by=None, **DRAFT)
    assert list(refusal.value.error_dict) == ["number"]
    assert Act.objects.get().number == "2022DEL015"


@pytest.mark.parametrize(
    ("given", "missing"),
    [({"number": "2022DEL014"}, "dated_on"), ({"dated_on": DAY}, "number")],
)
def test_one_without_the_other_is_said_at_the_other_s_field(drafted, given, missing):
    with pytest.raises(TransitionRefused) as refusal:
        record_act(drafted, by=None, **DRAFT | given)
    assert list(refusal.value.error_dict) == [missing]


def test_a_planned_day_is_a_draft_s_and_near(drafted, move_to):
    move_to(DAY)
    sitting = DAY + datetime.timedelta(days=20)
    record_act(drafted, by=None, **DRAFT, planned_on=sitting)
    assert drafted.act.planned_on == sitting
    with pytest.raises(TransitionRefused) as refusal:
        record_act(drafted, by=None, **DRAFT, planned_on=DAY.replace(year=2024))
    assert list(refusal.value.error_dict) == ["planned_on"]
    record_act(drafted, by=None, **TAKEN, planned_on=sitting)
    assert Act.objects.get().planned_on is None


@pytest.mark.parametrize(
    "facts",
    [
        {"state": "adopted"},
        {"number": "1"},
        {"dated_on": DAY},
        {"state": "adopted", "number": "1"},
        {"number": "1", "dated_on": DAY, "year": 2022},
    ],
)
def test_the_database_ties_the_state_to_number_and_date(drafted, facts):
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.update(**facts)


def test_two_drafts_have_no_number_to_dispute(drafted):
    Act.objects.create(collectivity=drafted.collectivity, kind="deliberation")
    Act(collectivity=drafted.collectivity, kind="deliberation").full_clean()


# --- What a draft does not allow ------------------------------------------------
def test_a_draft_authorises_no_signature(drafted):
    with pytest.raises(TransitionRefused, match="l'acte : son numéro et sa date"):
        drafted.sign_for_collectivity(by=None, on=DAY)


def test_nothing_happens_to_a_draft(drafted):
    with pytest.raises(TransitionRefused, match="son numéro et sa date"):
        record_act_dates(drafted, by=None, deposited_on=DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.update(deposited_on=DAY)


def test_a_draft_is_adapted_like_the_act(drafted):
    assert can_adapt_act(drafted)
    nothing = dict.fromkeys(
        ("letterhead", "signatory", "signatory_capacity", "signatory_delegation"), ""
    )
    adapt_act(drafted, by=None, adapted_text="", **nothing | {"letterhead": "x.jpg"})
    assert drafted.act.letterhead.name == "x.jpg"


def test_an_avenant_is_not_signed_on_a_draft_of_its_act(db):
    convention = current_signed_convention(schools_count=3)
    amendment = prepare_amendment(convention, remove=convention.enrolments.all()[:1])
    amendment.send(by=None)
    record_act(amendment, by=None, **DRAFT)
    with pytest.raises(TransitionRefused, match="l'acte de l'avenant : son numéro et sa date"):
        amendment.sign_for_collectivity(by=None, on=amendment.sent_on)


# --- Given up -------------------------------------------------------------------
def test_a_draft_is_given_up_and_its_journal_says_what_it_held(drafted, town_hall):
    record_act(drafted, by=None, **DRAFT, planned_on=DAY, secretary="Claude ROUX")
    drop_draft(drafted, by=town_hall)
    assert drafted.act is None
    assert (Act.objects.count(), Sitting.objects.count()) == (0, 0)
    entry = drafted.journal.first()
    assert (entry.verb, entry.by) == ("drop_draft", town_hall)
    assert entry.changes == {
        "kind": ["deliberation", ""],
        "planned_on": ["2022-10-10", None],
        "secretary": ["Claude ROUX", ""],
    }
    record_act(drafted, by=None, **TAKEN | {"kind": "decision"})
    assert drafted.act.is_adopted


def test_an_adopted_act_is_not_given_up(drafted):
    record_act(drafted, by=None, **TAKEN)
    with pytest.raises(TransitionRefused, match="un acte pris se corrige"):
        drop_draft(drafted, by=None)
    assert Act.objects.get().is_adopted


def test_a_stranger_gives_up_nothing(drafted):
    with pytest.raises(TransitionRefused, match="que suit votre compte"):
        drop_draft(drafted, by=UserFactory(role="town_hall"))
    assert Act.objects.exists()


def test_a_draft_given_up_leaves_the_act_that_it_would_have_replaced(signed_convention):
    withdrawn = signed_convention.act
    record_act_dates(signed_convention, by=None, withdrawn_on=datetime.date(2022, 11, 2))
    record_act(signed_convention, by=None, **DRAFT)
    drop_draft(signed_convention, by=None)
    signed_convention.refresh_from_db()
    assert signed_convention.act == withdrawn
    record_act(signed_convention, by=None, **DRAFT)
    assert signed_convention.act.replaces == withdrawn


@pytest.fixture
def avenant_with_a_draft(db):
    convention = current_signed_convention(schools_count=3)
    amendment = prepare_amendment(convention, remove=convention.enrolments.all()[:1])
    amendment.send(by=None)
    record_act(amendment, by=None, **DRAFT)
    issue_documents(amendment, by=None)
    return amendment


def test_an_avenant_is_signed_without_an_act_once_its_draft_is_given_up(avenant_with_a_draft):
    drop_draft(avenant_with_a_draft, by=None)
    avenant_with_a_draft.sign_for_collectivity(by=None, on=avenant_with_a_draft.sent_on)
    assert avenant_with_a_draft.collectivity_signed_on


def test_a_town_hall_gives_up_the_draft_of_an_avenant(client, avenant_with_a_draft):
    convention = avenant_with_a_draft.convention
    user = UserFactory(role="town_hall", collectivities=[convention.collectivity])
    client.force_login(user)
    drop = reverse(
        "amendment_act_drop",
        args=[convention.campaign.school_year, convention.collectivity.code, 1],
    )
    assert drop in client.get(convention.get_absolute_url()).content.decode()
    assert client.get(drop).status_code == 200
    data = {"version": avenant_with_a_draft.version}
    assert client.post(drop, data).status_code == 302
    assert not Act.objects.filter(state=ActState.DRAFT).exists()
    shown = client.get(convention.get_absolute_url()).content.decode()
    assert drop not in shown
    assert "Abandonné" in shown  # Its PDF stays in the file.


def test_the_page_of_a_draft_leads_to_giving_it_up(drafted, mairie):
    drop = page("convention_act_drop", drafted)
    assert drop in mairie.get(page("convention_act", drafted)).content.decode()
    assert mairie.post(drop, {"version": drafted.version}).status_code == 302
    assert not Act.objects.exists()
    assert drop not in mairie.get(page("convention_act", drafted)).content.decode()
    assert mairie.get(drop).status_code == 302


def test_an_agent_meets_the_draft_with_its_way_out(client, rectorat, drafted):
    client.force_login(rectorat)
    admin = reverse("admin:conventions_convention_change", args=[drafted.pk])
    drop = page("convention_act_drop", drafted)
    assert drop in client.get(admin).content.decode()
    assert 'name="reason"' in client.get(drop).content.decode()
    assert client.post(drop, {"version": drafted.version}).status_code == 422
    record_act(drafted, by=None, **TAKEN)
    assert drop not in client.get(admin).content.decode()


# --- Printed --------------------------------------------------------------------
def test_the_draft_is_issued_then_the_act_as_its_next_version(drafted):
    issue_documents(drafted, by=None)
    draft = latest_piece(drafted, "act")
    assert (draft.name, draft.document.context["number"]) == ("projet d'acte", "")
    record_act(drafted, by=None, **TAKEN)
    issue_documents(drafted, by=None)
    taken = latest_piece(drafted, "act")
    assert (taken.version, taken.name) == (2, "acte à signer")


# --- Read, with neither number nor date -------------------------------------------
def test_the_file_awaits_its_number_and_date(drafted):
    step = expected_now(steps(drafted))
    assert (step.page, step.action) == ("convention_act", "Donner le numéro et la date")


def test_a_draft_has_no_deadline_and_no_warning_of_an_act(drafted, town_hall):
    act = Act.objects.get()
    assert (act.report_due_on, act.appeal_ends_on, act.referral_ends_on) == (None, None, None)
    assert warnings.found_on(Convention.objects.with_parties().get()) == []


def test_the_diary_bears_the_day_planned(drafted, town_hall):
    record_act(drafted, by=None, **DRAFT, planned_on=DAY)
    events = Calendar.from_ical(calendar_of(town_hall)).walk("VEVENT")
    assert any(str(event["summary"]).startswith("Voter la délibération") for event in events)


def test_the_pages_of_the_town_hall_bear_a_draft(drafted, mairie):
    issue_documents(drafted, by=None)
    shown = mairie.get(drafted.get_absolute_url()).content.decode()
    assert "Projet d&#x27;acte" in shown
    assert mairie.get(page("convention_act", drafted)).status_code == 200
    assert mairie.get(page("convention_dates", drafted)).status_code == 302


def test_a_new_act_in_place_of_one_withdrawn_is_a_draft_too(signed_convention):
    record_act_dates(signed_convention, by=None, withdrawn_on=datetime.date(2022, 11, 2))
    record_act(signed_convention, by=None, **DRAFT)
    assert signed_convention.act.replaces.is_adopted
    assert signed_convention.adopted_act is None
    assert "pas encore exécutoire" in " ".join(warnings.found_on(signed_convention))


# --- The page -------------------------------------------------------------------
def test_a_town_hall_makes_a_draft_then_gives_number_and_date(mairie, accepted):
    data = {"version": accepted.version, "kind": "deliberation", "planned_on": "2022-10-20"}
    assert mairie.post(page("convention_act", accepted), data).status_code == 302
    assert Act.objects.get().planned_on == datetime.date(2022, 10, 20)
    accepted.refresh_from_db()
    data = {"version": accepted.version, "kind": "deliberation", "number": "12"}
    response = mairie.post(page("convention_act", accepted), data)
    assert "une fois l&#x27;acte pris" in response.content.decode()
    data["dated_on"] = "2022-10-20"
    assert mairie.post(page("convention_act", accepted), data).status_code == 302
    assert Act.objects.get().is_adopted
