"""What stands around the articles of a convention or an avenant: head, parties, signatures.

A text says them under headings of their own, and opens its articles by « ## Texte »; one
that says none of a section prints the shipped text's. Each paragraph of a section is set
line by line, as it is typed:

- « ## En-tête »: the issuer, then its motto;
- « ## Parties »: a paragraph of several lines is a party, its name first;
- « ## Signatures »: a paragraph of several lines is a side: name, who signs, place to sign.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest

from django.utils.safestring import SafeString, mark_safe

from documents.contexts import Context
from documents.wording.kinds import BETWEEN_PARTIES
from documents.wording.markup import cut, fill, line_html, to_html

HEAD, PARTIES, TEXT, SIGNATURES = "En-tête", "Parties", "Texte", "Signatures"
NAMES = (HEAD, PARTIES, TEXT, SIGNATURES)
# What a template prints of each.
KEYS = {HEAD: "head", PARTIES: "parties", TEXT: "body", SIGNATURES: "signatures"}

# How each is written, for who writes a text between two parties (French).
GUIDE = {
    HEAD: "qui émet le document, puis sa devise dans un second paragraphe",
    PARTIES: "chaque partie est un paragraphe de plusieurs lignes, son nom sur la première",
    TEXT: "ouvre les articles",
    SIGNATURES: "chaque côté est un paragraphe de plusieurs lignes : son nom, qui signe, et sur la "
    "dernière la place de la signature",
}

_HEADING = re.compile(rf"^##[ \t]+({'|'.join(NAMES)})[ \t]*$", re.MULTILINE)
_BETWEEN_BLOCKS = re.compile(r"\n[ \t]*\n")

# A block is a paragraph, as its lines.
Block = Sequence[str]


def guide_to(kind: str) -> dict[str, str]:
    """Return the sections that a text of that nature may have, each with how it is written."""
    return GUIDE if kind in BETWEEN_PARTIES else {}


def split_sections(body: str) -> dict[str, str]:
    """Return the sections of a text by name; what no heading precedes is its articles (TEXT)."""
    first = _HEADING.search(body)
    sections = {TEXT: body[: first.start()] if first else body}
    for _, name, section in section_places(body):
        sections[name] = sections.get(name, "") + section
    return sections


def section_places(body: str) -> Iterator[tuple[int, str, str]]:
    """Yield each section that a text has: the line of its heading from 1, its name, its words."""
    headings = list(_HEADING.finditer(body))
    for heading, following in zip_longest(headings, headings[1:]):
        end = following.start() if following else len(body)
        line = body.count("\n", 0, heading.start()) + 1
        yield line, heading[1], body[heading.end() : end]


def blocks_of(section: str) -> list[Block]:
    """Return the paragraphs of a section, each as its lines."""
    paragraphs = _BETWEEN_BLOCKS.split(section.strip())
    return [[line.strip() for line in paragraph.split("\n")] for paragraph in paragraphs]


def sections_html(
    kind: str, body: str, context: Context, standard: dict[str, str]
) -> dict[str, SafeString]:
    """Return every section of a text between two parties as HTML, by its name in templates.

    `standard` are the sections of the shipped text, for those that `body` does not have.
    Raises FieldError as `to_html` does; a block field has no place but among the articles.
    """
    sections = standard | split_sections(body)
    html = {TEXT: to_html(kind, sections[TEXT], context)} | {
        name: fill(kind, _set(kind, name, sections[name]), context) for name in _LAYOUTS
    }
    return {KEYS[name]: mark_safe(section) for name, section in html.items()}  # noqa: S308


@lru_cache(maxsize=32)
def _set(kind: str, name: str, section: str) -> tuple[str, ...]:
    blocks = [[line_html(kind, line) for line in block] for block in blocks_of(section)]
    return cut(_LAYOUTS[name](blocks))


# --- How each is set, from lines of HTML --------------------------------------
def _head(blocks: Sequence[Block]) -> str:
    issuer, *others = blocks
    return _paragraph(issuer, "issuer") + "".join(_paragraph(block, "motto") for block in others)


def _parties(blocks: Sequence[Block]) -> str:
    return "".join(_paragraph(block) if len(block) == 1 else _party(block) for block in blocks)


def _party(block: Block) -> str:
    name, *others = block
    lines = "".join(_paragraph([line]) for line in others)
    return f'<div class="party">{_paragraph([name], "name")}{lines}</div>'


def _signatures(blocks: Sequence[Block]) -> str:
    before = "".join(_paragraph(block) for block in blocks if len(block) == 1)
    sides = "".join(_side(block) for block in blocks if len(block) > 1)
    return f'{before}<div class="sides">{sides}</div>'


def _side(block: Block) -> str:
    name, *identity, signed = block
    return (
        _paragraph([name], "name")
        + _paragraph(identity, "identity")
        + _paragraph([signed], "signed")
    )


def _paragraph(lines: Block, name: str = "") -> str:
    opening = f'<p class="{name}">' if name else "<p>"
    return f"{opening}{'<br>'.join(lines)}</p>"


_LAYOUTS: dict[str, Callable[[Sequence[Block]], str]] = {
    HEAD: _head,
    PARTIES: _parties,
    SIGNATURES: _signatures,
}
