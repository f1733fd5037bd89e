from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from billing.batches.management.commands import export_titres

pytestmark = pytest.mark.django_db


def export(year, file_format, output):
    out = StringIO()
    call_command(
        "export_titres", year, "--format", file_format, "--output", str(output), stdout=out
    )
    return out.getvalue()


def test_the_command_writes_the_csv_and_says_what_it_holds(villeneuve, tmp_path):
    path = tmp_path / "titres.csv"
    said = export("2022-2023", "csv", path)
    assert "1 créance, 90,00\u00a0€ dus, dont 90,00\u00a0€ à demander" in said
    assert path.read_text("utf-8-sig").count("\n") == 2


def test_the_command_writes_the_workbook(villeneuve, tmp_path):
    path = tmp_path / "titres.xlsx"
    export("2022-2023", "xlsx", path)
    assert load_workbook(path).active["A2"].value == "ENT-2022-34337"


def test_a_year_without_campaign_is_refused_with_the_known_ones(villeneuve, tmp_path):
    with pytest.raises(CommandError, match="Années connues : 2022-2023"):
        export("2031-2032", "csv", tmp_path / "titres.csv")


def test_an_unknown_format_is_refused(villeneuve, tmp_path):
    with pytest.raises(CommandError, match="choisissez csv ou xlsx"):
        export("2022-2023", "ods", tmp_path / "titres.ods")


def test_a_folder_that_does_not_exist_is_refused(villeneuve, tmp_path):
    with pytest.raises(CommandError, match="Impossible d'écrire"):
        export("2022-2023", "csv", tmp_path / "absent" / "titres.csv")


def test_a_failure_half_way_leaves_the_former_file_whole(villeneuve, tmp_path, monkeypatch):
    path = tmp_path / "exports" / "titres.csv"
    path.parent.mkdir()
    path.write_text("ancien")

    def broken(*args):
        yield b"moitie"
        raise RuntimeError

    monkeypatch.setattr(export_titres, "_content", broken)
    with pytest.raises(RuntimeError):
        export("2022-2023", "csv", path)
    assert [file.read_text() for file in path.parent.iterdir()] == ["ancien"]
