"""Official files come in many variants; all are read, the unreadable are named as such."""

import contextlib
import datetime
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabular import reading
from tabular.reading import Column, UnreadableFile

COLUMNS = (
    Column("code", ("code_insee", "codgeo"), required=True),
    Column("name", ("nom", "libellé"), required=True),
    Column("postcode", ("code_postal",)),
)
PLAIN = "code_insee;nom;code_postal\n34337;Villeneuve-lès-Maguelone;34750\n30350;Le Vigan;30120\n"


def rows(content):
    if isinstance(content, str):
        content = content.encode()
    return [
        (row["code"], row["name"], row["postcode"]) for row in reading.read(content, COLUMNS).rows
    ]


EXPECTED = [("34337", "Villeneuve-lès-Maguelone", "34750"), ("30350", "Le Vigan", "30120")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN.encode(), id="utf-8"),
        pytest.param(PLAIN.encode("utf-8-sig"), id="utf-8 with BOM"),
        pytest.param(PLAIN.encode("cp1252"), id="cp1252"),
        pytest.param(PLAIN.encode("utf-16"), id="a spreadsheet's Unicode text"),
        pytest.param(PLAIN.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(PLAIN.replace("\n", "\r").encode(), id="CR"),
        pytest.param(PLAIN.replace(";", ",").encode(), id="commas"),
        pytest.param(PLAIN.replace(";", "\t").encode(), id="tabs"),
        pytest.param(("\n" + PLAIN + "\n;;\n\n").encode(), id="blank lines"),
        pytest.param(PLAIN.replace("Le Vigan", "  Le   Vigan ").encode(), id="spaces"),
        pytest.param(PLAIN.replace(";", '";"').replace("\n", '"\n').encode(), id="quotes"),
    ],
)
def test_every_encoding_line_end_and_delimiter_is_read(content):
    if content.startswith(b'code_insee"'):
        content = b"\n".join(b'"' + line for line in content.splitlines())
    assert rows(content) == EXPECTED


@pytest.mark.parametrize(
    "header",
    [
        "Code INSEE;Nom;Code postal",
        "CODE_INSEE;NOM;CODE_POSTAL",
        "codgeo;Libelle;code-postal",
        '"Code INSEE" ;" Nom";Code_postal',
    ],
)
def test_headers_match_without_case_accents_spaces_or_underscores(header):
    assert rows(PLAIN.replace("code_insee;nom;code_postal", header)) == EXPECTED


def test_columns_are_found_in_any_order_among_others():
    assert rows("x;nom;y;code_insee\n1;Le Vigan;2;30350\n") == [("30350", "Le Vigan", "")]


def test_the_first_alias_wins_when_a_file_holds_several():
    assert rows("codgeo;code_insee;nom\n1;30350;Le Vigan\n") == [("30350", "Le Vigan", "")]


def test_a_delimiter_inside_quotes_does_not_mislead():
    content = 'code_insee,nom,"a;b;c;d;e"\n30350,"Vigan, Le; bas",1\n'
    assert rows(content) == [("30350", "Vigan, Le; bas", "")]


def test_a_line_break_inside_quotes_keeps_the_line_numbers_right():
    content = 'code_insee;nom\n1;"Le\nVigan"\n2;Agde\n'
    assert [row.line for row in reading.read(content.encode(), COLUMNS).rows] == [2, 4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "vide"),
        (b"\xef\xbb\xbf \n", "vide"),
        (PLAIN.splitlines()[0].encode(), "aucune ligne"),
        (b"PK\x03\x04" + b"\0" * 50, "CSV UTF-8"),
        (b"%PDF-1.7", "un PDF"),
        (b"\xd0\xcf\x11\xe0 xls", "classeur est illisible"),
        (b"code_insee;nom\n34\x00337;Agde\n", "pas un fichier texte"),
        (b"\x81\x8d\x8f", "illisibles"),
        (b"<html><body>Erreur 404</body></html>", "Colonnes introuvables"),
    ],
)
def test_what_is_not_a_csv_is_refused_with_a_way_out(content, message):
    with pytest.raises(UnreadableFile, match=message):
        rows(content)


def test_missing_columns_are_named_with_the_headers_found():
    with pytest.raises(UnreadableFile) as error:
        rows("Code postal;Ville\n34750;Agde\n")
    assert str(error.value) == (
        "Colonnes introuvables : « code_insee », « nom ». "
        "Les en-têtes du fichier sont : « Code postal », « Ville »."
    )


