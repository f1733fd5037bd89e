"""The words by which a file is found: its reference, and what its collectivity is found by.

Kept on the convention itself, so that one index serves a search. The database writes them,
whoever changes a row and however: `save` of an older copy too.
"""

from lifecycle.triggers import Upkeep

WORDS = """(
    SELECT LOWER(f.reference) || ' ' || c.search_text
    FROM conventions_convention f JOIN communes_collectivity c ON c.id = f.collectivity_id
    WHERE f.id = conventions_convention.id)"""
# Nothing is written, nor any row waited for, where the words are the same.
_WRITE = (
    f"UPDATE conventions_convention SET search_text = {WORDS} "  # noqa: S608
    f"WHERE {{chosen}} AND search_text <> {WORDS}"
)

SEARCH_RULES = (
    Upkeep("convention_found", "AFTER INSERT", _WRITE.format(chosen="id = NEW.id")),
    Upkeep(
        "convention_found_after",
        "AFTER UPDATE OF reference, collectivity_id, search_text",
        _WRITE.format(chosen="id = NEW.id"),
    ),
    Upkeep(
        "convention_found_by_collectivity",
        "AFTER UPDATE OF search_text",
        _WRITE.format(chosen="collectivity_id = NEW.id"),
        table="communes_collectivity",
    ),
)
