"""What the e-mails to one side have in common: rendered once, their values put in one by one.

A campaign writes thousands that differ by a few words. Rendering and mending the whole of each
was most of what sending a campaign took.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import linebreaks
from django.utils.text import normalize_newlines

from outbox.models import LINK_LASTS
from typography import mend, mend_html, tag_by_tag

# What differs from one e-mail to the next.
_VALUES = ("subject", "paragraphs", "collectivity", "schools", "amount", "reference", "link")
# A sign that no database of ours keeps and no template holds.
_PLACE = re.compile(r"\0(\w+)\0")
_PARAGRAPHS = "\0paragraphs\0"
_LINES = re.compile(r"(?<=\n)")
_BETWEEN_PARAGRAPHS = re.compile(r"\n{2,}")


@dataclass(frozen=True)
class Layout:
    """The text of an e-mail, and its HTML before and after its paragraphs, in pieces.

    By turns a piece that is mended already, and one that is mended once its values are in it.
    """

    text: list[str]
    html_before: list[str]
    html_after: list[str]

    @classmethod
    def of(
        cls, *, to_town_hall: bool, reply_by: datetime.date | None = None, contact: str = ""
    ) -> "Layout":
        """Return that of the e-mails to one side of the files of a campaign."""
        context = {
            **{name: f"\0{name}\0" for name in _VALUES},
            "to_town_hall": to_town_hall,
            "reply_by": reply_by,
            "contact": contact,
            # As text: for a number Django asks which language it is to be written in.
            "link_days": str(LINK_LASTS.days),
            "site_name": settings.SITE_NAME,
            "site_tagline": settings.SITE_TAGLINE,
        }
        text = render_to_string("notifications/layout.txt", context).strip() + "\n"
        html = render_to_string("notifications/layout.html", context)
        before, after = html.split(_PARAGRAPHS)
        return cls(
            _pieces(_LINES.split(text), mend),
            _pieces(tag_by_tag(before), mend_html),
            _pieces(tag_by_tag(after), mend_html),
        )

    def written(self, **values: str) -> tuple[str, str]:
        """Return the text and the HTML of an e-mail of these `values`, mended both."""
        paragraphs = _BETWEEN_PARAGRAPHS.split(normalize_newlines(values["paragraphs"]))
        escaped = {name: escape(value) for name, value in values.items()}
        html = (
            _filled(self.html_before, escaped, mend_html),
            "\n\n".join(map(_paragraph, paragraphs)),
            _filled(self.html_after, escaped, mend_html),
        )
        return _filled(self.text, values, mend), "".join(html)


# One paragraph of an e-mail names its file, the others are those of all.
@lru_cache
def _paragraph(text: str) -> str:
    return mend_html(linebreaks(text, autoescape=True))


def _pieces(parts: Iterable[str], mended: Callable[[str], str]) -> list[str]:
    """Return the parts that hold values as `%` fills them, and between them the others, mended."""
    found, plain = [], ""
    for part in parts:
        if _PLACE.search(part):
            found += [mended(plain), _PLACE.sub(r"%(\1)s", part.replace("%", "%%"))]
            plain = ""
        else:
            plain += part
    return [*found, mended(plain)]


def _filled(pieces: list[str], values: Mapping[str, str], mended: Callable[[str], str]) -> str:
    filled = pieces.copy()
    filled[1::2] = [mended(piece % values) for piece in pieces[1::2]]
    return "".join(filled)
