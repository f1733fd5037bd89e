"""Papers as they come back from a scanner: printed with their QR code, then ill-treated."""

import io
import math
import random

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from documents.press.plain import PRINT_DIR

DPI = 150
A4 = (1240, 1754)
PAPER, INK = 250, 20
_CODE_MM, _MM_PER_INCH = 24, 25.4


def code(reference: str, dpi: int = DPI, size: float = _CODE_MM) -> Image.Image:
    """The QR code of a document at its printed size (mm), white border included."""
    barcode = zxingcpp.create_barcode(
        f"https://conventions.example.fr/verifier/{reference}",
        zxingcpp.BarcodeFormat.QRCode,
        ec_level="M",
    )
    modules = zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=True)
    height, width = modules.shape
    side = round(size / _MM_PER_INCH * dpi)
    image = Image.frombytes("L", (width, height), bytes(modules))
    return image.resize((side, side), Image.Resampling.LANCZOS)


def sheet(reference: str = "", *, lines: int = 30, dpi: int = DPI, words: str = "") -> Image.Image:
    """A printed page in grey: its code at the top right if it has a reference, then text."""
    size = tuple(round(side * dpi / DPI) for side in A4)
    page = Image.new("L", size, PAPER)
    draw = ImageDraw.Draw(page)
    font = ImageFont.truetype(PRINT_DIR / "fonts/LiberationSans-Regular.ttf", dpi * 11 // 72)
    text = words or "Les parties conviennent de ce qui suit, article par article, sans réserve."
    for line in range(lines):
        draw.text((size[0] // 10, size[1] // 6 + line * dpi // 4), text, fill=INK, font=font)
    if reference:
        page.paste(code(reference, dpi), (size[0] * 78 // 100, size[1] // 25))
    return page


def blank() -> Image.Image:
    return Image.new("L", A4, PAPER)


def pile(*pages: Image.Image, dpi: int = DPI, quality: int = 75) -> bytes:
    """The PDF that a scanner makes of these pages."""
    first, *others = pages
    buffer = io.BytesIO()
    first.save(buffer, "PDF", save_all=True, append_images=others, resolution=dpi, quality=quality)
    return buffer.getvalue()


# --- Ill treatment ----------------------------------------------------------
def turned(page, degrees):
    """Fed askew or the wrong way; the scanner's glass is white around it."""
    return page.rotate(
        degrees, expand=degrees % 90 == 0, fillcolor=PAPER, resample=Image.Resampling.BICUBIC
    )


def noisy(page, sigma=35):
    grain = Image.effect_noise(page.size, sigma)
    return ImageChops.add(page, grain, scale=1, offset=-128)


def speckled(page, share=0.01, seed=2022):
    chance = random.Random(seed)
    page = page.copy()
    draw = ImageDraw.Draw(page)
    for _ in range(int(page.width * page.height * share)):
        position = chance.randrange(page.width), chance.randrange(page.height)
        draw.point(position, fill=chance.choice((0, 255)))
    return page


def pale(page, ink=190):
    return page.point(lambda value: ink + value * (PAPER - ink) // 255)


def greyed(page):
    """A copy of a copy on recycled paper."""
    return page.point(lambda value: 40 + value // 2)


def blurred(page, radius=1.2):
    return page.filter(ImageFilter.GaussianBlur(radius))


def faxed(page, threshold=128):
    """Black or white, nothing between."""
    return page.point(lambda value: 255 * (value > threshold))


def shaded(page):
    """The light comes from one side."""
    shadow = Image.linear_gradient("L").rotate(90).resize(page.size)
    return ImageChops.multiply(page, shadow.point(lambda value: 110 + value * 145 // 255))


def shrunk(page, share=0.9):
    """Printed "fit to page"."""
    small = page.resize((int(page.width * share), int(page.height * share)))
    sheet = Image.new("L", page.size, PAPER)
    sheet.paste(small, ((page.width - small.width) // 2, (page.height - small.height) // 2))
    return sheet


def at_resolution(page, dpi):
    size = (page.width * dpi // DPI, page.height * dpi // DPI)
    return page.resize(size, Image.Resampling.BOX).resize(page.size, Image.Resampling.BICUBIC)


def compressed(page, quality=12):
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("L")


def signed_over(page):
    """A stroke of the pen across the code."""
    page = page.copy()
    left, top = page.width * 78 // 100, page.height // 25
    ImageDraw.Draw(page).line((left - 60, top + 45, left + 160, top + 80), fill=60, width=4)
    return page


def stained(page):
    """The ring of a cup on a corner of the code."""
    page = page.copy()
    left, top = page.width * 78 // 100, page.height // 25
    ImageDraw.Draw(page).ellipse(
        (left + 70, top + 70, left + 300, top + 300), outline=120, width=10
    )
    return page


def slanted(page):
    """A photograph taken from the side."""
    width, height = page.size
    corners = (0, 0, 60, height, width - 30, height - 70, width, 40)
    return page.transform(page.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)


# --- Stamps -------------------------------------------------------------------
# Pads of town halls and prefectures.
INKS = ((45, 60, 165), (95, 50, 150), (190, 40, 50), (45, 45, 50))


def stamped(page, seed: int, *, centre: tuple[float, float], dpi: int = DPI) -> Image.Image:
    """The page, in colours, under the stamp of a town hall: askew, unevenly inked and pressed.

    It falls within 8 mm of `centre` (mm, from the top left corner). The same seed, the same stamp.
    """
    chance = random.Random(seed)
    ink = _stamp(chance, dpi)
    left, top = (_px(at + chance.uniform(-8, 8), dpi) - ink.width // 2 for at in centre)
    colour = Image.new("RGB", ink.size, chance.choice(INKS))
    inked = Image.composite(colour, Image.new("RGB", ink.size, "white"), ink)
    page = page.convert("RGB")
    under = page.crop((left, top, left + ink.width, top + ink.height))
    page.paste(ImageChops.multiply(under, inked), (left, top))
    return page


def _px(mm: float, dpi: int) -> int:
    return round(mm / _MM_PER_INCH * dpi)


def _stamp(chance: random.Random, dpi: int) -> Image.Image:
    """How much ink there is, 0 to 255: two rings, words between them, a figure in the middle."""
    side = _px(chance.uniform(33, 38), dpi)
    stamp = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(stamp)
    middle = side / 2
    for radius, width in ((0.49, 1.1), (0.31, 0.5)):
        box = (middle - radius * side,) * 2 + (middle + radius * side,) * 2
        draw.ellipse(box, outline=255, width=_px(width, dpi))
    _write_around(stamp, "MAIRIE DE VILLENEUVE  *  HÉRAULT  *  ", 0.395 * side, dpi)
    for _ in range(9):
        x, y = (middle + chance.uniform(-0.16, 0.16) * side for _ in range(2))
        across, down = (chance.uniform(0.02, 0.075) * side for _ in range(2))
        draw.ellipse((x - across, y - down, x + across, y + down), fill=255)
    stamp = stamp.rotate(chance.uniform(-40, 40), resample=Image.Resampling.BICUBIC)
    for unevenness in (_pressed(side, chance), _blotted(side, chance)):
        stamp = ImageChops.multiply(stamp, unevenness)
    return stamp


def _write_around(stamp, words: str, radius: float, dpi: int) -> None:
    font = ImageFont.truetype(PRINT_DIR / "fonts/LiberationSans-Bold.ttf", _px(4, dpi))
    side = _px(6, dpi)
    for rank, letter in enumerate(words):
        angle = 2 * math.pi * rank / len(words)
        type_ = Image.new("L", (side, side), 0)
        ImageDraw.Draw(type_).text((side / 2, side / 2), letter, fill=255, font=font, anchor="mm")
        type_ = type_.rotate(-math.degrees(angle), resample=Image.Resampling.BICUBIC)
        at = (radius * math.sin(angle), -radius * math.cos(angle))
        stamp.paste(255, tuple(int((stamp.width - side) / 2 + d) for d in at), type_)


def _pressed(side, chance):
    """Harder on one side than on the other."""
    slope = Image.linear_gradient("L").resize((side, side)).rotate(chance.uniform(0, 360))
    return slope.point(lambda value: 120 + value * 135 // 255)


def _blotted(side, chance):
    coarse = Image.new("L", (side // 6 + 1,) * 2)
    coarse.putdata([chance.randrange(150, 256) for _ in range(coarse.width * coarse.height)])
    return coarse.resize((side, side), Image.Resampling.BICUBIC)


def scanned(page, seed: int) -> Image.Image:
    """As most scanners send it: a little askew, soft and compressed."""
    chance = random.Random(seed)
    paper = PAPER if page.mode == "L" else (PAPER,) * 3
    page = page.rotate(
        chance.uniform(-2, 2), fillcolor=paper, resample=Image.Resampling.BICUBIC
    ).filter(ImageFilter.GaussianBlur(chance.uniform(0.4, 0.9)))
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=chance.choice((40, 60, 75)))
    return Image.open(buffer)
