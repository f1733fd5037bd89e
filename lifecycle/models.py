"""Who did what, when: written with every change, never edited."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from accounts.models import User
from accounts.models.user import WITHOUT_NAME
from lifecycle import transferred
from lifecycle.frozen import Frozen
from lifecycle.triggers import Spared

# The verb of the entry that tells of a transfer: it keeps the name of who asked for it.
TRANSFER = "transfer"


@dataclass(frozen=True)
class Subject:
    """What an entry is about, by keys: a campaign, one of its files, a part of that file.

    `part` is "" for the convention itself, "A1" for its first avenant, "T1" for the first
    procedure that would end it.
    """

    campaign_id: int
    convention_id: int | None = None
    part: str = ""


class JournalEntry(Frozen):
    frozen_message = "Le journal ne se modifie pas."
    frozen_but = (
        # Three years after they left, people's names go (`accounts.leaving`); what they did stays.
        Spared(
            ("by_name",),
            f"NEW.by_name LIKE '%{WITHOUT_NAME}' AND EXISTS (SELECT 1 FROM accounts_user "  # noqa: S608
            f"WHERE id = OLD.by_id AND last_name = '{WITHOUT_NAME}' AND NOT is_active)",
        ),
        # What people wrote goes with a campaign that is transferred to the archives.
        Spared(
            ("by_name", "comment", "changes"),
            f"NEW.by_name IN (OLD.by_name, '{transferred.NAME}') "  # noqa: S608
            "AND NEW.comment IN (OLD.comment, '') AND NEW.changes IN (OLD.changes, '{}') "
            f"AND OLD.verb <> '{TRANSFER}' AND EXISTS (SELECT 1 FROM campaigns_campaign "
            "WHERE id = OLD.campaign_id AND transferred_on IS NOT NULL)",
        ),
    )

    campaign = models.ForeignKey(
        "campaigns.Campaign",
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
    part = models.CharField("partie du dossier", max_length=5, blank=True)
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

    class Meta:
        verbose_name = "entrée du journal"
        verbose_name_plural = "entrées du journal"
        ordering = ["-at", "-pk"]
        # In the order of the list, of all campaigns and of one: read from its end.
        indexes = [
            models.Index(fields=["at", "id"], name="journal_in_order"),
            models.Index(fields=["campaign", "at", "id"], name="journal_of_campaign_in_order"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%d/%m/%Y %H:%M} — {self.summary}"

    @classmethod
    def about(
        cls, subject: Subject, *, by: User | None, verb: str, summary: str, **fields: Any
    ) -> "JournalEntry":
        """Return an unsaved entry about `subject`.

        `by` is None for what the system does by itself (an import, a command).
        """
        return cls(
            campaign_id=subject.campaign_id,
            convention_id=subject.convention_id,
            part=subject.part,
            by=by,
            by_name=by.signature if by else "système",
            verb=verb,
            summary=summary,
            **fields,
        )
