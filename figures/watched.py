"""What the figures read: each table with the ways that lead from its rows to a département.

A figure that reads another table needs its line here; a test reads the statements of all
of them (`tests/figures/test_figures.py`). Where a row moves, both its départements are told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from lifecycle.triggers import Upkeep

_OF_COLLECTIVITY = "collectivity__department"
_OF_FILE = f"convention__{_OF_COLLECTIVITY}"
# Who may pay for a school, on any day: `schools.takeover.payer_on`.
_OF_PAYERS = (
    "payer__department",
    "commune__collectivity__department",
    "commune__collectivity__merged_into__department",
    "takeovers__payer__department",
    "takeovers__payer__merged_into__department",
)


@dataclass(frozen=True)
class Watched:
    """A table, by its model: a change of a row concerns where `paths` lead; without any, all.

    `columns`: those alone whose change tells, where the others change often; none of them
    is on a path.
    """

    model: str
    paths: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


WATCHED = (
    Watched("campaigns.Campaign"),
    Watched("communes.Commune"),
    Watched("schools.Takeover"),
    Watched(
        "communes.Collectivity",
        (
            "department",
            "merged_into__department",
            "commune__schools__payer__department",
            f"titres__claim__{_OF_FILE}",
        ),
    ),
    Watched("schools.School", (*_OF_PAYERS, f"enrolments__{_OF_FILE}")),
    Watched("accounts.User", ("collectivities__department",), ("is_active", "role")),
    Watched("accounts.User_collectivities", (_OF_COLLECTIVITY,)),
    Watched("conventions.Convention", (_OF_COLLECTIVITY,)),
    Watched("conventions.ConfirmedParty", (_OF_COLLECTIVITY,)),
    Watched(
        "conventions.Enrolment",
        (_OF_FILE, f"added_by__{_OF_FILE}", *(f"school__{path}" for path in _OF_PAYERS)),
    ),
    Watched("conventions.Piece", (_OF_FILE,)),
    Watched("acts.Act", (_OF_FILE, f"amendment__{_OF_FILE}")),
    Watched("amendments.Amendment", (_OF_FILE,)),
    Watched("terminations.Termination", (_OF_FILE,)),
    Watched("exchanges.Message", (_OF_FILE,)),
    Watched("exchanges.Notification", (_OF_FILE,)),
    Watched("outbox.Email", (f"notification__{_OF_FILE}",), ("state",)),
    Watched("billing.Claim", (_OF_FILE,)),
    Watched("billing.Titre", (f"claim__{_OF_FILE}",)),
    Watched("billing.Entry", (f"titre__claim__{_OF_FILE}",)),
    Watched("billing.Batch", (f"titres__claim__{_OF_FILE}",)),
    Watched("billing.BatchOutcome", (f"batch__titres__claim__{_OF_FILE}",)),
)

_EVENTS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
# PostgreSQL's names of the rows before and after a statement (`Upkeep.at_once`).
_ROWS = {"OLD": "former", "NEW": "changed"}
_WEIGHT = {
    "sqlite": "1 + ABS(RANDOM() % 2147483647)",
    "postgresql": "1 + FLOOR(RANDOM() * 2147483647)",
}


def upkeeps(log: str) -> Iterator[Upkeep]:
    """Yield the triggers that tell the changes of every watched table in the table `log`."""
    for watched in WATCHED:
        model = apps.get_model(watched.model)
        table = model._meta.db_table
        for event, sides in _EVENTS.items():
            paths = _paths(watched, event)
            if watched.paths and not paths:
                continue
            columns = watched.columns if event == "UPDATE" else ()
            of = f" OF {', '.join(columns)}" if columns else ""
            sides = ("NEW",) if columns else sides
            yield Upkeep(
                f"told_{table}_{event.lower()}",
                f"AFTER {event}{of}",
                _told(log, "sqlite", " UNION ".join(_departments(model, paths, s) for s in sides)),
                table=table,
                at_once=_told(log, "postgresql", _of_all(model, paths, sides, columns)),
            )


def told_everywhere(log: str, vendor: str) -> str:
    """Return the statement that tells a change of every département."""
    return _told(log, vendor, "SELECT CAST(NULL AS bigint)")


def _told(log: str, vendor: str, departments: str) -> str:
    return (
        f"INSERT INTO {log} (department_id, weight) "  # noqa: S608
        f"SELECT d.*, {_WEIGHT[vendor]} FROM ({departments}) d"
    )


def _paths(watched: Watched, event: str) -> tuple[str, ...]:
    """Return the ways that an event is told by.

    To a row that is new no other leads yet: the one that will tells by its own insertion.
    """
    if event != "INSERT":
        return watched.paths
    model = apps.get_model(watched.model)
    return tuple(
        path for path in watched.paths if model._meta.get_field(path.split("__")[0]).concrete
    )


def _departments(model: Any, paths: tuple[str, ...], row: str) -> str:
    """Return the query of the départements that a row concerns."""
    return (
        " UNION ".join(_keys(model, path, row) for path in paths) or "SELECT CAST(NULL AS bigint)"
    )


def _of_all(
    model: Any, paths: tuple[str, ...], sides: tuple[str, ...], columns: tuple[str, ...]
) -> str:
    """Return the query of the départements that all rows of a statement concern, for PostgreSQL.

    OFFSET: each row is looked up by its key, whatever the size of the first statement that
    a connection keeps a plan of.
    """
    differs = ""
    if columns:
        before, after = (", ".join(f"{row}.{name}" for name in columns) for row in ("o", "n"))
        differs = (
            "WHERE r.id IN (SELECT n.id FROM former o JOIN changed n ON n.id = o.id "  # noqa: S608
            f"WHERE ({before}) IS DISTINCT FROM ({after}))"
        )
    return " UNION ".join(
        f"SELECT DISTINCT d.department_id FROM {_ROWS[side]} r CROSS JOIN LATERAL "  # noqa: S608
        f"(SELECT * FROM ({_departments(model, paths, 'r')}) e (department_id) OFFSET 0) d {differs}"
        for side in sides
    )


def _keys(model: Any, path: str, row: str) -> str:
    """Return the query of the keys that `path`, as in a lookup, leads to from a row of `model`.

    Up a chain of foreign keys there is one at most: SQLite asks for it in a fraction of the time
    of a set, for each row that is written.
    """
    query, among, is_one = "", f"= {row}.id", True
    # Rows come to by their own key: the next step reads them at once, and not their keys first.
    rows = ""
    for name in path.split("__"):
        field = model._meta.get_field(name)
        if field.many_to_many:
            through, by = field.remote_field.through._meta.db_table, field.m2m_column_name()
            query = f"SELECT {field.m2m_reverse_name()} FROM {through} WHERE {by} {among}"  # noqa: S608
            rows, is_one = "", False
        elif field.auto_created:
            rows = f"FROM {field.related_model._meta.db_table} WHERE {field.field.column} {among}"
            query, is_one = f"SELECT id {rows}", False
        elif query:
            rows = rows or f"FROM {model._meta.db_table} WHERE id {among}"
            query, rows = f"SELECT {field.column} {rows}", ""
        # The row itself holds the key: it may be in its table no more, or be another there.
        key = f"({query})" if query else f"{row}.{field.column}"
        among = f"{'=' if is_one else 'IN'} {key}"
        query = query or f"SELECT {key}"
        model = field.related_model
    return query
