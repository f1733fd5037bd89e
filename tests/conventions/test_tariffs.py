"""What is owed by each rule: the sum of its lines, as printed, as claimed; the database holds it."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.claims.due import claimable, due_of
from billing.claims.obstacles import Obstacle
from billing.claims.proposals import Grounds, proposal_of
from billing.recovery.board import build_board
from conventions.amendments.effects import current_amount
from conventions.campaigns.models import Campaign, TariffException
from conventions.campaigns.tariff_words import calculation, change_in_words, tariff_in_words
from conventions.campaigns.tariffs import (
    LUMP,
    PRICED,
    ZERO,
    Basis,
    Bracket,
    Counted,
    Relief,
    Tariff,
    UnreadableBrackets,
    read_brackets,
    to_the_cent,
    write_brackets,
)
from conventions.enrolment.enrolling import enrol, withdraw
from conventions.enrolment.preparation import prepare
from conventions.models import Convention, Enrolment
from conventions.printing import convention_context
from documents.rendering import page_html
from documents.wording.texts import load_texts
from documents.wording.typography import euros
from lifecycle.errors import TransitionRefused
from schools.models import School
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    SchoolFactory,
    UserFactory,
    prepare_amendment,
    sign_amendment,
    sign_by_both,
)

cents = st.integers(1, 99_999).map(lambda n: Decimal(n) / 100)
numbers = st.lists(st.integers(0, 400), min_size=1, max_size=4)


@st.composite
def tariffs(draw):
    basis = draw(st.sampled_from(Basis))
    bounds = sorted(draw(st.sets(st.integers(1, 500), min_size=1, max_size=3)))
    brackets = [Bracket(bound, draw(cents)) for bound in bounds] + [Bracket(None, draw(cents))]
    return Tariff(
        basis=basis,
        price=draw(cents) if basis in PRICED else ZERO,
        counted=draw(st.sampled_from(Counted)) if basis == Basis.BRACKETS else "",
        brackets=tuple(brackets) if basis == Basis.BRACKETS else (),
        vat_rate=draw(st.sampled_from([ZERO, Decimal("5.50"), Decimal("20.00")])),
    )


reliefs = st.none() | st.one_of(
    st.just(Relief("free", ZERO, "école expérimentale")),
    cents.map(lambda value: Relief("amount", value, "petite commune")),
    st.integers(1, 9_999).map(lambda n: Relief("percent", Decimal(n) / 100, "première année")),
)


def campaign_at(tariff, **fields):
    return CampaignFactory(
        tariff=tariff.price,
        tariff_basis=tariff.basis,
        tariff_counted=tariff.counted,
        tariff_brackets=write_brackets(tariff.brackets),
        vat_on_top=bool(tariff.vat_rate),
        vat_rate=tariff.vat_rate,
        **fields,
    )


def prepared_at(tariff, schools, relief=None, **fields):
    """A convention prepared at `tariff` for schools of so many pupils and classes."""
    campaign = campaign_at(tariff, **fields)
    payer = CollectivityFactory()
    if relief:
        TariffException.objects.create(
            campaign=campaign,
            collectivity=payer,
            kind=relief.kind,
            value=relief.value,
            reason=relief.reason,
            decided_on=campaign.starts_on,
        )
    codes = [SchoolFactory(payer=payer, pupils=n, classes=n).uai for n in schools]
    enrol(campaign, "\n".join(codes), by=None)
    prepare(campaign, by=None)
    return Convention.objects.with_parties().get(campaign=campaign)


# --- The rules, without any database ------------------------------------------
@given(tariffs(), numbers, reliefs)
def test_what_is_owed_is_the_sum_of_its_lines_to_the_cent(tariff, schools, relief):
    charge = tariff.charge(schools, relief)
    lines = charge.gross if tariff.basis in LUMP else sum(charge.fees)
    assert charge.amount == lines - charge.reduction
    assert 0 <= charge.amount == to_the_cent(charge.amount)
    assert charge.gross == charge.net + charge.vat
    if tariff.basis in LUMP:
        assert not any(charge.fees)


@given(tariffs(), numbers, numbers, reliefs)
def test_a_change_leads_from_one_sum_to_the_other(tariff, before, after, relief):
    first, second = tariff.charge(before, relief), tariff.charge(after, relief)
    change = second.less(first)
    assert first.and_then(change).amount == second.amount
    assert change.amount == second.amount - first.amount


@pytest.mark.parametrize(
    ("amount", "rounded"), [("47.475", "47.48"), ("2.665", "2.67"), ("0.005", "0.01")]
)
def test_half_a_cent_is_rounded_up(amount, rounded):
    assert to_the_cent(Decimal(amount)) == Decimal(rounded)


def test_vat_on_top_is_rounded_school_by_school():
    tariff = Tariff(price=Decimal("0.33"), vat_rate=Decimal("5.50"))
    # 0.01815 a school: 0.02 each, and not 0.05 for the three together.
    assert tariff.charge([1, 1, 1]).vat == Decimal("0.06")


BRACKETS = (Bracket(5, Decimal(100)), Bracket(10, Decimal(180)), Bracket(None, Decimal(250)))
SPELLED = [
    (Tariff(price=Decimal(45)), [1, 1], "45 € par école et par an", "2 × 45 € soit 90 €"),
    (
        Tariff("pupil", Decimal("0.50")),
        [120, 131],
        "0,50 € par élève et par an",
        "251 élèves × 0,50 € soit 125,50 €",
    ),
    (
        Tariff("class", Decimal(20)),
        [1],
        "20 € par classe et par an",
        "1 classe × 20 € soit 20 €",
    ),
    (
        Tariff("flat", Decimal(100)),
        [1, 1],
        "100 € par collectivité et par an",
        "un forfait de 100 €",
    ),
    (
        Tariff("brackets", ZERO, "school", BRACKETS),
        [1] * 6,
        "100 € par an jusqu'à 5 écoles, 180 € pour 6 à 10 écoles et 250 € au-delà",
        "un forfait de 180 € pour 6 écoles",
    ),
    (Tariff("free"), [1], "0 €", "0 € (gratuit)"),
    (
        Tariff(price=Decimal(45), vat_rate=Decimal("20.00")),
        [1, 1],
        "45 € HT par école et par an, TVA à 20 % en sus",
        "2 × 45 € HT plus 18 € de TVA à 20 % (arrondie au centime, école par école) soit 108 €",
    ),
    (
        Tariff("flat", Decimal(100), vat_rate=Decimal("5.50")),
        [1],
        "100 € HT par collectivité et par an, TVA à 5,5 % en sus",
        "un forfait de 100 € HT plus 5,50 € de TVA à 5,5 % soit 105,50 €",
    ),
    (
        Tariff("brackets", ZERO, "school", BRACKETS, Decimal("20.00")),
        [1] * 2,
        "100 € HT par an jusqu'à 5 écoles, 180 € HT pour 6 à 10 écoles et 250 € HT au-delà, "
        "TVA à 20 % en sus",
        "un forfait de 100 € HT pour 2 écoles plus 20 € de TVA à 20 % soit 120 €",
    ),
]


@pytest.mark.parametrize(("tariff", "schools", "price", "sum_"), SPELLED)
def test_each_rule_is_spelled_out(tariff, schools, price, sum_):
    charge = tariff.charge(schools)
    assert tariff_in_words(tariff).replace("\xa0", " ") == price
    assert calculation(tariff, charge).replace("\xa0", " ") == sum_


@pytest.mark.parametrize(
    ("unit", "bounds", "words"),
    [
        ("school", (1, 3), "50 € par an pour une école, 51 € pour 2 ou 3 écoles et 52 € au-delà"),
        ("school", (1, 2), "50 € par an pour une école, 51 € pour 2 écoles et 52 € au-delà"),
        ("school", (2, 6), "50 € par an jusqu'à 2 écoles, 51 € pour 3 à 6 écoles et 52 € au-delà"),
        ("school", (1,), "50 € par an pour une école et 51 € au-delà"),
        ("pupil", (1,), "50 € par an jusqu'à un élève et 51 € au-delà"),
        ("class", (1, 2), "50 € par an jusqu'à une classe, 51 € pour 2 classes et 52 € au-delà"),
        (
            "pupil",
            (999, 1000, 2500),
            "50 € par an jusqu'à 999 élèves, 51 € pour 1000 élèves, 52 € pour 1001 à 2500 élèves "
            "et 53 € au-delà",
        ),
    ],
)
def test_brackets_are_said_as_one_says_them(unit, bounds, words):
    brackets = [Bracket(bound, Decimal(50 + n)) for n, bound in enumerate((*bounds, None))]
    tariff = Tariff("brackets", ZERO, unit, tuple(brackets))
    assert tariff_in_words(tariff).replace("\xa0", " ") == words
    with_mention = tariff_in_words(tariff, mention=True).replace("\xa0", " ")
    assert with_mention == words.replace(" €", " € TTC")


def test_a_reduction_is_spelled_out_with_its_reason():
    tariff, relief = Tariff(price=Decimal(45)), Relief("percent", Decimal(10), "petite commune")
    words = calculation(tariff, tariff.charge([1, 1], relief), relief).replace("\xa0", " ")
    assert words == "2 × 45 € moins 9 € de réduction (10 %, petite commune) soit 81 €"


@pytest.mark.parametrize(
    ("value", "sum_"),
    [
        (9, "1 × 45 € moins 9 € de réduction (petite commune) soit 36 €"),
        (50, "1 × 45 € moins 45 € de réduction (50 €, petite commune) soit 0 €"),
    ],
)
def test_an_amount_taken_off_is_said_once_unless_less_was_owed(value, sum_):
    tariff, relief = Tariff(price=Decimal(45)), Relief("amount", Decimal(value), "petite commune")
    words = calculation(tariff, tariff.charge([1], relief), relief)
    assert words.replace("\xa0", " ") == sum_


def test_a_reduction_is_said_after_any_word():
    """« La participation est de … », « Le tarif reste de … », « Au tarif de … »."""
    words = tariff_in_words(Tariff(price=Decimal(45)), Relief("amount", Decimal(9), "essai"))
    assert words.replace("\xa0", " ") == (
        "45 € par école et par an, avec une réduction de 9 € (essai)"
    )


def test_what_an_avenant_changes_is_spelled_out():
    tariff = Tariff("brackets", ZERO, "school", BRACKETS)
    change = tariff.charge([1] * 6).less(tariff.charge([1] * 5))
    words = change_in_words(tariff, change, 1, 0).replace("\xa0", " ")
    assert words == "1 école ajoutée : forfait changé de 80,00 € = 80,00 €"


# --- Brackets as they are typed -----------------------------------------------
def test_brackets_are_read_and_written():
    text = "jusqu'à 5 : 100\n10 : 180,00 €\nAu delà : 250"
    assert read_brackets(text) == BRACKETS
    assert read_brackets(write_brackets(BRACKETS)) == BRACKETS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "au moins deux tranches"),
        ("au-delà : 10", "au moins deux tranches"),
        ("5 : 10\n10 : 20", "Ligne 2 : écrivez « au-delà"),
        ("10 : 10\n5 : 20\nau-delà : 30", "Ligne 2 : les tranches vont en croissant"),
        ("5 : cent\nau-delà : 30", "Ligne 1 : « cent » n'est pas un montant"),
        ("5 : NaN\nau-delà : 30", "n'est pas un montant"),
        ("5 : 1,005\nau-delà : 30", "n'est pas un montant"),
    ],
)
def test_brackets_that_cannot_be_read_say_at_which_line(text, message):
    with pytest.raises(UnreadableBrackets, match=message):
        read_brackets(text)


# --- From the campaign to the titre -------------------------------------------
@pytest.mark.django_db
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tariff=tariffs(), schools=numbers, relief=reliefs)
def test_prepared_printed_and_claimed_are_one_sum(tariff, schools, relief):
    with transaction.atomic():
        convention = prepared_at(tariff, schools, relief)
        weights = schools if tariff.asks_numbers else [1] * len(schools)
        owed = tariff.charge(weights, relief).amount
        assert convention.amount == owed
        context = convention_context(convention)
        assert context.amount == owed
        if not convention.is_free:
            assert euros(owed) in context.tariff.calculation
        sign_by_both(convention)
        due = due_of(claimable().get(pk=convention.pk))
        assert due.amount == owed == sum(part.amount for part in due.parts)
        transaction.set_rollback(True)


@pytest.fixture
def by_pupil(db):
    return prepared_at(Tariff("pupil", Decimal("0.50")), [100, 50])


def test_the_number_is_frozen_at_preparation(by_pupil):
    line = by_pupil.enrolments.first()
    line.school.pupils = 999
    line.school.save()
    by_pupil.send(by=None)
    line.refresh_from_db()
    assert (line.number, line.fee, by_pupil.amount) == (100, Decimal(50), Decimal(75))


def test_a_missing_number_leaves_the_file_out_until_it_is_typed(db):
    campaign = campaign_at(Tariff("class", Decimal(20)))
    school = SchoolFactory(classes=None)
    enrol(campaign, school.uai, by=None)
    ((payer, reason),) = prepare(campaign, by=None).left_out
    assert (payer, Convention.objects.count()) == (school.payer, 0)
    assert school.uai in reason
    assert "classes" in reason
    school.classes = 3
    school.save()
    assert prepare(campaign, by=None).left_out == []
    assert Convention.objects.get().amount == 60


def test_a_school_without_number_leaves_a_prepared_file_as_it_was(by_pupil):
    school = SchoolFactory(payer=by_pupil.collectivity, pupils=None)
    enrol(by_pupil.campaign, school.uai, by=None)
    assert len(prepare(by_pupil.campaign, by=None).left_out) == 1
    by_pupil.refresh_from_db()
    assert (by_pupil.school_count, by_pupil.amount) == (2, 75)
    assert Enrolment.objects.get(school=school).convention is None


def test_who_exchanges_schools_with_a_file_left_out_waits_with_it(by_pupil):
    """Else the count of one would say less than its lines, and it could not be sent at all."""
    moving = by_pupil.enrolments.get(number=50).school
    other = SchoolFactory(pupils=None)
    School.objects.filter(pk=moving.pk).update(payer=other.payer, commune=other.commune)
    enrol(by_pupil.campaign, other.uai, by=None)
    left_out = dict(prepare(by_pupil.campaign, by=None).left_out)
    assert other.uai in left_out[other.payer]
    assert other.payer.name in left_out[by_pupil.collectivity]
    by_pupil.refresh_from_db()
    assert (by_pupil.school_count, by_pupil.amount) == (2, 75)
    School.objects.filter(pk=other.pk).update(pupils=10)
    assert prepare(by_pupil.campaign, by=None).left_out == []
    for convention in Convention.objects.with_parties():
        convention.send(by=None)
    assert sorted(Convention.objects.values_list("amount", flat=True)) == [30, 50]


def test_the_last_school_does_not_leave_for_a_file_that_was_sent(db):
    gives = prepared_at(Tariff(price=Decimal(45)), [1])
    taker = SchoolFactory()
    enrol(gives.campaign, taker.uai, by=None)
    prepare(gives.campaign, by=None)
    Convention.objects.with_parties().get(collectivity=taker.payer).send(by=None)
    moving = School.objects.filter(enrolments__convention=gives)
    moving.update(payer=taker.payer, commune=taker.commune)
    assert gives.collectivity in dict(prepare(gives.campaign, by=None).left_out)
    gives.refresh_from_db()
    assert (gives.school_count, gives.amount) == (1, 45)


def test_a_school_withdrawn_takes_its_line_along(by_pupil):
    withdraw(by_pupil.enrolments.first(), by=None)
    by_pupil.refresh_from_db()
    assert (by_pupil.number, by_pupil.amount) == (50, 25)


@pytest.mark.parametrize(
    "change",
    [
        {"tariff": Decimal(1)},
        {"tariff_basis": "class"},
        {"vat_rate": Decimal(20), "vat_on_top": True},
    ],
)
def test_what_was_prepared_at_another_rule_is_not_sent(by_pupil, change):
    Campaign.objects.update(**change)
    assert Convention.objects.at_another_fee().get() == by_pupil
    with pytest.raises(TransitionRefused, match="préparée de nouveau"):
        by_pupil.send(by=None)
    prepare(by_pupil.campaign, by=None)
    by_pupil.refresh_from_db()
    by_pupil.send(by=None)


# --- What the database refuses ------------------------------------------------
def test_an_amount_that_is_not_that_of_its_lines_does_not_leave(by_pupil):
    by_pupil.enrolments.filter(number=50).update(fee=26)
    with pytest.raises(IntegrityError, match="somme de ses lignes"), transaction.atomic():
        by_pupil.send(by=None)


@pytest.mark.parametrize("values", [{"amount": 1}, {"number": 3}, {"lump": 5}, {"reduction": 1}])
def test_a_part_that_does_not_add_up_is_refused(by_pupil, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        Convention.objects.filter(pk=by_pupil.pk).update(**values)


def test_once_sent_neither_the_amount_nor_its_lines_change(by_pupil):
    by_pupil.send(by=None)
    with pytest.raises(IntegrityError, match="seul un avenant"), transaction.atomic():
        Convention.objects.filter(pk=by_pupil.pk).update(number=0, amount=0)
    with pytest.raises(IntegrityError, match="seul un avenant"), transaction.atomic():
        by_pupil.enrolments.update(fee=1)
    with pytest.raises(IntegrityError, match="seul un avenant"), transaction.atomic():
        by_pupil.enrolments.update(convention=None)


@pytest.mark.parametrize(
    "values", [{"tariff_basis": "class"}, {"tariff_counted": "pupil"}, {"tariff_brackets": "…"}]
)
def test_once_sent_the_rule_that_its_avenants_will_apply_does_not_change(by_pupil, values):
    by_pupil.send(by=None)
    with pytest.raises(IntegrityError, match="seul un avenant"), transaction.atomic():
        Convention.objects.filter(pk=by_pupil.pk).update(**values)


# --- Avenants ------------------------------------------------------------------
def test_an_avenant_across_a_bracket_changes_the_amount_by_the_rule(db):
    rule = Tariff(
        "brackets", ZERO, "pupil", (Bracket(200, Decimal(100)), Bracket(None, Decimal(250)))
    )
    convention = prepared_at(rule, [100, 100], start_year=2026)
    sign_by_both(convention, on=convention.campaign.starts_on, published_on=None)
    school = SchoolFactory(payer=convention.collectivity, pupils=1)
    amendment = prepare_amendment(convention, add=[school])
    assert (amendment.amount_change, amendment.lump_change) == (150, 150)
    sign_amendment(amendment)
    convention = claimable().get()
    assert current_amount(convention) == 250 == due_of(convention).amount


def test_an_avenant_keeps_the_reduction_of_its_convention(db):
    relief = Relief("percent", Decimal(10), "petite commune")
    convention = prepared_at(Tariff(price=Decimal(45)), [1, 1], relief, start_year=2026)
    sign_by_both(convention, on=convention.campaign.starts_on, published_on=None)
    amendment = prepare_amendment(convention, remove=[convention.enrolments.first()])
    assert amendment.amount_change == Decimal("-40.50")


def test_an_avenant_needs_the_number_of_the_school_it_adds(db):
    convention = prepared_at(Tariff("pupil", Decimal(1)), [10], start_year=2026)
    sign_by_both(convention, on=convention.campaign.starts_on, published_on=None)
    school = SchoolFactory(payer=convention.collectivity, pupils=None)
    with pytest.raises(TransitionRefused, match="effectif manquant"):
        prepare_amendment(convention, add=[school])


def test_a_free_convention_gives_rise_to_no_titre_and_counts_as_exempt(db):
    convention = prepared_at(Tariff("free"), [1, 1])
    sign_by_both(convention)
    proposal = proposal_of(due_of(claimable().get()), Grounds())
    assert (proposal.titre, proposal.obstacles) == (None, (Obstacle.NOTHING_DUE,))
    board = build_board(convention.campaign, UserFactory(role="finance"), Q())
    assert (board.total.exempt, board.total.expected) == (1, 0)


# --- On paper ------------------------------------------------------------------
def body_of(convention, text):
    return page_html(text, convention_context(convention)).replace("\xa0", " ")


def test_a_free_convention_asks_for_neither_titre_nor_payment(db):
    text = load_texts()["convention"]
    html = body_of(prepared_at(Tariff("free"), [1, 1]), text)
    assert "titre de perception" not in html
    assert "à titre gratuit" in html
    assert "si_gratuit" not in html


def test_a_paid_convention_says_nothing_of_being_free(by_pupil):
    html = body_of(by_pupil, load_texts()["convention"])
    assert "titre de perception" in html
    assert "0,50 € TTC par élève et par an" in html
    assert "150 élèves × 0,50 € soit 75 €" in html
    assert "à titre gratuit" not in html
