"""Listing what could be requested, and choosing among it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count, islice

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from billing.batches.models import Preparation, PreparedLine, PreparedLineQuerySet
from billing.claims.due import with_claims
from billing.claims.obstacles import Obstacle
from billing.claims.proposals import CHUNK, Proposal, proposals
from billing.liquidation import total
from conventions.campaigns.models import Campaign
from conventions.lifecycle import CLAIMABLE
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet


@dataclass(frozen=True)
class Choice:
    """Which conventions are listed: of a campaign and a territory, whose titre is of `kinds`."""

    campaign: Campaign
    academy_code: str = ""
    department_code: str = ""
    kinds: tuple[str, ...] = ()

    def conventions(self, user: User) -> ConventionQuerySet:
        """Return those of the territory in the user's scope, signed or not."""
        found = Convention.objects.for_user(user).living().filter(campaign=self.campaign)
        if self.academy_code:
            found = found.filter(collectivity__department__academy__code=self.academy_code)
        if self.department_code:
            found = found.filter(collectivity__department__code=self.department_code)
        return found

    def keeps(self, proposal: Proposal) -> bool:
        """Tell whether a proposal is of the kinds chosen; what makes no titre always is shown."""
        return not self.kinds or proposal.titre is None or proposal.titre.kind in self.kinds


@dataclass(frozen=True)
class Totals:
    """Of some lines: how many, of how many schools, for how many euros, net."""

    lines: int
    schools: int
    amount: Decimal


def prepare_list(choice: Choice, *, by: User) -> Preparation:
    """List what could be requested and what is left out, and why; nothing is requested.

    What nothing stands in the way of is ticked. Written in parts, so that nobody waits; the
    person's earlier lists that led to no batch go.
    """
    Preparation.objects.filter(made_by=by, batch__isnull=True).delete()
    preparation = Preparation.objects.create(
        campaign=choice.campaign,
        academy_code=choice.academy_code,
        department_code=choice.department_code,
        kinds=list(choice.kinds),
        made_by=by,
    )
    lines = _lines(choice, by)
    positions = count(1)
    while chunk := list(islice(lines, CHUNK)):
        for line in chunk:
            line.preparation, line.position = preparation, next(positions)
        PreparedLine.objects.bulk_create(chunk, batch_size=500)
    preparation.ready_at = timezone.now()
    preparation.save(update_fields=["ready_at"])
    return preparation


def _lines(choice: Choice, by: User) -> Iterator[PreparedLine]:
    conventions = choice.conventions(by)
    for proposal in proposals(with_claims(conventions)):
        if choice.keeps(proposal):
            yield _line(proposal)
    unsigned = conventions.exclude(state__in=CLAIMABLE).order_by("collectivity__search_text", "pk")
    for convention in unsigned.iterator(chunk_size=CHUNK):
        yield PreparedLine(
            convention=convention,
            debtor_name=convention.collectivity_title,
            amount=convention.amount,
            school_count=convention.school_count,
            obstacles=[Obstacle.NOT_SIGNED],
            is_blocked=True,
        )


def _line(proposal: Proposal) -> PreparedLine:
    convention, titre = proposal.due.convention, proposal.titre
    line = PreparedLine(
        convention=convention,
        debtor_name=convention.collectivity_title,
        obstacles=list(proposal.obstacles),
        is_blocked=proposal.is_blocked,
        is_ticked=not proposal.obstacles,
        is_fragile=proposal.due.is_fragile,
    )
    if titre:
        line.kind = titre.kind
        line.debtor_name = titre.debtor_name
        line.siret = titre.siret
        line.school_count = titre.school_count
        line.amount = titre.signed_amount
        line.basis = titre.basis
        line.digest = proposal.digest
    return line


# --- Choosing ----------------------------------------------------------------
def choose(
    preparation: Preparation,
    *,
    shown: Iterable[int],
    ticked: Iterable[int],
    reasons: dict[int, str],
) -> None:
    """Keep which of the lines shown on a page are ticked, and the reasons given.

    Raises ValidationError for a ticked line that wants a reason and has none: what was typed
    is kept all the same, and the line is not ticked.
    """
    wanted = set(ticked)
    unreasoned = []
    with transaction.atomic():
        for line in preparation.lines.possible().filter(pk__in=list(shown)):
            reason = reasons.get(line.pk, line.reason).strip()
            is_ticked = line.pk in wanted
            if is_ticked and line.wants_reason and not reason:
                unreasoned.append(line)
                is_ticked = False
            if (line.is_ticked, line.reason) != (is_ticked, reason):
                PreparedLine.objects.filter(pk=line.pk).update(is_ticked=is_ticked, reason=reason)
    if unreasoned:
        names = ", ".join(line.debtor_name for line in unreasoned[:5])
        raise ValidationError(f"Donnez un motif pour passer outre : {names}.")


def choose_all(preparation: Preparation, *, ticked: bool) -> None:
    """Tick, or untick, every line that nothing stands in the way of."""
    free = preparation.lines.possible().filter(Q(obstacles=[]) | ~Q(reason=""))
    (free if ticked else preparation.lines.possible()).update(is_ticked=ticked)


def pass_over(preparation: Preparation, obstacle: Obstacle, reason: str) -> int:
    """Tick the lines that only `obstacle` stands in the way of, for one reason; return how many.

    Raises ValidationError without a reason.
    """
    if not reason.strip():
        raise ValidationError("Donnez le motif pour lequel vous passez outre.")
    lines = preparation.lines.possible().filter(obstacles=[obstacle.value])
    return lines.update(is_ticked=True, reason=reason.strip())


def to_pass_over(preparation: Preparation) -> list[tuple[Obstacle, int]]:
    """Return the obstacles that a reason passes over, and how many lines have no other."""
    rows = preparation.lines.possible().order_by().values_list("obstacles").annotate(Count("pk"))
    alone = {obstacles[0]: lines for obstacles, lines in rows if len(obstacles) == 1}
    return [(obstacle, alone[obstacle]) for obstacle in Obstacle if obstacle in alone]


def totals_of(lines: PreparedLineQuerySet) -> Totals:
    """Return the totals of some lines; added up here, where a cent is a cent."""
    rows = list(lines.order_by().values_list("school_count", "amount"))
    return Totals(len(rows), sum(row[0] for row in rows), total(row[1] for row in rows))


def left_out(preparation: Preparation) -> list[tuple[Obstacle, int]]:
    """Return why lines may not be requested, and how many for each reason."""
    rows = preparation.lines.blocked().order_by().values_list("obstacles").annotate(Count("pk"))
    counts: Counter[str] = Counter()
    for obstacles, lines in rows:
        for key in obstacles:
            counts[key] += lines
    return [(obstacle, counts[obstacle]) for obstacle in Obstacle if counts[obstacle]]
