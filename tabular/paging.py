"""Pages of a list, however long the list is: which rows first, and only those are read."""

from functools import cached_property
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import Count, ForeignKey, OuterRef, QuerySet, Subquery


class KeysFirst(Paginator):
    """Finds the keys of a page by what orders the list alone, then reads these rows.

    What else a row is shown with is joined to a hundred rows, and not to all that are sorted.
    """

    object_list: Any

    def page(self, number: int | str) -> Page:
        rows = self.object_list
        # Of rows made distinct, the order is part of what is read.
        if not isinstance(rows, QuerySet) or rows.query.distinct:
            return super().page(number)
        number = self.validate_number(number)
        keys = list(self.found_from((number - 1) * self.per_page).values_list("pk", flat=True))
        return Page(rows.filter(pk__in=keys), number, self)

    def found_from(self, first: int) -> QuerySet[Any]:
        """Return the rows of a page, of which `first` is the number in the list."""
        found: QuerySet[Any] = self.object_list[first : first + self.per_page]
        return found

    def first_of_many(self) -> list[Any]:
        """Return the rows of the first page of a long list, which is not counted."""
        return list(self.object_list[: self.per_page])


class _Division(NamedTuple):
    """How a list is divided: by `relation`, whose unique `rank` comes first in its order."""

    relation: ForeignKey
    rank: str
    descends: bool
    within: tuple[Any, ...]


class YearByYear(KeysFirst):
    """Of a list in order of the years, sorts those alone that a page is in.

    Any unique field of what the rows belong to stands for the year
    ("-campaign__start_year"); sorted otherwise, a list is read as any other. Rows are counted
    year by year: a list is counted anyway.
    """

    # So many rows are sorted sooner than looked for along an index: what is searched may stand
    # far down the alphabet, and the database reckons it to be spread evenly.
    sorted_at_once = 10_000

    @cached_property
    def count(self) -> int:
        return sum(rows for _, rows in self._years) if self._division else super().count

    def found_from(self, first: int) -> QuerySet[Any]:
        """Return the same rows as of any list; where one page is all, years are not told apart."""
        division = self._division
        if not division or self.count <= self.per_page:
            return super().found_from(first)
        chosen: list[Any] = []
        before = found = 0
        for year, rows in self._years:
            if not chosen and before + rows <= first:
                before += rows
            elif before + found < first + self.per_page:
                chosen.append(year)
                found += rows
        part: QuerySet[Any] = self.object_list.filter(**{f"{division.relation.name}__in": chosen})
        if len(chosen) == 1:
            part = part.order_by(*self._order_within(division.within, found))
        return part[first - before : first - before + self.per_page]

    def first_of_many(self) -> list[Any]:
        """Return the same rows as of any list: those of its first year, where they are enough."""
        if division := self._division:
            relation, rank, descends, within = division
            years = relation.related_model._base_manager.order_by(f"-{rank}" if descends else rank)
            of_first = self.object_list.filter(**{f"{relation.name}__in": years[:1]})
            # Sorted, as few rows are: how far along an index they stand is not known.
            order = self._order_within(within, self.per_page)
            rows = list(of_first.order_by(*order)[: self.per_page])
            if len(rows) == self.per_page:
                return rows
        return super().first_of_many()

    def _order_within(self, terms: tuple[Any, ...], found: int) -> tuple[Any, ...]:
        if not terms or found > self.sorted_at_once:
            return terms
        if not (parsed := _through_key(self.object_list.model, terms[0])):
            return terms
        relation, name, descends = parsed
        rows = relation.related_model._base_manager.filter(pk=OuterRef(relation.name))
        # Found for each row: there is no index to go along.
        value = Subquery(rows.values(name))
        return (value.desc() if descends else value.asc(), *terms[1:])

    @cached_property
    def _years(self) -> list[tuple[Any, int]]:
        """Return each year's key, and how many rows it has, as the list goes."""
        if not self._division:
            return []
        relation, rank, descends, _ = self._division
        # Without what they belong to: an index of its key is all that is read.
        counted = self.object_list.order_by().values_list(relation.name).annotate(Count("pk"))
        years = dict(counted)
        if len(years) < 2:
            return list(years.items())
        ranked = relation.related_model._base_manager.filter(pk__in=years)
        ranked = ranked.order_by(f"-{rank}" if descends else rank)
        return [(key, years[key]) for key in ranked.values_list("pk", flat=True)]

    @cached_property
    def _division(self) -> _Division | None:
        rows = self.object_list
        if not isinstance(rows, QuerySet) or rows.query.distinct or rows.query.extra_order_by:
            return None
        declared = rows.model._meta.ordering if rows.query.default_ordering else ()
        terms = rows.query.order_by or tuple(declared)
        parsed = _through_key(rows.model, terms[0]) if terms else None
        if not parsed:
            return None
        relation, rank, descends = parsed
        is_unique = getattr(relation.related_model._meta.get_field(rank), "unique", False)
        return _Division(relation, rank, descends, tuple(terms[1:])) if is_unique else None


def _through_key(model: Any, term: Any) -> tuple[ForeignKey, str, bool] | None:
    """Return the key, the field and the direction of "[-]key__field", None for any other order."""
    if not isinstance(term, str) or term.count("__") != 1:
        return None
    key, name = term.lstrip("-").split("__")
    relation = model._meta.get_field(key)
    if not isinstance(relation, ForeignKey) or relation.null:
        return None
    return relation, name, term.startswith("-")
