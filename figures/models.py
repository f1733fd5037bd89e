"""What was changed in each département, told by the database in the writer's own transaction."""

from collections.abc import Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from communes.models import Department
from figures.watched import told_everywhere, upkeeps
from lifecycle.triggers import Upkeep

# What one pass of the worker adds up.
_AT_ONCE = 20_000


class _Upkeeps:
    """The triggers of every watched table: asked for once all models are known."""

    def __iter__(self) -> Iterator[Upkeep]:
        return upkeeps(Change._meta.db_table)


class Change(models.Model):
    """A change that a figure may read, in a département; in all of them where none is named.

    What changes of a département weigh together is its mark: a number that only grows, and
    that no other state of its files ever had. Rows are added, never changed, so that no
    writer waits for another. A weight is drawn, so that a change rolled back is not taken
    for the next one; adding up rows (`condense`) leaves the mark as it is.
    """

    # Without a constraint: to check it, each writer would lock the row of the département.
    department = models.ForeignKey(
        Department, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    weight = models.BigIntegerField()

    database_rules = _Upkeeps()

    def __str__(self) -> str:
        return f"{self.department_id}: {self.weight}"


def with_marks(departments: models.QuerySet[Department]) -> models.QuerySet[Department]:
    """Annotate `mark`, what the changes of each weigh, and `mark_of_all`, those told of all."""
    weighed = Change.objects.order_by().values("department").annotate(models.Sum("weight"))
    weight = weighed.values("weight__sum")
    return departments.annotate(
        mark=models.Subquery(weight.filter(department=models.OuterRef("pk"))),
        mark_of_all=models.Subquery(weight.filter(department=None)),
    )


@transaction.atomic
def condense() -> None:
    """Let one row stand for the changes of each département: done again, it changes no mark.

    Rows are deleted by their keys: one of a writer who is not done yet is not among them.
    """
    rows = Change.objects.select_for_update().order_by("pk")[:_AT_ONCE]
    together: dict[int | None, int] = {}
    keys = []
    for change in rows:
        keys.append(change.pk)
        together[change.department_id] = together.get(change.department_id, 0) + change.weight
    Change.objects.filter(pk__in=keys).delete()
    Change.objects.bulk_create(
        Change(department_id=department, weight=weight) for department, weight in together.items()
    )


def tell_everywhere(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Tell a change of every département: after what no trigger may have told of."""
    connection = connections[using]
    table = Change._meta.db_table
    # Triggers are put back after every `migrate`, one that stops before this table too.
    if table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(told_everywhere(table, connection.vendor))
