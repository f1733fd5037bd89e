"""Everything that is wrong with a text, at its line, before it is kept.

What Markdown would let through in silence and print as typed (a star without its other
half, a table whose row lost a cell, HTML) is a fault here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

from markdown_it.token import Token

from documents.wording.conditions import CONDITIONS, END, FREE, OWED, unpaired
from documents.wording.fields import FIELDS, fields_of, plain_key
from documents.wording.kinds import ACTS, BETWEEN_PARTIES, Kind
from documents.wording.markup import FIELD, is_alone, parse, split_mentions
from documents.wording.merge_field import MergeField
from documents.wording.requirements import requirements_of
from documents.wording.sections import HEAD, TEXT, blocks_of, section_places, split_sections
from documents.wording.typography import NARROW_SPACE
from tabular.folding import fold

# Some forty printed pages: beyond, printing would hold a page for more than a few seconds.
MAX_LENGTH = 150_000
MAX_LINE = 20_000
# Paragraphs, headings, items, cells, emphasis, fields: each costs the layout milliseconds.
MAX_ELEMENTS = 2_500
MAX_LISTS = 3
SHOWN = 40
_EXCERPT = 60


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to put right: its line from 1 (0: the whole text), what and how (French)."""

    line: int
    message: str
    excerpt: str = ""

    def __str__(self) -> str:
        return self.after(0)

    def after(self, header: int) -> str:
        """Say it where `header` lines stand before the text, as in a file."""
        place = f"Ligne {self.line + header} : " if self.line else ""
        excerpt = f" [{self.excerpt}]" if self.excerpt else ""
        return f"{place}{self.message}{excerpt}"


def tidy(body: str) -> str:
    """Return a text with plain line ends, no empty line around it, and a last line end."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"\A([ \t]*\n)+", "", lines).rstrip() + "\n"


def proofread(kind: str, body: str) -> list[Fault]:
    """Return the faults of a text of nature `kind`, in the order of its lines.

    None means that it can be printed with any values. At most SHOWN are returned.
    """
    if faults := _too_large(body):
        return faults
    # An escaped character is a plain one; line and column stay what they were.
    plain = re.sub(r"\\[^\w\s]", "··", body)
    lines = plain.split("\n")
    faults = [
        *_literal_syntax(lines),
        *_after_mentions(kind, body),
        *_around(kind, body),
        *_braces(lines),
        *_fields(kind, lines),
        *_conditions(body),
    ]
    tokens = parse(_without_stray_braces(body))
    faults += [*_elements(tokens), *_headings(lines, tokens), *_tables(lines, tokens)]
    faults += [
        *_lists(tokens),
        *_emphasis(tokens),
        *_blocks(kind, tokens),
        *_missing(kind, body, tokens),
    ]
    source = body.split("\n")
    found = [
        Fault(fault.line, fault.message, _excerpt(source[fault.line - 1]) if fault.line else "")
        for fault in sorted(set(faults), key=lambda fault: (not fault.line, fault))
    ]
    if len(found) > SHOWN:
        left = len(found) - SHOWN
        found = [*found[:SHOWN], Fault(0, f"Et {left} autres points, dits une fois ceux-ci levés.")]
    return found


def _excerpt(line: str) -> str:
    line = line.strip()
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"


def _too_large(body: str) -> list[Fault]:
    if len(body) > MAX_LENGTH:
        return [
            Fault(
                0,
                f"Le texte compte {_figures(len(body))} caractères ; {_figures(MAX_LENGTH)} au plus, "
                "soit une quarantaine de pages. Raccourcissez-le, ou joignez une annexe à part.",
            )
        ]
    return [
        Fault(number, f"Paragraphe de plus de {_figures(MAX_LINE)} caractères : coupez-le.")
        for number, line in enumerate(body.split("\n"), 1)
        if len(line) > MAX_LINE
    ]


def _figures(number: int) -> str:
    return f"{number:,}".replace(",", NARROW_SPACE)


# What Markdown elsewhere understands, and here would be printed as it is typed.
_LITERAL = (
    (
        re.compile(r"</?[A-Za-z][^<>]*>?|<[!?]"),
        "Code HTML : il serait imprimé tel quel. Retirez-le (« \\< » imprime le signe).",
    ),
    (
        re.compile(r"&(#\d+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);"),
        "Code HTML : tapez le caractère lui-même.",
    ),
    (
        re.compile(r"!?\[[^\[\]]*\]\([^()]*\)"),
        "Liens et images ne s'impriment pas : écrivez l'adresse en toutes lettres.",
    ),
    (re.compile(r"^\s*(```|~~~)"), "Les blocs de code ne s'impriment pas : retirez ce signe."),
    (re.compile(r"^\s*>"), "Les citations « > » ne s'impriment pas : retirez ce signe."),
    (
        re.compile(r"^\s*([-*_=])(\s*\1){2,}\s*$"),
        "Les filets ne s'impriment pas : retirez cette ligne, ou commencez un titre par « ## ».",
    ),
    (
        re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufffe\uffff]"),
        "Caractère invisible : effacez la ligne et tapez-la de nouveau.",
    ),
)


def _literal_syntax(lines: Sequence[str]) -> Iterator[Fault]:
    for number, line in enumerate(lines, 1):
        for pattern, message in _LITERAL:
            if pattern.search(line):
                yield Fault(number, message)


def _after_mentions(kind: str, body: str) -> Iterator[Fault]:
    """What follows « ## Mentions » is printed apart, at the foot: no heading goes there."""
    main, mentions = split_mentions(body) if kind in ACTS else (body, "")
    first = main.count("\n") + 1
    for number, line in enumerate(mentions.split("\n"), first):
        if _HASHES.match(line):
            yield Fault(number, "« ## Mentions » est la dernière partie : placez ce titre avant.")


