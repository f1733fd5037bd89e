"""What deserves attention: the file's text and the list's filter say the same."""

import datetime
import random

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from billing.claims.obstacles import Obstacle
from communes.models import Collectivity
from conventions.acts.models import Act, ActState
from conventions.acts.sitting import EXPECTED, Sitting
from conventions.acts.troubles import TROUBLES
from conventions.authority import record_act, record_act_dates
from conventions.models import ConfirmedParty, Convention
from conventions.situations import warnings
from law import deadlines
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    SchoolFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
)
from tests.night import at_night

pytestmark = pytest.mark.django_db


@pytest.fixture
def current():
    return current_signed_convention()


DAYS = st.dates(min_value=datetime.date(2000, 1, 1), max_value=datetime.date(2090, 12, 31))
KEYS = [warning.key for warning in warnings.WARNINGS]


@given(DAYS, DAYS, st.integers(min_value=0, max_value=30))
def test_a_delay_is_over_exactly_from_the_days_until_its_latest_start(day, end, months):
    over = deadlines.add_months(day, months) <= end
    assert over == (day <= deadlines.latest_start(end, months))


@given(DAYS, DAYS)
def test_two_months_of_publication_end_on_the_same_day_or_the_next_first(published, until):
    due = deadlines.add_months(published, 2)
    if due.day != published.day:
        due += datetime.timedelta(days=1)
    assert deadlines.is_public_long_enough(published, until) == (until >= due)


def _facts(chance, today):
    """An act with facts drawn at random, in an order that the database accepts; or a draft."""

    def maybe(after):
        if after is None or chance.random() < 0.4:
            return None
        return after + datetime.timedelta(days=chance.choice((0, 1, 27, 58, 59, 60, 61, 62, 90)))

    if chance.random() < 0.2:
        return {"kind": chance.choice(Act.Kind.values)}
    three_months_ago = deadlines.add_months(today, -3)
    dated = three_months_ago + datetime.timedelta(days=chance.randint(-4, 4))
    deposited, published = maybe(dated), maybe(dated)
    asked = maybe(deposited)
    kind = chance.choice(Act.Kind.values)
    return {
        "kind": kind,
        "sitting": _sitting(chance) if kind == Act.Kind.DELIBERATION else None,
        "state": ActState.ADOPTED,
        "number": "1",
        "dated_on": dated,
        "deposited_on": deposited,
        "published_on": published,
        "publication_mode": chance.choice(("", *Act.PublicationMode.values)) if published else "",
        "published_until": maybe(published),
        "missing_pieces_requested_on": asked,
        "missing_pieces_answered_on": maybe(asked),
        "observations_received_on": maybe(dated),
        "withdrawn_on": maybe(dated),
        "reported_on": maybe(dated),
    }


def _sitting(chance):
    """None, or a sitting that lacks nothing, or one thing."""
    whole = {**dict.fromkeys(EXPECTED, 0), "convened_on": datetime.date(2022, 1, 1)}
    whole["secretary"] = "Lou GARCIA"
    if lacking := chance.choice((None, "all", *EXPECTED)):
        whole.pop(lacking, None)
    return None if lacking == "all" else Sitting.objects.create(**whole)


@pytest.mark.parametrize("seed", [0, *at_night(1, 2, 3)])
@pytest.mark.parametrize("today", ["2026-02-28", "2026-03-01", "2028-05-31", "2026-11-30"])
def test_the_filter_and_the_text_agree_on_whatever_happened(move_to, seed, today):
    day = datetime.date.fromisoformat(today)
    move_to(day)
    chance = random.Random(f"{seed} {today}")
    for _ in range(15):
        regime = chance.choice(("", *Collectivity.Regime.values))
        population = chance.choice((500, 3499, 3500, 9000))
        payer = CollectivityFactory(
            commune=CommuneFactory(population=population), publicity_regime=regime
        )
        convention = ConventionFactory(collectivity=payer, schools_count=0)
        act = None
        if chance.random() < 0.9:
            act = Act.objects.create(collectivity=payer, **_facts(chance, day))
        party = ConfirmedParty.copy_of(payer)
        party.save()
        sent = day - datetime.timedelta(days=chance.randint(0, 120))
        signed = chance.choice((None, sent))
        living = "signed_by_collectivity" if signed else "accepted"
        Convention.objects.filter(pk=convention.pk).update(
            act=act,
            state=chance.choice((living, "abandoned")),
            sent_on=sent,
            accepted_on=sent,
            party=party,
            collectivity_signed_on=signed,
        )
    _both_agree(day)


