"""Rows that never change: the ORM refuses, and so does the database when it is gone round."""

import datetime
import re

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from accounts.models import AccessEntry
from billing.batches.outcomes import mark_sent
from billing.claims.verbs import change_debtor
from billing.returns.models import ReturnFile, ReturnImport, ReturnRow, RowSettlement
from conventions.campaigns.models import TariffException, TypedNumber, VatRate
from conventions.campaigns.tariffs import Counted, ReliefKind
from conventions.models import Piece, attach
from documents.models import Signature, TextModel
from documents.received.uploads import UploadedPdf
from lifecycle.frozen import Frozen, FrozenError
from lifecycle.triggers import frozen_models, install_triggers, remove_triggers
from tests.billing.conftest import issue, request
from tests.factories import TextModelFactory

pytestmark = pytest.mark.django_db

of_each = pytest.mark.parametrize("model", frozen_models(), ids=lambda model: model.__name__)


@pytest.fixture
def row_of(signed_convention, finance):
    """Return a function that gives a row of a model: all stand in a file signed and billed."""
    scan = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")
    copy = attach(signed_convention, kind=Piece.Kind.CONVENTION_SIGNED, pdf=scan, by=None)
    Signature.objects.create(document=copy.document, position=1, verdict="valid")
    bill(signed_convention, finance)
    VatRate.objects.create(since=datetime.date(2014, 1, 1), rate=20)
    TariffException.objects.create(
        campaign=signed_convention.campaign,
        collectivity=signed_convention.collectivity,
        kind=ReliefKind.FREE,
        reason="École hors du marché.",
        decided_on=timezone.localdate(),
    )
    line = signed_convention.enrolments.first()
    TypedNumber.objects.create(
        campaign=line.campaign, school=line.school, unit=Counted.PUPIL, number=45, reason="Rentrée."
    )
    # The database has a day of its own, whatever the tests' is.
    AccessEntry.objects.create(kind="session", detail="…", kept_until=datetime.date.max)
    return lambda model: model.objects.order_by("pk")[0]


def bill(convention, finance):
    """Request a titre, have it issued, told by a return of which a person settled a row."""
    change_debtor(convention, convention.collectivity, reason="SIRET corrigé.", by=finance)
    batch = request(convention.campaign, finance)
    mark_sent(batch, on=timezone.localdate(), by=finance)
    issue(batch.titres.get())
    file = ReturnFile.objects.create(name="retour.csv", file="x", sha256="0" * 64, size=1)
    ReturnImport.objects.create(file=file, columns={}, states={})
    row = ReturnRow.objects.create(file=file, line=2, cells=[], finding="unmatched")
    RowSettlement.objects.create(row=row, kind="dismissed", reason="Autre région.")


def test_what_was_issued_confirmed_billed_or_journalled_is_among_them():
    assert {model._meta.label for model in frozen_models()} == {
        "accounts.AccessEntry",
        "billing.Batch",
        "billing.BatchFile",
        "billing.BatchOutcome",
        "billing.DebtorChange",
        "billing.Entry",
        "billing.Titre",
        "campaigns.TariffException",
        "campaigns.TypedNumber",
        "campaigns.VatRate",
        "conventions.ConfirmedParty",
        "documents.Document",
        "documents.Signature",
        "documents.TextModel",
        "lifecycle.JournalEntry",
        "returns.ReturnFile",
        "returns.ReturnImport",
        "returns.ReturnRow",
        "returns.RowSettlement",
    }


@pytest.mark.parametrize("model", [model for model in frozen_models() if issubclass(model, Frozen)])
def test_the_orm_refuses_to_change_or_delete_a_row(model, row_of):
    row = row_of(model)
    one = model.objects.filter(pk=row.pk)
    for change in (row.save, row.delete, lambda: one.update(id=row.pk), one.delete):
        with pytest.raises(FrozenError):
            change()
    with pytest.raises(FrozenError):
        model.objects.bulk_update([row], [row._meta.fields[1].name])


@of_each
def test_the_database_refuses_who_goes_round_the_orms_refusals(model, row_of):
    row = row_of(model)
    one = models.QuerySet(model).filter(pk=row.pk)
    for change in (
        lambda: models.Model.save(row),
        lambda: one.update(id=row.pk),
        lambda: one._raw_delete(one.db),
    ):
        refused_by_the_database(model, change)


@of_each
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id WHERE id = %s", "DELETE FROM {} WHERE id = %s"]
)
def test_the_database_refuses_sql(model, row_of, statement):
    key = row_of(model).pk
    sql = statement.format(connection.ops.quote_name(model._meta.db_table))
    refused_by_the_database(model, lambda: execute(sql, [key]))


def test_a_draft_of_a_text_changes_until_it_is_published():
    text = TextModelFactory(kind="decision", version=2, state="draft", published_at=None)
    execute("UPDATE documents_textmodel SET title = 'Autre' WHERE id = %s", [text.pk])
    assert TextModel.objects.get().title == "Autre"


def test_they_are_put_back_by_every_migration_and_never_twice():
    remove_triggers()
    assert triggers() == []
    call_command("migrate", verbosity=0)
    names = triggers()
    assert len(names) == 2 * len(frozen_models())
    install_triggers()
    assert triggers() == names


def refused_by_the_database(model, change):
    with pytest.raises(IntegrityError, match=re.escape(model.frozen_message)), transaction.atomic():
        change()


def execute(sql, values=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else None


def triggers():
    """The names of the triggers in the database, sorted."""
    sql = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    return sorted(name for (name,) in execute(sql) if name.startswith("frozen_"))
