"""Photographs of signed pages: one PDF, upright, bounded, the originals kept byte for byte."""

import io
import struct
import zlib

import pikepdf
import pillow_heif
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from documents.received import uploads
from documents.received.photographs import MAX_PIXELS
from documents.received.uploads import MAX_PHOTOGRAPHS, read_copy
from incoming import confined

pillow_heif.register_heif_opener()  # To make some: the site itself opens none.

TURNED_RIGHT = 6  # EXIF: the camera was held on its side.


def page(mode="RGB", size=(300, 400)) -> Image.Image:
    """A sheet with a dark band at its top."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, size[0], size[1] // 8), fill="black")
    return image.convert(mode)


def photograph(image: Image.Image | None = None, kind="JPEG", **options) -> bytes:
    buffer = io.BytesIO()
    (image or page()).save(buffer, kind, **options)
    return buffer.getvalue()


def upload(content: bytes, name="IMG_0001.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def assembled(*contents: bytes) -> pikepdf.Pdf:
    copy = read_copy([upload(c, f"IMG_{n}.jpg") for n, c in enumerate(contents)])
    return pikepdf.open(io.BytesIO(copy.content))


def shown(pdf: pikepdf.Pdf, number=0) -> Image.Image:
    return pikepdf.PdfImage(pdf.pages[number].Resources.XObject.Page).as_pil_image()


def refusal(*files) -> ValidationError:
    with pytest.raises(ValidationError) as refused:
        read_copy(files)
    return refused.value


def test_photographs_become_one_page_each_in_their_order():
    first, second = photograph(), photograph(page(size=(400, 300)))
    pdf = assembled(first, second)
    assert [tuple(map(int, p.MediaBox[2:])) for p in pdf.pages] == [(595, 842), (842, 595)]


def test_the_originals_are_in_the_pdf_byte_for_byte():
    contents = [photograph(), photograph(kind="PNG"), photograph(kind="HEIF")]
    pdf = assembled(*contents)
    kept = pdf.attachments
    assert [kept[name].get_file().read_bytes() for name in sorted(kept)] == contents
    assert [kept[name].get_file().mime_type for name in sorted(kept)] == [
        "image/jpeg",
        "image/png",
        "image/heic",
    ]


def test_the_same_photographs_make_the_same_file():
    contents = [photograph(), photograph(kind="PNG")]
    copies = [read_copy([upload(c) for c in contents]) for _ in range(2)]
    assert copies[0] == copies[1]
    assert copies[0].pages == 2
    assert copies[0].name == "IMG_0001.jpg, IMG_0001.jpg"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photograph_taken_on_its_side_is_set_upright(kind):
    exif = Image.Exif()
    exif[0x0112] = TURNED_RIGHT
    lying = page().rotate(90, expand=True)
    image = shown(assembled(photograph(lying, kind, exif=exif.tobytes())))
    assert image.size == (300, 400)
    assert (
        image.convert("L").getpixel((150, 20)) < 50 < 200 < image.convert("L").getpixel((150, 380))
    )


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("1", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("I;16", "PNG"),
        ("RGB", "HEIF"),
    ],
)
def test_every_colour_space_is_printed_as_grey_or_rgb(mode, kind):
    source = (
        page("L").point(lambda v: v * 256, "I").convert("I;16") if mode == "I;16" else page(mode)
    )
    image = shown(assembled(photograph(source, kind)))
    assert image.mode in ("L", "RGB")
    grey = image.convert("L")
    assert grey.getpixel((150, 20)) < 60 < 190 < grey.getpixel((150, 380))


def test_what_is_transparent_is_white_paper():
    image = shown(assembled(photograph(Image.new("RGBA", (30, 40), (0, 0, 0, 0)), "PNG")))
    assert image.convert("L").getextrema()[0] > 250


def test_a_photograph_of_forty_megapixels_is_taken_at_the_size_of_a_page():
    large = photograph(Image.new("CMYK", (7300, 5480)))
    assert max(shown(assembled(large)).size) <= 2339


def test_a_photograph_beyond_the_limit_is_refused_before_it_is_unpacked():
    huge = photograph(Image.new("1", (MAX_PIXELS // 1000 + 1, 1000)), "PNG")
    error = refusal(upload(huge, "plan.png"))
    assert error.code == "too_many_pixels"
    assert "plan.png" in error.message


def announcing(side: int) -> bytes:
    """A PNG of a few bytes that announces a square of that side."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(999))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_small_file_that_announces_a_huge_image_is_refused(side):
    assert refusal(upload(announcing(side))).code == "too_many_pixels"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_a_damaged_photograph_is_named(kind):
    content = photograph(Image.effect_noise((400, 400), 90).convert("RGB"), kind)
    error = refusal(upload(photograph()), upload(content[: len(content) // 2], "page 2.jpg"))
    assert error.code in ("damaged", "not_photograph")
    assert "page 2.jpg" in error.message


def test_photographs_and_a_pdf_are_not_mixed():
    pdf = b"%PDF-1.7 rien"
    assert refusal(upload(photograph()), upload(pdf, "a.pdf")).code == "not_photograph"
    assert refusal(upload(pdf, "a.pdf"), upload(photograph())).code == "several"
    assert refusal(upload(pdf, "a.pdf"), upload(pdf, "b.pdf")).code == "several"


def test_other_kinds_of_images_are_refused_with_what_to_do():
    assert "JPEG, PNG ou HEIC" in refusal(upload(photograph(kind="GIF"))).message


def test_photographs_are_bounded_in_number_and_in_weight(monkeypatch):
    many = [upload(photograph(page(size=(30, 40)))) for _ in range(MAX_PHOTOGRAPHS + 1)]
    assert refusal(*many).code == "too_many"
    monkeypatch.setattr(uploads, "PHOTOGRAPHS_MAX_BYTES", 2000)
    assert refusal(*many[:10]).code == "too_large"


def test_what_a_photograph_unpacks_to_is_bounded_apart_from_the_site(monkeypatch):
    """Of a few kilobytes, and within the number of points that is taken: 200 MB in colours."""
    bomb = photograph(Image.new("RGBA", (7000, 7000)), "PNG")
    assert len(bomb) < 1_000_000
    monkeypatch.setattr(confined, "MAX_MEMORY", 250 * 1024**2)
    error = refusal(upload(bomb, "page 1.png"))
    assert error.code == "too_heavy"
    assert "page 1.png" in error.message


def test_the_site_itself_opens_no_photograph(monkeypatch):
    content = photograph()
    monkeypatch.delattr(Image, "open")
    assert read_copy([upload(content)]).pages == 1
