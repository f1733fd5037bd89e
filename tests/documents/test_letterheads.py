"""The image at the head of an act: decoded within bounds, kept small, printed archivable."""

import io
import struct
import zlib
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from documents.letterheads import as_source, place, source, store
from documents.press import plain as press
from documents.press import standing_type
from documents.press.proofs import differences
from documents.press.typesetting import type_case
from documents.received.letterhead import MAX_BYTES, read_letterhead
from documents.rendering import page_html, render

from .samples import ACT, party_of, text


def upload(content, name="logo.png"):
    return SimpleUploadedFile(name, content)


def image(mode="RGB", size=(600, 200), colour=None, kind="PNG", **options):
    encoded = io.BytesIO()
    Image.new(mode, size, colour or 0).save(encoded, kind, **options)
    return encoded.getvalue()


def announced_png(width, height):
    """A PNG of a few bytes that says it is `width` by `height`."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def decoded(content):
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_usual_image_is_kept_as_a_plain_one(mode):
    kept = decoded(read_letterhead(upload(image(mode))))
    assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (600, 200))


def test_what_is_transparent_is_white():
    kept = decoded(read_letterhead(upload(image("RGBA", colour=(0, 0, 0, 0)))))
    assert kept.getpixel((0, 0)) == (255, 255, 255)


def test_a_large_image_is_made_small_and_the_same_image_is_the_same_file():
    content = image("RGB", (4000, 3000), kind="JPEG")
    kept = read_letterhead(upload(content, "photo.jpg"))
    assert decoded(kept).size == (533, 400)
    assert read_letterhead(upload(content)) == kept


def test_a_photograph_is_turned_as_it_was_taken_and_says_no_more_of_it():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Appareil"
    kept = decoded(read_letterhead(upload(image(size=(400, 100), kind="JPEG", exif=exif))))
    assert kept.size == (100, 400)
    assert not kept.getexif()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (image("RGB", (8000, 5000), kind="JPEG"), "40 millions de points, 16 au plus"),
        (announced_png(8000, 5000), "40 millions de points"),
        (announced_png(60000, 60000), "plus de 80 millions de points"),
        (announced_png(600, 200), "incomplète ou abîmée"),
        (image("CMYK", kind="JPEG"), r"couleurs d'imprimerie \(CMYK\)"),
        (image(size=(10, 10)), "trop petite"),
        (image()[:200], "incomplète ou abîmée"),
        (image("P", kind="GIF"), "n'est pas une image PNG ou JPEG"),
        (b"%PDF-1.7", "n'est pas une image PNG ou JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "n'est pas une image PNG ou JPEG"),
        (b"\0" * (MAX_BYTES + 1), "dépasse 5 Mo"),
    ],
    ids=[
        "large photograph",
        "large",
        "enormous",
        "cut",
        "printer's colours",
        "tiny",
        "damaged",
        "gif",
        "pdf",
        "svg",
        "heavy",
    ],
)
def test_what_cannot_be_printed_is_refused_with_what_to_do(content, reason):
    with pytest.raises(ValidationError, match=reason):
        read_letterhead(upload(content))


def test_the_site_itself_opens_no_image(monkeypatch):
    content = image()
    monkeypatch.delattr(Image, "open")
    assert read_letterhead(upload(content))


def test_it_is_stored_once_by_its_content(private_media):
    content = read_letterhead(upload(image()))
    assert store(content) == store(content)
    assert len(list(private_media.rglob("*.jpg"))) == 1


def headed_act(**changes):
    name = store(read_letterhead(upload(image("RGBA", (1600, 400), (0, 70, 160, 128)))))
    return replace(ACT, letterhead=name, **changes)


def test_it_is_printed_described_and_the_act_still_holds_on_a_page(opened):
    rendered = render(text("decision"), headed_act())
    assert rendered.pages == 1
    pdf = opened(rendered.content)
    figures = [item for item in pdf.objects if getattr(item, "S", None) == "/Figure"]
    # Beside the QR codes of the document's reference.
    assert "En-tête de la commune de Villeneuve-lès-Maguelone" in [
        str(figure.Alt) for figure in figures
    ]
    assert rendered == render(text("decision"), headed_act())


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((1200, 400), (38, 14)),
        ((1200, 100), (38, 14)),
        ((1000, 400), (38, 14)),
        ((800, 400), (32, 14)),
        ((400, 400), (14, 14)),
        ((300, 400), (14, 14)),
        ((20, 400), (2, 14)),
    ],
)
def test_its_place_is_one_of_a_few_and_holds_it(size, box):
    content = image(size=size, kind="JPEG")
    assert place(as_source(content)) == box
    assert box[0] >= min(38, 14 * size[0] / size[1])


def test_acts_with_letterheads_share_their_pages(settings, monkeypatch):
    settings.STANDING_TYPE_CHECKED = 0
    standing_type._standing_type.cache_clear()
    laid_out = []
    lay_out = press.Press.lay_out
    monkeypatch.setattr(
        press.Press, "lay_out", lambda *args: laid_out.append(args) or lay_out(*args)
    )
    type_case.cache_clear()
    type_case()
    laid_out.clear()
    acts = []
    for number, size in enumerate([(600, 200), (1200, 400), (900, 310)]):
        colour = (number, 70, 160)
        name = store(read_letterhead(upload(image("RGB", size, colour))))
        party = party_of(("Agde", "Sète", "Nîmes")[number])
        acts.append(page_html(text("decision"), replace(ACT, letterhead=name, collectivity=party)))
    quick = [standing_type.print_pdf(html)[0] for html in acts]
    assert len(laid_out) == 1
    for content, html in zip(quick, acts, strict=True):
        assert differences(content, press.print_plainly(html)[0]) == []
    assert [standing_type.print_pdf(html)[0] for html in reversed(acts)] == quick[::-1]


def test_a_letterhead_lost_by_the_storage_prints_nothing_in_silence():
    with pytest.raises(FileNotFoundError):
        source("letterheads/00/00.jpg")


def test_an_act_with_its_letterhead_is_archivable_and_accessible(assert_valid):
    signed = headed_act(
        signatory="Claude ROUX",
        signatory_capacity="L'adjointe déléguée aux affaires scolaires",
        signatory_delegation="arrêté n° 2020-14 du 10 juillet 2020",
    )
    assert_valid({"headed": render(text("decision"), signed).content})
