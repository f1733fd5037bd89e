"""Who did what, when: written with every change, never edited."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from documents.models import FrozenError


class JournalQuerySet(models.QuerySet):
    def update(self, **values):
        raise FrozenError("Le journal ne se modifie pas.")

    def delete(self):
        raise FrozenError("Le journal ne s'efface pas.")


class JournalEntry(models.Model):
    campaign = models.ForeignKey(
        "conventions.Campaign",
        on_delete=models.PROTECT,
        related_name="journal",
        verbose_name="campagne",
    )
    convention = models.ForeignKey(
        "conventions.Convention",
        on_delete=models.PROTECT,
        null=True,
        related_name="journal",
        verbose_name="convention",
    )
    at = models.DateTimeField("le", auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="par",
    )
    by_name = models.CharField("auteur", max_length=200)
    verb = models.CharField("action", max_length=40)
    summary = models.CharField("ce qui a été fait", max_length=300)
    from_state = models.CharField("de l'état", max_length=30, blank=True)
    to_state = models.CharField("à l'état", max_length=30, blank=True)
    comment = models.TextField("commentaire", blank=True)
    changes = models.JSONField(
        "valeurs changées", default=dict, blank=True, encoder=DjangoJSONEncoder
    )

    objects = JournalQuerySet.as_manager()

    class Meta:
        verbose_name = "entrée du journal"
        verbose_name_plural = "journal"
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.at:%d/%m/%Y %H:%M} — {self.summary}"

    def save(self, *args, **kwargs):
        if self.pk:
            raise FrozenError("Le journal ne se modifie pas.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise FrozenError("Le journal ne s'efface pas.")

    @classmethod
    def about(cls, target, *, by, verb, summary, **fields) -> "JournalEntry":
        """Return an unsaved entry about a convention or a campaign.

        `by` is None for what the system does by itself (an import, a command).
        """
        is_campaign = target._meta.model_name == "campaign"
        return cls(
            campaign=target if is_campaign else target.campaign,
            convention=None if is_campaign else target,
            by=by,
            by_name=by.get_full_name() if by else "système",
            verb=verb,
            summary=summary,
            **fields,
        )
