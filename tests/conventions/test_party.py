"""What a collectivity confirmed is a copy: it changes no more, and another one replaces it."""

import pytest

from conventions.models import ConfirmedParty, Convention, issue_documents, latest_piece
from conventions.printing import party_context

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(convention, rectorat):
    convention.send(by=rectorat)
    return convention


def move(collectivity, city):
    collectivity.city = city
    collectivity.save()


def city_printed(convention):
    convention = Convention.objects.with_parties().get(pk=convention.pk)
    return party_context(convention).address[-1]


def test_today_s_details_are_shown_until_they_are_confirmed_and_those_confirmed_from_then(
    sent, town_hall
):
    move(sent.collectivity, "Agde")
    assert city_printed(sent) == "34750 Agde"
    sent.accept(by=town_hall)
    move(sent.collectivity, "Sète")
    assert city_printed(sent) == "34750 Agde"


def test_confirmed_again_it_is_another_copy_and_what_was_issued_keeps_the_first(sent, town_hall):
    sent.accept(by=town_hall)
    first = ConfirmedParty.objects.values().get()
    issue_documents(sent, by=town_hall)
    move(sent.collectivity, "Sète")
    sent.accept(by=town_hall)
    assert city_printed(sent) == "34750 Sète"
    assert ConfirmedParty.objects.values().get(pk=first["id"]) == first
    issued = latest_piece(sent, "convention").document.context["collectivity"]
    assert issued["address"][-1] == f"34750 {first['city']}"


def test_a_request_for_a_correction_lets_go_of_what_was_confirmed_and_keeps_the_row(
    sent, town_hall
):
    sent.accept(by=town_hall)
    sent.request_correction(by=town_hall, subject="amount", comment="Une école de trop.")
    sent.refresh_from_db()
    assert (sent.party, sent.accepted_on) == (None, None)
    assert ConfirmedParty.objects.count() == 1
