"""Pages of a list, however long the list is: which rows first, and only those are read."""

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet


class KeysFirst(Paginator):
    """Finds the keys of a page by what orders the list alone, then reads these rows.

    What else a row is shown with is joined to a hundred rows, and not to all that are sorted.
    """

    def page(self, number: int | str) -> Page:
        rows = self.object_list
        # Of rows made distinct, the order is part of what is read.
        if not isinstance(rows, QuerySet) or rows.query.distinct:
            return super().page(number)
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = list(rows.values_list("pk", flat=True)[first : first + self.per_page])
        return Page(rows.filter(pk__in=keys), number, self)
