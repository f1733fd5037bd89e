import pytest

from conventions.authority import record_act, record_act_dates
from conventions.lifecycle import State
from lifecycle.errors import StaleFile, TransitionRefused
from tests.factories import print_quickly

pytestmark = pytest.mark.django_db


def test_a_file_goes_from_prepared_to_signed_by_both(convention, town_hall, rectorat, day):
    convention.send(by=rectorat, on=day("10/10/2022"))
    convention.accept(by=town_hall, on=day("10/10/2022"))
    record_act(
        convention, by=town_hall, kind="decision", number="2022DECAD076", dated_on=day("10/10/2022")
    )
    print_quickly(convention)
    convention.sign_for_collectivity(by=town_hall, on=day("10/10/2022"))
    convention.sign_for_region(by=rectorat, on=day("11/10/2022"))
    record_act_dates(
        convention, by=town_hall, deposited_on=day("13/10/2022"), published_on=day("13/10/2022")
    )
    convention.refresh_from_db()
    assert convention.state == State.SIGNED
    assert convention.effective_on == day("11/10/2022")
    assert convention.act.executory_on == day("13/10/2022")
    assert convention.act.appeal_ends_on == day("14/12/2022")
    assert [entry.verb for entry in convention.journal.order_by("pk")] == [
        "send",
        "accept",
        "record_act",
        "add_piece",
        "add_piece",
        "sign_for_collectivity",
        "sign_for_region",
        "record_act_dates",
    ]


def test_a_town_hall_cannot_send(convention, town_hall):
    with pytest.raises(TransitionRefused, match="n'est pas ouvert à votre compte"):
        convention.send(by=town_hall)
    assert not convention.journal.exists()


def test_second_of_two_agents_is_told_who_was_first(convention, rectorat, administrator):
    same = type(convention).objects.get(pk=convention.pk)
    convention.send(by=rectorat)
    with pytest.raises(StaleFile, match=rectorat.get_full_name()):
        same.send(by=administrator)
    assert convention.journal.count() == 1
