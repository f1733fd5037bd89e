"""Who represents a collectivity is dated: a change is a mandate, a slip is mended."""

import datetime

import pytest
from django.core.exceptions import ValidationError

from communes.forms import RepresentedForm
from communes.mandates import represent, representative_of
from communes.models import Collectivity, Mandate
from conventions.models import ConfirmedParty
from tests.factories import CollectivityFactory

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 24)
ELECTED = datetime.date(2026, 3, 21)


@pytest.fixture
def town():
    return CollectivityFactory()


def named(town, first="Inès", last="Vidal", **values):
    return representative_of(town) | {
        "representative_first_name": first,
        "representative_last_name": last,
        **values,
    }


def elect(town, values=None, since=ELECTED):
    represent(town, values or named(town), since=since, today=TODAY)


def days(town):
    return [(m.since, m.representative_last_name) for m in town.mandates.all()]


def test_a_change_keeps_who_was_there_before(town):
    elect(town)
    assert days(town) == [(None, "MARTIN"), (ELECTED, "Vidal")]
    assert town.represented_on(ELECTED).representative == "Inès Vidal"
    before = ELECTED - datetime.timedelta(days=1)
    assert town.represented_on(before).representative == "Camille MARTIN"
    assert Collectivity.objects.get().representative == "Inès Vidal"


def test_a_document_copies_who_represented_the_collectivity_on_its_day(town):
    elect(town)
    before = ELECTED - datetime.timedelta(days=1)
    assert ConfirmedParty.copy_of(town, before).representative == "Camille MARTIN"
    assert ConfirmedParty.copy_of(town, ELECTED).representative == "Inès Vidal"


def test_a_slip_is_mended_in_place(town):
    elect(town)
    elect(town, named(town, last="Vidale"), since=None)
    assert days(town) == [(None, "MARTIN"), (ELECTED, "Vidale")]


def test_what_was_known_of_nobody_begins_without_a_day():
    town = CollectivityFactory(representative_first_name="", representative_last_name="")
    elect(town, since=None)
    assert days(town) == [(None, "Vidal")]


def test_the_same_person_s_next_mandate_is_another(town):
    elect(town)
    elect(town, named(town), since=datetime.date(2026, 9, 1))
    assert len(days(town)) == 3


@pytest.mark.parametrize(
    ("first", "since", "said"),
    [
        ("Jean", None, "donnez le jour"),
        ("Jean", ELECTED, "donnez le jour"),
        ("Jean", ELECTED - datetime.timedelta(days=1), "le suit"),
        ("Jean", TODAY + datetime.timedelta(days=1), "dans le futur"),
        ("Jean", datetime.date(26, 10, 1), "Vouliez-vous dire 2026"),
    ],
)
def test_a_change_that_cannot_be_is_refused_at_its_day(town, first, since, said):
    elect(town)
    with pytest.raises(ValidationError, match=said) as refusal:
        elect(town, named(town, first=first, last="Roux"), since=since)
    assert list(refusal.value.error_dict) == ["representative_since"]
    assert Mandate.objects.count() == 2


class Form(RepresentedForm):
    class Meta:
        model = Collectivity
        fields = Collectivity.representative_fields()


@pytest.mark.parametrize("commit", [True, False])
def test_a_form_writes_the_mandate_however_it_is_saved(town, commit):
    """The admin site saves the row itself."""
    form = Form(named(town) | {"representative_since": f"{ELECTED}"}, instance=town)
    saved = form.save(commit=commit)
    if not commit:
        saved.save()
        form.save_m2m()
    assert days(town) == [(None, "MARTIN"), (ELECTED, "Vidal")]


def test_a_form_that_changes_nothing_of_it_writes_no_mandate(town):
    Form(representative_of(town), instance=town).save()
    assert days(town) == []
