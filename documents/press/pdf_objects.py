"""Objects of a PDF already in their final bytes, and the file that holds them (ISO 32000-1)."""

import hashlib
import re
import zlib
from collections.abc import Sequence

import pydyf

# References, and the names that WeasyPrint gives to the heads of a table ("12-0-3").
_NUMBERS = re.compile(rb"(\d+)( 0 R|-\d+-\d+\))")
# Places that a fragment remembers: it follows documents of a few different lengths.
_PLACES = 8
# Nine times out of ten this is as small as level 9, four times sooner.
_LEVEL = 6


class _Final(pydyf.Object):
    """A stream in its final bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    data = property(lambda self: self.content)


class _Packed(pydyf.Object):
    """An object that stands inside an object stream, at `index`."""

    def __init__(self, pack: _Final, index: int) -> None:
        super().__init__()
        self.pack = pack
        self.index = index


class Fragment:
    """Objects taken from one PDF, to be added to others in their final bytes."""

    def __init__(self, taken: Sequence[pydyf.Object]) -> None:
        streams = [item for item in taken if isinstance(item, pydyf.Stream)]
        others = [item for item in taken if not isinstance(item, pydyf.Stream)]
        self._numbers = [item.number for item in streams + others]
        self._streams = [_stream(item) for item in streams]
        self._others = [item.data for item in others]
        self._packs: dict[tuple, bytes] = {}

    def add_to(self, pdf: pydyf.PDF, elsewhere: dict[int, int]) -> dict[int, int]:
        """Add the objects to `pdf`; return their new numbers by their old ones.

        `elsewhere` has the new numbers of what they refer to and is not among them.
        """
        start = len(pdf.objects)
        places = enumerate(self._numbers, start)
        numbers = elsewhere | {old: new for new, old in places}
        for content in self._streams:
            pdf.add_object(_Final(content))
        if self._others:
            place = (start, *elsewhere.values())
            pack = _Final(self._pack(place, numbers))
            for index in range(len(self._others)):
                pdf.add_object(_Packed(pack, index))
            pdf.add_object(pack)
        return numbers

    def _pack(self, place: tuple, numbers: dict[int, int]) -> bytes:
        if place not in self._packs:
            if len(self._packs) == _PLACES:
                self._packs.clear()
            first = place[0] + len(self._streams)
            self._packs[place] = _pack(
                [
                    (first + index, _renumbered(content, numbers))
                    for index, content in enumerate(self._others)
                ]
            )
        return self._packs[place]


def number_of(reference: bytes) -> int:
    """Return 12 from "12 0 R"."""
    return int(reference.split()[0])


def _renumbered(content: bytes, numbers: dict[int, int]) -> bytes:
    return _NUMBERS.sub(lambda match: b"%d%b" % (numbers[int(match[1])], match[2]), content)


def file_of(pdf: pydyf.PDF, identifier: str) -> bytes:
    """Return the file of `pdf`, each object made and compressed once.

    `identifier` is the first half of the file's; the second is taken from its content.
    """
    pdf.add_object(pdf.info)
    loose = [item for item in pdf.objects[1:] if isinstance(item, (dict, list))]
    pack = _Final(_pack([(item.number, item.data) for item in loose]))
    for index, item in enumerate(loose):
        pdf.objects[item.number] = _Packed(pack, index)
    pdf.add_object(pack)

    file = bytearray(b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n")
    # Where each object is: free, at an offset, or in an object stream (7.5.8.3).
    rows = [(0, 0, 65535)]
    for number, item in enumerate(pdf.objects[1:], 1):
        if isinstance(item, _Packed):
            rows.append((2, item.pack.number, item.index))
            continue
        rows.append((1, len(file), 0))
        content = _stream(item) if isinstance(item, pydyf.Stream) else item.data
        file += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    number = len(rows)
    rows.append((1, len(file), 0))
    digest = hashlib.md5(file, usedforsecurity=False).hexdigest()
    table = _deflated(
        b"".join(
            kind.to_bytes(1, "big") + where.to_bytes(4, "big") + index.to_bytes(2, "big")
            for kind, where, index in rows
        ),
        f"/Type /XRef/Size {number + 1}/W [1 4 2]/Root {pdf.catalog.number} 0 R"
        f"/Info {pdf.info.number} 0 R/ID [({identifier}) ({digest})]",
    )
    file += b"%d 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number, table, rows[-1][1])
    return bytes(file)


def _pack(contents: list[tuple[int, bytes]]) -> bytes:
    """Return an object stream of (number, content) (7.5.7)."""
    heads, position = [], 0
    for number, content in contents:
        heads.append(b"%d %d" % (number, position))
        position += len(content) + 1
    head = b" ".join(heads) + b"\n"
    body = b"\n".join(content for _, content in contents)
    return _deflated(head + body, f"/Type /ObjStm/N {len(contents)}/First {len(head)}")


def _stream(item: pydyf.Stream) -> bytes:
    content = b"\n".join(map(pydyf._to_bytes, item.stream))
    extra = pydyf.Dictionary(item.extra).data[2:-2].decode("latin-1")
    return _deflated(content, extra)


def _deflated(content: bytes, extra: str) -> bytes:
    packed = zlib.compress(content, _LEVEL)
    head = f"<<{extra}/Filter /FlateDecode/Length {len(packed)}>>"
    return head.encode("latin-1") + b"\nstream\n" + packed + b"\nendstream"
