"""What an import says, in plain words: shown by its page, and kept as it was said.

A report is opened for a year, by versions of the site that the import did not know: what is
kept holds words, figures and rows of texts, and no class is made of it again. Another form
takes another `VERSION`, and a migration brings what is kept to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from tabular.kinds import Kind
from tabular.reading import SHOWN, Change, Refusal, Report

VERSION = 1
_LINES = ["Ligne", "Identifiant", "Raison"]
_CHANGES = ["Code", "Nom", "Détail"]
_EXAMPLES = ["Code", "Nom", "Avant", "Après"]


def said(report: Report, concerned: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what is said of an import, ready for JSON; `concerned` goes with it as it is.

    `tables` are the rows to look at, each cell a text, the first two hundred of `count`. A
    preview by kinds of change lists the rows it does not take, the kinds say the others.
    """
    tables = [
        _lines("Lignes refusées", report.refused),
        _lines("À savoir", report.remarks),
    ]
    if not (report.dry_run and report.kinds):
        tables += [
            _changes("Fusions", report.mergers),
            _changes("Fermetures proposées", report.closures),
            _changes("Modifications", report.changed),
            _changes("Créations", report.created),
        ]
    return {
        "version": VERSION,
        "counts": [[label, count] for label, count in report.counts],
        "ignored": [[reason, count] for reason, count in report.ignored_reasons],
        "kinds": [_kind(kind) for kind in report.kinds],
        "tables": [table for table in tables if table["count"]],
        "concerned": {name: list(codes) for name, codes in concerned.items()},
    }


def _kind(kind: Kind) -> dict[str, Any]:
    examples = ([each.identifier, each.name, each.before, each.after] for each in kind.examples)
    return {
        "label": kind.label,
        "token": kind.token,
        "is_accepted": kind.is_accepted,
        "held": kind.held,
        **_table(f"Exemples : {kind.label}", _EXAMPLES, kind.count, examples),
    }


def _lines(heading: str, lines: Sequence[Refusal]) -> dict[str, Any]:
    rows = ([str(each.line), each.identifier, each.reason] for each in lines)
    return _table(heading, _LINES, len(lines), rows)


def _changes(heading: str, changes: Sequence[Change]) -> dict[str, Any]:
    rows = ([each.identifier, each.label, "\n".join(each.details)] for each in changes)
    return _table(heading, _CHANGES, len(changes), rows)


def _table(
    heading: str, columns: list[str], count: int, rows: Iterable[list[str]]
) -> dict[str, Any]:
    return {
        "heading": heading,
        "columns": columns,
        "count": count,
        "rows": list(islice(rows, SHOWN)),
    }