def _both_agree(today):
    conventions = list(Convention.objects.with_parties())
    warned = set()
    for warning in warnings.WARNINGS:
        found = set(
            Convention.objects.filter(
                warnings.condition(warning.key, timezone.localdate())
            ).values_list("pk", flat=True)
        )
        told = {c.pk for c in conventions if c.state != "abandoned" and warning.text(c, today)}
        assert found == told, warning.key
        warned |= told
    clear = set(warnings.without_warning(Convention.objects.all()).values_list("pk", flat=True))
    assert clear == {c.pk for c in conventions} - warned


@pytest.mark.parametrize("kind", [Collectivity.Kind.EPCI, Collectivity.Kind.SYNDICAT])
@pytest.mark.parametrize("mode", Act.PublicationMode.values)
def test_a_groupings_mode_of_publication_follows_its_nature(
    signed_convention, kind, mode, convention
):
    payer = signed_convention.collectivity
    Collectivity.objects.filter(pk=payer.pk).update(
        kind=kind, commune=None, publicity_regime="posting"
    )
    Act.objects.update(publication_mode=mode)
    expected = "electronic" if kind == Collectivity.Kind.EPCI else "posting"
    found = Convention.objects.filter(
        warnings.condition("publication_mode", timezone.localdate())
    ).exists()
    assert found == (mode != expected)
    _both_agree(timezone.localdate())


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ({"published_until": datetime.date(2022, 12, 12)}, "brief_publication"),
        ({"withdrawn_on": datetime.date(2022, 11, 2)}, "act_withdrawn"),
        ({"observations_received_on": datetime.date(2022, 11, 2)}, "observations"),
        ({"missing_pieces_requested_on": datetime.date(2022, 11, 2)}, "missing_pieces"),
        ({"publication_mode": "posting"}, "publication_mode"),
    ],
)
def test_each_fact_raises_its_warning(signed_convention, town_hall, facts, key):
    assert not Convention.objects.filter(warnings.condition(key, timezone.localdate())).exists()
    record_act_dates(signed_convention, by=town_hall, **facts)
    assert Convention.objects.filter(warnings.condition(key, timezone.localdate())).exists()


def test_a_file_of_2022_is_warned_of_as_it_was_signed(signed_convention):
    """The published file was signed three days before its act was executory."""
    assert any(
        "avant que l'acte ne soit exécutoire" in t for t in warnings.found_on(signed_convention)
    )


# --- What is amiss with an act, said once -------------------------------------------
@pytest.mark.parametrize("seed", [0, *at_night(1, 2, 3)])
def test_each_trouble_is_the_same_of_an_act_in_hand_and_in_the_database(seed):
    chance, payer = random.Random(seed), CollectivityFactory()
    for number in range(60):
        facts = _facts(chance, timezone.localdate())
        if facts.get("number"):
            facts["number"] = str(number)
        Act.objects.create(collectivity=payer, **facts)
    acts = list(Act.objects.all())
    for trouble in TROUBLES:
        told = {act.pk for act in acts if trouble.holds(act)}
        assert set(Act.objects.filter(trouble.condition()).values_list("pk", flat=True)) == told
        assert told, f"none drawn: {trouble.key}"


def test_finance_and_the_file_tell_the_same_of_an_act():
    """Whatever deserves attention on a file stands in the way of its titre, in the same words."""
    for trouble in TROUBLES:
        assert Obstacle(trouble.key).label == trouble.label
    warned = {w.key for w in warnings.WARNINGS if isinstance(w, warnings.ActWarning)}
    assert warned == {trouble.key for trouble in TROUBLES if trouble.words}


def test_the_act_of_an_avenant_is_warned_of_too(current, rectorat):
    amendment = prepare_amendment(
        current, add=[SchoolFactory(commune=current.collectivity.commune)], reason="Ouverture."
    )
    amendment.send(by=rectorat)
    today = timezone.localdate()
    record_act(amendment, by=rectorat, kind="decision", number="A-1", dated_on=today)
    print_quickly(amendment)
    amendment.sign_for_collectivity(by=rectorat, on=today)
    assert Convention.objects.filter(
        warnings.condition("signed_before_executory", timezone.localdate())
    ).exists()
    record_act_dates(amendment, by=rectorat, withdrawn_on=today)
    seen = Convention.objects.with_parties().get(pk=current.pk)
    assert any(t.startswith("Avenant n° 1 : L'acte a été retiré") for t in warnings.found_on(seen))
    assert any("a signé l'avenant" in text for text in warnings.found_on(seen))
    _both_agree(today)
