"""What a spreadsheet makes of billing's files: read by LibreOffice, saved again, read back equal."""

import csv
import datetime
import shutil
import subprocess
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.test import override_settings
from django.urls import reverse
from openpyxl import load_workbook
from stdnum import luhn

from accounts.roles import Role
from billing.batches import columns, files
from billing.batches.confirming import confirm
from billing.claims.columns import COLUMNS as CLAIM_COLUMNS
from billing.claims.due import claimable, due_of
from billing.coding.models import BudgetYear, Coding, ThirdParty
from billing.models import Titre
from billing.models.entry import EntryKind
from billing.recovery.aged import aged_by_debtor
from billing.recovery.views import OWED_COLUMNS
from billing.returns import applying
from billing.returns.layouts import Layout
from billing.returns.models import Finding
from conventions.models import Convention
from tabular.writing import Kind
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    UserFactory,
    sign_by_both,
    siret_of,
)

from .conftest import issue, prepared, tell

# A second or two a file, whatever the database is.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.xdist_group("libreoffice"),  # Its profile and the batch are made once.
]

# What a spreadsheet would take for a formula, a number, a day, an answer; what parts a CSV.
NAMES = (
    "=1+1",
    "+33 4 67 91 00 00",
    "-2",
    "@SUM(A1:A9)",
    'Le "Bourg" ; centre',
    "Œuilly-sur-Aÿ, l’Évêque",
    "000123",
    "1E5",
    "12/10/2022",
    "VRAI",
    "O'Hara  (deux espaces)",
)
# The largest commune of the region has 190 schools: their codes are far beyond the 255 signs
# from which a spreadsheet shows crosses under the format of a code.
MOST_SCHOOLS = 60
TO_THE_CENT = Decimal("41.37")
# `;`, quotes, UTF-8, the header included; in French, days and amounts understood: what the
# dialogue of LibreOffice proposes to somebody who opens our CSV.
OPENED_IN_FRENCH = "CSV:59,34,76,1,,1036,false,true"
# The same, of every sheet, each cell as it is shown.
SHOWN = "csv:Text - txt - csv (StarCalc):59,34,76,1,,1036,false,true,true,false,false,-1"


