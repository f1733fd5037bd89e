"""Standing type: pages laid out once, kept, and printed again with other words.

Printers kept "standing type" between two printings of a text that hardly changes. Two
documents share their pages when they have the same mark-up and each of their blocks
(paragraph, heading, cell…) takes as many lines: nothing on the page moves, only the glyphs
differ. So a document is read as a mark-up and its blocks; each block is set in lines, and
remembered (`typesetting`); the pages of that shape are filled with the lines. A shape never
seen is laid out by WeasyPrint, proved (its own words, set here, must be what the pages show)
and kept as a forme.

Nothing here knows which words vary in a campaign, nor depends on what was printed before:
one way or the other, the same document gives the same bytes. On another version of WeasyPrint
than VERSION everything is printed plainly.
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache

from django.conf import settings
from weasyprint import Document
from weasyprint import __version__ as weasyprint_version

from documents.press import plain, proofs
from documents.press.copies import Copy, read
from documents.press.formes import FOLIO, Contents, Forme, lock_up, measures_in
from documents.press.plain import EmbeddedFile
from documents.press.typesetting import CannotSet, Figure, Measure, Setting, set_block

logger = logging.getLogger(__name__)

VERSION = "70.0"
# Formes kept in a process, some 200 kB each. A region's conventions have about sixty shapes.
_KEPT = 300

# What the style sheet prints at the foot of each page, its spaces collapsed.
_FOLIO = "{reference} · page {page} / {pages}"


def print_pdf(html: str, files: Sequence[EmbeddedFile] = ()) -> tuple[bytes, int]:
    """Print a whole document with the files it carries: return the PDF, its number of pages.

    The pages are those of `plain.print_plainly`, which is used when this way cannot be, and
    beside it for one document in so many.
    """
    if not settings.STANDING_TYPE or weasyprint_version != VERSION:
        return plain.print_plainly(html, files)
    try:
        return _print(html, files)
    except CannotSet as reason:
        logger.info("Printed plainly: %s", reason)
    except Exception:  # A short cut that fails must not keep a document from being printed.
        logger.exception("Standing type failed: printed plainly")
    return plain.print_plainly(html, files)


def _print(html, files) -> tuple[bytes, int]:
    identifier = plain.identifier_of(html)
    is_due = proofs.is_due(identifier)
    with plain.warm_press().lock, plain.collector_paused():
        standing = _standing_type()
        if is_due:
            standing.is_stopped = bool(proofs.reason_to_stop())
        if standing.is_stopped:
            raise CannotSet("the short cut is stopped")
        copy = read(html)
        forme, contents = standing.forme_of(copy, files)
        folios = standing.folios(copy, len(forme.pages))
        printed = forme.print(copy, contents, folios, files, identifier), len(folios)
    if not is_due:
        return printed
    proof = plain.print_plainly(html, files)
    found = proofs.differences(printed[0], proof[0])
    if not found:
        return printed
    standing.is_stopped = True
    proofs.stop(identifier, found)
    return proof


class _StandingType:
    """The formes of a process, and the measures of each mark-up's blocks."""

    def __init__(self) -> None:
        self.is_stopped = bool(proofs.reason_to_stop())
        self._measures: OrderedDict[tuple, dict[int, Measure]] = OrderedDict()
        self._formes: OrderedDict[tuple, Forme] = OrderedDict()

    def forme_of(self, copy: Copy, files: Sequence[EmbeddedFile]) -> tuple[Forme, Contents]:
        """Return the forme that fits `copy`, laid out if need be, and its blocks set."""
        contents = self._set(copy)
        key = _key(copy, contents, files)
        if key not in self._formes:
            document = plain.warm_press().lay_out(copy.numbered_html())
            plain.declare_accessible(document.metadata)
            self._measure(copy, document)
            contents = self._set(copy)
            key = _key(copy, contents, files)
            folios = self.folios(copy, len(document.pages))
            _keep(self._formes, key, lock_up(document, copy, contents, folios, files))
        self._formes.move_to_end(key)
        return self._formes[key], contents

    def folios(self, copy: Copy, pages: int) -> list[Setting]:
        """Set the foot of each page."""
        measure = self._measures[copy.skeleton].get(FOLIO)
        folios = []
        for page in range(1, pages + 1):
            words = _FOLIO.format(reference=copy.reference, page=page, pages=pages)
            setting = measure and set_block(measure, words)
            if not setting:
                raise CannotSet("the foot of the pages")
            folios.append(setting)
        return folios

    def _set(self, copy: Copy) -> Contents:
        """Set each block that may be; the others are not in the result."""
        measures = self._measures.get(copy.skeleton, {})
        if measures:
            self._measures.move_to_end(copy.skeleton)
        contents: dict[int, Setting | Figure] = dict(copy.figures())
        for block, _, words in copy.tags():
            if block in measures and (setting := set_block(measures[block], words)):
                contents[block] = setting
        return contents

    def _measure(self, copy: Copy, document: Document) -> None:
        """Note the measure of each block, and the types that others of its kind did not show."""
        measures = self._measures.get(copy.skeleton, {})
        _keep(self._measures, copy.skeleton, measures)
        for block, seen in measures_in(document):
            known = measures.get(block)
            if known is None or seen.types.keys() - known.types.keys():
                seen.types.update(known.types if known else {})
                measures[block] = seen


def _keep(kept: OrderedDict, key: tuple, value) -> None:
    """Keep `value` as the latest; the oldest goes when there are too many."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT:
        kept.popitem(last=False)


@cache
def _standing_type() -> _StandingType:
    return _StandingType()


def _key(copy: Copy, contents: Contents, files: Sequence[EmbeddedFile]) -> tuple:
    """What makes a forme fit: the mark-up, the shape of each block, the words of the others."""
    shapes = tuple(
        contents[block].shape if block in contents else words
        for block, words in enumerate(copy.words)
    )
    carried = tuple((file.name, file.description, file.relationship) for file in files)
    return copy.skeleton, shapes, carried
