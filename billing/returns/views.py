"""Returns of the accountant: received, read, shown, applied; the tray. For finance."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import role_required, user_of
from billing.access import WRITERS
from billing.pages import ReasonForm, form_page, page_of
from billing.returns import applying
from billing.returns.forms import LayoutForm, SettlementForm, UploadForm
from billing.returns.layouts import Layout, guess, known_layout, remember
from billing.returns.matching import Ledger, Outcome, RowRefused, read_row
from billing.returns.models import FOR_THE_TRAY, Finding, ReturnFile, ReturnRow
from billing.returns.settling import dismiss, settle
from tabular.reading import UnreadableFile
from tabular.sheets import TextTable

# Rows of each finding that a preview lists; all are counted.
SHOWN = 100
# Words of the column of states that a person is asked about.
MOST_WORDS = 40


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def returns(request: HttpRequest) -> HttpResponse:
    """The files received, and one more."""
    form = UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                received, is_new = applying.receive(file.name, file.read(), by=user_of(request))
            except UnreadableFile as error:
                form.add_error("file", str(error))
            else:
                if not is_new:
                    messages.info(request, "Ce même fichier a déjà été déposé : le voici.")
                return redirect("return", pk=received.pk)
    found = (
        ReturnFile.objects.select_related("applied", "received_by")
        .annotate(
            row_count=Count("rows"), applied_count=Count("rows", filter=Q(rows__finding="applied"))
        )
        .order_by("-received_at", "-pk")
    )
    return render(
        request,
        "billing/returns.html",
        {
            "form": form,
            "page": page_of(request, found),
            "waiting": ReturnRow.objects.in_tray().count(),
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def return_layout(request: HttpRequest, pk: int) -> HttpResponse:
    """Say once what each column of such files means."""
    received = get_object_or_404(ReturnFile, pk=pk)
    table = applying.table_of(received)
    layout = known_layout(received.signature) or guess(table.headers, ())
    state = request.POST.get("state") or layout.columns.get("state")
    words = _words(table, state)
    if not layout.states:
        layout = Layout(layout.columns, guess(table.headers, words).states, layout.default_kind)
    form = LayoutForm(request.POST or None, headers=table.headers, words=words, layout=layout)

    def do(typed: dict[str, Any]) -> str:
        remember(table.headers, form.layout(), by=user_of(request))
        return "C'est retenu pour tous les fichiers qui ont ces en-têtes."

    return form_page(
        request,
        form,
        do,
        title="Ce que dit chaque colonne",
        intro=f"« {received} » : à dire une fois, pour ce fichier et tous ceux qui lui ressemblent.",
        details=list(zip(table.headers, table.lines[0].cells, strict=True)),
        submit="Retenir et voir ce qui serait appliqué",
        back=reverse("return", args=[pk]),
    )


def _words(table: TextTable, state: Any) -> list[str]:
    """Return the words of the column of states, each once, in the order of the file."""
    try:
        place = int(state)
    except (TypeError, ValueError):
        return []
    if not 0 <= place < len(table.headers):
        return []
    return list(islice(dict.fromkeys(line.cells[place] for line in table.lines), MOST_WORDS))


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def return_file(request: HttpRequest, pk: int) -> HttpResponse:
    """What would be made of each row; once applied, what was."""
    received = get_object_or_404(ReturnFile.objects.select_related("applied__by"), pk=pk)
    if hasattr(received, "applied"):
        return _applied(request, received)
    layout = known_layout(received.signature)
    if layout is None:
        return redirect("return_layout", pk=pk)
    if request.method == "POST":
        try:
            done = applying.apply(received, layout, by=user_of(request))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            applied = dict(done.counts).get(Finding.APPLIED, 0)
            messages.success(request, f"Retour appliqué. Écritures enregistrées : {applied}.")
        return redirect("return", pk=pk)
    preview = applying.preview(received, layout)
    return render(
        request,
        "billing/return_preview.html",
        {
            "received": received,
            "counts": preview.counts,
            "groups": [(f, n, _first(preview.rows, f)) for f, n in preview.counts],
            "shown": SHOWN,
            "total": len(preview.rows),
        },
    )


def _first(rows: Sequence[Outcome], finding: Finding) -> list[Outcome]:
    return list(islice((row for row in rows if row.finding == finding), SHOWN))


def _applied(request: HttpRequest, received: ReturnFile) -> HttpResponse:
    rows = received.rows.select_related("settlement").prefetch_related("entries__titre")
    finding = request.GET.get("constat", "")
    if finding in Finding:
        rows = rows.filter(finding=finding)
    counts = received.rows.order_by().values_list("finding").annotate(Count("pk"))
    by_finding = dict(counts)
    return render(
        request,
        "billing/return.html",
        {
            "received": received,
            "counts": [(f, by_finding[f]) for f in Finding if f in by_finding],
            "finding": finding,
            "page": page_of(request, rows.order_by("line")),
        },
    )


@require_safe
@role_required(*WRITERS)
def return_original(request: HttpRequest, pk: int) -> FileResponse:
    """The file as it came."""
    received = get_object_or_404(ReturnFile, pk=pk)
    return FileResponse(received.file.open("rb"), as_attachment=True, filename=received.name)


# --- The tray -----------------------------------------------------------------
@require_safe
@role_required(*WRITERS)
def tray(request: HttpRequest) -> HttpResponse:
    """The rows that a person has to settle, the oldest file first."""
    rows = ReturnRow.objects.in_tray().select_related("file").order_by("file", "line")
    return render(request, "billing/tray.html", {"page": page_of(request, rows)})


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def row_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a row tells after all, and of which titres."""
    user = user_of(request)
    row = get_object_or_404(
        ReturnRow.objects.select_related("file__applied").filter(finding__in=FOR_THE_TRAY), pk=pk
    )
    form = SettlementForm(request.POST or None, user=user, initial=_first_guess(row))

    def do(typed: dict[str, Any]) -> str:
        settle(row, form.fact(), typed["titres"], reason=typed["reason"], by=user)
        return f"La ligne {row.line} de « {row.file} » est réglée."

    return form_page(
        request,
        form,
        do,
        title=f"Ligne {row.line} de « {row.file} »",
        intro=f"{row.get_finding_display().capitalize()} : {row.explanation}",
        details=list(zip(applying.table_of(row.file).headers, row.cells, strict=False)),
        submit="Enregistrer",
        back=reverse("tray"),
    )


