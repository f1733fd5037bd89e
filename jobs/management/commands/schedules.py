"""What the worker does by itself, and when, as the settings say it."""

import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone
from django_q.models import Schedule


class Command(BaseCommand):
    help = "Inscrit ce que le travail de fond fait de lui-même (sans effet si c'est déjà fait)."

    def handle(self, **options: Any) -> None:
        for name, (function, arguments, when) in settings.SCHEDULES.items():
            what: dict[str, Any] = {"func": function, "args": arguments}
            if isinstance(when, datetime.time):
                what |= {"schedule_type": Schedule.DAILY}
                first = {"next_run": _next(when)}
            else:
                what |= {"schedule_type": Schedule.MINUTES, "minutes": when}
                first = {}
            Schedule.objects.update_or_create(
                name=name, defaults=what, create_defaults=what | first
            )


def _next(at: datetime.time) -> datetime.datetime:
    """Return the next moment at this hour, Paris time."""
    now = timezone.localtime()
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > now else today + datetime.timedelta(days=1)
