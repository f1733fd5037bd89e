"""What is owed and by whom, as at a day; contestations and their days."""

from datetime import MAXYEAR, MINYEAR
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import role_required, user_of
from accounts.models import User
from billing.access import READERS, WRITERS
from billing.balances import contested
from billing.claims.forms import TerritoryForm
from billing.claims.views import find_account
from billing.coding.models import BudgetYear
from billing.ledger import Account, account_of, euros
from billing.liquidation import total
from billing.models import Entry, Titre
from billing.pages import page_of
from billing.recovery.aged import NAMES, sum_of
from billing.recovery.board import build_board
from billing.recovery.contestations import at_places, print_letter, queue
from billing.recovery.figures import Figure, lines_of
from billing.recovery.forms import AnyYearForm, OwedForm
from billing.recovery.statement import print_statement
from billing.recovery.use_account import earmarked_years, print_use_account
from billing.recovery.years import OF_ENTRY, YearFigure, YearList, list_of
from communes.models import Collectivity
from tabular import writing
from tabular.keeping import KeptList
from tabular.writing import Column, Kind


def _aged_column(place: int) -> Column:
    return Column(NAMES[place], Kind.MONEY, lambda line: line.columns[place], is_totalled=True)


OWED_COLUMNS = (
    Column("Débiteur", Kind.TEXT, lambda line: line.name, width=36),
    Column("Code", Kind.TEXT, lambda line: line.code),
    Column("Titres", Kind.INTEGER, lambda line: line.titres, is_totalled=True),
    *(_aged_column(place) for place in range(len(NAMES))),
    Column("Contesté", Kind.MONEY, lambda line: line.contested, is_totalled=True),
    Column("Trop-perçu", Kind.MONEY, lambda line: line.excess, is_totalled=True),
    Column("Reste dû", Kind.MONEY, lambda line: line.balance, is_totalled=True),
)

KEPT = KeptList(of="billing_owed", page="owed")


@require_safe
@role_required(*READERS)
def owed(request: HttpRequest) -> HttpResponse:
    """What each debtor owes over all years, by age, as at any past day."""
    form = OwedForm(request.GET, user=user_of(request))
    lines = form.lines()
    page = page_of(request, lines)
    return render(
        request,
        "billing/owed.html",
        {
            "form": form,
            "as_at": form.as_at,
            "names": NAMES,
            "page": page,
            "total": sum_of(lines),
            "debtors": len(lines),
            "query": form.query(),
            "views": KEPT.views_of(user_of(request)),
        },
    )


@require_safe
@role_required(*READERS)
def owed_export(request: HttpRequest, file_format: str) -> HttpResponseBase:
    """Exactly the lines that the same choice shows, as a file."""
    if file_format not in writing.CONTENT_TYPES:
        raise Http404
    form = OwedForm(request.GET, user=user_of(request))
    if not form.is_valid():
        return redirect(f"{reverse('owed')}?{form.query()}")
    lines = form.lines()
    return writing.response(
        OWED_COLUMNS,
        lines,
        file_format,
        name=f"restes-dus-{form.as_at.isoformat()}",
        title=f"Restes dus au {form.as_at:%d/%m/%Y}",
    )


keep_view = role_required(*READERS)(KEPT.keep_view)
forget_view = role_required(*READERS)(KEPT.forget_view)


@require_safe
@role_required(*READERS)
def board(request: HttpRequest) -> HttpResponse:
    """A campaign from what is expected to what came in, by département; and budget years."""
    user = user_of(request)
    form = TerritoryForm(request.GET, user=user)
    campaign = form.campaign
    return render(
        request,
        "billing/board.html",
        {
            "form": form,
            "campaign": campaign,
            "board": build_board(campaign, user, form.of_territory()) if campaign else None,
            "query": form.query(),
            "place": form.query(without="campagne"),
        },
    )


@require_safe
@role_required(*READERS)
def board_figure(request: HttpRequest, figure: str) -> HttpResponse:
    """What a figure of the board is made of, convention by convention, with its sum."""
    if figure not in Figure.values:
        raise Http404
    user = user_of(request)
    form = TerritoryForm(request.GET, user=user)
    campaign = form.campaign
    lines = (
        lines_of(Figure(figure), campaign, user, form.of_territory("collectivity"))
        if campaign
        else []
    )
    return render(
        request,
        "billing/board_figure.html",
        {
            "form": form,
            "campaign": campaign,
            "name": Figure(figure).label,
            "page": page_of(request, lines),
            "total": total(line.amount for line in lines),
            "query": form.query(),
        },
    )