def test_a_file_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    with pytest.raises(UnreadableFile, match="dépasse"):
        rows(PLAIN)


def test_a_row_with_too_few_or_too_many_cells_is_refused_alone():
    table = reading.read(b"code_insee;nom\n1;Agde;x\n2\n3;Le Vigan;\n", COLUMNS)
    assert [refusal.line for refusal in table.refused] == [2, 3]
    assert [row["name"] for row in table.rows] == ["Le Vigan"]


def test_a_quote_left_open_is_told_rather_than_swallowing_rows():
    content = 'code_insee;nom\n1;"Agde\n' + "2;Le Vigan\n" * 30
    with pytest.raises(UnreadableFile, match="ligne 2"):
        rows(content)


SHEET = [
    ["Communes de l'Hérault"],
    [],
    ["CODE INSEE", "Nom", "Code postal", "Population", "Vu le"],
    [34337, "Villeneuve-lès-Maguelone", 34750, 55.0, datetime.date(2026, 11, 24)],
    [30350, "Le Vigan", "30120", "", ""],
    [],
    ["TOTAL", "", "", 55, ""],
]
KEPT = (
    *COLUMNS,
    Column("population", ("population",)),
    Column("seen_on", ("vu_le",)),
)


def as_xlsx(rows):
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def as_ods(rows):
    """An OpenDocument sheet as its specification has it: typed cells, rows of their own length."""

    def cell(value):
        if isinstance(value, datetime.date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
        if isinstance(value, int | float):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        return (
            '<table:table-cell office:value-type="string">'
            f"<text:p>{value}</text:p></table:table-cell>"
        )

    names = "urn:oasis:names:tc:opendocument:xmlns:"
    body = "".join(
        f"<table:table-row>{''.join(map(cell, row)) or '<table:table-cell/>'}</table:table-row>"
        for row in rows
    )
    content = (
        f'<office:document-content xmlns:office="{names}office:1.0" '
        f'xmlns:table="{names}table:1.0" xmlns:text="{names}text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="A">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{names}manifest:1.0"/>',
        )
    return target.getvalue()


def as_csv(rows):
    """What a spreadsheet writes: as many separators on every line, numbers with their decimals."""
    return "".join(
        ";".join([*map(str, row), *[""] * (5 - len(row))]) + "\r\n" for row in rows
    ).encode("cp1252")


@pytest.mark.parametrize("written", [as_xlsx, as_ods, as_csv])
def test_a_sheet_is_read_under_its_title_above_its_total_typed_cells_as_text(written):
    table = reading.read(written(SHEET), KEPT)
    assert [(row.line, row["code"], row["postcode"]) for row in table.rows] == [
        (4, "34337", "34750"),
        (5, "30350", "30120"),
    ]
    assert (table.rows[0]["population"], table.rows[0]["seen_on"]) == ("55", "2026-11-24")
    assert table.refused == []


def test_what_stands_beside_the_table_of_a_workbook_refuses_no_row():
    noted = [*SHEET[:3], [*SHEET[3], "vu avec le maire"]]
    assert [row["code"] for row in reading.read(as_xlsx(noted), KEPT).rows] == ["34337"]


def test_headers_not_recognised_are_told_without_a_wall_of_empty_quotes():
    with pytest.raises(UnreadableFile, match=r"sont : « Ville », « Rue »\.$"):
        rows("Ville;Rue;;;;;\nAgde;x;;;;;\n")


def test_of_a_workbook_it_is_told_that_the_first_sheet_was_read():
    with pytest.raises(UnreadableFile, match="de la première feuille sont : « Lisez-moi »"):
        rows(as_xlsx([["Lisez-moi"]]))


@given(st.binary(max_size=400))
def test_whatever_the_bytes_they_are_read_or_refused_in_words(content):
    with contextlib.suppress(UnreadableFile):
        rows(content)


@pytest.mark.parametrize("text", ["2,17003E+13", "2.17003e+13", "1E5"])
def test_scientific_notation_is_recognised(text):
    assert reading.is_scientific(text)


@pytest.mark.parametrize("row", ["a;" * 500 + "a\n", "code_insee;nom\n1;Agde" + ";x" * 500 + "\n"])
def test_a_file_wider_than_any_list_is_refused(row):
    with pytest.raises(UnreadableFile, match="plus de 500 colonnes"):
        rows(row)


def test_empty_columns_beyond_those_of_a_list_are_left_out():
    assert rows("code_insee;nom" + ";" * 2000 + "\n34003;Agde" + ";" * 2000 + "\n")
