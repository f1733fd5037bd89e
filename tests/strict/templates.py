"""An unknown variable in a template of ours fails the test, wherever it stands.

Django says nothing: `{{ unknown }}` prints nothing and `{% if unknown %}` is false, so that a
misspelt condition hides a part of a page for ever. `string_if_invalid` tells of the first only.
"""

import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Node, Variable, VariableDoesNotExist

from tests.settings import Silence

from . import note

OURS = Path(settings.BASE_DIR) / "templates"

# What other people's views leave out where it is empty, in templates that stand for theirs.
LEFT_OUT = {
    (
        "simple_history/object_history_list.html",
        "record.history_delta_changes",
    ): "simple_history sets it on what differs from the version before",
}


@pytest.fixture(scope="session", autouse=True)
def no_unknown_variable():
    """Note every variable of our templates that is not there."""
    look_up = Variable._resolve_lookup

    def look_up_or_note(variable, context):
        try:
            value = look_up(variable, context)
        except VariableDoesNotExist:
            _note_unknown(variable)
            raise
        if isinstance(value, Silence):
            _note_unknown(variable)
        return value

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Variable, "_resolve_lookup", look_up_or_note)
        yield


def _note_unknown(variable):
    node = _node_under_way()
    if node is None or OURS not in (path := Path(node.origin.name)).parents:
        return
    name = path.relative_to(OURS).as_posix()
    if (name, variable.var) not in LEFT_OUT:
        line = node.token.lineno if node.token else "?"
        note(f"templates/{name}:{line}: « {variable.var} » is unknown")


def _node_under_way() -> Node | None:
    """Return the innermost node that is being rendered: the context knows its page only."""
    frame = sys._getframe(1)
    while frame:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None):
            return node
        frame = frame.f_back
    return None
