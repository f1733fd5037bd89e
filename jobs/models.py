"""A long action on many files: what it was asked, how far it is, what it left out."""

from django.conf import settings
from django.db import models


class Job(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", "en attente"
        RUNNING = "running", "en cours"
        FINISHED = "finished", "terminé"

    # One of the actions that the rooms above declare (`settings.JOB_ACTIONS`).
    action = models.CharField("action", max_length=15)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="demandé par",
    )
    state = models.CharField("état", max_length=10, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField("demandé le", auto_now_add=True)
    finished_at = models.DateTimeField("terminé le", null=True, blank=True)

    class Meta:
        verbose_name = "traitement"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.action} ({self.get_state_display()})"


class JobItem(models.Model):
    """One file of a job; claimed by one worker, done or left out with a reason."""

    class State(models.TextChoices):
        WAITING = "waiting", "en attente"
        TAKEN = "taken", "en cours"
        DONE = "done", "fait"
        LEFT_OUT = "left_out", "laissé de côté"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items")
    convention = models.ForeignKey(
        "conventions.Convention", on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField("état", max_length=10, choices=State, default=State.WAITING)
    taken_at = models.DateTimeField("pris le", null=True, blank=True)
    reason = models.TextField("motif", blank=True)

    class Meta:
        verbose_name = "élément d'un traitement"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "convention"],
                name="job_item_once",
                violation_error_message="Cette convention est déjà dans ce traitement.",
            )
        ]
        indexes = [models.Index(fields=["job", "state"])]

    def __str__(self) -> str:
        return f"{self.convention_id} : {self.get_state_display()}"
