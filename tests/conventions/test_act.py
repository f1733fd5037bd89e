"""What happens to an act after its deposit, and what it does to the delays."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from conventions.authority import record_act, record_act_dates
from conventions.models import Convention, issue_documents
from lifecycle.errors import TransitionRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def act(signed_convention):
    return signed_convention.act


@pytest.fixture
def mairie(client, town_hall):
    client.force_login(town_hall)
    return client


def dates_url(convention):
    return reverse(
        "convention_dates", args=[convention.campaign.school_year, convention.collectivity.code]
    )


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"missing_pieces_requested_on": "12/10/2022"}, "missing_pieces_requested_on"),
        ({"missing_pieces_answered_on": "20/10/2022"}, "missing_pieces_answered_on"),
        (
            {
                "missing_pieces_requested_on": "20/10/2022",
                "missing_pieces_answered_on": "19/10/2022",
            },
            "missing_pieces_answered_on",
        ),
        ({"observations_received_on": "09/10/2022"}, "observations_received_on"),
        ({"withdrawn_on": "09/10/2022"}, "withdrawn_on"),
        ({"published_until": "12/10/2022"}, "published_until"),
        ({"gracious_appeal_on": "09/10/2022"}, "gracious_appeal_on"),
        ({"gracious_appeal_answered_on": "20/10/2022"}, "gracious_appeal_answered_on"),
    ],
)
def test_a_date_that_cannot_be_is_refused_at_its_field(
    signed_convention, town_hall, facts, field, day
):
    values = {name: day(text) for name, text in facts.items()}
    with pytest.raises(ValidationError) as refusal:
        record_act_dates(signed_convention, by=town_hall, **values)
    assert list(refusal.value.error_dict) == [field]


def test_the_prefects_delay_waits_for_the_pieces_and_starts_when_they_come(
    signed_convention, town_hall, day
):
    record_act_dates(signed_convention, by=town_hall, missing_pieces_requested_on=day("02/11/2022"))
    assert signed_convention.act.is_referral_suspended
    assert signed_convention.act.referral_ends_on is None
    record_act_dates(signed_convention, by=town_hall, missing_pieces_answered_on=day("10/11/2022"))
    assert signed_convention.act.referral_ends_on == day("11/01/2023")


def test_a_gracious_appeal_in_time_restarts_the_delay(signed_convention, town_hall, day):
    record_act_dates(signed_convention, by=town_hall, gracious_appeal_on=day("14/12/2022"))
    # Silence refuses on 14/02/2023; two months francs from there.
    assert signed_convention.act.appeal_ends_on == day("17/04/2023")
    record_act_dates(signed_convention, by=town_hall, gracious_appeal_answered_on=day("20/12/2022"))
    assert signed_convention.act.appeal_ends_on == day("21/02/2023")


def test_a_gracious_appeal_made_too_late_changes_nothing(signed_convention, town_hall, day):
    record_act_dates(signed_convention, by=town_hall, gracious_appeal_on=day("15/12/2022"))
    assert signed_convention.act.appeal_ends_on == day("14/12/2022")


def test_no_date_of_the_act_is_in_the_future(signed_convention, town_hall):
    tomorrow = datetime.date.today() + datetime.timedelta(days=2)  # noqa: DTZ011
    with pytest.raises(TransitionRefused) as refusal:
        record_act_dates(signed_convention, by=town_hall, withdrawn_on=tomorrow)
    assert list(refusal.value.error_dict) == ["withdrawn_on"]


def test_the_form_keeps_what_it_does_not_show_and_journals_what_changes(mairie, signed_convention):
    mairie.post(
        dates_url(signed_convention),
        {
            "version": signed_convention.version,
            "deposited_on": "2022-10-13",
            "published_on": "2022-10-13",
            "publication_mode": "electronic",
            "deposit_reference": "034-213403371-20221010-2022DECAD076-AU",
            "observations_received_on": "2022-11-02",
        },
    )
    entry = signed_convention.journal.filter(verb="record_act_dates").first()
    assert entry.changes == {
        "deposit_reference": ["", "034-213403371-20221010-2022DECAD076-AU"],
        "observations_received_on": [None, "2022-11-02"],
    }


def test_the_mode_that_the_law_expects_is_proposed(mairie, convention, rectorat, town_hall, day):
    convention.send(by=rectorat, on=day("10/10/2022"))
    convention.accept(by=town_hall, on=day("10/10/2022"))
    record_act(convention, by=town_hall, kind="decision", number="1", dated_on=day("10/10/2022"))
    response = mairie.get(dates_url(convention))
    assert response.context["form"]["publication_mode"].value() == "electronic"
    assert "Attendu pour votre collectivité : sur le site internet." in response.content.decode()


def test_a_mode_proposed_is_not_recorded_before_the_publication(
    mairie, convention, rectorat, town_hall, day
):
    convention.send(by=rectorat, on=day("10/10/2022"))
    convention.accept(by=town_hall, on=day("10/10/2022"))
    record_act(convention, by=town_hall, kind="decision", number="1", dated_on=day("10/10/2022"))
    mairie.post(
        dates_url(convention),
        {
            "version": convention.version,
            "deposited_on": "2022-10-13",
            "publication_mode": "electronic",
        },
    )
    assert Convention.objects.get().act.publication_mode == ""


# --- Certified executory (L2131-1) ------------------------------------------------
CERTIFICATE = {"certified_by": "Camille MARTIN", "certified_capacity": "Maire"}


def test_an_act_is_certified_after_both_dates_by_somebody(signed_convention, day):
    for facts in (
        {"certified_on": day("12/10/2022"), **CERTIFICATE},
        {"certified_on": day("14/10/2022")},
        CERTIFICATE,
    ):
        with pytest.raises(ValidationError):
            record_act_dates(signed_convention, by=None, **facts)
    record_act_dates(signed_convention, by=None, certified_on=day("14/10/2022"), **CERTIFICATE)
    assert signed_convention.act.certified_by == "Camille MARTIN"


def test_the_representative_is_proposed_and_kept_only_with_a_date(mairie, signed_convention):
    form = mairie.get(dates_url(signed_convention)).context["form"]
    assert form["certified_by"].value() == "Camille MARTIN"
    assert form["certified_capacity"].value() == "Maire"
    typed = {
        "version": signed_convention.version,
        "deposited_on": "2022-10-13",
        "published_on": "2022-10-13",
        "publication_mode": "electronic",
        **CERTIFICATE,
    }
    mairie.post(dates_url(signed_convention), typed)
    act = Convention.objects.get().act
    assert (act.certified_on, act.certified_by, act.certified_capacity) == (None, "", "")
    typed["version"] = Convention.objects.get().version
    mairie.post(dates_url(signed_convention), typed | {"certified_on": "2022-10-14"})
    assert Convention.objects.get().act.certified_by == "Camille MARTIN"


def test_a_certificate_makes_a_new_version_of_the_executory_act(signed_convention, day):
    issue_documents(signed_convention, by=None)
    record_act_dates(signed_convention, by=None, certified_on=day("14/10/2022"), **CERTIFICATE)
    (piece,) = issue_documents(signed_convention, by=None)
    assert (piece.kind, piece.version) == ("act_executory", 2)
    assert piece.document.context["certified_on"] == "2022-10-14"
