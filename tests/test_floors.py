"""The house: a file imports what stands on its own floor or below, never above.

`docs/architecture.md` shows the floors. Every import is read, those inside functions too,
where none belongs.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# From the top down. A room of `conventions/`, `billing/` or `accounts/` is a floor of its own; what is
# named by no room is the convention, or people, themselves.
FLOORS = (
    "config",
    "demonstration",
    "rectorat.desk",
    "rectorat",
    "rectorat.boards",
    "rectorat.territory",
    "rectorat.purging",
    "rectorat.lists",
    "town_hall",
    "town_hall.forms",
    "town_hall.links",
    "billing.recovery",
    "billing.returns",
    "billing.batches",
    "billing.claims",
    "billing",
    "billing.coding",
    "conventions.piles",
    "conventions.dossiers",
    "conventions.archives",
    "conventions.situations",
    "conventions.amendments",
    "conventions.terminations",
    "conventions.enrolment",
    "conventions.authority",
    "conventions.correspondence",
    "conventions",
    "conventions.lifecycle",
    "conventions.exchanges",
    "conventions.acts",
    "conventions.campaigns",
    "operations",
    "documents",
    "jobs",
    "figures",
    "lifecycle",
    "schools",
    "drafts",
    "accounts.leaving",
    "accounts.proconnect",
    "accounts.second_factor",
    "accounts.invitations",
    "accounts",
    "communes.contacts",
    "communes",
    "outbox",
    "law",
    "tabular",
    "incoming",
    "typography",
)
TOP = {floor.partition(".")[0] for floor in FLOORS}
# Django calls `ready` once every app is loaded: an app is wired there, after the models.
MAY_IMPORT_LATE = {"ready"}
LONGEST_FILE = 450
LARGEST_ROOM = 2500
# Has three rooms of its own.
LARGER = {"documents"}


def sources() -> list[Path]:
    return [
        path
        for top in sorted(TOP)
        for path in sorted((ROOT / top).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> str:
    """Return the floor or the room that a module stands in."""
    inside = [f for f in FLOORS if module == f or module.startswith(f"{f}.")]
    return max(inside, key=len)


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of the project that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: import by the whole name"
            names = [node.module or ""]
            # `from conventions import authority` names a module too.
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in TOP)


def test_every_folder_of_code_is_on_a_floor():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages == TOP
    rooms = {f"conventions.{path.parent.name}" for path in ROOT.glob("conventions/*/__init__.py")}
    assert rooms - {"conventions.models", "conventions.migrations"} <= set(FLOORS)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_looks_up(path):
    here = floor_of(module_of(path))
    above = FLOORS[: FLOORS.index(here)]
    up = {name for name in imports(path) if floor_of(name) in above}
    assert not up, f"{module_of(path)} stands in {here} and imports {sorted(up)}, above it"


def test_no_module_is_part_of_a_circle():
    known = {module_of(path): path for path in sources()}
    arrows = {
        module: {name for name in imports(path) if name in known and name != module}
        for module, path in known.items()
    }
    # A package's own file gathers its modules for others to import.
    for module, path in known.items():
        if path.name == "__init__.py":
            arrows[module] = {n for n in arrows[module] if not n.startswith(f"{module}.")}
    left = dict(arrows)
    while leaves := [module for module, names in left.items() if not names & left.keys()]:
        for module in leaves:
            del left[module]
    assert not left, f"these import one another: {sorted(left)}"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_imported_inside_a_function(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name not in MAY_IMPORT_LATE:
            late = [n for n in ast.walk(node) if isinstance(n, (ast.Import, ast.ImportFrom))]
            assert not late, f"{path.name}: {node.name} imports"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_too_long_to_be_read(path):
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


def test_no_room_is_too_large():
    lines: dict[str, int] = {}
    for path in sources():
        floor = floor_of(module_of(path))
        lines[floor] = lines.get(floor, 0) + len(path.read_text().splitlines())
    too_large = {f: n for f, n in lines.items() if n > LARGEST_ROOM and f not in LARGER}
    assert not too_large
