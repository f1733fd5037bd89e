"""Two tabs, two people: what the other wrote beside what was typed, and sending again works."""

import datetime
import re

import pytest

from communes.models import Collectivity
from conventions.authority import record_act, record_act_dates
from conventions.correspondence import post_message
from conventions.models import Convention
from tests.town_hall.test_files import TODAY, identity, url

pytestmark = pytest.mark.django_db

YESTERDAY = datetime.timedelta(days=1)


def typed(page, **values):
    """What a browser sends of the form of `page`: what it shows, with `values` typed over it."""
    form = page.context["form"]
    shown = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    return {**shown, **values}


@pytest.fixture
def dates(accepted, town_hall):
    day = TODAY() - 3 * YESTERDAY
    record_act(accepted, by=town_hall, kind="decision", number="2022D01", dated_on=day)
    return url("convention_dates", accepted)


def test_what_both_changed_is_shown_side_by_side_and_sending_again_goes_through(
    mairie, dates, rectorat
):
    page = mairie.get(dates)
    record_act_dates(Convention.objects.get(), by=rectorat, deposited_on=TODAY() - YESTERDAY)
    refused = mairie.post(dates, typed(page, deposited_on=f"{TODAY()}"))
    words = refused.text
    assert refused.status_code == 422
    assert f"Enregistré entre-temps :</span> {TODAY() - YESTERDAY:%d/%m/%Y}" in words
    assert f"gardé ci-dessous :</span> {TODAY():%d/%m/%Y}" in words
    assert str(rectorat) in words
    assert mairie.post(dates, typed(refused)).status_code == 302
    assert Convention.objects.get().act.deposited_on == TODAY()


def test_what_only_the_other_changed_is_taken_over_and_not_undone(mairie, dates, rectorat):
    page = mairie.get(dates)
    record_act_dates(Convention.objects.get(), by=rectorat, deposited_on=TODAY() - YESTERDAY)
    refused = mairie.post(dates, typed(page, reported_on=f"{TODAY()}"))
    assert "Vous n’aviez rien changé ici" in refused.text
    mairie.post(dates, typed(refused))
    act = Convention.objects.get().act
    assert (act.deposited_on, act.reported_on) == (TODAY() - YESTERDAY, TODAY())


def test_a_file_that_changed_elsewhere_says_so_and_takes_the_same_form(mairie, dates, rectorat):
    page = mairie.get(dates)
    post_message(Convention.objects.get(), by=rectorat, subject="other", body="Bonjour")
    record_act(
        Convention.objects.get(),
        by=rectorat,
        kind="decision",
        number="2",
        dated_on=TODAY() - YESTERDAY,
    )
    refused = mairie.post(dates, typed(page, deposited_on=f"{TODAY()}"))
    assert refused.status_code == 422
    assert "personne n’a touché à ces champs" in refused.text
    assert mairie.post(dates, typed(refused)).status_code == 302


def test_details_that_an_agent_changed_are_shown_beside_those_typed(mairie, sent):
    page = url("convention_identity", sent)
    values = typed(mairie.get(page)) | identity(sent, city="Bourg-sur-Mer")
    row = Collectivity.objects.get(pk=sent.collectivity_id)
    row.city, row.postcode = "Bourg-en-Mer", "34750"
    row.save()
    refused = mairie.post(page, values)
    assert refused.status_code == 422
    assert "Bourg-en-Mer" in refused.text
    assert "Bourg-sur-Mer" in refused.text
    assert mairie.post(page, typed(refused)).status_code == 302
    row.refresh_from_db()
    assert (row.city, row.postcode) == ("Bourg-sur-Mer", "34750")


def test_what_was_written_for_a_step_that_is_over_can_be_taken_elsewhere(mairie, sent, rectorat):
    page = url("convention_correction", sent)
    values = typed(mairie.get(page), subject="schools", comment="L'école Ferry a fermé.")
    Convention.objects.get().abandon(by=rectorat, comment="erreur")
    over = mairie.post(page, values)
    assert over.status_code == 409
    assert re.search("cette étape n’est plus ouverte.*école Ferry a fermé", over.text, re.DOTALL)


def test_nonsense_in_what_the_reader_saw_is_as_good_as_nothing(mairie, dates, rectorat):
    page = mairie.get(dates)
    record_act_dates(Convention.objects.get(), by=rectorat, deposited_on=TODAY() - YESTERDAY)
    for nonsense in ("", "{", "[1]"):
        refused = mairie.post(dates, typed(page, deposited_on=f"{TODAY()}", seen=nonsense))
        assert refused.status_code == 422
