"""What is wrong with a site that runs: asked of the database and the disk, said in French."""

import datetime
import shutil
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, OuterRef, Q, Subquery, Window
from django.utils import timezone
from django.utils.formats import date_format
from django_q.models import Failure, OrmQ, Schedule

from operations.models import Backup
from outbox.models import Delivery, Email
from typography.counting import counted

# A schedule runs at most this late on a worker that has much to do.
_LATE = datetime.timedelta(minutes=15)
_MAIL_WAITS = datetime.timedelta(minutes=30)
_TASK_WAITS = datetime.timedelta(minutes=30)
_FAILURES_OF = datetime.timedelta(days=1)
# One is made each night; an hour or so is left to it.
_BACKUP_OF = datetime.timedelta(hours=26)
_VERIFIED_OF = datetime.timedelta(days=40)
# So long may one be under way; without an end after that, it was killed.
_TAKES = datetime.timedelta(hours=6)
_FREE_SHARE, _FREE_BYTES = 0.05, 2 * 1024**3
_CERTIFICATE_LEFT = datetime.timedelta(days=14)
_PATIENCE = 5  # seconds


@dataclass(frozen=True)
class Trouble:
    """What is wrong (`words`, French) and what to do; `key` is the same while it lasts."""

    key: str
    words: str


def troubles() -> list[Trouble]:
    """Return what the database and the disk tell: the administrators' desk shows it."""
    try:
        return [*_of_the_worker(), *_of_mails(), *_of_tasks(), *_of_backups(), *_of_the_disk()]
    except DatabaseError as error:
        return [Trouble("database", f"La base de données ne répond pas : {error}".strip())]


def troubles_outside() -> list[Trouble]:
    """Return what is asked of the network too: the certificate that visitors are shown."""
    address = urlsplit(settings.SITE_URL)
    if address.scheme != "https" or not address.hostname:
        return []
    name, port = address.hostname, address.port or 443
    try:
        left = _certificate_end(name, port) - timezone.now()
    except (OSError, ValueError) as error:
        return [Trouble("certificate", f"Le site ne répond pas sur {name}:{port} : {error}")]
    if left > _CERTIFICATE_LEFT:
        return []
    words = (
        f"Le certificat de {name} expire dans {counted(max(left.days, 0), 'jour')} : renouvelez-le."
    )
    return [Trouble("certificate", words)]


def _of_the_worker() -> Iterator[Trouble]:
    """Schedules tell whether a worker lives: one of them is due every five minutes."""
    schedules = Schedule.objects.order_by("next_run")
    missing = settings.SCHEDULES.keys() - {schedule.name for schedule in schedules}
    if missing:
        names = ", ".join(sorted(missing))
        yield Trouble(
            "schedules",
            f"Le travail de fond ne sait pas qu’il doit faire : {names}. "
            "Lancez « manage.py schedules ».",
        )
    late = [s for s in schedules if s.next_run and s.next_run < timezone.now() - _LATE]
    if late:
        yield Trouble(
            "worker",
            f"Le travail de fond est arrêté ou débordé : « {late[0].name} » était prévu "
            f"{_since(late[0].next_run)}. Relancez « manage.py worker ».",
        )


def _of_mails() -> Iterator[Trouble]:
    waiting = Email.objects.filter(
        state=Delivery.QUEUED, created_at__lt=timezone.now() - _MAIL_WAITS
    ).order_by("created_at")
    if oldest := waiting.annotate(all_of_them=Window(Count("pk"))).first():
        reason = f" ({oldest.error})" if oldest.error else ""
        yield Trouble(
            "mails",
            f"{counted(oldest.all_of_them, 'courriel attend', 'courriels attendent')}, le plus ancien "
            f"{_since(oldest.created_at)}{reason}. Vérifiez le serveur de courriel et le travail de fond.",
        )


def _of_tasks() -> Iterator[Trouble]:
    # A task that somebody holds is dated `retry` seconds ahead.
    oldest = OrmQ.objects.filter(lock__lt=timezone.now() - _TASK_WAITS).order_by("lock").first()
    if oldest:
        yield Trouble("tasks", f"Une tâche de fond attend {_since(oldest.lock)}.")
    failed = Failure.objects.filter(stopped__gt=timezone.now() - _FAILURES_OF)
    last = failed.order_by("-stopped").annotate(all_of_them=Window(Count("pk"))).first()
    if last:
        yield Trouble(
            "failures",
            f"{counted(last.all_of_them, 'tâche de fond a échoué', 'tâches de fond ont échoué')} "
            f"depuis un jour, la dernière "
            f"({last.func}) {_since(last.stopped)}. Le journal du serveur dit pourquoi.",
        )


def _of_backups() -> Iterator[Trouble]:
    kinds = ((Backup.Kind.BACKUP, _BACKUP_OF), (Backup.Kind.VERIFICATION, _VERIFIED_OF))
    under_way = Q(finished_at=None, started_at__gt=timezone.now() - _TAKES)
    ended = Backup.objects.exclude(under_way)
    newest = ended.filter(kind=OuterRef("kind")).order_by("-started_at").values("pk")[:1]
    last_of = {last.kind: last for last in ended.filter(pk=Subquery(newest))}
    for kind, at_most in kinds:
        last = last_of.get(kind)
        if last is None:  # Made otherwise, or not yet: the page on operations asks for it.
            continue
        if last.error:
            yield Trouble(f"{kind}-failed", f"{kind.label} : échec. {last.error}")
        elif last.started_at < timezone.now() - at_most:
            yield Trouble(f"{kind}-late", f"{kind.label} : la dernière date du {_day(last)}.")


def _day(backup: Backup) -> str:
    return date_format(timezone.localtime(backup.started_at), "j F Y à H:i")


def _of_the_disk() -> Iterator[Trouble]:
    for folder in {Path(settings.MEDIA_ROOT), settings.VAR_DIR}:
        if folder.exists():
            disk = shutil.disk_usage(folder)
            if disk.free < min(_FREE_BYTES, disk.total * _FREE_SHARE):
                yield Trouble(
                    "disk",
                    f"Il ne reste que {disk.free // 1024**2} Mo sur le disque de {folder} : "
                    "faites de la place.",
                )
                return


def _certificate_end(name: str, port: int) -> datetime.datetime:
    """Return when the certificate shown at this address ends. Raises OSError, ValueError."""
    # Looked at whatever it is worth: an expired one must be told.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((name, port), timeout=_PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(shown or b"").not_valid_after_utc


def _since(moment: datetime.datetime) -> str:
    return f"depuis le {date_format(timezone.localtime(moment), 'j F à H:i')}"
