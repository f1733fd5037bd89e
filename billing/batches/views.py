"""Lists prepared, batches, what became of them. For finance."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import factor
from accounts.access import role_required, user_of
from billing.access import WRITERS
from billing.balances import total_of
from billing.batches import files, preparing
from billing.batches.confirming import Difference, ListChanged, NothingToRequest, confirm
from billing.batches.forms import ListForm, PassOverForm, SentForm, TitresForm
from billing.batches.models import Preparation
from billing.batches.outcomes import is_answered, mark_sent, withdraw
from billing.batches.proofs import proofs_of
from billing.claims.obstacles import Obstacle
from billing.coding.models import BudgetYear
from billing.ledger import accounts_of
from billing.models import Batch
from billing.pages import PER_PAGE, ReasonForm, form_page, page_of
from conventions.dossiers import archive

BLOCKED = "ecartees"


# --- Preparing ------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def list_new(request: HttpRequest) -> HttpResponse:
    """Choose what is listed; nothing is requested by that."""
    user = user_of(request)
    form = ListForm(request.POST if request.method == "POST" else request.GET, user=user)
    if request.method == "POST" and form.is_valid():
        preparation = preparing.prepare_list(form.choice(), by=user)
        return redirect("list", pk=preparation.pk)
    return render(
        request,
        "billing/list_new.html",
        {"form": form, "budget_year": _this_budget_year()},
        status=422 if request.method == "POST" else 200,
    )


def _open_list(pk: int) -> Preparation:
    found = Preparation.objects.filter(batch=None, ready_at__isnull=False)
    return get_object_or_404(found.select_related("campaign"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def prepared_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The lines of a list, each to be ticked; or those left out, and why."""
    preparation = _open_list(pk)
    here = f"{reverse('list', args=[pk])}?{request.GET.urlencode()}"
    if request.method == "POST":
        try:
            goes_on = _choose(request, preparation)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect(here)
        return redirect("list_confirm", pk=pk) if goes_on else redirect(here)
    blocked = request.GET.get("voir") == BLOCKED
    lines = preparation.lines.blocked() if blocked else preparation.lines.possible()
    obstacles = preparing.to_pass_over(preparation)
    return render(
        request,
        "billing/list.html",
        {
            "preparation": preparation,
            "blocked": blocked,
            "page": page_of(request, lines),
            "possible": preparing.totals_of(preparation.lines.possible()),
            "chosen": preparing.totals_of(preparation.lines.chosen()),
            "left_out": preparing.left_out(preparation),
            "pass_over": PassOverForm(obstacles=obstacles) if obstacles else None,
        },
    )


def _choose(request: HttpRequest, preparation: Preparation) -> bool:
    """Do what a button of a list says; tell whether it leads to the confirmation."""
    match request.POST.get("do"):
        case "all" | "none" as which:
            preparing.choose_all(preparation, ticked=which == "all")
        case "pass_over":
            form = PassOverForm(request.POST, obstacles=preparing.to_pass_over(preparation))
            if not form.is_valid():
                raise ValidationError("Donnez le motif pour lequel vous passez outre.")
            obstacle = Obstacle(form.cleaned_data["obstacle"])
            preparing.pass_over(preparation, obstacle, form.cleaned_data["reason"])
        case choice:
            shown = _keys(request.POST.getlist("shown"))
            preparing.choose(
                preparation,
                shown=shown,
                ticked=_keys(request.POST.getlist("ticked")),
                reasons={key: request.POST.get(f"reason-{key}", "")[:1000] for key in shown},
            )
            return choice == "request"
    return False


