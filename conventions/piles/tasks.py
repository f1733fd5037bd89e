"""What the worker does for piles of scans; may be killed and done again."""

from django_q.models import OrmQ
from django_q.tasks import async_task

from conventions.piles.models import Pile
from conventions.piles.reading import read


def read_pile(pile_id: int) -> None:
    """Read a part of a pile of scans; what is left goes to a task of its own."""
    if read(Pile.objects.select_related("by").get(pk=pile_id)):
        async_task("conventions.piles.tasks.read_pile", pile_id)


def take_up() -> None:
    """Have piles read on whose task was given up: it failed or was killed several times.

    Nothing is asked for while tasks wait or run: theirs may be one of them.
    """
    if OrmQ.objects.exists():
        return
    for pile in Pile.objects.filter(state=Pile.State.READING):
        async_task("conventions.piles.tasks.read_pile", pile.pk)
