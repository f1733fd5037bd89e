"""What the e-mails to one side have in common: rendered once, their values put in one by one.

A campaign writes thousands that differ by a few words. Rendering and mending the whole of each
was most of what sending a campaign took.
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.template.defaultfilters import linebreaks_filter
from django.template.loader import render_to_string
from django.utils.html import conditional_escape

from outbox.models import LINK_LASTS
from typography import mend, mend_html, tag_by_tag

# What differs from one e-mail to the next.
_VALUES = ("subject", "paragraphs", "collectivity", "schools", "amount", "reference", "link")
# A sign that no database of ours keeps and no template holds.
_PLACE = re.compile(r"\0(\w+)\0")


@dataclass(frozen=True)
class Layout:
    """The text of an e-mail, and its HTML in pieces.

    What stands in it and the names of its values come by turns; a piece that holds no value
    is mended already.
    """

    text: list[str]
    html: list[list[str]]

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
        return cls(_PLACE.split(text), _mended_between(tag_by_tag(html)))

    def written(self, **values: str) -> tuple[str, str]:
        """Return the text and the HTML of an e-mail of these `values`, mended both."""
        in_html = values | {"paragraphs": linebreaks_filter(values["paragraphs"])}
        in_html = {name: conditional_escape(value) for name, value in in_html.items()}
        html = [
            piece[0] if len(piece) == 1 else mend_html(_filled(piece, in_html))
            for piece in self.html
        ]
        return mend(_filled(self.text, values)), "".join(html)


def _mended_between(pieces: list[str]) -> list[list[str]]:
    """Return the pieces that hold values, and between them the others mended together."""
    found, plain = [], ""
    for piece in pieces:
        parts = _PLACE.split(piece)
        if len(parts) == 1:
            plain += piece
        else:
            found += [[mend_html(plain)], parts]
            plain = ""
    return [*found, [mend_html(plain)]]


def _filled(parts: list[str], values: Mapping[str, str]) -> str:
    filled = parts.copy()
    filled[1::2] = [values[name] for name in parts[1::2]]
    return "".join(filled)
