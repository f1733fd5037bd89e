"""The board's figures are those of the lists that they lead to, to the cent."""

import datetime
import re
from decimal import Decimal
from itertools import product

import pytest
from django.db.models import Q
from django.urls import reverse

from accounts.roles import Role
from billing.models import Entry, Titre
from billing.models.entry import EntryKind
from billing.recording import reverse as reverse_entry
from billing.recovery.board import Board, build_board
from billing.recovery.columns import Figures, sum_of
from billing.recovery.figures import Figure
from billing.recovery.years import YearFigure, list_of
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
)

from .conftest import amend, issue, request, sign_in_order, tell

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def campaign(current, finance):
    """One paid in part and contested, one pending, one signed only, one not signed."""
    amend(current, add=1)
    second = sign_in_order(ConventionFactory(campaign=current.campaign))
    request(current.campaign, finance)
    first = Titre.objects.get(claim__convention=current)
    issue(first)
    tell(first, EntryKind.RECEIVED, amount="40.05")
    tell(first, EntryKind.CONTESTED, amount=20)
    tell(first, EntryKind.REMITTED, amount=5)
    sign_in_order(ConventionFactory(campaign=current.campaign))
    ConventionFactory(campaign=current.campaign)
    assert Titre.objects.filter(claim__convention=second).exists()
    return current.campaign


def test_it_goes_from_what_is_expected_to_what_came_in(campaign, finance):
    total = build_board(campaign, finance, Q()).total
    assert (total.expected, total.signed) == (Decimal("405.00"), Decimal("315.00"))
    assert (total.requested, total.issued) == (Decimal("225.00"), Decimal("135.00"))
    assert (total.received, total.written_off) == (Decimal("40.05"), Decimal("5.00"))
    assert (total.contested, total.balance) == (Decimal("20.00"), Decimal("89.95"))


def test_each_figure_is_what_its_list_adds_up_to(as_finance, campaign):
    response = as_finance.get(f"{reverse('billing_board')}?campagne={campaign.start_year}")
    total = response.context["board"].total
    claims = reverse("claims")

    def totals(state):
        url = f"{claims}?campagne={campaign.start_year}&etat={state}"
        assert url.replace("&", "&amp;") in response.content.decode() or not state
        return as_finance.get(url).context["totals"]

    assert totals("").due == total.signed
    assert totals("demandees").asked == total.requested
    assert totals("emises").issued == total.issued
    assert totals("emises").received == total.received
    assert totals("exonerees").claims == total.exempt
    owed = as_finance.get(f"{reverse('owed')}?campagne={campaign.start_year}").context["total"]
    assert (owed.balance, owed.contested) == (total.balance, total.contested)


def test_the_board_of_a_place_is_its_line_of_the_whole_board(as_finance, campaign):
    address = f"{reverse('billing_board')}?campagne={campaign.start_year}"
    (line,) = as_finance.get(address).context["board"].departments
    department, figures = line
    for place in (f"departement={department.code}", f"academie={department.academy.code}"):
        board = as_finance.get(f"{address}&{place}").context["board"]
        assert board.departments == [(department, figures)]
        assert board.total == figures


@pytest.mark.parametrize("figure", Figure.values)
def test_the_list_of_a_figure_is_that_of_the_departements_that_one_follows(
    client, campaign, finance, figure
):
    address = f"{reverse('board_figure', args=[figure])}?campagne={campaign.start_year}"
    client.force_login(finance)
    whole = client.get(address).context
    assert whole["total"] > 0
    elsewhere = sign_in_order(
        ConventionFactory(
            campaign=campaign,
            collectivity=CollectivityFactory(
                commune=CommuneFactory(department=DepartmentFactory(code="48", name="Lozère"))
            ),
        )
    )
    department = elsewhere.collectivity.department
    client.force_login(UserFactory(role=Role.RECTORAT, departments=[department]))
    listed = client.get(address).context
    of_what_is_signed = {Figure.EXPECTED, Figure.EXPECTED_UNISSUED, Figure.SIGNED_UNISSUED}
    expected = [elsewhere.reference] if figure in of_what_is_signed else []
    assert [line.reference for line in listed["page"]] == expected
    beyond = client.get(f"{address}&departement=34")
    assert beyond.context["campaign"] is None
    assert list(beyond.context["page"]) == []


def test_budget_years_are_those_of_issue_and_of_payment(campaign, finance, today):
    (line,) = build_board(campaign, finance, Q()).all_years
    assert (line.year, line.figures.issued, line.figures.received) == (
        today.year,
        Decimal("135.00"),
        Decimal("40.05"),
    )


@pytest.fixture
def two_years(campaign, finance, move_to):
    """The next year: a payment of the titre issued before, one issued, contested in part."""
    move_to(datetime.date(2027, 2, 1))
    first, second = Titre.objects.order_by("pk")
    tell(first, EntryKind.RECEIVED, amount=10)
    tell(second, EntryKind.ISSUED)
    tell(second, EntryKind.CONTESTED, amount="30.10")
    tell(second, EntryKind.WRITTEN_OFF, amount="1.05")
    return campaign


