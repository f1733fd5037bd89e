"""What the worker does for piles of scans; may be killed and done again."""

from django_q.tasks import async_task

from conventions.piles.models import Pile
from conventions.piles.reading import read


def read_pile(pile_id: int) -> None:
    """Read a part of a pile of scans; what is left goes to a task of its own."""
    if read(Pile.objects.select_related("by").get(pk=pile_id)):
        async_task("conventions.piles.tasks.read_pile", pile_id)
