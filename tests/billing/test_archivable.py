"""What finance prints is archivable and accessible, as every document is."""

import pytest
from django.urls import reverse

from billing.batches.files import shares_of
from billing.batches.slip import print_slip
from billing.coding.models import BudgetYear
from billing.models import Titre
from billing.models.entry import EntryKind

from .conftest import issue, request, tell

pytestmark = pytest.mark.django_db


def test_slips_statements_and_answers_are_archivable_and_accessible(
    assert_valid, as_finance, current, finance
):
    batch = request(current.campaign, finance)
    titre = Titre.objects.get()
    issue(titre)
    tell(titre, EntryKind.CONTESTED, amount=45)
    decided = {"amount": 20, "decision": "D-4", "author": "La rectrice"}
    tell(titre, EntryKind.RECEIVED, amount=30)
    answer = tell(titre, EntryKind.DECIDED, **decided)
    statement = reverse("debtor_statement", args=[titre.debtor.code])
    letter = reverse("decision_letter", args=[titre.pk, answer.pk])
    BudgetYear.objects.create(year=2026, is_earmarked=True, use_of_funds="Hébergement.")
    account = reverse("debtor_use_account", args=[titre.debtor.code, 2026])
    assert_valid(
        {
            "use_account": as_finance.get(account).content,
            "slip": print_slip(batch, shares_of(batch), list(batch.files.all())),
            "statement": as_finance.get(statement).content,
            "answer": as_finance.get(letter).content,
        }
    )
