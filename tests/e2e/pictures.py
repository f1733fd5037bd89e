"""The pictures of README.md and docs/visite.md: `script/pictures` takes them, no test session."""

import io
import subprocess

import pytest
from PIL import Image, ImageOps

from .conftest import ROOT, enter

IMAGES = ROOT / "docs/images"
DESKTOP = 1280
# Two pages side by side, in points an inch and pixels.
RESOLUTION, MARGIN = 72, 24


@pytest.mark.parametrize(
    ("name", "account", "path", "height"),
    [
        ("town-hall", "Mairie d’Agde", "/conventions/2026-2027/34003/", 980),
        ("rectorat", "Rectorat", "/admin/", 580),
        ("finance", "Finances", "/titres/?campagne=2026", 980),
    ],
)
def test_a_screen(visitor, name, account, path, height):
    page = visitor(viewport={"width": DESKTOP, "height": height})
    enter(page, account)
    page.goto(path)
    keep(Image.open(io.BytesIO(page.screenshot())), name)


def test_the_two_documents_of_the_published_file(visitor):
    page = visitor()
    enter(page, "Mairie de Villeneuve")
    page.goto("/conventions/2022-2023/34337/")
    sheets = []
    for name in ("Acte à signer", "Convention à signer"):
        with page.expect_download() as found:
            page.get_by_role("link", name=name).first.click()
        command = ["pdftoppm", "-r", str(RESOLUTION), "-singlefile", "-png", found.value.path()]
        printed = subprocess.run(command, capture_output=True, check=True).stdout
        sheet = Image.open(io.BytesIO(printed)).convert("RGB")
        sheets.append(ImageOps.expand(ImageOps.expand(sheet, 1, "silver"), MARGIN, "whitesmoke"))
    both = Image.new("RGB", (sum(s.width for s in sheets), sheets[0].height))
    both.paste(sheets[0], (0, 0))
    both.paste(sheets[1], (sheets[0].width, 0))
    keep(both, "documents")


def keep(picture, name):
    """Write it small: a screen has few colours."""
    picture.convert("RGB").quantize(128).save(IMAGES / f"{name}.png", optimize=True)
