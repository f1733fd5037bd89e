"""A batch's files: from its titres' own columns, named and checked by their hash."""

import csv
import datetime
import hashlib
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import pypdfium2
import pytest
from django.urls import reverse
from openpyxl import load_workbook

from billing.batches import files, tasks
from billing.batches.columns import COLUMNS
from billing.batches.confirming import confirm
from billing.batches.outcomes import withdraw
from billing.coding.models import BudgetYear, Coding
from billing.models import Batch
from communes.models import Collectivity
from conventions.models import ConfirmedParty

from .conftest import prepared, request

pytestmark = pytest.mark.django_db


def content(batch, kind):
    with batch.files.get(kind=kind).file.open("rb") as file:
        return file.read()


def text_of(pdf):
    pages = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_bounded() for page in pages)


def csv_rows(batch):
    text = content(batch, "csv").decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=";"))


def book(batch):
    return load_workbook(BytesIO(content(batch, "xlsx")))


def column(header):
    """Return the 1-based index of a column, as openpyxl counts."""
    return [column.header for column in COLUMNS].index(header) + 1


class TestCsv:
    def test_villeneuve_is_one_row_of_two_schools_and_90_euros(self, villeneuve, finance):
        (row,) = csv_rows(request(villeneuve.campaign, finance))
        assert row["Débiteur"] == "Commune de Villeneuve-lès-Maguelone"
        assert row["SIRET"] == "21340337100015"
        assert row["Code INSEE"] == "34337"
        assert row["Nombre d'écoles"] == "2"
        assert row["Codes UAI"] == "0341255E, 0342026T"
        assert row["Montant"] == "90,00"
        assert row["Base de liquidation"] == (
            "2 écoles × 45,00 € = 90,00 €, convention ENT-2022-34337 du 10/10/2022, "
            "année scolaire 2022-2023"
        )
        assert row["Date de la dernière signature"] == "10/10/2022"
        assert row["Date exécutoire de l'acte"] == "13/10/2022"
        assert row["Exercice"] == ""

    def test_it_is_utf8_with_a_bom_semicolons_and_crlf(self, villeneuve, finance):
        written = content(request(villeneuve.campaign, finance), "csv")
        header = ";".join(column.header for column in COLUMNS)
        assert written.startswith(b"\xef\xbb\xbf" + header.encode() + b"\r\n")
        assert written.count(b"\r\n") == written.count(b"\n") == 2

    def test_the_coding_of_the_year_is_on_every_row(self, villeneuve, finance):
        year = BudgetYear.objects.create(year=2026)
        Coding.objects.create(budget_year=year, fonds="0140", centre_de_couts="RECOCC034")
        (row,) = csv_rows(request(villeneuve.campaign, finance))
        assert (row["Fonds"], row["Centre de coûts"], row["Activité"]) == ("0140", "RECOCC034", "")

    @pytest.mark.parametrize("name", ["=1+1", "+33", "-2", "@SUM", 'Le "Bourg" ; centre'])
    def test_a_name_never_runs_as_a_formula_nor_breaks_a_row(self, villeneuve, finance, name):
        type(villeneuve).objects.update(collectivity_title=name)
        (row,) = csv_rows(request(villeneuve.campaign, finance))
        assert row["Débiteur"] == (name if name.startswith("Le") else f"'{name}")


class TestXlsx:
    def test_identifiers_are_text_and_amounts_are_numbers(self, villeneuve, finance):
        row = book(request(villeneuve.campaign, finance))["Titres"][2]
        siret, amount = row[column("SIRET") - 1], row[column("Montant") - 1]
        assert (siret.value, siret.data_type, siret.number_format) == ("21340337100015", "s", "@")
        assert (amount.value, amount.number_format) == (90, "#,##0.00 €")

    def test_a_long_text_is_no_code_which_a_spreadsheet_shows_as_crosses(self, villeneuve, finance):
        row = book(request(villeneuve.campaign, finance))["Titres"][2]
        basis = row[column("Base de liquidation") - 1]
        assert (basis.data_type, basis.number_format) == ("s", "General")

    def test_dates_are_dates(self, villeneuve, finance):
        sheet = book(request(villeneuve.campaign, finance))["Titres"]
        cell = sheet.cell(2, column("Date de la dernière signature"))
        assert cell.value == datetime.datetime(2022, 10, 10)  # noqa: DTZ001

    def test_a_formula_in_a_name_stays_text(self, villeneuve, finance):
        type(villeneuve).objects.update(collectivity_title="=1+1")
        sheet = book(request(villeneuve.campaign, finance))["Titres"]
        cell = sheet.cell(2, column("Débiteur"))
        assert (cell.value, cell.data_type) == ("=1+1", "s")

    def test_the_header_is_fixed_filters_and_is_printed_on_each_page(self, villeneuve, finance):
        sheet = book(request(villeneuve.campaign, finance))["Titres"]
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet.print_title_rows == "$1:$1"

    def test_totals_stand_on_a_sheet_of_their_own(self, sign_many, finance):
        batch = request(sign_many(5)[0].campaign, finance)
        workbook = book(batch)
        assert workbook.sheetnames == ["Titres", "Écoles", "Totaux"]
        first = [cell.value for cell in workbook["Titres"]["A"]]
        assert first[1:] == list(batch.titres.order_by("pk").values_list("reference", flat=True))
        whole = [cell.value for cell in list(workbook["Totaux"])[-1]]
        assert whole == ["Ensemble", 5, batch.school_count, batch.amount]
        schools = list(workbook["Écoles"])[1:]
        assert len(schools) == batch.school_count


