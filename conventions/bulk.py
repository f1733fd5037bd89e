"""One verb on many conventions: what was done, and what was left out and why."""

from collections import Counter
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction

from conventions.models import Convention

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


def apply(conventions, verb: str, *, by, **facts) -> BulkReport:
    """Run `convention.<verb>(by=by, **facts)` on each convention of a queryset.

    Each succeeds or is left out alone, with one journal entry each; one transaction
    per chunk keeps thousands quick without holding the database for long.
    """
    report = BulkReport()
    keys = list(conventions.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        chunk = Convention.objects.with_parties().filter(pk__in=keys[start : start + _CHUNK])
        chunk = chunk.prefetch_related("collectivity__users", "amendments")
        with transaction.atomic():
            for convention in chunk.order_by("pk"):
                _apply_one(convention, verb, report, by, facts)
    return report


def _apply_one(convention, verb, report, by, facts):
    try:
        with transaction.atomic():
            getattr(convention, verb)(by=by, **facts)
    except ValidationError as refusal:
        report.left_out.append((convention, " ".join(refusal.messages)))
    else:
        report.done.append(convention)


def preview(conventions, verb: str) -> BulkReport:
    """Return what the verb would take of a queryset, and leave out and why; nothing is done.

    What a convention still waits for (`missing_for`) is only found when its turn comes.
    """
    report = BulkReport()
    conventions = conventions.with_parties().prefetch_related("collectivity__users", "amendments")
    for convention in conventions:
        if reason := convention.refusal_of(verb):
            report.left_out.append((convention, reason))
        else:
            report.done.append(convention)
    return report