def _around(kind: str, body: str) -> Iterator[Fault]:
    """Head, parties and signatures: lines, twice a side, and « ## Texte » before the articles."""
    if kind not in BETWEEN_PARTIES:
        return
    seen: set[str] = set()
    for line, name, section in section_places(body):
        if name in seen:
            yield Fault(line, f"« ## {name} » est déjà plus haut : gardez l'un des deux.")
        seen.add(name)
        if name == TEXT:
            continue
        yield from _lines_around(kind, name, enumerate(section.split("\n"), line))
        sides = sum(len(block) > 1 for block in blocks_of(section))
        if name == HEAD and not section.strip():
            yield Fault(line, "En-tête vide : écrivez qui émet le document.")
        elif name != HEAD and sides != 2:
            yield Fault(
                line,
                f"« ## {name} » a deux côtés, chacun d'un paragraphe de plusieurs lignes, son nom "
                f"en premier : il y en a {sides}.",
            )


def _lines_around(kind: str, name: str, lines: Iterable[tuple[int, str]]) -> Iterator[Fault]:
    blocks = {key for key, field in fields_of(kind).items() if field.is_block}
    for number, words in lines:
        if _STRUCTURE.match(words):
            yield Fault(
                number,
                f"« ## {name} » n'a que des lignes de texte : ouvrez les articles par la ligne "
                "« ## Texte ».",
            )
        for mark in FIELD.finditer(words):
            if mark[1] in blocks:
                yield Fault(
                    number, f"Le champ {{{{ {mark[1]} }}}} se place parmi les articles seulement."
                )


# A heading, an item of a list, a row of a table.
_STRUCTURE = re.compile(r"\s{0,3}(#|[-*+]\s|\d+[.)]\s|\|)")

# --- Fields -----------------------------------------------------------------
_ONE_LINE_FIELD = re.compile(r"\{\{[^{}\n]*\}\}")


def _braces(lines: Sequence[str]) -> Iterator[Fault]:
    for number, line in enumerate(lines, 1):
        rest = _ONE_LINE_FIELD.sub("", line)
        if "{" in rest or "}" in rest:
            yield Fault(
                number,
                "Accolades mal fermées : un champ s'écrit {{ nom_du_champ }}, deux accolades de "
                "chaque côté, sur une seule ligne.",
            )


