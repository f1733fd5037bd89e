"""Claims on screen and as files, a claim by itself, a titre and what became of it."""

import datetime
from decimal import Decimal
from itertools import chain

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import role_required, user_of
from accounts.models import User
from billing.access import READERS, WRITERS
from billing.claims import verbs
from billing.claims.columns import COLUMNS, KEPT, OFFERED
from billing.claims.due import Due, due_of, with_claims
from billing.claims.forms import ClaimFilterForm, DebtorForm, EntryForm, ReversalForm
from billing.claims.listing import totals
from billing.claims.obstacles import BLOCKING
from billing.claims.proposals import CHUNK, Grounds, proposal_of
from billing.coding.models import ThirdParty
from billing.forms import ThirdPartyForm
from billing.ledger import Account, account_of
from billing.models import Entry, Titre
from billing.models.entry import SETTLED, EntryKind
from billing.pages import ReasonForm, form_page, page_of
from billing.recording import record
from billing.recording import reverse as reverse_entry
from conventions.models import Convention
from documents.templatetags.french import day
from documents.wording.typography import euros_and_cents
from tabular import writing
from tabular.writing import Column


@require_safe
@role_required(*READERS)
def claims(request: HttpRequest) -> HttpResponse:
    """The claims of one campaign, filtered, with their totals."""
    user = user_of(request)
    form = ClaimFilterForm(request.GET, user=user)
    shares = form.shares()
    page = page_of(request, shares)
    dues = form.dues(list(page.object_list))
    chosen = KEPT.columns_of(user)
    columns = [OFFERED[name] for name in chosen]
    return render(
        request,
        "billing/claims.html",
        {
            "form": form,
            "campaign": form.campaign,
            "page": page,
            "columns": columns,
            "rows": [(due, [_cell(column, due) for column in columns]) for due in dues],
            "views": KEPT.views_of(user),
            "offered": [(name, each.header, name in chosen) for name, each in OFFERED.items()],
            "totals": totals(shares),
            "query": form.query(),
            "may_write": user.role in WRITERS,
        },
    )


def _cell(column: Column, due: Due) -> tuple[bool, str]:
    """Return whether a cell is an amount, and its words."""
    value = column.take(due)
    if isinstance(value, Decimal):
        return True, euros_and_cents(value)
    return False, day(value) if isinstance(value, datetime.date) else str(value or "")


@require_safe
@role_required(*READERS)
def claims_export(request: HttpRequest, file_format: str) -> HttpResponseBase:
    """Exactly the claims that the same filters show, as a file."""
    if file_format not in writing.CONTENT_TYPES:
        raise Http404
    form = ClaimFilterForm(request.GET, user=user_of(request))
    if form.campaign is None:
        # The page says at its field what is wrong.
        return redirect(f"{reverse('claims')}?{form.query()}")
    school_year = form.campaign.school_year
    shares = form.shares()
    chunks = (shares[first : first + CHUNK] for first in range(0, len(shares), CHUNK))
    dues = chain.from_iterable(map(form.dues, chunks))
    return writing.response(
        COLUMNS,
        dues,
        file_format,
        name=f"creances-{school_year}",
        title=f"Créances {school_year}",
    )


keep_view = role_required(*READERS)(KEPT.keep_view)
forget_view = role_required(*READERS)(KEPT.forget_view)
choose_columns = role_required(*READERS)(KEPT.choose_columns)


# --- One claim -----------------------------------------------------------------
def find_due(user: User, year: int, code: str) -> Due:
    """Return what the convention of a year and a collectivity's code makes due, or 404."""
    convention = get_object_or_404(
        with_claims(Convention.objects.for_user(user)),
        campaign__start_year=year,
        collectivity__code=code,
    )
    return due_of(convention)


