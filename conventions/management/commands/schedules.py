"""What the worker does by itself, and when."""

import datetime
import sys

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone
from django_q.models import Schedule

EMAILS_EVERY = 5  # minutes
# Paris time. Each may be missed or done twice: it does what is left to do.
DAILY = {
    "payeurs": (datetime.time(3, 0), "django.core.management.call_command", "'follow_payers'"),
    "documents périmés": (datetime.time(4, 0), "conventions.tasks.review_documents", None),
    "relances": (datetime.time(8, 0), "conventions.tasks.send_reminders", None),
}


class Command(BaseCommand):
    help = "Inscrit ce que le travail de fond fait de lui-même (sans effet si c'est déjà fait)."

    def handle(self, **options):
        try:
            self.write()
        except DatabaseError as error:
            reason = str(error).splitlines()[0]
            sys.exit(
                f"La base de données ne répond pas, ou n'est pas prête ({reason}) : vérifiez "
                "DATABASE_URL, puis lancez « .venv/bin/python manage.py migrate »."
            )

    def write(self):
        Schedule.objects.update_or_create(
            name="courriels",
            defaults={
                "func": "conventions.tasks.deliver",
                "schedule_type": Schedule.MINUTES,
                "minutes": EMAILS_EVERY,
            },
        )
        for name, (at, function, arguments) in DAILY.items():
            what = {"func": function, "args": arguments, "schedule_type": Schedule.DAILY}
            Schedule.objects.update_or_create(
                name=name, defaults=what, create_defaults=what | {"next_run": _next(at)}
            )


def _next(at: datetime.time) -> datetime.datetime:
    """Return the next moment at this hour, Paris time."""
    now = timezone.localtime()
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > now else today + datetime.timedelta(days=1)
