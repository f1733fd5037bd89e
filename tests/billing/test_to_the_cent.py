"""Screens, files, slip, statement and board say the same amount, to the cent, of random titres."""

import csv
import random
import re
from decimal import Decimal
from io import BytesIO, StringIO

import pypdfium2
import pytest
from django.db.models import Q
from django.urls import reverse
from django.utils.html import escape
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from billing.ledger import account_of
from billing.models import Batch, Titre
from billing.models.entry import EntryKind
from billing.recovery.board import build_board
from billing.recovery.columns import sum_of
from documents.wording.typography import euros_and_cents
from tests.factories import (
    AcademyFactory,
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
)

from .conftest import amend, issue, request, sign_in_order, tell

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

CENT = Decimal("0.01")
# The figures of a line of the board, in order, and what the list of each adds up.
LISTS = ("total", "due", "asked", "issued", "received", "total", "total", "total", "claims")


def some(chance, most):
    """Return a part of an amount, at least a cent."""
    return (most * chance.choice([1, 1, 2, 3]) / chance.randint(3, 7)).quantize(CENT) or CENT


def live(chance, titre):
    """Give a titre a random life of what the ledger takes."""
    if chance.random() < 0.2:
        tell(titre, EntryKind.REJECTED) if chance.random() < 0.5 else None
        return
    issue(titre)
    for kind in chance.sample(
        [
            EntryKind.RECEIVED,
            EntryKind.CONTESTED,
            EntryKind.REMITTED,
            EntryKind.WRITTEN_OFF,
            EntryKind.RECEIVED,
            EntryKind.DECIDED,
        ],
        chance.randint(0, 4),
    ):
        account = account_of(Titre.objects.in_full().get(pk=titre.pk))
        is_waiting = account.contested is not None
        if account.balance <= 0 or (kind == EntryKind.DECIDED) != is_waiting:
            continue
        most = account.contested.amount if kind == EntryKind.DECIDED else account.balance
        tell(titre, kind, amount=min(some(chance, most), most))


@pytest.fixture(params=[1, 2])
def campaign(request, finance):
    """Ten conventions of two départements at an odd fee, their titres at some point of their life."""
    chance = random.Random(request.param)
    fee = Decimal(chance.randint(1001, 9999)) / 100
    campaign = CampaignFactory(start_year=2026, tariff=fee)
    departments = [
        DepartmentFactory(code=code, academy=AcademyFactory(code=academy, name=name))
        for code, academy, name in (("34", "11", "Montpellier"), ("32", "16", "Toulouse"))
    ]
    conventions = [
        ConventionFactory(
            campaign=campaign,
            collectivity=CollectivityFactory(
                commune=CommuneFactory(department=chance.choice(departments))
            ),
            schools_count=chance.randint(1, 4),
        )
        for _ in range(10)
    ]
    for convention in conventions[:7]:
        sign_in_order(convention)
    amend(conventions[0], add=1)
    ask(campaign, finance)
    for titre in Titre.objects.order_by("pk"):
        live(chance, titre)
    amend(conventions[1], add=2)
    sign_in_order(conventions[7])
    ask(campaign, finance)
    return campaign


def ask(campaign, by):
    return request(campaign, by)


def test_each_figure_of_the_board_is_the_sum_of_the_list_that_it_opens(as_finance, campaign):
    page = as_finance.get(reverse("billing_board"), {"campagne": campaign.start_year})
    board = page.context["board"]
    content = page.content.decode()
    places = [*board.departments, ("Ensemble", board.total)]
    rows = re.findall(r'<th scope="row">[^<]*</th>(.*?)</tr>', content, re.S)[: len(places)]
    assert len(rows) == len(places) == 3
    for (_, figures), row in zip(places, rows, strict=True):
        links = re.findall(r'<td[^>]*>\s*<a href="([^"]*)">([^<]*)</a>\s*</td>', row)
        shown = [
            *(figures.expected, figures.signed, figures.requested, figures.issued),
            *(figures.received, figures.contested, figures.written_off, figures.balance),
        ]
        assert [text for _, text in links] == [
            *(escape(euros_and_cents(amount)) for amount in shown),
            str(figures.exempt),
        ]
        for (href, _), amount, name in zip(links, [*shown, figures.exempt], LISTS, strict=True):
            listed = as_finance.get(href.replace("&amp;", "&")).context
            found = listed["total"] if name == "total" else getattr(listed["totals"], name)
            assert found == amount, href