def _first_guess(row: ReturnRow) -> dict[str, Any]:
    """Return what the row itself says, as far as it can be read."""
    applied = row.file.applied
    try:
        layout = Layout(applied.columns, applied.states, applied.default_kind)
        told = read_row(row.cells, layout, timezone.localdate())
    except RowRefused:
        return {}
    if told is None:
        return {}
    references = [told.reference] if told.reference else []
    references += [account.titre.reference for account in Ledger([told]).candidates(told)]
    return {
        "kind": told.fact.kind.value,
        "on": told.fact.on,
        "chorus_number": told.fact.chorus_number,
        "titres": f"{references[0]} {told.fact.amount:.2f}".replace(".", ",") if references else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def row_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a row aside, with its reason."""
    row = get_object_or_404(
        ReturnRow.objects.select_related("file").filter(finding__in=FOR_THE_TRAY), pk=pk
    )
    form = ReasonForm(request.POST or None)

    def do(typed: dict[str, Any]) -> str:
        dismiss(row, **typed, by=user_of(request))
        return f"La ligne {row.line} de « {row.file} » est écartée."

    return form_page(
        request,
        form,
        do,
        title=f"Écarter la ligne {row.line} de « {row.file} »",
        intro=f"{row.get_finding_display().capitalize()} : {row.explanation}",
        submit="Écarter cette ligne",
        back=reverse("tray"),
    )
