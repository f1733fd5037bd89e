"""What an avenant adds to, or takes from, what a collectivity owes."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from django.urls import reverse
from django.utils import timezone

from billing import claims as claims_of
from billing import exports, liquidation
from conventions.amendments.effects import current_amount
from conventions.authority import record_act
from rectorat.board import build_board
from tests.factories import (
    ConventionFactory,
    SchoolFactory,
    current_signed_convention,
    prepare_amendment,
    sign_amendment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def convention():
    return current_signed_convention()


def amend(convention, *, add=0, remove=0, sign=True):
    """Avenant of so many schools added and removed."""
    schools = SchoolFactory.create_batch(add, payer=convention.collectivity)
    lines = list(convention.enrolments.enrolled()[:remove])
    amendment = prepare_amendment(convention, add=schools, remove=lines)
    if sign:
        sign_amendment(amendment)
    convention.refresh_from_db()
    return amendment


def claims(convention):
    return list(claims_of.claims(claims_of.claimable(convention.campaign)))


def test_a_school_added_gives_rise_to_a_supplement_of_its_own(convention):
    amendment = amend(convention, add=1)
    initial, supplement = claims(convention)
    assert (initial.amount, initial.schools) == (Decimal("90.00"), 2)
    assert (supplement.amount, supplement.schools) == (Decimal("45.00"), 1)
    assert supplement.nature == "complément"
    assert supplement.reference == f"{initial.reference}-A1"
    assert supplement.uais == (amendment.added[0].uai,)
    assert supplement.signed_on == timezone.localdate()


def test_a_school_removed_gives_rise_to_a_reduction_with_its_sign(convention):
    amend(convention, remove=1)
    initial, reduction = claims(convention)
    assert (initial.amount, len(initial.uais)) == (Decimal("90.00"), 2)
    assert (reduction.amount, reduction.schools) == (Decimal("-45.00"), -1)
    assert reduction.nature == "réduction"


def test_as_many_schools_added_as_removed_owe_nothing_more(convention):
    amend(convention, add=1, remove=1)
    assert len(claims(convention)) == 1


def test_an_avenant_not_signed_by_both_is_no_claim(convention):
    amend(convention, add=1, sign=False).send(by=None)
    assert len(claims(convention)) == 1


def test_its_own_act_is_named_else_the_conventions(convention):
    today = timezone.localdate()
    amendment = amend(convention, add=1, sign=False)
    amendment.send(by=None)
    record_act(amendment, by=None, kind="deliberation", number="2026-12", dated_on=today)
    sign_amendment(amendment)
    convention.refresh_from_db()
    amend(convention, add=1)
    initial, with_act, without = claims(convention)
    assert with_act.act_reference == f"Délibération n° 2026-12 du {today:%d/%m/%Y}"
    assert without.act_reference == initial.act_reference


@pytest.mark.parametrize(
    ("added", "removed", "words"),
    [
        (1, 0, "Avenant n° 1 : 1 école ajoutée x 45,00 € = 45,00 €, convention ENT-2022-34337, "),
        (3, 1, "(3 écoles ajoutées moins 1 école retirée) x 45,00 € = 90,00 €, "),
        (0, 2, "Avenant n° 1 : 2 écoles retirées x 45,00 € = −90,00 €, "),
    ],
)
def test_the_basis_is_spelled_out(day, added, removed, words):
    basis = liquidation.amendment_basis(
        1,
        added,
        removed,
        Decimal("45.00"),
        reference="ENT-2022-34337",
        signed_on=day("09/01/2023"),
        school_year="2022-2023",
    )
    assert words in basis.replace("\u00a0", " ")
    assert basis.endswith("avenant du 09/01/2023, année scolaire 2022-2023")


def test_board_totals_list_and_export_agree_to_the_cent(convention, finance):
    amend(convention, add=3)
    amend(convention, remove=1)
    current_signed_convention(collectivity=ConventionFactory().collectivity)
    campaign = convention.campaign
    rows = claims(convention)
    totals = claims_of.totals(claims_of.claimable(campaign))
    assert totals.claims == len(rows) == 4
    assert totals.amount == sum(claim.amount for claim in rows) == Decimal("270.00")
    assert totals.schools == sum(claim.schools for claim in rows) == 6
    assert build_board(campaign, finance).total.signed == totals.amount
    current = [current_amount(c) for c in campaign.conventions.signed()]
    assert sum(current) == totals.amount
    lines = b"".join(exports.csv_lines(rows)).decode("utf-8-sig")
    table = list(csv.DictReader(StringIO(lines, newline=""), delimiter=";"))
    assert [row["Montant"] for row in table][:3] == ["90,00", "135,00", "-45,00"]
    assert [row["Nature"] for row in table][:3] == ["convention", "complément", "réduction"]


def test_avenants_take_as_many_queries_for_2_conventions_as_for_8(django_assert_num_queries):
    def more(count):
        for _ in range(count):
            amend(current_signed_convention(), add=1)

    more(2)
    campaign = current_signed_convention().campaign
    # The coding, the conventions, their schools, their avenants, what these change, the lines.
    for _ in range(2):
        with django_assert_num_queries(7):
            list(claims_of.claims(claims_of.claimable(campaign)))
        more(6)


def test_the_screen_shows_it_marked_and_finds_it_by_its_reference(client, finance, convention):
    amend(convention, remove=1)
    client.force_login(finance)
    reference = claims(convention)[1].reference
    page = client.get(reverse("claims"), {"recherche": reference}).content.decode()
    assert f"Réduction, {reference}" in page
    assert "−45,00" in page
    assert "<strong>45,00\u00a0€</strong>" in page