@require_safe
@role_required(*READERS)
def claim(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """What is due by one convention, what was asked of it, what came of that."""
    user = user_of(request)
    due = find_due(user, year, code)
    proposal = proposal_of(due, Grounds())
    return render(
        request,
        "billing/claim.html",
        {
            "due": due,
            "convention": due.convention,
            "proposal": proposal,
            "blocking": [o.label for o in proposal.obstacles if o in BLOCKING],
            "passable": [o.label for o in proposal.obstacles if o not in BLOCKING],
            "debtor_changes": due.claim.debtor_changes.all() if due.claim else (),
            "may_write": user.role in WRITERS,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def debtor(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Have the next titres name another debtor."""
    user = user_of(request)
    due = find_due(user, year, code)
    heir = due.debtor.merged_into
    form = DebtorForm(request.POST or None, initial={"collectivity": heir.code if heir else ""})

    def do(typed: dict) -> str:
        change = verbs.change_debtor(due.convention, **typed, by=user)
        return f"Les prochains titres seront adressés à {change.collectivity.title}."

    return form_page(
        request,
        form,
        do,
        title="Changer le débiteur",
        intro=f"{due.debtor_name}, {due.convention.reference} : les titres déjà demandés ne "
        "changent pas ; annulez-les s'il le faut.",
        submit="Changer le débiteur",
        back=claim_page(due.convention),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def third_party(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """The codes under which Chorus knows a debtor."""
    due = find_due(user_of(request), year, code)
    debtor = due.debtor
    form = ThirdPartyForm(
        request.POST or None,
        instance=ThirdParty.objects.filter(collectivity=debtor).first()
        or ThirdParty(collectivity=debtor),
    )

    def do(typed: dict) -> str:
        form.save()
        return f"Les prochains titres de {debtor.title} porteront ces codes."

    return form_page(
        request,
        form,
        do,
        title=f"Codes Chorus de {debtor.title}",
        intro="Les titres déjà demandés gardent les leurs.",
        submit="Enregistrer",
        back=claim_page(due.convention),
    )


@require_POST
@role_required(*WRITERS)
def give_up_cancellation(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Let the titre stand that was to be cancelled."""
    due = find_due(user_of(request), year, code)
    if due.claim:
        verbs.give_up_cancellation(due.claim)
    return redirect(claim_page(due.convention))


def claim_page(convention: Convention) -> str:
    """Return the address of a convention's claim."""
    return reverse("claim", args=[convention.campaign.school_year, convention.collectivity.code])


# --- One titre -------------------------------------------------------------------
def find_account(user: User, pk: int) -> Account:
    """Return a titre in the scope of `user` as it stands today, or 404."""
    titre = get_object_or_404(
        Titre.objects.for_user(user)
        .in_full()
        .select_related("claim__convention__campaign", "claim__convention__collectivity"),
        pk=pk,
    )
    return account_of(titre)


@require_safe
@role_required(*READERS)
def titre(request: HttpRequest, pk: int) -> HttpResponse:
    """A titre: everything it says, its entries, what may be recorded about it."""
    user = user_of(request)
    account = find_account(user, pk)
    entries = account.titre.entries.select_related(
        "by", "reverses", "reversed_by", "source__file"
    ).order_by("on", "pk")
    return render(
        request,
        "billing/titre.html",
        {
            "account": account,
            "titre": account.titre,
            "convention": account.titre.claim.convention,
            "entries": entries,
            "corrections": [account_of(t) for t in account.titre.corrections.in_full()],
            "kinds": possible_kinds(account),
            "may_cancel": bool(
                account.issued
                and not account.titre.is_deduction
                and account.deducted < account.titre.amount
            ),
            "may_write": user.role in WRITERS,
        },
    )


def possible_kinds(account: Account) -> list[EntryKind]:
    """Return the kinds of entry that today's state of a titre may take, in the order of its life."""
    if not account.stands:
        return []
    if account.issued is None:
        return [EntryKind.ISSUED, EntryKind.REJECTED]
    if account.titre.is_deduction:
        return [EntryKind.TAKEN_IN_CHARGE]
    cannot = {EntryKind.ISSUED, EntryKind.REJECTED}
    if account.contested:
        cannot.add(EntryKind.CONTESTED)
    if not account.undecided:
        cannot.add(EntryKind.DECIDED)
    if account.balance <= 0:
        cannot |= {EntryKind.REMINDED, EntryKind.CONTESTED, *SETTLED}
    if account.received <= 0:
        cannot |= {EntryKind.PAYMENT_REVERSED, EntryKind.REFUNDED}
    return [kind for kind in EntryKind if kind not in cannot]


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def entry_new(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Record by hand something that happened to a titre."""
    user = user_of(request)
    account = find_account(user, pk)
    if kind not in EntryKind:
        raise Http404
    form = EntryForm(
        request.POST or None,
        kind=EntryKind(kind),
        titre=account.titre,
        initial={"on": timezone.localdate()},
    )

    def do(typed: dict) -> str:
        entry = record(account.titre, form.fact(), by=user)
        return f"C'est enregistré : {entry.get_kind_display()} le {entry.on:%d/%m/%Y}."

    label = str(EntryKind(kind).label)
    return form_page(
        request,
        form,
        do,
        title=f"Titre {account.titre} : {label}",
        intro="Une écriture ne se modifie pas : une autre l'annule.",
        submit="Enregistrer",
        back=reverse("titre", args=[pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def entry_reverse(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    """Undo a wrong entry by another."""
    user = user_of(request)
    account = find_account(user, pk)
    wrong = get_object_or_404(Entry, pk=entry, titre=account.titre)
    form = ReversalForm(request.POST or None, wrong=wrong, initial={"on": timezone.localdate()})

    def do(typed: dict) -> str:
        reverse_entry(wrong, **typed, by=user)
        return "L'écriture est annulée ; les deux restent visibles."

    return form_page(
        request,
        form,
        do,
        title=f"Annuler une écriture du titre {account.titre}",
        intro=f"{wrong.get_kind_display()} du {wrong.on:%d/%m/%Y}.",
        submit="Annuler cette écriture",
        back=reverse("titre", args=[pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def titre_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the next list propose to cancel a titre."""
    account = find_account(user_of(request), pk)
    form = ReasonForm(request.POST or None)

    def do(typed: dict) -> str:
        verbs.ask_cancellation(account.titre, **typed)
        return "L'annulation sera proposée dans la prochaine liste ; le reste sera redemandé après."

    return form_page(
        request,
        form,
        do,
        title=f"Annuler et réémettre le titre {account.titre}",
        intro="Un titre émis ne se modifie pas : un titre d'annulation part avec le prochain lot, "
        "puis, une fois émis, ce qui reste dû est demandé de nouveau. S'il s'agit du débiteur, "
        "changez-le aussi sur la page de la créance.",
        submit="Demander l'annulation",
        back=reverse("titre", args=[pk]),
    )
