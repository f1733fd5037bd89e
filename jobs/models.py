"""A long action on many rows: what it was asked, how far it is, what became of each."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.text import capfirst

from jobs.actions import Action, action

if TYPE_CHECKING:
    import datetime

    from accounts.models import User


def _stored_name(job: "Job", filename: str) -> str:
    return f"traitements/{job.pk}/{filename}"


class Job(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", "en attente"
        RUNNING = "running", "en cours"
        FINISHED = "finished", "terminé"
        CANCELLED = "cancelled", "arrêté"

    OVER = (State.FINISHED, State.CANCELLED)

    # One of the actions that the rooms above declare (`settings.JOB_ACTIONS`).
    action = models.CharField("action", max_length=30)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="demandé par",
    )
    # The one whose name and rights what was left out is done again with.
    again_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="recommencé par",
    )
    # In words, as the page that asked had it.
    selection = models.CharField("sélection", max_length=500, blank=True)
    # The list that it was asked for from, with its filters.
    back = models.TextField("retour", blank=True)
    facts = models.JSONField("saisie", default=dict, blank=True, encoder=DjangoJSONEncoder)
    state = models.CharField("état", max_length=10, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField("demandé le", auto_now_add=True)
    finished_at = models.DateTimeField("terminé le", null=True, blank=True)
    file = models.FileField("fichier", upload_to=_stored_name, blank=True, max_length=200)
    gathering_at = models.DateTimeField("fichier en cours depuis", null=True, blank=True)
    note = models.TextField("remarque", blank=True)

    class Meta:
        verbose_name = "traitement"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.label} ({self.get_state_display()})"

    @property
    def acting(self) -> "User":
        """In whose name it acts, and with whose rights: the last one to ask for it."""
        return self.again_by or self.by

    @property
    def asked(self) -> Action:
        """What it does."""
        return action(self.action)

    @property
    def label(self) -> str:
        return str(capfirst(self.asked.label))

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER


class JobItem(models.Model):
    """One row of a job; claimed by one worker, done or left out with a reason."""

    class State(models.TextChoices):
        WAITING = "waiting", "en attente"
        TAKEN = "taken", "en cours"
        DONE = "done", "fait"
        LEFT_OUT = "left_out", "laissé de côté"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items")
    # Of the table that the action knows; the name outlives the row.
    key = models.BigIntegerField("clé")
    name = models.CharField("nom", max_length=300, blank=True)
    state = models.CharField("état", max_length=10, choices=State, default=State.WAITING)
    taken_at = models.DateTimeField("pris le", null=True, blank=True)
    done_at = models.DateTimeField("traité le", null=True, blank=True)
    # Why it was left out, or what is to be known of what was done.
    reason = models.TextField("motif", blank=True)

    class Meta:
        verbose_name = "élément d'un traitement"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "key"],
                name="job_item_once",
                violation_error_message="Cet élément est déjà dans ce traitement.",
            )
        ]
        indexes = [models.Index(fields=["job", "state"])]

    def __str__(self) -> str:
        return f"{self.name or self.key} : {self.get_state_display()}"


class WorkerQuerySet(models.QuerySet["Worker"]):
    def beating_since(self, moment: "datetime.datetime") -> "WorkerQuerySet":
        """Those that have given a sign of life since `moment`."""
        return self.filter(beat_at__gte=moment)


class Worker(models.Model):
    """A worker that runs somewhere, and the last time it said so (`jobs.heartbeat`)."""

    name = models.CharField("nom", max_length=100)
    started_at = models.DateTimeField("démarré le", default=timezone.now)
    beat_at = models.DateTimeField("dernier signe le", default=timezone.now)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        verbose_name = "travail de fond"
        ordering = ["-beat_at"]

    def __str__(self) -> str:
        return self.name
