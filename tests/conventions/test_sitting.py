"""A délibération says its sitting and its vote: facts that agree, each of which may be missing."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from conventions.acts.models import Act
from conventions.acts.sitting import Sitting
from conventions.authority import record_act
from conventions.dossiers.progress import expected_now, steps
from conventions.dossiers.timeline import line
from conventions.models import Convention
from conventions.printing import act_context
from conventions.situations import warnings
from lifecycle.errors import TransitionRefused

pytestmark = pytest.mark.django_db

DAY = datetime.date(2022, 10, 10)
TAKEN = {"kind": "deliberation", "number": "2022DEL014", "dated_on": DAY}
WHOLE = {
    "convened_on": datetime.date(2022, 10, 3),
    "members": 15,
    "present": 12,
    "represented": 2,
    "absent": 1,
    "proxies": "Claude ROUX à Camille MARTIN\n\nDominique PETIT à Lou GARCIA",
    "secretary": "Lou GARCIA",
    "votes_for": 12,
    "votes_against": 1,
    "abstentions": 1,
}


@pytest.fixture
def accepted(convention):
    convention.send(by=None, on=DAY)
    convention.accept(by=None, on=DAY)
    return convention


@pytest.fixture
def voted(accepted):
    record_act(accepted, by=None, **TAKEN, **WHOLE)
    return accepted


def test_the_sitting_is_kept_with_the_act_and_in_the_journal(voted):
    sitting = Act.objects.get().sitting
    assert {name: getattr(sitting, name) for name in Sitting.FIELDS} == WHOLE
    changes = [str(change) for change in line(voted.journal.first()).changes]
    assert "Présents : — → 12" in changes
    assert "Date de la convocation : — → 03/10/2022" in changes


def test_it_is_corrected_with_the_act(voted):
    record_act(voted, by=None, **TAKEN, **WHOLE | {"secretary": "Camille MARTIN"})
    assert Sitting.objects.get().secretary == "Camille MARTIN"
    assert voted.journal.first().changes == {"secretary": ["Lou GARCIA", "Camille MARTIN"]}


def test_a_decision_has_none(voted):
    record_act(voted, by=None, **TAKEN | {"kind": "decision"}, **WHOLE)
    assert Act.objects.get().sitting is None
    assert not Sitting.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.update(sitting=Sitting.objects.create(members=15))


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"absent": 2}, "absent"),
        ({"votes_for": 13}, "abstentions"),
        ({"convened_on": DAY}, "convened_on"),
        ({"present": 16, "represented": None, "absent": None, "votes_for": None}, "absent"),
        ({"present": None, "votes_for": 14}, "abstentions"),
        ({"members": 99_999_999, "present": None}, "members"),
    ],
)
def test_facts_that_do_not_agree_are_refused_at_their_field(accepted, facts, field):
    with pytest.raises(ValidationError) as refusal:
        record_act(accepted, by=None, **TAKEN, **WHOLE | facts)
    assert list(refusal.value.error_dict) == [field]
    assert not Act.objects.exists()
    assert not Sitting.objects.exists()


@pytest.mark.parametrize("facts", [{"absent": 2}, {"votes_for": 13}])
def test_the_database_refuses_them_too(voted, facts):
    with pytest.raises(IntegrityError), transaction.atomic():
        Sitting.objects.update(**facts)


@pytest.mark.parametrize("unknown", ["members", "present", "represented", "absent", "abstentions"])
def test_what_is_not_known_contradicts_nothing(accepted, unknown):
    record_act(accepted, by=None, **TAKEN, **WHOLE | {unknown: None})
    assert getattr(Sitting.objects.get(), unknown) is None


def test_a_count_that_is_no_number_is_said_to_be_none(client, town_hall, accepted):
    """By any browser: its own field of a number sends nothing of what it cannot read."""
    client.force_login(town_hall)
    page = reverse("convention_act", args=["2022-2023", accepted.collectivity.code])
    assert 'type="number"' not in client.get(page).text
    typed = {"version": accepted.version, "kind": "deliberation", "members": "onze"}
    assert client.post(page, typed).context["form"].errors["members"]
    assert client.post(page, typed | {"members": " 11 "}).status_code == 302


def test_who_takes_no_part_in_the_vote_is_not_an_error(accepted):
    record_act(accepted, by=None, **TAKEN, **WHOLE | {"votes_for": 11})
    assert Sitting.objects.get().not_voting == 1


def test_a_draft_is_convened_before_its_planned_day(accepted):
    draft = {"kind": "deliberation", "number": "", "dated_on": None, "planned_on": DAY}
    with pytest.raises(TransitionRefused) as refusal:
        record_act(accepted, by=None, **draft, convened_on=DAY)
    assert list(refusal.value.error_dict) == ["convened_on"]


def test_what_is_missing_is_named_before_the_vote_and_after(accepted):
    draft = {"kind": "deliberation", "number": "", "dated_on": None}
    record_act(accepted, by=None, **draft, **WHOLE | {"secretary": "", "abstentions": None})
    step = expected_now(steps(accepted))
    assert "Il manque encore : le secrétaire de séance, les abstentions." in step.detail
    record_act(accepted, by=None, **TAKEN)
    convention = Convention.objects.with_parties().get()
    assert warnings.found_on(convention) == [
        "La délibération ne dit pas tout de la séance et du vote. Il manque : le secrétaire de "
        "séance, les abstentions."
    ]
    assert Convention.objects.filter(warnings.condition("sitting", timezone.localdate())).exists()


def test_it_is_printed_with_the_act(voted):
    sitting = act_context(voted, voted.act).sitting
    assert sitting.proxies == ("Claude ROUX à Camille MARTIN", "Dominique PETIT à Lou GARCIA")
    assert (sitting.members, sitting.not_voting) == (15, 0)


def test_a_town_hall_enters_it_on_the_page_of_the_act(client, town_hall, accepted):
    client.force_login(town_hall)
    where = [accepted.campaign.school_year, accepted.collectivity.code]
    page = reverse("convention_act", args=where)
    typed = {"version": accepted.version, "kind": "deliberation", "members": "15", "present": "9"}
    response = client.post(page, typed | {"represented": "2", "absent": "1"})
    assert response.status_code == 422
    assert "font 12, pour 15 membres en exercice" in response.content.decode()
    assert client.post(page, typed).status_code == 302
    assert Sitting.objects.get().present == 9
    assert 'aria-expanded="true"' in client.get(page).content.decode()
