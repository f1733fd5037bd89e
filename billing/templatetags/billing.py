"""What was billed, for the board of a campaign (below billing, so it asks through its template)."""

from django import template

from billing.batches import billed as amounts_billed
from communes.models import Academy, Department

register = template.Library()


@register.simple_tag
def billed(campaign, user):
    """Return what batches carried of `campaign`, as `user` may see it."""
    return amounts_billed(campaign, user)


@register.filter
def of(billed, territory):
    """Return the euros billed of an académie or a département; of the whole without one."""
    if isinstance(territory, Academy):
        return billed.by_academy.get(territory.pk, 0)
    if isinstance(territory, Department):
        return billed.by_department.get(territory.pk, 0)
    return billed.total