# The site's language, of numbers and days; no package of translations is needed for it.
IN_FRENCH = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">
<value>fr-FR</value></prop></item>
</oor:items>
"""


@pytest.fixture(scope="module")
def libreoffice(tmp_path_factory):
    """Function that has LibreOffice open a file and save it as `target`; returns what it wrote."""
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice est absent (apt-get install libreoffice-calc-nogui)")
    profile = tmp_path_factory.mktemp("profile")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(IN_FRENCH)

    def convert(name, written, target, *options):
        folder = tmp_path_factory.mktemp("saved")
        source, saved = folder / name, folder / "saved"
        source.write_bytes(written)
        command = ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", *options]
        command += ["--convert-to", target, "--outdir", saved, source]
        run = subprocess.run(command, capture_output=True, check=False, timeout=300)
        assert saved.is_dir(), run.stderr.decode()
        return {path.name: path.read_bytes() for path in saved.iterdir()}

    return convert


def siren_beginning_with_zero(number):
    body = f"00{number:06d}"
    return body + luhn.calc_check_digit(body)


@pytest.fixture(scope="module")
def batch(module_db, tmp_path_factory):
    """One titre a name, to the cent, every code with its leading zeros. Made once."""
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        campaign = CampaignFactory(tariff=TO_THE_CENT)
        codes = {"fonds": "0140", "centre_de_couts": "1E5", "activite": "=A1", "compte_pce": "7.10"}
        Coding.objects.create(budget_year=BudgetYear.objects.create(year=2026), **codes)
        for number, name in enumerate(NAMES):
            sign_as(name, number, campaign)
        by = UserFactory(role=Role.FINANCE)
        return confirm(prepared(campaign, by), by=by)


def sign_as(name, number, campaign):
    commune = CommuneFactory(code=f"09{number:03d}", siren=siren_beginning_with_zero(number))
    collectivity = CollectivityFactory(
        commune=commune, postcode=commune.code, address_line_1=f"{name}, place"
    )
    ThirdParty.objects.create(collectivity=collectivity, code=f"000{number:07d}", service_code=name)
    schools = 1 if number else MOST_SCHOOLS
    convention = ConventionFactory(
        campaign=campaign, collectivity=collectivity, schools_count=schools
    )
    convention.enrolments.update(name=name, commune_name=name)
    sign_by_both(convention)
    # As it was confirmed and printed.
    Convention.objects.filter(pk=convention.pk).update(collectivity_title=name)


@pytest.fixture(scope="module")
def workbook(batch):
    return written(batch, "xlsx")


def written(batch, kind):
    """A file of a batch as the worker writes it."""
    target = BytesIO()
    files.WRITERS[kind](batch, target)
    return target.getvalue()


def read_back(libreoffice, content):
    """The cells of each sheet of a workbook once LibreOffice has saved it again."""
    (saved,) = libreoffice("book.xlsx", content, "xlsx").values()
    return {
        sheet.title: [[cell.value for cell in row] for row in sheet.rows]
        for sheet in load_workbook(BytesIO(saved))
    }


def expected(columns, rows):
    """The header and the rows of a sheet as a spreadsheet holds them."""
    header = [column.header for column in columns]
    return [header, *([held(c.kind, v) for c, v in zip(columns, row, strict=True)] for row in rows)]


def held(kind, value):
    """A text is one whatever it looks like; an amount is exact; a day is one, at no hour."""
    if value is None or value == "":
        return None
    if kind == Kind.DATE:
        return datetime.datetime.combine(value, datetime.time())
    if kind in (Kind.MONEY, Kind.INTEGER):
        return value
    return str(value).replace("\u00a0", " ").replace("\u202f", " ")


def exact(sheet):
    """Numbers as they are written, to the last decimal: none was rounded on its way."""
    return [[Decimal(str(v)) if isinstance(v, float) else v for v in row] for row in sheet]


def totals_of(columns, rows):
    """The last line of a list: "Total", then the sum of what is added up."""
    sums = [
        sum(row[place] for row in rows) if column.is_totalled else None
        for place, column in enumerate(columns)
    ]
    return ["Total", *sums[1:]]


class TestBatch:
    def test_each_cell_of_its_workbook_is_what_the_titre_holds(self, libreoffice, batch, workbook):
        sheets = read_back(libreoffice, workbook)
        titres = columns.of_batch(batch)
        assert list(sheets) == ["Titres", "Écoles", "Totaux"]
        assert exact(sheets["Titres"]) == expected(columns.COLUMNS, columns.titre_rows(titres))
        schools = expected(columns.SCHOOL_COLUMNS, columns.school_rows(titres))
        assert len(schools) == 1 + batch.school_count
        assert exact(sheets["Écoles"]) == schools
        assert exact(sheets["Totaux"])[1:] == [
            ["titre initial", len(NAMES), batch.school_count, batch.amount],
            ["Ensemble", len(NAMES), batch.school_count, batch.amount],
        ]

        self.nothing_is_lost(sheets["Titres"])

    def nothing_is_lost(self, sheet):
        """The same, said without the code that writes them."""
        header, *rows = sheet
        found = {row["Débiteur"]: row for row in (dict(zip(header, r, strict=True)) for r in rows)}
        for number, name in enumerate(NAMES):
            row = found.pop(name)
            assert row["SIRET"] == siret_of(siren_beginning_with_zero(number))
            assert row["Code tiers Chorus"] == f"000{number:07d}"
            assert row["Code service Chorus"] == name
            assert row["Code postal"] == row["Code INSEE"] == f"09{number:03d}"
            assert (row["Fonds"], row["Centre de coûts"]) == ("0140", "1E5")
            if not number:
                assert Decimal(str(row["Montant"])) == MOST_SCHOOLS * TO_THE_CENT
                assert len(row["Codes UAI"].split(", ")) == MOST_SCHOOLS
                assert len(row["Codes UAI"]) > 255
        assert not found

    def test_each_sheet_shows_codes_whole_days_in_french_and_cents(
        self, libreoffice, batch, workbook
    ):
        saved = libreoffice("book.xlsx", workbook, SHOWN)
        assert sorted(saved) == ["book-Titres.csv", "book-Totaux.csv", "book-Écoles.csv"]
        rows = shown(saved["book-Titres.csv"])
        titres = Titre.objects.order_by("pk")
        assert [row["SIRET"] for row in rows] == [titre.siret for titre in titres]
        assert {row["Date de la dernière signature"] for row in rows} == {"10/10/2022"}
        assert {row["Date exécutoire de l'acte"] for row in rows} == {"13/10/2022"}
        amounts = {row["Débiteur"]: digits(row["Montant"]) for row in rows}
        assert amounts == dict.fromkeys(NAMES, "4137") | {NAMES[0]: "248220"}
        assert not any("###" in cell for row in rows for cell in row.values())
        schools = shown(saved["book-Écoles.csv"])
        uais = [school["uai"] for titre in titres for school in titre.schools]
        assert [row["Code UAI"] for row in schools] == uais
        assert {row["Département"] for row in schools} == {"34"}
        assert digits(shown(saved["book-Totaux.csv"])[-1]["Montant net"]) == digits(batch.amount)


def shown(content):
    return list(csv.DictReader(StringIO(content.decode(), newline=""), delimiter=";"))


def digits(amount):
    return "".join(sign for sign in str(amount) if sign.isdigit())


class TestLists:
    def test_each_cell_of_the_list_of_claims_is_what_is_due(
        self, libreoffice, batch, as_finance, today
    ):
        issue(batch.titres.order_by("pk")[1], chorus_number="0000012", on=today)
        url = reverse("claims_export", args=["xlsx"])
        export = as_finance.get(url, {"campaign": batch.campaign.pk}).getvalue()
        (sheet,) = read_back(libreoffice, export).values()
        dues = {due.convention.reference: due for due in map(due_of, claimable())}
        assert {row[0] for row in sheet[1:-1]} == set(dues)
        rows = [[column.take(dues[row[0]]) for column in CLAIM_COLUMNS] for row in sheet[1:-1]]
        assert exact(sheet[:-1]) == expected(CLAIM_COLUMNS, rows)
        assert exact(sheet[-1:]) == [totals_of(CLAIM_COLUMNS, rows)]
        assert "0000012" in {row[sheet[0].index("Numéro Chorus")] for row in sheet}

    def test_each_cell_of_what_is_owed_is_what_the_ledger_says(
        self, libreoffice, batch, as_finance, today
    ):
        for titre in batch.titres.order_by("pk"):
            issue(titre)
        tell(batch.titres.order_by("pk")[2], EntryKind.RECEIVED, amount="0.07")
        export = as_finance.get(reverse("owed_export", args=["xlsx"])).getvalue()
        (sheet,) = read_back(libreoffice, export).values()
        lines = aged_by_debtor(Titre.objects.all(), today)
        rows = [[column.take(line) for column in OWED_COLUMNS] for line in lines]
        assert exact(sheet[:-1]) == expected(OWED_COLUMNS, rows)
        assert exact(sheet[-1:]) == [totals_of(OWED_COLUMNS, rows)]


class TestReturn:
    """A batch's file filled in by the accountant, saved by LibreOffice, imported as a return."""

    NUMBER, DAY = "Numéro du titre Chorus", "Date du titre Chorus"

    @pytest.fixture
    def layout(self):
        headers = [column.header for column in columns.COLUMNS]
        facts = {
            "reference": "Référence interne",
            "siret": "SIRET",
            "amount": "Montant",
            "chorus_number": self.NUMBER,
            "on": self.DAY,
        }
        places = {fact: headers.index(header) for fact, header in facts.items()}
        return Layout(columns=places, default_kind=EntryKind.ISSUED)

    @pytest.mark.parametrize("target", ["xlsx", "ods", "csv"])
    def test_our_csv_opened_filled_and_saved(
        self, libreoffice, batch, finance, today, layout, target
    ):
        header, *rows = csv.reader(
            StringIO(written(batch, "csv").decode("utf-8-sig"), newline=""), delimiter=";"
        )
        for number, row in enumerate(rows):
            row[header.index(self.NUMBER)] = f"X{number:04d}"
            row[header.index(self.DAY)] = f"{today:%d/%m/%Y}"
        filled = StringIO(newline="")
        csv.writer(filled, delimiter=";").writerows([header, *rows])
        saved = libreoffice(
            "batch.csv",
            filled.getvalue().encode("utf-8-sig"),
            target,
            f"--infilter={OPENED_IN_FRENCH}",
        )
        self.come_in(saved, f"batch.{target}", finance, layout, today)

    @pytest.mark.parametrize("target", ["xlsx", "ods"])
    def test_our_workbook_filled_and_saved(
        self, libreoffice, workbook, finance, today, layout, target
    ):
        book = load_workbook(BytesIO(workbook))
        sheet = book["Titres"]
        for number, row in enumerate(sheet.iter_rows(min_row=2)):
            row[layout.columns["chorus_number"]].value = f"X{number:04d}"
            row[layout.columns["on"]].value = today
        filled = BytesIO()
        book.save(filled)
        saved = libreoffice("batch.xlsx", filled.getvalue(), target)
        self.come_in(saved, f"batch.{target}", finance, layout, today)

    def come_in(self, saved, name, finance, layout, today):
        received, _ = applying.receive(name, saved[name], by=finance)
        outcomes = applying.apply(received, layout, by=finance).rows
        titres = list(Titre.objects.order_by("pk"))
        assert [outcome.finding for outcome in outcomes] == [Finding.APPLIED] * len(titres)
        entries = [outcome.entry for outcome in outcomes]
        assert [entry.titre_id for entry in entries] == [titre.pk for titre in titres]
        assert [entry.amount for entry in entries] == [titre.amount for titre in titres]
        assert {entry.on for entry in entries} == {today}
        assert [entry.chorus_number for entry in entries] == [
            f"X{number:04d}" for number in range(len(titres))
        ]
