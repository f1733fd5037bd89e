"""A text and its context, to one PDF: archivable (PDF/A-3a) and accessible (PDF/UA-1).

The same inputs give the same bytes: no clock, no random identifier, fonts of our own.
"""

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from communes import french
from documents.contexts import Context, LetterContext
from documents.fields import LETTERS, salutation
from documents.markup import to_html
from documents.models import TextModel
from documents.standing_type import print_pdf

BLANK = "……………………"
ACT_NAMES = {
    TextModel.Kind.DECISION: "décision",
    TextModel.Kind.DELIBERATION: "délibération",
    TextModel.Kind.AMENDMENT_DECISION: "décision",
    TextModel.Kind.AMENDMENT_DELIBERATION: "délibération",
}


@dataclass(frozen=True)
class Rendered:
    """A PDF and its number of pages."""

    content: bytes
    pages: int


def render(text_model: TextModel, context: Context) -> Rendered:
    """Print `context` by `text_model`, whose kind says which document it is.

    Raises FieldError when the text calls for a field that does not exist.
    """
    content, pages = print_pdf(page_html(text_model, context))
    return Rendered(content=content, pages=pages)


def page_html(text_model: TextModel, context: Context) -> str:
    """Return the whole document as HTML."""
    kind = TextModel.Kind(text_model.kind)
    feminine = french.is_feminine_body(context.collectivity.title)
    return render_to_string(
        _template(kind),
        {
            "text": text_model,
            "context": context,
            "body": mark_safe(to_html(kind, text_model.body, context)),  # noqa: S308
            "act_name": ACT_NAMES.get(kind),
            "represented": "représentée" if feminine else "représenté",
            "blank": BLANK,
            "salutation": salutation(context) if isinstance(context, LetterContext) else "",
        },
    )


def _template(kind: TextModel.Kind) -> str:
    if kind in LETTERS:
        return "documents/letter.html"
    return f"documents/{'act' if kind in ACT_NAMES else kind.value}.html"
