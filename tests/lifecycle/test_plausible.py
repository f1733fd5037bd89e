"""Days that can be: what is refused, in which words, by whom."""

import datetime

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act, record_act_dates
from conventions.models import Convention
from conventions.terminations.models import give_formal_notice
from lifecycle.plausible import Window, keep_within
from tests.factories import (
    CampaignFactory,
    ConventionFactory,
    SchoolFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
)

WINDOW = Window(datetime.date(2025, 3, 1), datetime.date(2026, 11, 24))
TODAY = timezone.localdate
OF_ANOTHER_AGE = datetime.date(26, 1, 2)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2025-03-01", ""),
        ("2026-11-24", ""),
        ("0026-11-24", "L'année 0026 n'est pas possible ici. Vouliez-vous dire 2026 ?"),
        ("0025-11-25", "L'année 0025 n'est pas possible ici. Vouliez-vous dire 2025 ?"),
        ("1950-10-10", "L'année 1950 n'est pas possible ici. Vouliez-vous dire 2026 ?"),
        ("1950-12-10", "L'année 1950 n'est pas possible ici. Vouliez-vous dire 2025 ?"),
        ("2062-10-10", "L'année 2062 n'est pas possible ici. Vouliez-vous dire 2026 ?"),
        ("0024-02-29", "Cette date est trop ancienne : donnez une date à partir du 01/03/2025."),
        ("2025-02-28", "Cette date est trop ancienne : donnez une date à partir du 01/03/2025."),
        (
            "2026-11-25",
            "Cette date est dans le futur : enregistrez-la une fois le fait accompli.",
        ),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_the_year_that_was_meant(day, said):
    assert WINDOW.refusal(datetime.date.fromisoformat(day)) == said


def test_what_is_planned_too_far_ahead_is_not_said_to_be_in_the_future():
    planned = Window(TODAY(), TODAY() + datetime.timedelta(days=365))
    said = planned.refusal(planned.last + datetime.timedelta(days=1))
    assert (
        said == f"Cette date est trop lointaine : donnez une date jusqu'au {planned.last:%d/%m/%Y}."
    )


def test_a_field_tells_the_browser_and_refuses_by_itself():
    class Dated(forms.Form):
        on = forms.DateField()

    form = Dated({"on": "0026-11-24"})
    keep_within(form, WINDOW)
    assert 'min="2025-03-01" max="2026-11-24"' in form.as_p()
    assert "Vouliez-vous dire 2026" in form.errors["on"][0]


def test_the_window_of_a_file_opens_eighteen_months_before_its_campaign_and_closes_today(db):
    window = CampaignFactory(start_year=2022).window
    assert (window.first, window.last) == (datetime.date(2021, 3, 1), TODAY())


@pytest.fixture
def signed(db):
    return current_signed_convention()


def _sent():
    convention = ConventionFactory()
    convention.send(by=None)
    return convention


def _accepted():
    convention = _sent()
    convention.accept(by=None)
    return convention


def _to_sign():
    convention = _accepted()
    record_act(convention, by=None, kind="decision", number="1", dated_on=TODAY())
    print_quickly(convention)
    return convention


def _amendment():
    convention = current_signed_convention()
    return prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])


def _on_notice():
    return give_formal_notice(
        current_signed_convention(), by=None, side="region", on=TODAY(), grievances="Non."
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "verb", "field"),
    [
        (ConventionFactory, lambda c, day: c.send(by=None, on=day), "on"),
        (_sent, lambda c, day: c.accept(by=None, on=day), "on"),
        (
            _accepted,
            lambda c, day: record_act(c, by=None, kind="decision", number="1", dated_on=day),
            "dated_on",
        ),
        (_to_sign, lambda c, day: record_act_dates(c, by=None, deposited_on=day), "deposited_on"),
        (_to_sign, lambda c, day: record_act_dates(c, by=None, withdrawn_on=day), "withdrawn_on"),
        (_to_sign, lambda c, day: c.sign_for_region(by=None, on=day), "on"),
        (_amendment, lambda a, day: a.send(by=None, on=day), "on"),
        (
            current_signed_convention,
            lambda c, day: give_formal_notice(c, by=None, side="region", on=day, grievances="Non."),
            "on",
        ),
        (_on_notice, lambda t, day: t.record_conciliation(by=None, on=day), "on"),
        (_on_notice, lambda t, day: t.record_settlement(by=None, on=day), "on"),
    ],
)
def test_no_verb_takes_a_day_of_another_age(make, verb, field):
    with pytest.raises(ValidationError) as refusal:
        verb(make(), OF_ANOTHER_AGE)
    assert "Vouliez-vous dire 20" in refusal.value.message_dict[field][0]


@pytest.mark.parametrize("name", ["opens_on", "reply_by", "ends_on"])
def test_what_a_campaign_plans_is_of_its_time(db, name):
    campaign = CampaignFactory(start_year=TODAY().year)
    setattr(campaign, name, datetime.date(26, 12, 1))
    with pytest.raises(ValidationError) as refusal:
        campaign.full_clean()
    assert "n'est pas possible ici" in refusal.value.message_dict[name][0]


def test_the_database_refuses_what_no_campaign_could_have(signed):
    with pytest.raises(IntegrityError), transaction.atomic():
        Convention.objects.filter(pk=signed.pk).update(region_signed_on=OF_ANOTHER_AGE)


def test_a_year_typed_with_two_digits_is_asked_about_at_its_field(
    db, client, town_hall, convention
):
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=None, kind="decision", number="1", dated_on=TODAY())
    print_quickly(convention)
    client.force_login(town_hall)
    year, code = convention.campaign.school_year, convention.collectivity.code
    url = reverse("convention_signature", args=[year, code])
    assert f'data-first="2021-03-01" data-last="{TODAY()}"' in client.get(url).content.decode()
    data = {"version": convention.version, "on": f"00{TODAY():%y-%m-%d}"}
    page = client.post(url, data)
    assert page.status_code == 422
    assert f"Vouliez-vous dire {TODAY().year} ?" in page.content.decode()
    convention.refresh_from_db()
    assert convention.collectivity_signed_on is None
