"""An avenant may move the end of its convention, and say who the collectivity is by now."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from communes.models import Collectivity
from conventions.amendments.models import Amendment
from conventions.amendments.preparing import prepare_amendment
from conventions.amendments.printing import amendment_act_context, amendment_context
from conventions.authority import record_act
from conventions.dossiers.agenda import deadlines_of
from conventions.models import Convention
from conventions.printing import convention_context
from conventions.situations.situation import expecting, situation
from documents.wording.values import changes_in_words
from lifecycle.errors import TransitionRefused
from tests import factories
from tests.factories import SchoolFactory, current_signed_convention, sign_amendment

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def convention():
    return current_signed_convention()


def day(count):
    return TODAY() + datetime.timedelta(days=count)


def move_end(convention, to, **changes):
    factories.TextModelFactory(kind="amendment")
    factories.TextModelFactory(kind="amendment_decision")
    return prepare_amendment(
        convention, by=None, reason="Fermeture de l'école.", new_end_on=to, **changes
    )


def test_the_end_moves_once_both_have_signed(convention, move_to):
    before = convention.ends_on
    amendment = move_end(convention, day(30))
    amendment.send(by=None)
    assert Convention.objects.get().ends_on == before
    sign_amendment(amendment)
    moved = Convention.objects.with_parties().get()
    assert moved.ends_on == day(30)
    assert (moved.school_count, moved.amount) == (convention.school_count, convention.amount)
    assert [d.on for d in deadlines_of(moved) if d.name == "end"] == [day(30)]
    assert convention_context(moved).ends_on == moved.campaign.ends_on  # As it was signed.
    last = moved.ends_on
    for today, standing in ((last, "in_force"), (last + datetime.timedelta(days=1), "ended")):
        move_to(today)
        assert moved.standing == standing
        assert Convention.objects.in_standing(standing).exists()
    now = situation(moved).now
    assert now.key == "ended"
    assert set(expecting(Convention.objects.all(), now.key)) == {moved}
    with pytest.raises(TransitionRefused, match="a pris fin"):
        move_end(moved, last + datetime.timedelta(days=60))


def test_it_may_be_put_off_and_the_file_lives_on_past_its_campaign(convention, move_to):
    end = convention.campaign.ends_on
    sign_amendment(move_end(convention, end + datetime.timedelta(days=60)))
    move_to(end + datetime.timedelta(days=30))
    assert Convention.objects.get().standing == "in_force"
    move_end(Convention.objects.with_parties().get(), end + datetime.timedelta(days=90))


@pytest.mark.parametrize(
    ("to", "message"),
    [
        (lambda c: day(-1), "trop ancienne"),
        (lambda c: c.campaign.ends_on, "déjà fin ce jour-là"),
        (lambda c: c.campaign.ends_on + datetime.timedelta(days=400), "trop lointaine"),
        (lambda c: datetime.date(27, 3, 1), "Vouliez-vous dire 2027"),
    ],
)
def test_only_to_a_day_that_can_be(convention, to, message):
    with pytest.raises(TransitionRefused, match=message) as refused:
        move_end(convention, to(convention))
    assert set(refused.value.message_dict) == {"new_end_on"}


def test_the_database_refuses_an_end_of_another_age(convention):
    amendment = move_end(convention, day(30))
    another_age = datetime.date(27, 3, 1)
    for rows, name in (
        (Amendment.objects.filter(pk=amendment.pk), "new_end_on"),
        (Convention.objects.all(), "moved_end_on"),
    ):
        with pytest.raises(IntegrityError, match="dates_of_this_age"), transaction.atomic():
            rows.update(**{name: another_age})


def test_it_is_not_signed_after_the_end_that_it_sets(convention, move_to):
    amendment = move_end(convention, day(10))
    amendment.send(by=None)
    factories.print_quickly(amendment)
    move_to(day(12))
    with pytest.raises(TransitionRefused, match="ce jour-là au plus tard"):
        amendment.sign_for_region(by=None, on=day(0))
    amendment.sign_for_region(by=None, on=day(-2))


def test_the_avenant_and_its_act_say_so(convention):
    school = SchoolFactory(payer=convention.collectivity)
    amendment = move_end(convention, datetime.date(2027, 3, 31), add=[school])
    amendment.send(by=None)
    record_act(amendment, by=None, kind="decision", number="A1", dated_on=TODAY())
    for context in (amendment_context(amendment), amendment_act_context(amendment, amendment.act)):
        assert changes_in_words(context).replace("\xa0", " ") == (
            "l'ajout d’une école et la fin de la convention, fixée au 31 mars 2027"
        )
    assert amendment_context(amendment).ends_on == datetime.date(2027, 3, 31)


def test_an_agent_moves_it_on_the_page_of_the_avenant(client, rectorat, convention):
    client.force_login(rectorat)
    url = reverse("admin:conventions_convention_amend", args=[convention.pk])
    assert "La convention prend fin le" in str(
        client.get(url).context["form"]["new_end_on"].help_text
    )
    assert f'min="{TODAY()}"' in client.get(url).text
    refused = client.post(url, {"reason": "Fin.", "new_end_on": "0027-03-01"})
    assert "2027" in str(refused.context["form"].errors)
    page = client.post(url, {"reason": "Fin.", "new_end_on": "2027-03-01"}, follow=True)
    assert convention.amendments.get().new_end_on == datetime.date(2027, 3, 1)
    assert "Nouvelle fin de la convention" in page.text
    assert convention.amendments.get().added_count == 0


# --- Who the collectivity is ----------------------------------------------------
def test_an_avenant_says_who_represents_the_collectivity_by_now(client, rectorat, convention):
    client.force_login(rectorat)
    url = reverse("admin:conventions_convention_amend", args=[convention.pk])
    assert "states_party" not in client.get(url).context["form"].fields
    with pytest.raises(TransitionRefused, match="telle que la convention l'imprime"):
        move_end(convention, None, states_party=True)
    Collectivity.objects.update(address_line_1="9, rue Neuve")
    for kind in ("amendment", "amendment_decision"):
        factories.TextModelFactory(kind=kind)
    assert "→ 9, rue Neuve" in client.get(url).context["form"]["states_party"].help_text
    client.post(url, {"reason": "Déménagement.", "states_party": "on"})
    amendment = Convention.objects.get().amendments.get()
    context = amendment_context(amendment)
    assert "9, rue Neuve" in context.collectivity.address
    assert "le représentant ou l'adresse de la collectivité" in changes_in_words(context)
    assert amendment.amount_change == 0
    # Once it is signed, the convention and its avenant say it: nothing is left to state.
    sign_amendment(amendment)
    assert "states_party" not in client.get(url).context["form"].fields
