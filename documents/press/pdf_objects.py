"""Objects of a PDF in their final bytes, and the file that holds them (ISO 32000-1)."""

import hashlib
import struct
import zlib
from collections.abc import Collection, Mapping
from functools import lru_cache

import pydyf

# What a document alone has is deflated twice as fast as usual, and 3 % larger; what stands, once
# for many, is made as small as can be.
_LEVEL = 4
_STANDING_LEVEL = 9
_HEAD = b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"
# Where an object is: free, at an offset, or in an object stream (7.5.8.3).
_ROW = struct.Struct(">BIH")
_FREE = _ROW.pack(0, 0, 65535)
_GAP = b"\0"


class Plate:
    """A PDF of which most objects stand, in their final bytes; the others are given per file."""

    def __init__(self, pdf: pydyf.PDF, given: Collection[int] = ()) -> None:
        """Keep the objects of `pdf`, which has its /Info among them, but those `given` per file."""
        self._root, self._info = pdf.catalog.number, pdf.info.number
        self._rows = [_FREE] * len(pdf.objects)
        self._standing = bytearray(_HEAD)
        loose = []
        for number, item in enumerate(pdf.objects):
            if number in given or not is_used(item):
                continue
            if isinstance(item, pydyf.Stream):
                self._rows[number] = _add(self._standing, number, _once(item))
            else:
                loose.append((number, item.data))
        _pack(self._standing, self._rows, loose, _STANDING_LEVEL)
        self._digest = hashlib.md5(self._standing, usedforsecurity=False)

    def file(
        self, identifier: str, streams: Mapping[int, bytes], others: Mapping[int, bytes]
    ) -> bytes:
        """Return the file with the objects that it was left to give, by number.

        `identifier` is the first half of the file's; the second is taken from its content.
        """
        rows = self._rows.copy()
        file = bytearray(self._standing)
        for number, content in streams.items():
            rows[number] = _add(file, number, content)
        _pack(file, rows, list(others.items()), _LEVEL)
        digest = self._digest.copy()
        digest.update(memoryview(file)[len(self._standing) :])
        number, offset = len(rows), len(file)
        rows.append(_ROW.pack(1, offset, 0))
        extra = (
            f"/Type /XRef/Size {len(rows)}/W [1 4 2]/Root {self._root} 0 R/Info {self._info} 0 R"
            f"/ID [({identifier}) ({digest.hexdigest()})]"
        )
        _add(file, number, stream(zlib.compress(b"".join(rows), _LEVEL), extra))
        file += b"startxref\n%d\n%%%%EOF\n" % offset
        return bytes(file)


class Blank:
    """A dictionary of which one value is left to fill in."""

    def __init__(self, item: pydyf.Dictionary, key: str) -> None:
        self.number = item.number
        self._before, self._after = pydyf.Dictionary(item | {key: _GAP}).data.split(_GAP)

    def filled(self, value: pydyf.Object) -> bytes:
        return self._before + value.data + self._after


def file_of(pdf: pydyf.PDF, identifier: str) -> bytes:
    """Return the file of a PDF, each of its objects made and compressed once."""
    pdf.add_object(pdf.info)
    return Plate(pdf).file(identifier, {}, {})


def number_of(reference: bytes) -> int:
    """Return 12 from "12 0 R"."""
    return int(reference.split()[0])


def is_used(item) -> bool:
    """Tell whether an object is one that a file holds; a free one is not."""
    return item.free != "f"


def stream(packed: bytes, extra: str = "") -> bytes:
    """Return a stream object of what is deflated already."""
    head = f"<<{extra}/Filter /FlateDecode/Length {len(packed)}>>\nstream\n"
    return head.encode("latin-1") + packed + b"\nendstream"


def final(item: pydyf.Stream) -> bytes:
    """Return a stream object in its final bytes."""
    return _final(item, lambda content: zlib.compress(content, _LEVEL))


def _once(item: pydyf.Stream) -> bytes:
    """Return a stream object that stands: as small as can be."""
    return _final(item, _smallest)


# The typefaces and the colour profile are those of every document.
@lru_cache(maxsize=32)
def _smallest(content: bytes) -> bytes:
    return zlib.compress(content, _STANDING_LEVEL)


def _final(item, deflate) -> bytes:
    content = b"\n".join(map(pydyf._to_bytes, item.stream))
    extra = pydyf.Dictionary(item.extra).data[2:-2].decode("latin-1")
    if item.compress:
        return stream(deflate(content), extra)
    head = f"<<{extra}/Length {len(content)}>>\nstream\n"
    return head.encode("latin-1") + content + b"\nendstream"


def begin(content: bytes) -> tuple[bytes, int]:
    """Deflate the first part of a stream; return it and its checksum, for `end`."""
    packer = zlib.compressobj(_LEVEL)
    return packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH), zlib.adler32(content)


def end(begun: bytes, checksum: int, content: bytes) -> bytes:
    """Return a stream object of what was begun and of `content` after it (RFC 1950, 2.2)."""
    packer = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
    checksum = zlib.adler32(content, checksum)
    packed = packer.compress(content) + packer.flush()
    return stream(begun + packed + checksum.to_bytes(4, "big"))


def _add(file: bytearray, number: int, content: bytes) -> bytes:
    """Write an object at the end of a file; return its row."""
    row = _ROW.pack(1, len(file), 0)
    file += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    return row


def _pack(file: bytearray, rows: list[bytes], contents: list[tuple[int, bytes]], level) -> None:
    """Write (number, content) in one object stream (7.5.7), and the rows that lead to them."""
    if not contents:
        return
    pack = len(rows)
    heads, position = [], 0
    for index, (number, content) in enumerate(contents):
        heads.append(b"%d %d" % (number, position))
        position += len(content) + 1
        rows[number] = _ROW.pack(2, pack, index)
    head = b" ".join(heads) + b"\n"
    body = b"\n".join(content for _, content in contents)
    extra = f"/Type /ObjStm/N {len(contents)}/First {len(head)}"
    rows.append(_add(file, pack, stream(zlib.compress(head + body, level), extra)))
