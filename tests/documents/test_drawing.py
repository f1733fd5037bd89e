"""Pages of received files are drawn by a process of its own: bounded, whatever the file holds."""

import io
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pikepdf
import pytest
from django.core.files import File
from PIL import Image
from pyhanko.pdf_utils import generic

from documents.received import drawing
from incoming import confined

from .certificates import mayor, sign
from .test_signatures import add_page, fill_in, issued, text_field, updated


@pytest.fixture
def kept(tmp_path):
    """Function from bytes to a file that holds them, as the storage gives it."""
    opened = []

    def keep(content: bytes):
        path = tmp_path / f"{len(opened)}.pdf"
        path.write_bytes(content)
        opened.append(path.open("rb"))
        return opened[-1]

    yield keep
    for file in opened:
        file.close()


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def readable(content: bytes) -> bytes:
    """The same pages, with the font that they call for."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        for page in pdf.pages:
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
            page.contents_add(b"BT /F 30 Tf 60 700 Td (Convention) Tj ET")
        buffer = io.BytesIO()
        pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def with_page(draw: bytes, **resources) -> bytes:
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    page.Resources = pikepdf.Dictionary(**resources)
    page.Contents = pdf.make_stream(draw)
    buffer = io.BytesIO()
    pdf.save(buffer)
    return buffer.getvalue()


# --- One page ---------------------------------------------------------------------
def test_a_page_is_drawn_at_its_size_and_turned(kept):
    file = kept(readable(issued()))
    assert picture(drawing.draw(file, 1, resolution=72)).size == (595, 842)
    assert picture(drawing.draw(file, 1, resolution=72, rotation=90)).size == (842, 595)


def test_a_file_is_read_from_its_start_wherever_it_was_left(kept):
    file = kept(readable(issued()))
    file.read(100)
    assert picture(drawing.draw(file, 1, resolution=72)).size == (595, 842)


def test_a_file_that_comes_from_a_bucket_is_drawn_as_well():
    with tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(readable(issued()))
        spooled.seek(0)
        drawn = drawing.draw(File(spooled), 1, resolution=72)
    assert picture(drawn).size == (595, 842)


def test_an_enormous_page_is_drawn_coarser(kept):
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(14_400, 14_400))
    buffer = io.BytesIO()
    pdf.save(buffer)
    drawn = picture(drawing.draw(kept(buffer.getvalue()), 1, resolution=300))
    assert drawn.width * drawn.height <= drawing.MAX_PIXELS * 1.01


@pytest.mark.parametrize("number", [0, 3, 10**9])
def test_a_page_that_is_not_there_is_not_drawn(kept, number):
    with pytest.raises(confined.Failed):
        drawing.draw(kept(issued()), number, resolution=72)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 rien", issued()[:200]])
def test_what_is_no_pdf_is_not_drawn(kept, content):
    with pytest.raises(confined.Failed):
        drawing.draw(kept(content), 1, resolution=72)


# --- Limits ------------------------------------------------------------------------
def endless() -> bytes:
    """A page that draws a pattern of patterns: 10^9 squares from a few hundred bytes."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    form = pdf.make_stream(b"0 0 1 1 re f")
    form.update({"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Form})
    form.BBox = [0, 0, 595, 842]
    for _ in range(9):
        outer = pdf.make_stream(b"1 0 0 1 3 3 cm /X Do\n" * 10)
        outer.Type, outer.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        outer.BBox = [0, 0, 595, 842]
        outer.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
        form = outer
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
    page.Contents = pdf.make_stream(b"/X Do")
    buffer = io.BytesIO()
    pdf.save(buffer)
    return buffer.getvalue()


def test_a_page_that_would_fill_the_memory_is_not_drawn(kept):
    with pytest.raises(confined.Failed):
        drawing.draw(kept(endless()), 1, resolution=72)


@pytest.fixture
def curious(kept, monkeypatch):
    """Function that has a program do something in the place of drawing."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return lambda what: confined.run("confined_curiosity", what, file=kept(b"")).decode()


def test_work_that_uses_the_processor_too_long_is_ended(curious, monkeypatch):
    monkeypatch.setattr(confined, "MAX_CPU_SECONDS", 1)
    with pytest.raises(confined.Failed, match=f"^-{signal.SIGKILL:d}"):
        curious("spin")


def test_work_that_waits_too_long_is_ended(curious, monkeypatch):
    monkeypatch.setattr(confined, "MAX_SECONDS", 0.5)
    with pytest.raises(confined.Failed, match="seconds"):
        curious("wait")


def test_work_that_takes_too_much_memory_is_ended(curious, monkeypatch):
    monkeypatch.setattr(confined, "MAX_MEMORY", 200 * 1024**2)
    with pytest.raises(confined.Failed, match="MemoryError"):
        curious("eat")


def test_work_is_told_no_setting_of_the_site(curious, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "secret")
    assert "SECRET" not in curious("look")


@pytest.mark.parametrize("what", ["write", "call", "start", "kill"])
def test_work_writes_no_file_asks_nobody_starts_and_ends_nothing(curious, what):
    with pytest.raises(confined.Failed, match=r"^1: (FileNotFoundError|PermissionError)"):
        curious(what)


# --- Two states, compared -----------------------------------------------------------
def test_the_pages_that_look_otherwise_are_found(kept):
    signed = sign(text_field(readable(issued())), mayor())
    file = kept(updated(signed, fill_in))
    found = drawing.find_differences(file, len(signed))
    assert found == drawing.Differences(pages=(1,), before=2, after=2, compared=2)


def test_a_signature_that_is_not_drawn_changes_no_page(kept):
    once = sign(readable(issued()), mayor())
    file = kept(sign(once, mayor(), field="Deuxième"))
    assert drawing.find_differences(file, len(once)).pages == ()


def test_a_page_that_was_added_looks_otherwise(kept):
    signed = sign(readable(issued()), mayor())
    file = kept(updated(signed, add_page))
    found = drawing.find_differences(file, len(signed))
    assert (found.pages, found.before, found.after) == ((3,), 2, 3)
    assert drawing.draw_compared(file, 3, signed_size=len(signed), as_signed=False)
    with pytest.raises(confined.Failed):
        drawing.draw_compared(file, 3, signed_size=len(signed), as_signed=True)


def test_what_differs_is_highlighted_on_both_and_the_rest_is_not(kept):
    signed = sign(text_field(readable(issued())), mayor())
    file = kept(updated(signed, fill_in))
    for as_signed in (True, False):
        drawn = picture(
            drawing.draw_compared(file, 1, signed_size=len(signed), as_signed=as_signed)
        )
        colours = {colour for _, colour in drawn.getcolors(drawn.width * drawn.height)}
        assert drawing._YELLOW in colours
        assert drawn.getpixel((5, 5)) == (255, 255, 255)


def test_a_difference_that_the_eye_does_not_see_is_found_all_the_same(kept):
    def stain(writer):
        page = writer.root["/Pages"]["/Kids"][0]
        pale = generic.StreamObject(stream_data=b"q 1 1 0.99 rg 100 100 50 50 re f Q")
        page["/Contents"].append(writer.add_object(pale))
        writer.update_container(page["/Contents"])

    signed = sign(readable(issued()), mayor())
    file = kept(updated(signed, stain))
    assert drawing.find_differences(file, len(signed)).pages == (1,)


def test_a_long_file_is_compared_up_to_a_limit(kept, monkeypatch):
    pdf = pikepdf.new()
    for _ in range(drawing.MAX_COMPARED_PAGES + 1):
        pdf.add_blank_page(page_size=(72, 72))
    buffer = io.BytesIO()
    pdf.save(buffer)
    signed = sign(buffer.getvalue(), mayor())
    found = drawing.find_differences(kept(signed), len(signed))
    assert (found.after, found.compared) == (
        drawing.MAX_COMPARED_PAGES + 1,
        drawing.MAX_COMPARED_PAGES,
    )


def test_so_many_at_once_and_no_more_whatever_the_requests(kept, monkeypatch):
    running, most = set(), []

    def stay(command, **how):
        running.add(threading.get_ident())
        most.append(len(running))
        time.sleep(0.1)  # For one too many to come meanwhile.
        running.discard(threading.get_ident())
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(subprocess, "run", stay)
    files = [kept(b"%PDF") for _ in range(confined.AT_ONCE + 2)]
    requests = [
        threading.Thread(target=confined.run, args=("any",), kwargs={"file": file})
        for file in files
    ]
    for request in requests:
        request.start()
    for request in requests:
        request.join()
    assert len(most) == len(files)
    assert max(most) == confined.AT_ONCE
