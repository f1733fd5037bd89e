"""PDF files that nobody should keep: by family, each in some variations, made anew each time."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

import pikepdf
from pikepdf import Array, AttachedFileSpec, Dictionary, Name, Pdf
from pyhanko.pdf_utils.crypt.pubkey import RecipientEncryptionPolicy
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from .certificates import mayor

PROGRAM = b"MZ\x90\0" + bytes(200)
PAGE_OF_THE_WEB = b"<html><body onload=alert(1)></body></html>"


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("facture.exe", PROGRAM)
    return buffer.getvalue()


def blank() -> Pdf:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    return pdf


def saved(pdf: Pdf, **options) -> bytes:
    buffer = io.BytesIO()
    pdf.save(buffer, deterministic_id=not options.get("encryption"), **options)
    return buffer.getvalue()


# --- Actions: what they do, where they stand, how the file is written -----------------
SCRIPT = {"S": Name.JavaScript, "JS": "app.alert(1)"}
ACTIONS = {
    "script": SCRIPT,
    "script-of-a-stream": {"S": Name.JavaScript, "JS": b"app.alert(1)"},
    "launch": {"S": Name.Launch, "F": "cmd.exe"},
    "launch-as-windows-does": {"S": Name.Launch, "Win": Dictionary(F="cmd.exe", P="/c calc")},
    "submit": {"S": Name.SubmitForm, "F": "https://example.org/", "Flags": 4},
    "import": {"S": Name.ImportData, "F": "donnees.fdf"},
    "other-file": {"S": Name.GoToR, "F": "autre.pdf", "D": 0},
    "attached-file": {"S": Name.GoToE, "T": Dictionary(R=Name.C, N="x.pdf")},
    "hide": {"S": Name.Hide, "T": "Montant", "H": True},
    "reset": {"S": Name.ResetForm},
    "layers": {"S": Name.SetOCGState, "State": Array([])},
    "address-of-a-script": {"S": Name.URI, "URI": "javascript:alert(1)"},
    "address-of-a-file": {"S": Name.URI, "URI": "file:///c:/windows/system32/cmd.exe"},
    "film": {"S": Name.Rendition, "OP": 0},
    "sound": {"S": Name.Sound},
    "after-another": {"S": Name.GoTo, "D": Array([0, Name.Fit]), "Next": Dictionary(**SCRIPT)},
}


def at_opening(pdf: Pdf, action: Dictionary) -> None:
    pdf.Root.OpenAction = action


def at_a_page(pdf: Pdf, action: Dictionary) -> None:
    pdf.pages[0].AA = Dictionary(O=pdf.make_indirect(action))


def at_a_click(pdf: Pdf, action: Dictionary) -> None:
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 595, 842], A=action)
    pdf.pages[0].Annots = Array([pdf.make_indirect(link)])


def in_a_form(pdf: Pdf, action: Dictionary) -> None:
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T="Montant",
            Rect=[0, 0, 9, 9],
            AA=Dictionary(K=action),
        )
    )
    pdf.Root.AcroForm = Dictionary(Fields=[field])
    pdf.pages[0].Annots = Array([field])


def in_the_outline(pdf: Pdf, action: Dictionary) -> None:
    entry = pdf.make_indirect(Dictionary(Title="Lire", A=action))
    pdf.Root.Outlines = pdf.make_indirect(Dictionary(First=entry, Last=entry, Count=1))


PLACES = [at_opening, at_a_page, at_a_click, in_a_form, in_the_outline]


def plainly(pdf: Pdf) -> bytes:
    return saved(pdf)


def in_object_streams(pdf: Pdf) -> bytes:
    return saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def in_an_earlier_state(pdf: Pdf) -> bytes:
    """What runs is taken away by an update, and stands in the file as it was before."""
    writer = IncrementalPdfFileWriter(io.BytesIO(saved(pdf)))
    for key in ("/OpenAction", "/AcroForm", "/Outlines", "/Names"):
        writer.root.pop(key, None)
    writer.update_root()
    page = writer.root["/Pages"]["/Kids"][0]
    for key in ("/AA", "/Annots"):
        page.pop(key, None)
    writer.update_container(page)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


WRITTEN = [plainly, in_object_streams, in_an_earlier_state]


def actions() -> Iterator[bytes]:
    """Each action in each place, the ways to write it taken in turn; a script in all of them."""
    number = 0
    for name, action in ACTIONS.items():
        for place in PLACES:
            for write in WRITTEN if name == "script" else [WRITTEN[number % len(WRITTEN)]]:
                pdf = blank()
                place(pdf, _action(pdf, action))
                yield write(pdf)
            number += 1


def _action(pdf: Pdf, entries: dict) -> Dictionary:
    action = Dictionary(**entries)
    if isinstance(entries.get("JS"), bytes):
        action.JS = pdf.make_stream(entries["JS"])
    return action


def scripts_by_other_ways() -> Iterator[bytes]:
    pdf = blank()
    pdf.Root.Names = Dictionary(
        JavaScript=Dictionary(Names=Array(["ouvrir", pdf.make_indirect(Dictionary(**SCRIPT))]))
    )
    yield saved(pdf)
    # A name may be written in figures.
    pdf = blank()
    at_opening(pdf, Dictionary(**SCRIPT))
    yield saved(pdf).replace(b"/JavaScript", b"/J#61vaScrip", 1).replace(b"/JS ", b"/#4a ", 1)
    pdf = blank()
    pdf.Root.OpenAction = Dictionary(S=Name.URI, URI="https://example.org/")
    yield saved(pdf)
    pdf = blank()
    ps = pdf.make_stream(b"showpage", Type=Name.XObject, Subtype=Name.PS)
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(P=ps))
    yield saved(pdf)


# --- Forms, media, other files ---------------------------------------------------------
def dynamic_forms() -> Iterator[bytes]:
    for write in (plainly, in_object_streams, in_an_earlier_state):
        pdf = blank()
        form = pdf.make_stream(b"<xdp:xdp/>")
        pdf.Root.AcroForm = pdf.make_indirect(Dictionary(Fields=[], XFA=form))
        yield write(pdf)
        pdf = blank()
        pdf.Root.AcroForm = Dictionary(Fields=[], XFA=Array(["template", form_of(pdf)]))
        yield write(pdf) if write is not in_an_earlier_state else saved(pdf)


def form_of(pdf: Pdf):
    return pdf.make_stream(b"<template/>")


def media() -> Iterator[bytes]:
    for subtype in ("RichMedia", "Movie", "Sound", "Screen", "3D"):
        for write in WRITTEN:
            pdf = blank()
            annotation = Dictionary(Type=Name.Annot, Subtype=Name(f"/{subtype}"), Rect=[0, 0, 9, 9])
            pdf.pages[0].Annots = Array([pdf.make_indirect(annotation)])
            yield write(pdf)


def attachments() -> Iterator[bytes]:
    for name, content in (
        ("facture.exe", PROGRAM),
        ("lettre.docx", archive()),
        ("page.html", PAGE_OF_THE_WEB),
        ("acte.pdf", saved(blank())),
        ("donnees.json", b'{"reference": "ENT-2022-34337-C-K7XJ4R"}'),
    ):
        pdf = blank()
        pdf.attachments[name] = AttachedFileSpec(pdf, content, filename=name)
        yield saved(pdf)
        pdf = blank()
        file = AttachedFileSpec(pdf, content, filename=name).obj
        note = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, FS=file, Rect=[0, 0, 9, 9])
        pdf.pages[0].Annots = Array([pdf.make_indirect(note)])
        yield saved(pdf)
        pdf = blank()
        pdf.Root.AF = Array([AttachedFileSpec(pdf, content, filename=name).obj])
        yield in_object_streams(pdf)
    pdf = blank()
    pdf.Root.Collection = Dictionary(View=Name.D)
    yield saved(pdf)


def elsewhere() -> Iterator[bytes]:
    pdf = blank()
    content = pdf.make_stream(b"")
    content.F = "autre.bin"
    pdf.pages[0].Contents = content
    yield saved(pdf)
    pdf = blank()
    reference = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9])
    reference.Ref = Dictionary(F="autre.pdf", Page=0)
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(R=reference))
    yield saved(pdf)


def encrypted() -> Iterator[bytes]:
    for revision in (2, 3, 4, 6):
        for owner, user in (("a", ""), ("a", "b")):
            weak = {} if revision > 3 else {"aes": False, "metadata": False}
            yield saved(blank(), encryption=pikepdf.Encryption(owner, user, R=revision, **weak))
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(saved(blank()))))
    writer.encrypt_pubkey([mayor().asn1], policy=RecipientEncryptionPolicy(ignore_key_usage=True))
    buffer = io.BytesIO()
    writer.write(buffer)
    yield buffer.getvalue()


# --- More than one file in one ------------------------------------------------------------
def before_and_after() -> Iterator[bytes]:
    sound = saved(blank())
    for other in (
        PROGRAM,
        PAGE_OF_THE_WEB,
        archive(),
        b"GIF89a",
        b"\xef\xbb\xbf",
        b"\n",
        b"#!/bin/sh\n",
        b"\x7fELF" + bytes(60),
        bytes(2000),
    ):
        yield other + sound
        if other.strip(b"\0\n"):
            yield sound + other
    yield sound + PAGE_OF_THE_WEB + b"\n%%EOF\n"
    yield sound + archive() + b"\n%%EOF\n"
    yield sound.replace(b"%%EOF", PAGE_OF_THE_WEB)


def polyglots() -> Iterator[bytes]:
    sound = saved(blank())
    for hidden in (PAGE_OF_THE_WEB, b"<script src=//example.org></script>", b"<!DOCTYPE HTML >"):
        yield sound.replace(b"\n", b"\n%" + hidden.replace(b"\n", b"") + b"\n", 1)
        pdf = blank()
        pdf.Root.Note = hidden.decode()
        yield saved(pdf)
    pdf = blank()
    pdf.Root.Note = pdf.make_stream(archive())
    yield saved(pdf, compress_streams=False)


# --- What draws or unpacks without end ------------------------------------------------------
def form(pdf: Pdf, draws: bytes, **resources):
    drawn = pdf.make_stream(draws, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 595, 842])
    if resources:
        drawn.Resources = Dictionary(**resources)
    return drawn


def showing(pdf: Pdf, draws: bytes, **resources) -> bytes:
    pdf.pages[0].Resources = Dictionary(**resources)
    pdf.pages[0].Contents = pdf.make_stream(draws)
    return saved(pdf)


def nested_forms() -> Iterator[bytes]:
    for times, depth in ((10, 6), (10, 9), (100, 3), (2, 20), (1, 30), (1, 400), (300, 2)):
        pdf = blank()
        inner = form(pdf, b"0 0 1 1 re f")
        for _ in range(depth):
            inner = form(pdf, b"/X Do\n" * times, XObject=Dictionary(X=inner))
        yield showing(pdf, b"/X Do", XObject=Dictionary(X=inner))
    yield from round_in_circles()
    # Those that have no resources of their own find those of the page.
    pdf = blank()
    forms = {f"X{level}": form(pdf, b"/X%d Do\n" % (level + 1) * 10) for level in range(9)}
    forms["X9"] = form(pdf, b"0 0 1 1 re f")
    yield showing(pdf, b"/X0 Do", XObject=Dictionary(**forms))


def round_in_circles() -> Iterator[bytes]:
    pdf = blank()
    itself = form(pdf, b"/X Do")
    itself.Resources = Dictionary(XObject=Dictionary(X=itself))
    yield showing(pdf, b"/X Do", XObject=Dictionary(X=itself))
    pdf = blank()
    one, other = form(pdf, b"/X Do"), form(pdf, b"/X Do")
    one.Resources = Dictionary(XObject=Dictionary(X=other))
    other.Resources = Dictionary(XObject=Dictionary(X=one))
    yield showing(pdf, b"/X Do", XObject=Dictionary(X=one))


def nested_otherwise() -> Iterator[bytes]:
    for depth in (4, 8):
        pdf = blank()
        inner = form(pdf, b"0 0 1 1 re f")
        for _ in range(depth):
            mask = Dictionary(SMask=Dictionary(S=Name.Luminosity, G=inner))
            inner = form(pdf, b"/G gs 0 0 9 9 re f\n" * 20, ExtGState=Dictionary(G=mask))
        yield showing(pdf, b"/X Do", XObject=Dictionary(X=inner))
        pdf = blank()
        inner = pattern(pdf, b"0 0 1 1 re f", Dictionary())
        for _ in range(depth):
            inner = pattern(pdf, b"/Pattern cs /P scn 0 0 9 9 re f", Dictionary(P=inner))
        yield showing(pdf, b"/Pattern cs /P scn 0 0 9 9 re f", Pattern=Dictionary(P=inner))
        pdf = blank()
        inner = font(pdf, b"0 0 1 1 re f", Dictionary())
        for _ in range(depth):
            inner = font(pdf, b"BT /F 9 Tf (aaaaaaaaaa) Tj ET", Dictionary(F=inner))
        yield showing(pdf, b"BT /F 9 Tf (a) Tj ET", Font=Dictionary(F=inner))


def pattern(pdf: Pdf, draws: bytes, patterns: Dictionary):
    tile = pdf.make_stream(draws, PatternType=1, PaintType=1, TilingType=1, XStep=1, YStep=1)
    tile.BBox = [0, 0, 9, 9]
    tile.Resources = Dictionary(Pattern=patterns)
    return tile


def font(pdf: Pdf, draws: bytes, fonts: Dictionary):
    letter = pdf.make_stream(b"9 0 d0 " + draws)
    letter.Resources = Dictionary(Font=fonts)
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type3,
            FontBBox=[0, 0, 9, 9],
            FontMatrix=[1, 0, 0, 1, 0, 0],
            CharProcs=Dictionary(a=letter),
            Encoding=Dictionary(Differences=Array([97, Name.a])),
            FirstChar=97,
            LastChar=97,
            Widths=[9],
        )
    )


def bombs() -> Iterator[bytes]:
    packed = zlib.compress(bytes(200_000_000), 9)
    for content, filters in (
        (packed, [Name.FlateDecode]),
        (zlib.compress(packed, 9), [Name.FlateDecode] * 2),
        (zlib.compress(zlib.compress(packed, 9), 9), [Name.FlateDecode] * 3),
        (packed.hex().encode() + b">", [Name.ASCIIHexDecode, Name.FlateDecode]),
        (b"\x81\0" * 3_000_000 + b"\x80", [Name.RunLengthDecode]),
    ):
        pdf = blank()
        stream = pdf.make_stream(b"")
        stream.write(content, filter=Array(filters))
        pdf.pages[0].Contents = stream
        yield unchanged(pdf)
    pdf = blank()
    small = zlib.compress(bytes(60_000_000), 9)
    for _ in range(5):
        stream = pdf.make_stream(b"")
        stream.write(small, filter=Name.FlateDecode)
        pdf.pages[0].contents_add(stream)
    yield unchanged(pdf)
    for width, height in ((60_000, 60_000), (2_000_000_000, 1), (1, 200_000_000)):
        pdf = blank()
        image = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Image)
        image.Width, image.Height, image.BitsPerComponent = width, height, 8
        image.ColorSpace = Name.DeviceRGB
        yield showing(pdf, b"/I Do", XObject=Dictionary(I=image))


def page_trees() -> Iterator[bytes]:
    """Pages that are their own, too many, none or too deep."""
    for kids, count in (("[2 0 R 2 0 R]", 1), ("[3 0 R]", 10**9), ("[]", 0), ("[" * 90_000, 1)):
        yield (
            saved(blank())
            .replace(b"/Kids [ 3 0 R ]", f"/Kids {kids}".encode())
            .replace(b"/Count 1", f"/Count {count}".encode())
        )


def tables(entries: int) -> bytes:
    """A sound PDF of one page whose table of objects unpacks to seven bytes an entry."""
    head = b"%PDF-1.5\n"
    objects = [
        b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n",
        b"2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\nendobj\n",
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>\nendobj\n",
    ]
    offsets = [len(head) + sum(map(len, objects[:number])) for number in range(4)]
    table = struct.pack(">BIH", 0, 0, 65535)
    table += b"".join(struct.pack(">BIH", 1, offset, 0) for offset in offsets)
    packed = zlib.compress(table.ljust(7 * entries, b"\0"), 9)
    stream = (
        b"4 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Filter/FlateDecode/Length %d>>\n"
        b"stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n"
    ) % (entries, len(packed), packed, offsets[3])
    return head + b"".join(objects) + stream


def large_tables() -> Iterator[bytes]:
    for entries in (10_000_000, 20_000_000, 40_000_000):
        yield tables(entries)


def unchanged(pdf: Pdf) -> bytes:
    decode = pikepdf.StreamDecodeLevel.none
    return saved(pdf, compress_streams=False, stream_decode_level=decode)


FAMILIES: dict[str, Callable[[], Iterator[bytes]]] = {
    "actions": actions,
    "scripts by other ways": scripts_by_other_ways,
    "dynamic forms": dynamic_forms,
    "media": media,
    "attachments": attachments,
    "content that stands elsewhere": elsewhere,
    "encrypted": encrypted,
    "before and after": before_and_after,
    "polyglots": polyglots,
    "nested forms": nested_forms,
    "nested otherwise": nested_otherwise,
    "bombs": bombs,
    "page trees": page_trees,
    "large tables": large_tables,
}
