"""What its avenants make of a convention: its own number of schools and amount stay."""

from decimal import Decimal

from django.db.models import Field, OuterRef, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from conventions.amendments.models import Amendment
from conventions.lifecycle import State
from conventions.models import Convention
from conventions.models.signed import effective_day


def signed_amendments(convention: Convention) -> list[Amendment]:
    """Return those signed by both, in order; no query when `amendments` was prefetched."""
    # They come after the convention's own signatures: nothing is asked for of most files.
    if not effective_day(convention):
        return []
    return [amendment for amendment in convention.amendments.all() if amendment.is_signed]


def awaited_amendment(convention: Convention) -> Amendment | None:
    """Return the avenant that the collectivity has in hands, to sign."""
    if convention.state != State.SIGNED:
        return None
    return next((a for a in convention.amendments.all() if a.awaits_act), None)


def current_school_count(convention: Convention) -> int:
    """Return the schools as issued, and what signed avenants changed since."""
    return convention.school_count + sum(a.balance for a in signed_amendments(convention))


def current_amount(convention: Convention) -> Decimal:
    """Return the amount as issued, in euros, and what signed avenants changed since."""
    return convention.amount + sum(a.amount_change for a in signed_amendments(convention))


def can_be_amended(convention: Convention) -> bool:
    """Tell whether an avenant may be prepared today."""
    return (
        convention.state == State.SIGNED
        and timezone.localdate() <= convention.ends_on
        and all(amendment.is_over for amendment in convention.amendments.all())
    )


def signed_changes(change: Combinable, output_field: Field) -> Coalesce:
    """Return what the signed avenants of a convention change, summed: for its lists to be sorted.

    `change` is an expression on an avenant, such as F("amount_change").
    """
    totals = (
        Amendment.objects.signed()
        .filter(convention=OuterRef("pk"))
        .order_by()
        .values("convention")
        .annotate(total=Sum(change))
        .values("total")
    )
    return Coalesce(Subquery(totals), Value(0), output_field=output_field)