def _keys(typed: list[str]) -> list[int]:
    """Return the keys among what was sent, whatever it was; at most those of a page."""
    return [int(text) for text in typed[:PER_PAGE] if text.isdecimal() and len(text) < 19]


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def list_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what will be requested, then request it: what was shown, or nothing."""
    user = user_of(request)
    preparation = _open_list(pk)
    differences: tuple[Difference, ...] = ()
    status = 200
    if request.method == "POST":
        factor.demand_fresh(request)
        try:
            batch = confirm(preparation, by=user)
        except NothingToRequest:
            messages.warning(request, "Aucune ligne n'est cochée : rien n'a été demandé.")
            return redirect("list", pk=pk)
        except ListChanged as changed:
            differences, status = tuple(changed.differences), 409
        else:
            messages.success(request, f"{batch} est fait. Ses fichiers s'écrivent.")
            return redirect(batch_page(batch))
    return render(
        request,
        "billing/list_confirm.html",
        {
            "preparation": preparation,
            "chosen": preparing.totals_of(preparation.lines.chosen()),
            "waived": preparation.lines.chosen().exclude(obstacles=[]).count(),
            "has_changed": status == 409,
            "differences": differences[:50],
            "budget_year": _this_budget_year(),
        },
        status=status,
    )


def _this_budget_year() -> BudgetYear | None:
    year = timezone.localdate().year
    return BudgetYear.objects.prefetch_related("codings").filter(year=year).first()


# --- Batches ---------------------------------------------------------------------
@require_safe
@role_required(*WRITERS)
def batches(request: HttpRequest) -> HttpResponse:
    """The batches made so far, the last one first, with their files."""
    found = Batch.objects.select_related("campaign", "made_by", "outcome").prefetch_related("files")
    return render(
        request,
        "billing/batches.html",
        {"page": page_of(request, found), "budget_year": _this_budget_year()},
    )


def find_batch(year: int, number: int) -> Batch:
    """Return a batch by the year of its campaign and its number, or 404."""
    found = Batch.objects.select_related("campaign__region", "made_by", "outcome__by")
    return get_object_or_404(found, campaign__start_year=year, number=number)


def batch_page(batch: Batch) -> str:
    """Return the address of a batch."""
    return reverse("batch", args=[batch.campaign.school_year, batch.number])


@require_safe
@role_required(*WRITERS)
def batch(request: HttpRequest, year: int, number: int) -> HttpResponse:
    """A batch: its totals, its files, its titres and what became of each."""
    found = find_batch(year, number)
    form = TitresForm(request.GET)
    titres = form.titres(found)
    page = page_of(request, titres.in_brief().order_by("pk"))
    return render(
        request,
        "billing/batch.html",
        {
            "batch": found,
            "form": form,
            "outcome": getattr(found, "outcome", None),
            "is_answered": is_answered(found),
            "shares": files.shares_of(found),
            "files": found.files.order_by("kind"),
            "page": page,
            "shown_amount": total_of(titres) if form.is_narrowed else found.amount,
            "accounts": list(accounts_of(page.object_list)),
        },
    )


@require_safe
@role_required(*WRITERS)
def batch_file(request: HttpRequest, year: int, number: int, kind: str) -> HttpResponseBase:
    """A batch's file as it was handed over, checked against the hash that the batch keeps."""
    found = find_batch(year, number)
    stored = get_object_or_404(found.files.select_related("batch__campaign"), kind=kind)
    try:
        file = files.open_checked(stored)
    except files.FileDamaged:
        messages.error(
            request,
            f"« {stored.name} » n'est plus, dans le stockage, le fichier qui a été remis : il n'est "
            "pas envoyé. Demandez à l'administrateur de le reprendre d'une sauvegarde.",
        )
        return redirect(batch_page(found))
    return FileResponse(
        file, as_attachment=True, filename=stored.name, content_type=files.CONTENT_TYPES[kind]
    )


@require_safe
@role_required(*WRITERS)
def batch_proofs(request: HttpRequest, year: int, number: int) -> HttpResponseBase:
    """The papers that a batch's titres rest on, as one ZIP."""
    found = find_batch(year, number)
    pieces = proofs_of(found)
    if not pieces.exists():
        raise Http404("Aucune pièce de ce lot n'est au dossier.")
    name = f"justificatifs-{found.campaign.school_year}-lot-{found.number}.zip"
    return StreamingHttpResponse(
        archive.stream(pieces),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def batch_sent(request: HttpRequest, year: int, number: int) -> HttpResponse:
    """Record that a batch went to the accountant."""
    found = find_batch(year, number)
    form = SentForm(request.POST or None, batch=found, initial={"on": timezone.localdate()})

    def do(typed: dict[str, Any]) -> str:
        mark_sent(found, **typed, by=user_of(request))
        return f"{found} est noté comme transmis le {typed['on']:%d/%m/%Y}."

    return form_page(
        request,
        form,
        do,
        title=f"{found} : transmis au comptable",
        intro="Un lot transmis ne se retire plus ; ses titres se corrigent un par un.",
        submit="Enregistrer",
        back=batch_page(found),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def batch_withdraw(request: HttpRequest, year: int, number: int) -> HttpResponse:
    """Withdraw a batch that did not go."""
    found = find_batch(year, number)
    form = ReasonForm(request.POST or None)

    def do(typed: dict[str, Any]) -> str:
        withdraw(found, **typed, by=user_of(request))
        return f"{found} est retiré : il garde son numéro, ses créances sont de nouveau à demander."

    return form_page(
        request,
        form,
        do,
        title=f"Retirer le {str(found).lower()}",
        intro="Seulement s'il n'a pas été transmis au comptable : le lot entier est retiré et reste "
        "visible.",
        submit="Retirer ce lot",
        back=batch_page(found),
    )
