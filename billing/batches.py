"""Batches: the claims that no batch has carried off yet, exported together, once."""

from dataclasses import replace
from decimal import Decimal

from django.core.files.base import ContentFile
from django.db import transaction

from accounts.models import User
from billing import exports, liquidation
from billing.claims import Claim, Shown, claims
from billing.models import ExportBatch, Titre
from conventions.campaigns.models import Campaign
from conventions.models.convention import ConventionQuerySet


class NothingToExport(Exception):
    """Every claim asked for has gone with an earlier batch."""


def export_batch(
    campaign: Campaign, conventions: ConventionQuerySet, *, by: User | None
) -> ExportBatch:
    """Export the claims of `conventions` (of `claimable`) that no batch carries yet.

    All or nothing; two people at once make two batches that share no claim. Raises
    NothingToExport when none is left.
    """
    with transaction.atomic():
        # Batches of a campaign are made one after the other: the second sees the first.
        Campaign.objects.held(campaign)
        last = campaign.batches.order_by("number").last()
        number = last.number + 1 if last else 1
        rows = [replace(claim, batch=number) for claim in claims(conventions, Shown.TO_EXPORT)]
        if not rows:
            raise NothingToExport
        batch = ExportBatch(
            campaign=campaign,
            number=number,
            made_by=by,
            claims=len(rows),
            schools=sum(row.schools for row in rows),
            amount=liquidation.total(row.amount for row in rows),
        )
        _write_files(batch, rows)
        batch.save()
        Titre.objects.bulk_create([_titre(batch, row) for row in rows], batch_size=500)
    return batch


def _write_files(batch: ExportBatch, rows: list[Claim]) -> None:
    for file_format in exports.CONTENT_TYPES:
        content = b"".join(exports.export(rows, file_format, batch.campaign.school_year))
        stored = getattr(batch, file_format)
        stored.save(batch.filename(file_format), ContentFile(content), save=False)


def _titre(batch: ExportBatch, row: Claim) -> Titre:
    return Titre(
        batch=batch,
        convention_id=row.convention_id,
        amendment_id=row.amendment_id,
        reference=row.reference,
        schools=row.schools,
        amount=row.amount,
    )


def billed_by_department(campaign: Campaign, user: User) -> dict[int, Decimal]:
    """Add up the titres of `campaign` that `user` may see, in euros, in one query.

    By the key of the collectivity's département.
    """
    rows = Titre.objects.filter(
        convention__in=campaign.conventions.for_user(user).order_by().values("pk")
    ).values_list("convention__collectivity__department", "amount")
    billed: dict[int, Decimal] = {}
    for department, amount in rows:
        billed[department] = billed.get(department, Decimal(0)) + amount
    return billed
