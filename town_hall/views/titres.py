"""The town hall's own titres: what is asked of it, why, how to pay and to contest."""

from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import role_required, user_of
from accounts.models import User
from accounts.roles import Role
from accounts.scope import collectivity_scope
from billing.coding.models import BillingSettings
from billing.ledger import Account, account_of
from billing.liquidation import total
from billing.models import Titre
from billing.recovery.statement import print_statement
from billing.recovery.views import pdf


def _accounts(user: User) -> list[Account]:
    """Return the titres asked of a town hall's collectivities and that stand, the newest first."""
    titres = (
        Titre.objects.filter(collectivity_scope(user, "debtor"))
        .in_full()
        .select_related("debtor__department__academy__region", "debtor__commune")
        .order_by("debtor__code", "-school_year", "-rank")
    )
    return [account for account in map(account_of, titres) if account.stands]


@require_safe
@role_required(Role.TOWN_HALL)
def own_titres(request: HttpRequest) -> HttpResponse:
    """The titres of each collectivity of a town hall, over all years."""
    by_debtor = groupby(_accounts(user_of(request)), lambda account: account.titre.debtor)
    return render(
        request,
        "town_hall/titres.html",
        {
            "groups": [_group(debtor, list(accounts)) for debtor, accounts in by_debtor],
            "settings": BillingSettings.current(),
        },
    )


def _group(debtor: Any, accounts: list[Account]) -> dict[str, Any]:
    return {
        "debtor": debtor,
        "accounts": accounts,
        "balance": total(account.balance for account in accounts),
    }


@require_safe
@role_required(Role.TOWN_HALL)
def own_statement(request: HttpRequest, code: str) -> HttpResponse:
    """The same of one collectivity, as a PDF."""
    accounts = [a for a in _accounts(user_of(request)) if a.titre.debtor.code == code]
    if not accounts:
        raise Http404
    debtor = accounts[0].titre.debtor
    return pdf(print_statement(debtor, accounts, timezone.localdate()), f"releve-{code}.pdf")
