"""Workbooks are unfolded by a process of its own: bounded, whatever the file holds."""

import io
import zipfile

import openpyxl
import pytest

from incoming import confined
from tabular import reading, workbooks
from tabular.reading import UnreadableFile
from tabular.sheets import read_table


def workbook(cells: dict[str, str]) -> bytes:
    """An XLSX whose cells, by their names, hold these texts."""
    written = openpyxl.Workbook()
    for name, text in cells.items():
        written.active[name] = text
    target = io.BytesIO()
    written.save(target)
    return target.getvalue()


def with_sheet(xml: bytes) -> bytes:
    """An XLSX with this in the place of its rows, however large."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook({"A1": "Commune"}))) as archive,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as other,
    ):
        for entry in archive.infolist():
            content = archive.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                before, _, after = content.partition(b"<sheetData>")
                content = before + b"<sheetData>" + xml + after.partition(b"</sheetData>")[2]
                content = content.replace(b"</worksheet>", b"</sheetData></worksheet>")
            other.writestr(entry.filename, content)
    return target.getvalue()


def bomb(rows: int) -> bytes:
    """An XLSX of as many rows of four hundred numbers."""
    return with_sheet(b"<row>" + (b"<c><v>1</v></c>" * 400 + b"</row><row>") * rows + b"</row>")


def test_the_rows_are_those_of_the_sheet_from_its_first_line_and_column_on():
    rows = workbooks.first_sheet(workbook({"B2": "Commune", "C2": "Code", "B4": "Agde"}))
    assert list(rows) == [[], ["", "Commune", "Code"], [], ["", "Agde"]]


def test_a_cell_missing_at_the_end_of_a_row_is_empty():
    columns = (reading.Column("code", ("code",)), reading.Column("name", ("nom",), True))
    table = reading.read(
        workbook({"A1": "nom", "B1": "code", "A2": "Agde", "A3": "Sète", "B3": "34301"}), columns
    )
    assert [(row["name"], row["code"]) for row in table.rows] == [("Agde", ""), ("Sète", "34301")]


# --- Limits ------------------------------------------------------------------------
@pytest.fixture
def little_memory(monkeypatch):
    """What a small bomb fills, for a test to be quick."""
    monkeypatch.setattr(confined, "MAX_MEMORY", 150 * 1024**2)


def refused(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as refusal:
        read_table(content)
    return str(refusal.value)


def test_an_ordinary_workbook_fits_in_the_memory_of_these_tests(little_memory):
    assert len(read_table(bomb(20)).lines) == 19


def test_a_workbook_that_unfolds_without_end_is_refused_with_a_way_out(little_memory):
    content = bomb(5000)
    assert len(content) < 300_000
    said = refused(content)
    assert "trop de calcul ou de mémoire" in said
    assert "type « CSV UTF-8 »" in said


def test_a_cell_at_the_other_end_of_the_sheet_is_refused():
    """Every cell between both is kept room for: 500 GB."""
    said = refused(workbook({"A1": "Commune", "A2": "Agde", "XFD1048576": "."}))
    assert "dans un nouveau classeur" in said


def test_an_archive_that_announces_more_than_is_unfolded_is_not_unfolded():
    announced = bytearray(bomb(1))
    directory = announced.rindex(b"xl/worksheets/sheet1.xml") - 46
    announced[directory + 24 : directory + 28] = (2**31).to_bytes(4, "little")
    assert "trop de calcul" in refused(bytes(announced))


def test_a_workbook_that_takes_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(confined, "MAX_SECONDS", 0.001)
    assert "trop de calcul" in refused(workbook({"A1": "Commune", "A2": "Agde"}))


def test_more_text_than_a_list_may_hold_is_refused(monkeypatch):
    """As for a CSV: it would be kept in the memory of the site."""
    monkeypatch.setattr(workbooks, "_MAX_CHARACTERS", 10)
    with pytest.raises(workbooks.TooHeavyWorkbook):
        workbooks._unfold(workbook({"A1": "Commune", "A2": "Agde"}))


def test_what_is_damaged_is_told_apart_from_what_is_too_heavy():
    assert "illisible" in refused(workbook({"A1": "Commune"})[:-40])
