"""Imports that were made: the report of each, kept for a year and opened again."""

import datetime
from collections import Counter
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from tabular.kinds import Example, Kind
from tabular.reading import Change, Refusal, Report

KEPT = datetime.timedelta(days=365)
_CHANGES = ("created", "changed", "closures", "mergers")


class ImportReport(models.Model):
    """What became of a file that somebody imported from a list of the admin site."""

    # The list, as "schools.school".
    of = models.CharField("liste", max_length=80)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="importé par",
    )
    file_name = models.CharField("fichier", max_length=200, blank=True)
    done_at = models.DateTimeField("importé le", auto_now_add=True)
    content = models.JSONField("compte rendu", encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "compte rendu d'import"
        verbose_name_plural = "comptes rendus d'imports"
        ordering = ["-done_at", "-pk"]
        indexes = [models.Index(fields=["of", "done_at"])]

    def __str__(self) -> str:
        moment = timezone.localtime(self.done_at)
        return f"{self.file_name or 'Fichier'}, le {moment:%d/%m/%Y à %H:%M}"

    @classmethod
    def keep(cls, report: Report, *, of: str, by: Any, file_name: str) -> "ImportReport":
        """Keep the report of an import that `by` (an account) made into the list `of`."""
        # asdict() makes a Counter of pairs of one.
        content = asdict(replace(report, ignored=Counter())) | {"ignored": dict(report.ignored)}
        for name in _CHANGES:
            for change in content[name]:
                change["fields"] = sorted(change["fields"])
        return cls.objects.create(of=of, by=by, file_name=file_name, content=content)

    @property
    def report(self) -> Report:
        """The report, as the import made it."""
        kept = dict(self.content)
        for name in _CHANGES:
            kept[name] = [_change(each) for each in kept[name]]
        for name in ("refused", "remarks"):
            kept[name] = [Refusal(**each) for each in kept[name]]
        kept["kinds"] = [_kind(each) for each in kept["kinds"]]
        kept["ignored"] = Counter(kept["ignored"])
        return Report(**kept)


def forget_old() -> int:
    """Delete the reports of more than a year: they hold addresses. Return how many."""
    count, _ = ImportReport.objects.filter(done_at__lt=timezone.now() - KEPT).delete()
    return count


def _change(kept: dict[str, Any]) -> Change:
    return Change(
        kept["identifier"], kept["label"], tuple(kept["details"]), frozenset(kept["fields"])
    )


def _kind(kept: dict[str, Any]) -> Kind:
    return Kind(**kept | {"examples": tuple(Example(**each) for each in kept["examples"])})
