"""Papers of the administration that are no act and no convention: slips, statements, letters.

Their words stand in their template; they are archivable and accessible as all others, and the
same values give the same bytes.
"""

from typing import Any

from django.template.loader import render_to_string

from documents.press.plain import print_plainly
from typography import mend_html


def print_report(template: str, context: dict[str, Any]) -> bytes:
    """Return the PDF of a template that extends "documents/report.html"."""
    content, _ = print_plainly(mend_html(render_to_string(template, context)))
    return content
