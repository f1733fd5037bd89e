"""The account of use of a fonds de concours: of an earmarked year only, equal to the ledger."""

import datetime
from decimal import Decimal
from html import unescape

import pypdfium2
import pytest
from django.urls import reverse

from accounts.roles import Role
from billing.claims.verbs import change_debtor
from billing.coding.models import BudgetYear
from billing.models import Titre
from billing.models.entry import EntryKind
from billing.recovery.use_account import paid_in
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
)

from .conftest import issue, request, sign_in_order, tell
from .test_recovery import text_of

pytestmark = pytest.mark.django_db
USE = "Hébergement et assistance de l'espace numérique."


@pytest.fixture
def paid(current, finance, today):
    """A titre of which 60,05 € came in, 10,00 € of them given back."""
    request(current.campaign, finance)
    titre = Titre.objects.get()
    issue(titre)
    tell(titre, EntryKind.RECEIVED, today, "60.05")
    tell(titre, EntryKind.REFUNDED, today, 10)
    return titre


def pages_of(titre, year):
    code = titre.debtor.code
    return reverse("debtor", args=[code]), reverse("debtor_use_account", args=[code, year])


def test_it_says_what_came_in_during_the_year_and_what_it_was_used_for(as_finance, paid, today):
    BudgetYear.objects.create(year=today.year, is_earmarked=True, use_of_funds=USE)
    page, account = pages_of(paid, today.year)
    assert account in as_finance.get(page).content.decode()
    document = pypdfium2.PdfDocument(as_finance.get(account).content)
    text = " ".join(document[0].get_textpage().get_text_bounded().split())
    assert "50,05 €" in text
    assert paid.reference in text
    assert USE[:20] in text


def test_until_the_year_is_over_it_says_that_it_is_provisional(
    client, finance, paid, today, move_to
):
    BudgetYear.objects.create(year=today.year, is_earmarked=True, use_of_funds=USE)
    _, account = pages_of(paid, today.year)
    for day, is_provisional in (
        (datetime.date(today.year, 12, 31), True),
        (datetime.date(today.year + 1, 1, 1), False),
    ):
        move_to(day)
        client.force_login(finance)
        assert ("provisoire" in text_of(client.get(account).content)) is is_provisional


def test_of_a_debtor_followed_in_part_there_is_none_and_the_page_and_statement_say_so(
    client, paid, current, finance, today
):
    """Another département's convention is now this debtor's to pay."""
    BudgetYear.objects.create(year=today.year, is_earmarked=True, use_of_funds=USE)
    lozere = DepartmentFactory(code="48", name="Lozère")
    other = ConventionFactory(
        campaign=current.campaign,
        collectivity=CollectivityFactory(
            commune=CommuneFactory(code="48095", name="Mende", department=lozere)
        ),
    )
    sign_in_order(other, on=current.effective_on)
    change_debtor(other, collectivity=paid.debtor, reason="Fusion.", by=finance)
    request(current.campaign, finance)
    page, account = pages_of(paid, today.year)
    limited = UserFactory(role=Role.RECTORAT, departments=[paid.debtor.department])
    client.force_login(limited)
    shown = unescape(client.get(page).content.decode())
    assert "Vous ne voyez pas tout" in shown
    assert account not in shown
    assert "serait partiel" in unescape(client.get(account, follow=True).content.decode())
    statement = reverse("debtor_statement", args=[paid.debtor.code])
    assert "Relevé partiel" in text_of(client.get(statement).content)
    client.force_login(finance)
    assert "Vous ne voyez pas tout" not in client.get(page).content.decode()
    assert "Relevé partiel" not in text_of(client.get(statement).content)
    assert client.get(account).headers["Content-Type"] == "application/pdf"


def test_only_what_came_in_that_year_counts(paid, today, move_to):
    move_to(datetime.date(today.year + 1, 2, 1))
    tell(paid, EntryKind.RECEIVED, datetime.date(today.year + 1, 1, 15), 20)
    titres = Titre.objects.all()
    assert [line.amount for line in paid_in(today.year, titres)] == [Decimal("50.05")]
    assert [line.amount for line in paid_in(today.year + 1, titres)] == [Decimal("20.00")]


def test_a_year_that_is_not_earmarked_has_none(as_finance, paid, today):
    BudgetYear.objects.create(year=today.year)
    page, account = pages_of(paid, today.year)
    assert account not in as_finance.get(page).content.decode()
    assert as_finance.get(account).status_code == 404


def test_without_a_word_on_the_use_it_is_not_printed_and_the_page_says_what_to_do(
    as_finance, paid, today
):
    BudgetYear.objects.create(year=today.year, is_earmarked=True)
    _, account = pages_of(paid, today.year)
    shown = unescape(as_finance.get(account, follow=True).content.decode())
    assert "à quoi les fonds ont été employés" in shown
    # Whoever reads it: an agent of the rectorat has no access to these settings.
    assert "les finances l'écrivent d'abord dans les réglages" in shown
