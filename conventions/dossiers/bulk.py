"""One act on many conventions: what was done, and what was left out and why."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from conventions.campaigns.models import Campaign
from conventions.dossiers.parts import PARTS
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from lifecycle.plausible import Window

_CHUNK = 200


@dataclass
class BulkReport:
    """`left_out` pairs a convention with the reason (French)."""

    done: list[Convention] = field(default_factory=list)
    left_out: list[tuple[Convention, str]] = field(default_factory=list)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Each reason for leaving out, with its number of conventions, the commonest first."""
        return Counter(reason for _, reason in self.left_out).most_common()


def apply(conventions: ConventionQuerySet, act: Callable[[Convention], object]) -> BulkReport:
    """Run `act` on each convention of a queryset.

    Each succeeds or is left out alone (ValidationError), with one journal entry each; one
    transaction per chunk keeps thousands quick without holding the database for long.
    """
    report = BulkReport()
    # Campaigns first, then files: the order in which rows are taken (docs/architecture.md).
    keys = list(conventions.order_by("campaign_id", "pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        chunk = _fetched(Convention.objects.filter(pk__in=keys[start : start + _CHUNK]))
        with transaction.atomic():
            for convention in chunk.order_by("campaign_id", "pk"):
                _apply_one(convention, act, report)
    return report


def _apply_one(
    convention: Convention, act: Callable[[Convention], object], report: BulkReport
) -> None:
    try:
        with transaction.atomic():
            act(convention)
    except ValidationError as refusal:
        report.left_out.append((convention, " ".join(refusal.messages)))
    else:
        report.done.append(convention)


def preview(conventions: ConventionQuerySet, refusal: Callable[[Convention], str]) -> BulkReport:
    """Return what an act would take of a queryset, and leave out and why; nothing is done.

    `refusal` says why a convention would be left out, "" when it would not. What it still
    waits for (`missing_for`) is only found when its turn comes.
    """
    report = BulkReport()
    for convention in _fetched(conventions):
        if reason := refusal(convention):
            report.left_out.append((convention, reason))
        else:
            report.done.append(convention)
    return report


def window(conventions: ConventionQuerySet) -> Window:
    """Return when something can have happened to the files of a queryset, all campaigns."""
    campaigns = Campaign.objects.filter(pk__in=conventions.order_by().values("campaign"))
    today = timezone.localdate()
    return Window(min((c.window.first for c in campaigns), default=today), today)


def _fetched(conventions: ConventionQuerySet) -> ConventionQuerySet:
    # A list may have fetched parts otherwise.
    afresh = conventions.prefetch_related(None).with_parties()
    return afresh.prefetch_related("collectivity__users", *PARTS)