def _without_stray_braces(body: str) -> str:
    """Blank the braces that make no field, so that the rest can be read."""
    # Never empty: a text that vanished would take its paragraph with it.
    pieces = re.split(f"({_ONE_LINE_FIELD.pattern})", body)
    return "".join(
        piece if index % 2 else piece.replace("{", "·").replace("}", "·")
        for index, piece in enumerate(pieces)
    )


def _fields(kind: str, lines: Sequence[str]) -> Iterator[Fault]:
    fields = fields_of(kind)
    blocks: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        for match in FIELD.finditer(line):
            key = match[1]
            if key not in fields:
                yield Fault(number, _unknown(key, kind, fields))
            elif fields[key].is_block:
                if key in blocks and fields[key] not in CONDITIONS:
                    yield Fault(
                        number,
                        f"Le champ « {key} » est déjà placé à la ligne {blocks[key]} : une fois "
                        "suffit.",
                    )
                blocks.setdefault(key, number)


def _conditions(body: str) -> Iterator[Fault]:
    for line, key in unpaired(body):
        yield Fault(
            line,
            f"Le champ {{{{ {key} }}}} va par deux : {{{{ {OWED} }}}} ou {{{{ {FREE} }}}}, puis "
            f"{{{{ {END} }}}}, chacun seul sur sa ligne, sans s'emboîter.",
        )


def _unknown(key: str, kind: str, fields: dict[str, MergeField]) -> str:
    message = f"Le champ « {key} » n'existe pas"
    if any(field.key == plain_key(key) for field in FIELDS):
        message += f" dans un texte de nature « {Kind(kind).label} »"
    if near := _nearest(key, fields):
        return f"{message}. Vouliez-vous dire {near.mark} ({near.label.lower()}) ?"
    return f"{message}. Choisissez-en un dans la liste des champs."


def _nearest(key: str, fields: dict[str, MergeField]) -> MergeField | None:
    """The field that was meant: by its key or its label, accents and case aside."""
    names = {}
    listed = [field for key, field in fields.items() if key == plain_key(key)]
    for field in listed:
        names[fold(field.label)] = field
    names |= {fold(field.key): field for field in listed}
    found = get_close_matches(fold(key[:80]), names, n=1, cutoff=0.6)
    return names[found[0]] if found else None


def _children(tokens: Sequence[Token]) -> Iterator[tuple[Token, int, int]]:
    """Yield (inline child, its line, index of its parent)."""
    for index, token in enumerate(tokens):
        if token.type != "inline" or not token.map:
            continue
        line = token.map[0] + 1
        for child in token.children or ():
            yield child, line, index
            line += child.content.count("\n") + (child.type == "hardbreak")


def _blocks(kind: str, tokens: Sequence[Token]) -> Iterator[Fault]:
    fields = fields_of(kind)
    for child, line, parent in _children(tokens):
        field = fields.get(child.content) if child.type == "field" else None
        if field and field.is_block and not is_alone(tokens, parent):
            yield Fault(
                line,
                f"Le champ « {field.key} » se place seul dans son paragraphe : laissez une ligne "
                "vide avant et après.",
            )


def _elements(tokens: Sequence[Token]) -> Iterator[Fault]:
    inline = (child for child, _, _ in _children(tokens))
    count = sum(token.type == "field" or token.nesting == 1 for token in (*tokens, *inline))
    if count > MAX_ELEMENTS:
        yield Fault(
            0,
            f"Le texte compte plus de {_figures(MAX_ELEMENTS)} éléments (paragraphes, cellules, "
            "champs…) : raccourcissez-le, ou joignez une annexe à part.",
        )


