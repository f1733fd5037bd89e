"""The files that the list of schools takes: the annuaire's export, or pupils and classes alone."""

from typing import Any

from schools import headcounts, imports
from tabular import reading
from tabular.reading import Report


def import_file(content: bytes, *, partial: bool = False, **options: Any) -> Report:
    """Import whichever of both files it is, told by its columns; `options` are those of both.

    `partial` is of the annuaire alone. Raises reading.UnreadableFile.
    """
    if _is_of_pupils_only(content):
        return headcounts.import_headcounts(content, **options)
    return imports.import_schools(content, partial=partial, **options)


def _is_of_pupils_only(content: bytes) -> bool:
    return reading.has_columns(content, headcounts.COLUMNS) and not reading.has_columns(
        content, imports.COLUMNS
    )