@require_safe
@role_required(*READERS)
def year_figure(request: HttpRequest, year: int, figure: str) -> HttpResponse:
    """What a figure of a budget year is made of, entry by entry, with its sum."""
    if figure not in YearFigure.values or not MINYEAR <= year <= MAXYEAR:
        raise Http404
    user = user_of(request)
    form = AnyYearForm(request.GET, user=user)
    listed = YearList(Entry.objects.none(), total([]))
    if form.is_valid():
        territory = form.of_territory(OF_ENTRY)
        listed = list_of(YearFigure(figure), year, user, territory, form.campaign)
    page = page_of(request, listed.rows)
    return render(
        request,
        "billing/year_figure.html",
        {
            "form": form,
            "name": YearFigure(figure).label,
            "year": year,
            "campaign": form.campaign,
            "page": page,
            "lines": [(entry, euros(entry.share)) for entry in page.object_list],
            "total": listed.total,
            "query": form.query(),
        },
    )


# --- One debtor -------------------------------------------------------------------
def _debtor(user: User, code: str) -> tuple[Collectivity, Any]:
    titres = Titre.objects.for_user(user).in_full().filter(debtor__code=code)
    if not titres.exists():
        raise Http404
    found = Collectivity.objects.select_related("department__academy__region", "commune")
    return get_object_or_404(found, code=code), titres.order_by("school_year", "rank")


def is_partial(user: User, code: str) -> bool:
    """Tell whether a debtor has titres of conventions that `user` does not follow.

    So of who is limited to some départements, where a debtor took over another's conventions.
    """
    seen = Titre.objects.for_user(user).order_by().values("pk")
    return Titre.objects.filter(debtor__code=code).exclude(pk__in=seen).exists()


def _accounts(request: HttpRequest, code: str) -> tuple[OwedForm, Collectivity, list[Account]]:
    user = user_of(request)
    form = OwedForm(request.GET, user=user)
    collectivity, titres = _debtor(user, code)
    accounts = [
        account_of(titre, form.as_at) for titre in titres if titre.requested_on <= form.as_at
    ]
    return form, collectivity, accounts


@require_safe
@role_required(*READERS)
def debtor_page(request: HttpRequest, code: str) -> HttpResponse:
    """The titres of a debtor over all years, as at a day."""
    form, collectivity, accounts = _accounts(request, code)
    user = user_of(request)
    titres = Titre.objects.for_user(user).filter(debtor__code=code)
    partial = is_partial(user, code)
    return render(
        request,
        "billing/debtor.html",
        {
            "collectivity": collectivity,
            "is_partial": partial,
            "accounts": accounts,
            "earmarked": [] if partial else earmarked_years(titres),
            "as_at": form.as_at,
            "balance": total(account.balance for account in accounts),
            "received": total(account.received for account in accounts),
        },
    )


@require_safe
@role_required(*READERS)
def debtor_statement(request: HttpRequest, code: str) -> HttpResponse:
    """The same as a PDF."""
    form, collectivity, accounts = _accounts(request, code)
    standing = [account for account in accounts if account.stands]
    partial = is_partial(user_of(request), code)
    content = print_statement(collectivity, standing, form.as_at, is_partial=partial)
    return pdf(content, f"releve-{code}.pdf")


@require_safe
@role_required(*READERS)
def debtor_use_account(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """The account of use of an earmarked budget year, as a PDF; 404 of any other year."""
    user = user_of(request)
    collectivity, titres = _debtor(user, code)
    of_year = get_object_or_404(BudgetYear, year=year, is_earmarked=True)
    if not of_year.use_of_funds.strip():
        messages.error(
            request,
            f"Le compte d'emploi {year} imprime à quoi les fonds ont été employés : les finances "
            "l'écrivent d'abord dans les réglages de l'exercice.",
        )
        return redirect("debtor", code=code)
    if is_partial(user, code):
        messages.error(
            request,
            f"Le compte d'emploi {year} serait partiel : des titres de ce débiteur relèvent d'autres "
            "départements que les vôtres. Demandez-le aux finances.",
        )
        return redirect("debtor", code=code)
    content = print_use_account(collectivity, of_year, titres)
    return pdf(content, f"compte-d-emploi-{year}-{code}.pdf")


def pdf(content: bytes, name: str) -> HttpResponse:
    """Return a PDF as a download."""
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, "application/pdf", headers={"Content-Disposition": disposition})


# --- Contestations -----------------------------------------------------------------
@require_safe
@role_required(*WRITERS)
def contestations(request: HttpRequest) -> HttpResponse:
    """Contestations that wait for a decision, with their days; then the others."""
    user, today = user_of(request), timezone.localdate()
    places = queue(user, today)
    page = page_of(request, places)
    return render(
        request,
        "billing/contestations.html",
        {
            "page": page,
            "contestations": at_places(list(page.object_list), today),
            "waiting": sum(not place.is_over for place in places),
            "suspended": total(contested(Titre.objects.for_user(user), today).values()),
        },
    )


@require_safe
@role_required(*WRITERS)
def decision_letter(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    """The letter that tells a debtor of a decision, as a PDF."""
    account = find_account(user_of(request), pk)
    for each in account.contestations:
        if each.decision is not None and each.decision.pk == entry:
            return pdf(print_letter(each), f"decision-{account.titre}.pdf")
    raise Http404
