"""From a list to a batch: exactly the lines that were shown, whole, or nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django_q.tasks import async_task

from accounts.models import User
from billing.batches.models import Preparation, PreparedLine
from billing.claims.due import Due, with_claims
from billing.claims.obstacles import Obstacle
from billing.claims.proposals import Proposal, proposals
from billing.claims.verbs import open_claims
from billing.liquidation import total
from billing.models import Batch, Claim, Titre, next_number
from billing.recording import LedgerMoved, ledger_version, writing
from conventions.amendments.models import Amendment
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet

# Times that a list is read again because somebody wrote in the ledger meanwhile.
TRIES = 3


class NothingToRequest(Exception):
    """No line is ticked."""


@dataclass(frozen=True)
class Difference:
    """A ticked line that would not make the titre that was shown: what it says now."""

    line: PreparedLine
    now: Proposal | None

    @property
    def words(self) -> str:
        """What changed, in French."""
        if self.now is None:
            return "n'est plus dans la liste"
        if self.now.titre is None:
            return ", ".join(str(Obstacle(key).label) for key in self.now.obstacles)
        if self.now.titre.signed_amount != self.line.amount:
            return "le montant a changé"
        if sorted(self.now.obstacles) != sorted(self.line.obstacles):
            added = set(self.now.obstacles) - set(self.line.obstacles)
            names = ", ".join(str(Obstacle(key).label) for key in sorted(added))
            return names or "un obstacle a été levé"
        return "ce que dit le titre a changé"


class ListChanged(Exception):
    """Something changed since the list was shown: nothing was requested."""

    def __init__(self, differences: Sequence[Difference] = ()) -> None:
        super().__init__()
        self.differences = differences


def confirm(preparation: Preparation, *, by: User) -> Batch:
    """Request what is ticked: all of it as it was shown, or nothing.

    The titres are made outside of any lock. Files come after commit, from the worker.
    Raises NothingToRequest, ListChanged.
    """
    for _ in range(TRIES):
        seen = ledger_version()
        conventions = _chosen(preparation, by)
        versions = _versions(conventions)
        made = _as_shown(preparation, proposals(with_claims(conventions)))
        rows = [_columns(titre) for _, titre in made]
        try:
            with writing(seen):
                if _versions(conventions) != versions or _is_done(preparation):
                    raise ListChanged
                batch = _write(preparation, made, rows, by)
        except LedgerMoved:
            continue
        return batch
    raise ListChanged


def _chosen(preparation: Preparation, by: User) -> ConventionQuerySet:
    chosen = preparation.lines.chosen().order_by().values("convention")
    return Convention.objects.for_user(by).filter(pk__in=chosen)


def _is_done(preparation: Preparation) -> bool:
    return Preparation.objects.filter(pk=preparation.pk, batch__isnull=False).exists()


def _as_shown(preparation: Preparation, now: Iterator[Proposal]) -> list[tuple[Due, Titre]]:
    """Return the titre of each ticked line, in the list's order."""
    found = {proposal.due.convention.pk: proposal for proposal in now}
    made = []
    differences = []
    for line in preparation.lines.chosen():
        proposal = found.get(line.convention_id)
        if proposal is None or proposal.titre is None or proposal.digest != line.digest:
            differences.append(Difference(line, proposal))
            continue
        proposal.titre.waivers = [
            {"obstacle": str(Obstacle(key).label), "reason": line.reason} for key in line.obstacles
        ]
        made.append((proposal.due, proposal.titre))
    if differences:
        raise ListChanged(differences)
    if not made:
        raise NothingToRequest
    return made


def _versions(conventions: ConventionQuerySet) -> list[tuple[int, int | None, int]]:
    """Return what changes whenever a convention, its act or an avenant of it does."""
    keys = conventions.order_by().values("pk")
    amendments = Amendment.objects.filter(convention__in=keys).order_by("pk")
    return [
        *(
            (key, None, version)
            for key, version in conventions.order_by("pk").values_list("pk", "version")
        ),
        *amendments.values_list("convention", "pk", "version"),
    ]


# --- Written at once -----------------------------------------------------------
_FIELDS = [field for field in Titre._meta.concrete_fields if not field.primary_key]
_NAMES = [field.attname for field in _FIELDS]


def _columns(titre: Titre) -> list[Any]:
    """Return a titre as the database takes it: what costs time is done before the lock."""
    return [
        field.get_db_prep_save(field.pre_save(titre, add=True), connection) for field in _FIELDS
    ]


def _write(
    preparation: Preparation,
    made: Sequence[tuple[Due, Titre]],
    rows: Sequence[list[Any]],
    by: User,
) -> Batch:
    campaign = preparation.campaign
    batch = Batch(
        campaign=campaign,
        number=next_number(f"lots {campaign.start_year}"),
        made_by=by,
        titre_count=len(made),
        school_count=sum(titre.school_count for _, titre in made),
        amount=total(titre.signed_amount for _, titre in made),
    )
    batch.save()
    claims = open_claims(due for due, _ in made)
    at_batch, at_claim = _NAMES.index("batch_id"), _NAMES.index("claim_id")
    for (due, _), row in zip(made, rows, strict=True):
        row[at_batch], row[at_claim] = batch.pk, claims[due.convention.pk]
    columns = ", ".join(f'"{field.column}"' for field in _FIELDS)
    places = ", ".join(["%s"] * len(_FIELDS))
    with connection.cursor() as cursor:
        cursor.executemany(
            f'INSERT INTO "{Titre._meta.db_table}" ({columns}) VALUES ({places})',  # noqa: S608
            rows,
        )
    Claim.objects.filter(titres__batch=batch, to_cancel__isnull=False).update(
        to_cancel=None, cancel_reason=""
    )
    Preparation.objects.filter(pk=preparation.pk).update(batch=batch)
    transaction.on_commit(lambda: async_task("billing.batches.tasks.write_files", batch.pk))
    return batch