def test_a_campaign_is_told_by_budget_year_and_its_columns_add_up(two_years, finance):
    board = build_board(two_years, finance, Q())
    total = board.total
    first, second, without = board.years
    assert (first.year, second.year, without.year) == (2026, 2027, None)
    assert (first.figures.issued, second.figures.issued) == (135, 90)
    assert (first.figures.received, second.figures.received) == (Decimal("40.05"), 10)
    assert (first.figures.written_off, second.figures.written_off) == (5, Decimal("1.05"))
    assert (first.figures.contested, second.figures.contested) == (20, Decimal("30.10"))
    assert (first.figures.balance, second.figures.balance) == (Decimal("79.95"), Decimal("88.95"))
    assert without.figures == Figures(expected=Decimal(180), signed=Decimal(90))
    assert sum_of([first.figures, second.figures, without.figures]) == total


# The figures of a budget year, by the address of their list.
TOLD = {
    "emis": "issued",
    "encaisse": "received",
    "remis-ou-non-valeur": "written_off",
    "conteste": "contested",
    "reste-du": "balance",
}


def test_each_figure_of_each_line_opens_the_list_that_it_adds_up(two_years, as_finance):
    board = as_finance.get(f"{reverse('billing_board')}?campagne={two_years.start_year}")
    page = board.content.decode()
    *years, without = board.context["board"].years
    assert set(TOLD) == set(YearFigure.values)
    for line, (figure, name) in product(years, TOLD.items()):
        url = f"{reverse('board_year_figure', args=[line.year, figure])}?campagne=2026"
        assert f'href="{url}"' in page
        listed = as_finance.get(url).context
        assert listed["total"] == getattr(line.figures, name) > 0, (line.year, figure)
        assert listed["total"] == sum(amount for _, amount in listed["lines"])
    for figure, name in (("attendu", "expected"), ("signe", "signed"), ("demande", "requested")):
        url = f"{reverse('board_figure', args=[f'{figure}-sans-exercice'])}?campagne=2026"
        assert f'href="{url}"' in page
        assert as_finance.get(url).context["total"] == getattr(without.figures, name)


def test_a_year_is_that_of_the_campaign_chosen_and_of_the_territory(two_years, finance):
    other = CampaignFactory(start_year=2025)
    agent = UserFactory(role=Role.RECTORAT, departments=[DepartmentFactory(code="48")])
    for figure in YearFigure:
        assert list_of(figure, 2027, finance, Q(), two_years).total > 0
        assert list_of(figure, 2027, finance, Q(), None).total > 0
        assert list_of(figure, 2027, finance, Q(), other).total == 0
        assert list_of(figure, 2027, agent, Q(), two_years).total == 0
    board = build_board(two_years, agent, Q())
    assert [line.figures for line in board.years] == [Figures()]
    assert board.all_years == []


def test_each_figure_of_all_campaigns_opens_what_it_adds_up(two_years, as_finance):
    board = as_finance.get(reverse("billing_board"))
    page, lines = board.content.decode(), board.context["board"].all_years
    assert [line.year for line in lines] == [2027, 2026]
    for line, (figure, name) in product(lines, TOLD.items()):
        url = reverse("board_year_figure", args=[line.year, figure])
        assert f'href="{url}?"' in page
        assert as_finance.get(url).context["total"] == getattr(line.figures, name) > 0


@pytest.mark.parametrize("figure", ["emis", "encaisse"])
def test_each_figure_of_a_budget_year_opens_what_it_adds_up(
    client, as_finance, campaign, today, figure
):
    paid = Entry.objects.get(kind=EntryKind.RECEIVED)
    reverse_entry(paid, on=today, reason="Autre titre.", by=None)
    tell(paid.titre, EntryKind.RECEIVED, amount="12.50")
    board = as_finance.get(reverse("billing_board"))
    (year,) = board.context["board"].all_years
    url = reverse("board_year_figure", args=[today.year, figure])
    assert f'href="{url}?' in board.content.decode()
    listed = as_finance.get(url).context
    told = getattr(year.figures, TOLD[figure])
    assert listed["total"] == told == sum(amount for _, amount in listed["lines"])
    assert told == (135 if figure == "emis" else Decimal("12.50"))
    lozere = DepartmentFactory(code="48", name="Lozère")
    client.force_login(UserFactory(role=Role.RECTORAT, departments=[lozere]))
    assert client.get(url).context["total"] == 0


@pytest.mark.parametrize("address", ["0/emis", "99999/emis", "2026/autre"])
def test_no_other_figure_of_a_year_is_shown(as_finance, address):
    assert as_finance.get(f"/titres/tableau/exercices/{address}/").status_code == 404


def test_it_takes_as_many_queries_for_many_conventions_as_for_few(
    sign_many, finance, sample, django_assert_num_queries
):
    for year, count in ((2022, 3), (2023, sample(6, 30))):
        batch = request(sign_many(count, year)[0].campaign, finance)
        for titre in batch.titres.order_by("pk"):
            issue(titre)
            tell(titre, EntryKind.CONTESTED, amount=10)
        with django_assert_num_queries(8):
            build_board(batch.campaign, finance, Q())


def test_the_plot_is_drawn_and_the_page_says_where_there_is_nothing(as_finance, campaign):
    page = as_finance.get(reverse("billing_board")).content.decode()
    assert [int(n) for n in re.findall(r'<rect width="(\d+)"', page)] == [100, 77, 55, 33, 9]
    nothing = as_finance.get(f"{reverse('billing_board')}?campagne=1900").content.decode()
    assert "choisissez-en une autre" in nothing


def test_what_is_small_beside_the_rest_is_drawn_all_the_same():
    bars = Board([], Figures(expected=Decimal(18135), received=Decimal(135)), [], []).bars
    assert [bar.width for bar in bars] == [100, 0, 0, 0, 1]