def test_each_figure_by_budget_year_is_the_sum_of_its_list_and_columns_add_up(as_finance, campaign):
    page = as_finance.get(reverse("billing_board"), {"campagne": campaign.start_year})
    lines = [line.figures for line in page.context["board"].years]
    assert len(lines) == 2
    assert sum_of(lines) == page.context["board"].total
    content = page.content.decode().partition("Par exercice")[2]
    links = re.findall(r'href="(/titres/tableau/[^"]*(?:exercice)[^"]*)">([^<]*)</a>', content)
    # Of the year, of what has none, of the year of all campaigns.
    assert len(links) == 8 + 3 + 5
    for href, shown in links:
        listed = as_finance.get(href.replace("&amp;", "&")).context
        assert escape(euros_and_cents(listed["total"])) == shown, href


def test_the_board_is_what_the_ledger_says_of_each_titre(campaign, finance):
    total = build_board(campaign, finance, Q()).total
    accounts = [account_of(titre) for titre in Titre.objects.in_full().order_by("pk")]
    assert total.received == sum(account.received for account in accounts)
    assert total.balance == sum(account.balance for account in accounts)
    assert total.contested == sum(account.contested_amount for account in accounts)
    assert total.written_off == sum(a.written_off + a.remitted for a in accounts)
    assert total.requested == sum(a.titre.signed_amount for a in accounts if a.stands)


def test_every_file_of_a_batch_and_its_page_say_the_same(as_finance, campaign):
    for batch in Batch.objects.order_by("pk"):
        titres = list(batch.titres.order_by("pk"))
        assert batch.amount == sum(titre.signed_amount for titre in titres)
        rows = list(
            csv.DictReader(StringIO(stored(batch, "csv").decode("utf-8-sig")), delimiter=";")
        )
        written = [Decimal(row["Montant"].replace(",", ".")) for row in rows]
        assert written == [titre.amount for titre in titres]
        assert whole_of(batch) == batch.amount
        slip = "".join(
            page.get_textpage().get_text_bounded()
            for page in pypdfium2.PdfDocument(stored(batch, "pdf"))
        )
        said = euros_and_cents(batch.amount)
        assert f"à la somme de {plain(said)}" in plain(slip)
        page = reverse("batch", args=[campaign.school_year, batch.number])
        assert said in as_finance.get(page).content.decode()


def test_the_workbook_read_back_by_two_readers_keeps_every_value(campaign):
    batch = Batch.objects.order_by("pk").first()
    content = stored(batch, "xlsx")
    sheet = load_workbook(BytesIO(content))["Titres"]
    header, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    other = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name("Titres")
    for titre, row, seen in zip(
        batch.titres.order_by("pk"), rows, other.to_python()[1:], strict=True
    ):
        for name, value in (
            ("Référence interne", titre.reference),
            ("SIRET", titre.siret),
            ("Code postal", titre.postcode),
            ("Code INSEE", titre.insee_code),
            ("Base de liquidation", titre.basis),
        ):
            place = header.index(name)
            assert (row[place] or "") == seen[place] == plain(value), name
        place = header.index("Montant")
        assert Decimal(str(row[place])) == Decimal(str(seen[place])) == titre.amount


def test_a_debtors_page_and_its_statement_say_the_same(as_finance, campaign):
    debtor = Titre.objects.order_by("pk").first().debtor
    page = as_finance.get(reverse("debtor", args=[debtor.code]))
    statement = as_finance.get(reverse("debtor_statement", args=[debtor.code]))
    text = "".join(
        page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(statement.content)
    )
    assert plain(euros_and_cents(page.context["balance"])) in plain(text)


def stored(batch, kind):
    with batch.files.get(kind=kind).file.open("rb") as file:
        return file.read()


def whole_of(batch):
    totals = load_workbook(BytesIO(stored(batch, "xlsx")))["Totaux"]
    return Decimal(str(list(totals.values)[-1][-1]))


def plain(text):
    return " ".join(str(text).replace("\u00a0", " ").replace("\u202f", " ").split())