class TestSlip:
    def test_it_says_the_total_in_figures_and_in_letters_and_bears_the_hashes(
        self, villeneuve, sign_many, finance
    ):
        sign_many(2)
        batch = request(villeneuve.campaign, finance)
        printed = " ".join(text_of(content(batch, "pdf")).split())
        assert batch.amount == Decimal("225.00")
        assert "225,00 €" in printed.replace("\u00a0", " ")
        assert "deux cent vingt-cinq euros" in printed
        for file in batch.files.exclude(kind="pdf"):
            assert file.sha256 in printed.replace(" ", "")

    def test_screen_csv_xlsx_and_batch_agree_to_the_cent(self, villeneuve, sign_many, finance):
        sign_many(4)
        batch = request(villeneuve.campaign, finance)
        by_csv = sum(Decimal(row["Montant"].replace(",", ".")) for row in csv_rows(batch))
        cells = list(book(batch)["Titres"].columns)[column("Montant") - 1][1:]
        assert batch.amount == by_csv == sum(cell.value for cell in cells)
        assert batch.amount == sum(share.amount for share in files.shares_of(batch))


class TestKept:
    def test_they_are_named_by_their_hash(self, villeneuve, finance):
        batch = request(villeneuve.campaign, finance)
        for stored in batch.files.all():
            written = content(batch, stored.kind)
            assert hashlib.sha256(written).hexdigest() == stored.sha256
            assert stored.sha256 in stored.file.name
            assert stored.size == len(written)

    def test_another_batch_never_takes_a_files_place(self, villeneuve, sign_many, finance):
        """As when a process died between its number and its file, and another came."""
        first = request(villeneuve.campaign, finance)
        before = content(first, "csv")
        withdraw(first, reason="Erreur.", by=finance)
        sign_many(3)
        second = request(villeneuve.campaign, finance)
        assert (first.number, second.number) == (1, 2)
        assert content(first, "csv") == before
        assert len(csv_rows(second)) == 4

    def test_made_again_they_are_the_same_bytes(self, villeneuve, finance):
        batch = request(villeneuve.campaign, finance)
        before = {stored.kind: content(batch, stored.kind) for stored in batch.files.all()}
        Collectivity.objects.update(name="Ailleurs", postcode="00000", city="Ailleurs")
        elsewhere = ConfirmedParty.copy_of(Collectivity.objects.get())
        elsewhere.save()
        type(villeneuve).objects.update(party=elsewhere)
        again = BytesIO()
        for kind, write in files.WRITERS.items():
            again = BytesIO()
            write(batch, again)
            assert again.getvalue() == before[kind]

    def test_a_killed_worker_leaves_what_is_missing_to_the_next(self, villeneuve, finance):
        batch = confirm(prepared(villeneuve.campaign, finance), by=finance)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(files.WRITERS, "xlsx", killed)
            with pytest.raises(RuntimeError):
                tasks.write_files(batch.pk)
        assert [file.kind for file in batch.files.all()] == ["csv"]
        tasks.write_missing_files()
        assert {file.kind for file in batch.files.all()} == {"csv", "xlsx", "pdf"}
        assert not Batch.objects.without_files().exists()

    def test_a_file_changed_in_storage_is_not_sent(self, villeneuve, finance, as_finance):
        batch = request(villeneuve.campaign, finance)
        url = reverse("batch_file", args=["2022-2023", batch.number, "csv"])
        assert as_finance.get(url).getvalue() == content(batch, "csv")
        Path(batch.files.get(kind="csv").file.path).write_bytes(b"autre chose")
        page = as_finance.get(url, follow=True).content.decode()
        assert "n&#x27;est plus, dans le stockage, le fichier qui a été remis" in page

    def test_a_file_that_storage_lost_is_said(self, villeneuve, finance, as_finance):
        batch = request(villeneuve.campaign, finance)
        Path(batch.files.get(kind="xlsx").file.path).unlink()
        url = reverse("batch_file", args=["2022-2023", batch.number, "xlsx"])
        assert "sauvegarde" in as_finance.get(url, follow=True).content.decode()


def killed(batch, target):
    raise RuntimeError


@pytest.mark.parametrize(("kind", "queries"), [("csv", 1), ("xlsx", 3), ("pdf", 3)])
def test_writing_takes_as_many_queries_for_many_titres_as_for_few(
    sign_many, finance, kind, queries, django_assert_num_queries, sample
):
    few = request(sign_many(3)[0].campaign, finance)
    many = request(sign_many(sample(6, 40), 2023)[0].campaign, finance)
    assert many.titre_count > few.titre_count
    for batch in (few, many):
        with django_assert_num_queries(queries):
            files.WRITERS[kind](batch, BytesIO())
