"""A text's Markdown and merge fields, to HTML.

Fields are read while the Markdown is: a value is never parsed, so a name that holds
`*`, `_`, `|` or `<` prints as it is written.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from django.utils.html import format_html
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from documents.contexts import Context
from documents.wording.fields import fields_of, listed_fields
from documents.wording.merge_field import MergeField

FIELD = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")

# What is not listed here (HTML, images, links, code) prints literally.
_SYNTAX = ("heading", "list", "table", "emphasis", "escape")


class FieldError(ValueError):
    """A text calls for a field that does not exist, or not in the way it may be used."""


def _field_rule(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("{{", state.pos):
        return False
    match = FIELD.match(state.src, state.pos)
    if not match:
        raise FieldError(f"Champ mal fermé : « {state.src[state.pos : state.pos + 30]} ».")
    if not silent:
        token = state.push("field", "", 0)
        token.content = match[1]
    state.pos = match.end()
    return True


def _render_field(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return str(env[tokens[index].content])


def _unclosed_rule(state: StateInline) -> None:
    """Keep apart the marks of emphasis that found no other half: they print literally."""
    closed = {delimiter.end for delimiter in state.delimiters}
    for index, mark in enumerate(state.delimiters):
        if mark.end < 0 and index not in closed and (mark.open or mark.close):
            state.tokens[mark.token].type = "unclosed"


def _render_literally(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return tokens[index].content


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero").enable(list(_SYNTAX))
    parser.inline.ruler.before("escape", "field", _field_rule)
    parser.inline.ruler2.after("emphasis", "unclosed", _unclosed_rule)
    parser.add_render_rule("field", _render_field)
    parser.add_render_rule("unclosed", _render_literally)
    return parser


_PARSER = _parser()


_MENTIONS = re.compile(r"^##[ \t]+Mentions[ \t]*$", re.MULTILINE)


def split_mentions(body: str) -> tuple[str, str]:
    """Return an act's text and what it prints at its foot, after « ## Mentions » ("" if none)."""
    main, *mentions = _MENTIONS.split(body, maxsplit=1)
    return main, "".join(mentions)


def parse(body: str) -> list[Token]:
    """Return the tokens of a Markdown text, its fields and its marks left open among them.

    Raises FieldError for braces that are not closed.
    """
    return _PARSER.parse(body)


def is_alone(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether the paragraph whose text is at `index` holds one field and no more."""
    children = tokens[index].children or []
    return (
        tokens[index - 1].type == "paragraph_open"
        and len(children) == 1
        and children[0].type == "field"
    )


@lru_cache(maxsize=32)
def _parse(kind: str, body: str) -> tuple[Token, ...]:
    """Parse `body` once per process, its block fields lifted out of their paragraphs.

    Raises FieldError for a field that texts of this kind do not have.
    """
    tokens: list[Token] = []
    parsed = parse(body)
    skip_close = False
    for index, token in enumerate(parsed):
        if skip_close:
            skip_close = False
            continue
        for child in token.children or ():
            if child.type != "field":
                continue
            if _field(kind, child.content).is_block:
                if not is_alone(parsed, index):
                    raise _misplaced(child.content)
                tokens.pop()
                token = child
                skip_close = True
        if token.type == "th_open":
            token.attrSet("scope", "col")
        if style := token.attrs.pop("style", None):
            token.attrSet("class", str(style).replace("text-align:", "align-"))
        tokens.append(token)
    return tuple(tokens)


def _field(kind: str, key: str) -> MergeField:
    fields = fields_of(kind)
    if key not in fields:
        raise FieldError(
            f"Le champ « {key} » n'existe pas dans ce texte. "
            f"Champs possibles : {', '.join(field.key for field in listed_fields(kind))}."
        )
    return fields[key]


def _misplaced(key: str) -> FieldError:
    return FieldError(f"Le champ « {key} » se place seul dans son paragraphe.")


def used_fields(kind: str, body: str) -> list[str]:
    """Return the keys of the fields in `body`; raise FieldError for an unknown one."""
    return [
        token.content
        for parent in _parse(kind, body)
        for token in (parent, *(parent.children or ()))
        if token.type == "field"
    ]


# Stands around the key of a field in HTML that is not filled in yet.
_SLOT = "\0"


class _Slots(dict[str, str]):
    """What is rendered of each field before its value is known."""

    def __missing__(self, key: str) -> str:
        return f"{_SLOT}{key}{_SLOT}"


@lru_cache(maxsize=32)
def _pieces(kind: str, body: str) -> tuple[str, ...]:
    """Return the HTML of a text cut at its fields: HTML, key, HTML, key… HTML."""
    return cut(_PARSER.renderer.render(_parse(kind, body), _PARSER.options, _Slots()))


def line_html(kind: str, line: str) -> str:
    """Return one line of a text as HTML, its fields still to fill (`cut`, `fill`)."""
    (token,) = _PARSER.parseInline(line)
    for child in token.children or ():
        if child.type == "field" and _field(kind, child.content).is_block:
            raise _misplaced(child.content)
    return _PARSER.renderer.render([token], _PARSER.options, _Slots())


def cut(html: str) -> tuple[str, ...]:
    """Cut HTML at the fields that are to be filled: HTML, key, HTML, key… HTML."""
    return tuple(html.split(_SLOT))


def to_html(kind: str, body: str, context: Context) -> str:
    """Return the HTML of a text of nature `kind`, its fields replaced by their values.

    Raises FieldError: unknown field, a block inside a sentence, braces not closed.
    """
    return fill(kind, _pieces(kind, body), context)


def fill(kind: str, pieces: Sequence[str], context: Context) -> str:
    """Return HTML that was cut at its fields with their values in their places."""
    fields = fields_of(kind)
    html = list(pieces)
    values = {key: fields[key].html(context) for key in set(html[1::2])}
    html[1::2] = [values[key] for key in html[1::2]]
    return "".join(html)


def to_preview(kind: str, body: str) -> str:
    """Return the HTML of a text with each field shown by its label, for those who read it."""
    fields = fields_of(kind)
    labels = {
        key: format_html("<mark>{}</mark>", fields[key].label) for key in used_fields(kind, body)
    }
    return _PARSER.renderer.render(_parse(kind, body), _PARSER.options, labels)
