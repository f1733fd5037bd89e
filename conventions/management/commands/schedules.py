"""What the worker does by itself, and when."""

import datetime

from django.core.management.base import BaseCommand
from django.utils import timezone
from django_q.models import Schedule

EVERY_MINUTES = 5
REMINDERS_AT = datetime.time(8, 0)


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
        Schedule.objects.update_or_create(
            name="relances",
            defaults={"func": "conventions.tasks.send_reminders", "schedule_type": Schedule.DAILY},
            create_defaults={
                "func": "conventions.tasks.send_reminders",
                "schedule_type": Schedule.DAILY,
                "next_run": _next(REMINDERS_AT),
            },
        )


def _next(hour: datetime.time) -> datetime.datetime:
    """Return the next moment at `hour`, Paris time."""
    now = timezone.localtime()
    today = now.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
    return today if today > now else today + datetime.timedelta(days=1)
