"""A document as it goes to the compositor: a mark-up, and the words of its blocks."""

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from weasyprint.document import DocumentMetadata

from documents.press.plain import declare_accessible
from documents.press.typesetting import SPACES, CannotSet, Emblem, Figure, Picture, plain_words

_BODY = re.compile(r'(<body\b[^<>]*?)(?: data-reference="([^"]*)")?>')
_LANGUAGE = re.compile(r'<html lang="(\w+)">')
_HEAD_VALUE = re.compile(r'<title>([^<]*)</title>|<meta name="([\w.]+)" content="([^"]*)">')

_TEXT_TAG = r"(?:p|h[1-6]|li|th|td|caption)"
_INLINE_TAG = r"</?(?:br|span|em|strong)\b[^<>]*>"
_BOX = r' class="\w+" style="width: \w+; height: \w+"'
_IMAGE = r' src="([^"]*)" alt="([^"]*)"'
# Text, a drawing, an image file in a box that has its size.
_BLOCK = re.compile(
    rf"(<{_TEXT_TAG}\b[^<>]*>)([^<]*(?:{_INLINE_TAG}[^<]*)*)(?=</{_TEXT_TAG}>)"
    r"|(<svg)(\b.*?)(?=</svg>)"
    rf"|(<img{_BOX})({_IMAGE})(?=>)",
    re.DOTALL,
)
_NEVER_KEPT = re.compile(rf"<(?:a|input|object|embed|link|style)\b|<img\b(?!{_BOX}{_IMAGE}>)")
_HEADING = re.compile(r"<h[1-6]\b[^<>]*>$")


@dataclass(frozen=True)
class Copy:
    """A document as it goes to the compositor.

    `markup` is the body without what its blocks hold, cut after the opening tag of each;
    `words` is what each holds: text and inline tags, what is inside an <svg>, the address and
    the description of an <img>.
    """

    head: str
    body_tag: str
    reference: str
    markup: tuple[str, ...]
    words: tuple[str, ...]

    @cached_property
    def skeleton(self) -> tuple[str, ...]:
        """What two documents have in common when only their words differ."""
        head = _HEAD_VALUE.sub(lambda value: value[2] or "title", self.head)
        return (head, self.body_tag, *self.markup)

    @cached_property
    def metadata(self) -> DocumentMetadata:
        """What WeasyPrint reads in the head."""
        values = {
            name or "title": entities.unescape(title or content)
            for title, name, content in _HEAD_VALUE.findall(self.head)
        }
        language = _LANGUAGE.search(self.head)
        metadata = DocumentMetadata(
            title=values.pop("title", None),
            authors=[values.pop("author")] if "author" in values else [],
            description=values.pop("description", None),
            generator=values.pop("generator", None),
            created=values.pop("dcterms.created", None),
            lang=language[1] if language else None,
        )
        if values:
            raise CannotSet(f"unknown in a head: {', '.join(values)}")
        declare_accessible(metadata)
        return metadata

    def tags(self) -> Iterator[tuple[int, str, str]]:
        """Yield (block, what stands before and its opening tag, its words)."""
        for block, words in enumerate(self.words):
            yield block, self.markup[block], words

    def figures(self) -> Iterator[tuple[int, Figure]]:
        for block, before, words in self.tags():
            if before.endswith("<svg"):
                yield block, Picture(words)
            elif image := re.fullmatch(_IMAGE, words):
                yield block, Emblem(*map(entities.unescape, image.groups()))

    def headings(self) -> Iterator[str]:
        """Yield the headings in order, as bookmarks name them."""
        for _, before, words in self.tags():
            if _HEADING.search(before):
                yield SPACES.sub(" ", plain_words(words)).strip()

    def numbered_html(self) -> str:
        """Return the whole document with the number of each block on its tag."""
        pieces = [f'{self.head}{self.body_tag} data-reference="{self.reference}">']
        for block, before, words in self.tags():
            start, tag, attributes = _last_tag(before)
            pieces.append(f'{start}{tag} data-block="{block}"{attributes}{words}')
        return "".join((*pieces, self.markup[-1], "</body></html>"))


def _last_tag(before: str) -> tuple[str, str, str]:
    """Cut '…</p><h2 class="a">' into '…</p>', '<h2', ' class="a">'."""
    start = before.rindex("<")
    end = start + re.match(r"<\w+", before[start:]).end()
    return before[:start], before[start:end], before[end:]


def read(html: str) -> Copy:
    """Raises CannotSet when `html` holds what is never kept standing."""
    body = _BODY.search(html)
    last = html.rfind("</body>")
    if not body or last < 0 or _NEVER_KEPT.search(html):
        raise CannotSet("a link, an image of any size or a style, or not a whole document")
    body_tag, reference = body.groups(default="")
    markup, words = [], []
    end = body.end()
    for block in _BLOCK.finditer(html, end, last):
        group = 2 if block[1] else 4 if block[3] else 6
        markup.append(html[end : block.start(group)])
        words.append(block[group])
        end = block.end()
    markup.append(html[end:last])
    return Copy(html[: body.start()], body_tag, reference, tuple(markup), tuple(words))
