"""Lists as CSV files: written line by line, whatever their length, and harmless to open."""

import csv
from collections.abc import Iterable, Iterator, Sequence

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CONTENT_TYPE = "text/csv; charset=utf-8"
# What a spreadsheet takes for the start of a formula (CWE-1236).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What csv writes to: hands back each line as it is made."""

    def write(self, line: str) -> bytes:
        return line.encode()


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield the file line by line: `;`, UTF-8 with BOM, CRLF."""
    writer = csv.writer(_Line(), delimiter=";", lineterminator="\r\n")
    yield BYTE_ORDER_MARK
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow(row)


def harmless(text: str) -> str:
    """Return `text`, with an apostrophe before what would run as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
