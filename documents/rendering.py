"""A text and its context, to one PDF: archivable (PDF/A-3a) and accessible (PDF/UA-1).

The same inputs give the same bytes: no clock, no random identifier, fonts of our own.
"""

import datetime
import json
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from documents.contexts import (
    ActContext,
    AmendmentActContext,
    Context,
    LetterContext,
    to_json,
)
from documents.models import TextModel
from documents.press.characters import printable
from documents.press.plain import EmbeddedFile
from documents.press.standing_type import print_pdf
from documents.references import Mark, mark_of, reference_of
from documents.wording.conditions import printed
from documents.wording.kinds import BETWEEN_PARTIES, LETTERS
from documents.wording.markup import split_mentions, to_html
from documents.wording.sections import sections_html
from documents.wording.tariff_fields import words_of
from documents.wording.texts import standard_sections
from documents.wording.typography import BLANK
from documents.wording.values import salutation
from typography import mend_html

UNDATED = "2000-01-01"
ACT_NAMES = {
    TextModel.Kind.DECISION: "décision",
    TextModel.Kind.DELIBERATION: "délibération",
    TextModel.Kind.AMENDMENT_DECISION: "décision",
    TextModel.Kind.AMENDMENT_DELIBERATION: "délibération",
}


@dataclass(frozen=True)
class Rendered:
    """A PDF, its number of pages, the reference it bears ("" on a draft)."""

    content: bytes
    pages: int
    reference: str = ""


def render(text_model: TextModel, context: Context, *, draft: bool = False) -> Rendered:
    """Print `context` by `text_model`, whose kind says which document it is.

    A draft bears no reference: it is to be read, and nobody could verify it.
    Raises FieldError when the text calls for a field that does not exist.
    """
    facts = to_json(context)
    reference = "" if draft else reference_of(text_model, facts)
    mark = mark_of(reference) if reference else None
    files = [source_of(reference, text_model, facts)] if reference else []
    content, pages = print_pdf(page_html(text_model, context, mark), files)
    if pages > 1 and isinstance(context, ActContext):
        # The notice alone on a second page is a fault: closer lines may hold it on the first.
        closer = print_pdf(page_html(text_model, context, mark, tight=True), files)
        content, pages = min((content, pages), closer, key=lambda printed: printed[1])
    return Rendered(content=content, pages=pages, reference=reference)


def source_of(reference: str, text_model: TextModel, facts: dict) -> EmbeddedFile:
    """Return what the document is made from as the file that it carries (PDF/A-3, "Source")."""
    made_from = {
        "reference": reference,
        "kind": text_model.kind,
        "text_version": text_model.version,
        "facts": facts,
    }
    return EmbeddedFile(
        name="donnees.json",
        # A value a line: indenting them takes ten times longer.
        content=json.dumps(made_from, ensure_ascii=False, separators=(",\n", ": ")),
        description="Valeurs à partir desquelles ce document a été produit",
        relationship="Source",
        dated=datetime.datetime.fromisoformat(facts["dated_on"] or UNDATED),
    )


def page_html(
    text_model: TextModel, context: Context, mark: Mark | None = None, *, tight: bool = False
) -> str:
    """Return the whole document as HTML, in characters that can be printed.

    A document that bears no mark is a draft. `tight` sets the lines of an act closer.
    """
    kind = TextModel.Kind(text_model.kind)
    page = render_to_string(
        _template(kind),
        {
            "text": text_model,
            "context": context,
            "amendment": context.amendment if isinstance(context, AmendmentActContext) else None,
            "mark": mark,
            **_sections(kind, printed(text_model.body, is_free=_is_free(context)), context),
            "is_tight": tight,
            "act_name": ACT_NAMES.get(kind),
            "is_draft": isinstance(context, ActContext) and context.is_draft,
            "blank": BLANK,
            "salutation": salutation(context) if isinstance(context, LetterContext) else "",
        },
    )
    return printable(mend_html(page))


def _is_free(context: Context) -> bool:
    if isinstance(context, LetterContext):
        return context.is_free
    return words_of(context).is_free


def _sections(kind: TextModel.Kind, body: str, context: Context) -> dict[str, SafeString]:
    """Return the text as HTML, by the name of each of its parts in the template."""
    if kind in BETWEEN_PARTIES:
        return sections_html(kind, body, context, standard_sections(kind))
    main, mentions = split_mentions(body) if kind in ACT_NAMES else (body, "")
    return {
        "body": mark_safe(to_html(kind, main, context)),  # noqa: S308
        "mentions": mark_safe(to_html(kind, mentions, context)),  # noqa: S308
    }


def _template(kind: TextModel.Kind) -> str:
    if kind in LETTERS:
        return "documents/letter.html"
    return f"documents/{'act' if kind in ACT_NAMES else kind.value}.html"
