import csv
import datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from billing import claims as claims_of
from billing import exports
from billing.columns import COLUMNS
from billing.models import ChorusSettings

pytestmark = pytest.mark.django_db


def all_claims(convention):
    return claims_of.claims(claims_of.claimable(convention.campaign))


def csv_bytes(convention):
    return b"".join(exports.csv_lines(all_claims(convention)))


def csv_rows(convention):
    text = csv_bytes(convention).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=";"))


def sheet(convention):
    content = exports.xlsx(all_claims(convention), convention.campaign.school_year)
    return load_workbook(BytesIO(content)).active


def column(header):
    """Return the 1-based index of a column, as openpyxl counts."""
    return [column.header for column in COLUMNS].index(header) + 1


class TestCsv:
    def test_villeneuve_is_one_row_of_two_schools_and_90_euros(self, villeneuve):
        (row,) = csv_rows(villeneuve)
        assert row["Débiteur"] == "Commune de Villeneuve-lès-Maguelone"
        assert row["SIRET"] == "21340337100015"
        assert row["Nombre d'écoles"] == "2"
        assert row["Codes UAI"] == "0341255E, 0342026T"
        assert row["Montant"] == "90,00"
        assert row["Base de liquidation"] == (
            "2 écoles x 45,00 € = 90,00 €, convention ENT-2022-34337 du 10/10/2022, "
            "année scolaire 2022-2023"
        )
        assert row["Date de la dernière signature"] == "10/10/2022"
        assert row["Date exécutoire de l'acte"] == "13/10/2022"
        assert row["Statut"] == "à émettre"

    def test_it_is_utf8_with_a_bom_semicolons_and_crlf(self, villeneuve):
        content = csv_bytes(villeneuve)
        header = ";".join(column.header for column in COLUMNS)
        assert content.startswith(b"\xef\xbb\xbf" + header.encode() + b"\r\n")
        assert content.count(b"\r\n") == content.count(b"\n") == 2

    def test_the_coding_is_on_every_row(self, villeneuve):
        ChorusSettings(fonds="0140", centre_de_couts="RECOCC034").save()
        (row,) = csv_rows(villeneuve)
        assert (row["Fonds"], row["Centre de coûts"], row["Activité"]) == ("0140", "RECOCC034", "")


class TestXlsx:
    def test_identifiers_are_text_and_amounts_are_numbers(self, villeneuve):
        row = sheet(villeneuve)[2]
        siret, amount = row[column("SIRET") - 1], row[column("Montant") - 1]
        assert (siret.value, siret.data_type, siret.number_format) == ("21340337100015", "s", "@")
        assert (amount.value, amount.number_format) == (90, "#,##0.00 €")

    def test_dates_are_dates(self, villeneuve):
        cell = sheet(villeneuve).cell(2, column("Date de la dernière signature"))
        assert cell.value == datetime.datetime(2022, 10, 10)  # noqa: DTZ001

    def test_a_formula_in_a_name_stays_text(self, villeneuve):
        type(villeneuve).objects.update(collectivity_title="=1+1")
        cell = sheet(villeneuve).cell(2, column("Débiteur"))
        assert (cell.value, cell.data_type) == ("=1+1", "s")

    def test_the_header_is_fixed_and_filters(self, villeneuve):
        read = sheet(villeneuve)
        assert read.freeze_panes == "B2"
        assert read.auto_filter.ref == "A1:AF2"

    def test_the_last_row_adds_up_to_the_totals_of_the_screen(self, sign_many):
        convention = sign_many(5)[0]
        totals = claims_of.totals(claims_of.claimable(convention.campaign))
        last = sheet(convention)[7]
        assert last[0].value == "Total"
        assert last[column("Nombre d'écoles") - 1].value == totals.schools
        assert Decimal(str(last[column("Montant") - 1].value)) == totals.amount

    def test_the_same_claims_give_the_same_bytes(self, villeneuve):
        first, second = (exports.xlsx(all_claims(villeneuve), "2022-2023") for _ in range(2))
        assert first == second


@pytest.mark.parametrize("file_format", exports.CONTENT_TYPES)
def test_an_export_takes_as_many_queries_for_many_conventions_as_for_few(
    sign_many, file_format, django_assert_num_queries, sample
):
    campaign = sign_many(3)[0].campaign

    def export():
        rows = claims_of.claims(claims_of.claimable(campaign))
        return b"".join(exports.export(rows, file_format, campaign.school_year))

    # The coding, the conventions, their schools and their avenants.
    with django_assert_num_queries(5):
        export()
    sign_many(sample(4, 27))
    with django_assert_num_queries(5):
        export()
