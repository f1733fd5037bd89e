"""A theme of `Convention` in a file of its own."""

from typing import TYPE_CHECKING, Any


class ConventionPart:
    """Base of the mixins that `Convention` is made of; its avenants share a few."""

    if TYPE_CHECKING:
        # Whatever a part does not have is the whole's.
        def __getattr__(self, name: str) -> Any: ...