# --- Markup -----------------------------------------------------------------
def _emphasis(tokens: Sequence[Token]) -> Iterator[Fault]:
    for child, line, _ in _children(tokens):
        if child.type == "unclosed":
            mark = child.content
            yield Fault(
                line,
                f"Gras ou italique mal fermé : « {mark} » n'a pas sa moitié dans le paragraphe. "
                f"Fermez-le, ou écrivez « \\{mark} » pour l'imprimer.",
            )


def _lists(tokens: Sequence[Token]) -> Iterator[Fault]:
    for token in tokens:
        # Each list adds two levels, itself and its item; far deeper, Markdown drops the text.
        if token.type == "list_item_open" and token.map and token.level > 2 * MAX_LISTS:
            yield Fault(token.map[0] + 1, f"{MAX_LISTS} niveaux de liste au plus.")


_HASHES = re.compile(r"^\s{0,3}(#+)(.*)$")


def _headings(lines: Sequence[str], tokens: Sequence[Token]) -> Iterator[Fault]:
    real = {token.map[0]: token for token in tokens if token.type == "heading_open" and token.map}
    previous = 1
    for number, line in enumerate(lines, 1):
        match = _HASHES.match(line)
        if not match:
            continue
        level = len(match[1])
        if number - 1 not in real:
            if level <= 6 and match[2] and not match[2].startswith((" ", "\t")):
                yield Fault(number, f"Titre mal écrit : mettez une espace après « {match[1]} ».")
            continue
        if not match[2].strip(" \t#"):
            yield Fault(number, "Titre vide : écrivez-le, ou retirez la ligne.")
        if level == 1:
            yield Fault(number, "« # » est le titre du document : commencez par « ## ».")
        elif level > 3:
            yield Fault(number, "Deux niveaux de titre au plus : « ## » et « ### ».")
        elif level > previous + 1 and previous > 1:
            yield Fault(number, f"Le titre saute un niveau : écrivez « {'#' * (previous + 1)} ».")
        previous = min(level, 3)


def _tables(lines: Sequence[str], tokens: Sequence[Token]) -> Iterator[Fault]:
    inside: dict[int, int] = {}
    for token in tokens:
        if token.type == "table_open" and token.map:
            columns = _cells(lines[token.map[0]])
            inside |= dict.fromkeys(range(*token.map), columns)
            if token.map[1] - token.map[0] < 3:
                yield Fault(token.map[0] + 1, "Tableau sans ligne : ajoutez-en, ou retirez-le.")
    for index, line in enumerate(lines):
        if "|" not in line:
            continue
        if index not in inside:
            yield Fault(
                index + 1,
                "Tableau mal formé : une ligne d'en-tête, une ligne « | --- | --- | » avec autant "
                "de cellules, puis les lignes (« \\| » imprime la barre).",
            )
        elif _cells(line) != inside[index]:
            yield Fault(
                index + 1,
                f"Cette ligne du tableau a {_cells(line)} cellules, l'en-tête {inside[index]} : "
                "complétez ou retirez.",
            )


def _cells(line: str) -> int:
    return len(re.sub(r"^\||\|$", "", line.strip()).split("|"))


# --- What must be there -------------------------------------------------------
def _missing(kind: str, body: str, tokens: Sequence[Token]) -> Iterator[Fault]:
    keys = {plain_key(child.content) for child, _, _ in _children(tokens) if child.type == "field"}
    headings: list[str] = []
    paragraphs: list[str] = []
    for before, token in pairwise(tokens):
        if token.type == "inline":
            target = headings if before.type == "heading_open" else paragraphs
            target.append(fold(token.content[:200].replace("*", "")))
    sections = split_sections(body)
    for part in requirements_of(kind):
        if part.section and part.section not in sections:
            continue
        there = _keys(sections[part.section]) if part.section else keys
        found = (
            any(key in there for key in part.fields)
            or (part.heading and any(map(part.heading.match, headings)))
            or (part.paragraph and any(map(part.paragraph.match, paragraphs)))
        )
        if not found:
            yield Fault(0, f"Il manque {part.what} : {part.advice}.")


def _keys(section: str) -> set[str]:
    return {plain_key(mark[1]) for mark in FIELD.finditer(section)}
