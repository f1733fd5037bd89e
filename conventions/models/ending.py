"""When conventions end: as their campaign says, unless an avenant has moved it."""

import datetime

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan


def ended_before(day: datetime.date) -> Q:
    """Return the condition on conventions: `Convention.ends_on` is before `day`."""
    return Q(LessThan(Coalesce(F("moved_end_on"), F("campaign__ends_on")), day))
