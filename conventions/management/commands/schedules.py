"""What the worker does by itself, and when."""

import datetime

from django.core.management.base import BaseCommand
from django.utils import timezone
from django_q.models import Schedule

EVERY_MINUTES = 5
REMINDERS_AT = datetime.time(8, 0)
REVIEW_AT = datetime.time(4, 0)


class Command(BaseCommand):
    help = "Inscrit ce que le travail de fond fait de lui-même (sans effet si c'est déjà fait)."

    def handle(self, **options):
        Schedule.objects.update_or_create(
            name="courriels",
            defaults={
                "func": "conventions.tasks.deliver",
                "schedule_type": Schedule.MINUTES,
                "minutes": EVERY_MINUTES,
            },
        )
        _every_day("relances", "conventions.tasks.send_reminders", REMINDERS_AT)
        _every_day("documents périmés", "conventions.tasks.review_documents", REVIEW_AT)


def _every_day(name: str, task: str, hour: datetime.time) -> None:
    """Schedule `task` from the next `hour` on; what is scheduled already keeps its own."""
    daily = {"func": task, "schedule_type": Schedule.DAILY}
    Schedule.objects.update_or_create(
        name=name, defaults=daily, create_defaults={**daily, "next_run": _next(hour)}
    )


def _next(hour: datetime.time) -> datetime.datetime:
    """Return the next moment at `hour`, Paris time."""
    now = timezone.localtime()
    today = now.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
    return today if today > now else today + datetime.timedelta(days=1)
