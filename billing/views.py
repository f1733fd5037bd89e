"""Claims on screen and as files, and the coding they carry. For finance."""

from django.contrib import messages
from django.core.paginator import Paginator
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
from django.views.decorators.http import require_http_methods, require_safe

from accounts import factor
from accounts.access import role_required, user_of
from accounts.roles import Role
from billing import claims as claims_of
from billing import exports
from billing.batches import NothingToExport, export_batch
from billing.claims import Shown
from billing.columns import COLUMNS
from billing.forms import ChorusSettingsForm, ClaimFilterForm
from billing.models import ChorusSettings, ExportBatch

READERS = (Role.FINANCE, Role.ADMINISTRATOR, Role.RECTORAT)
CODERS = (Role.FINANCE, Role.ADMINISTRATOR)
PER_PAGE = 50


@require_safe
@role_required(*READERS)
def claims(request: HttpRequest) -> HttpResponse:
    """The claims of one campaign, filtered, with their totals."""
    form = ClaimFilterForm(request.GET, user=user_of(request))
    conventions = form.conventions()
    paginator = Paginator(conventions, PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    # What dsfr's pagination reads of a page.
    page.pages_list = paginator.get_elided_page_range(page.number)  # type: ignore[attr-defined]
    shown = conventions[(page.number - 1) * PER_PAGE : page.number * PER_PAGE]
    return render(
        request,
        "billing/claims.html",
        {
            "form": form,
            "campaign": form.campaign,
            "page": page,
            "claims": list(claims_of.claims(shown, form.shown)),
            "totals": claims_of.totals(conventions, form.shown),
            "waiting": claims_of.totals(conventions, Shown.TO_EXPORT),
            "query": form.query(),
            "columns": COLUMNS,
            "coding_is_complete": ChorusSettings.current().is_complete,
            "may_code": user_of(request).role in CODERS,
        },
    )


@require_safe
@role_required(*READERS)
def claims_export(request: HttpRequest, file_format: str) -> HttpResponseBase:
    """Exactly the claims that the same filters show, as a file."""
    if file_format not in exports.CONTENT_TYPES:
        raise Http404
    form = ClaimFilterForm(request.GET, user=user_of(request))
    if form.campaign is None:
        # The page says at its field what is wrong.
        return redirect(f"{reverse('claims')}?{form.query()}")
    school_year = form.campaign.school_year
    rows = claims_of.claims(form.conventions(), form.shown)
    name = exports.filename(school_year, file_format)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    content_type = exports.CONTENT_TYPES[file_format]
    if file_format == "csv":
        return StreamingHttpResponse(exports.csv_lines(rows), content_type, headers=headers)
    return HttpResponse(exports.xlsx(rows, school_year), content_type, headers=headers)


@require_safe
@role_required(*CODERS)
def batches(request: HttpRequest) -> HttpResponse:
    """The batches made so far, the last one first, with their files."""
    found = ExportBatch.objects.select_related("campaign", "made_by")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "billing/batches.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*CODERS)
def batch_new(request: HttpRequest) -> HttpResponse:
    """Say what a batch would carry off, then make it: of the claims that the filters show."""
    form = ClaimFilterForm(request.GET, user=user_of(request))
    if form.campaign is None:
        # The page says at its field what is wrong.
        return redirect(f"{reverse('claims')}?{form.query()}")
    conventions = form.conventions()
    if request.method == "POST":
        factor.demand_fresh(request)
        try:
            batch = export_batch(form.campaign, conventions, by=user_of(request))
        except NothingToExport:
            messages.warning(
                request,
                "Aucun titre n'a été exporté : ceux que vous aviez choisis sont déjà dans un lot.",
            )
        else:
            messages.success(request, f"{batch} est prêt : téléchargez-en le fichier.")
        return redirect("batches")
    return render(
        request,
        "billing/batch_new.html",
        {
            "form": form,
            "campaign": form.campaign,
            "totals": claims_of.totals(conventions, Shown.TO_EXPORT),
            "coding_is_complete": ChorusSettings.current().is_complete,
            "query": form.query(),
        },
    )


@require_safe
@role_required(*CODERS)
def batch_file(request: HttpRequest, year: int, number: int, file_format: str) -> FileResponse:
    """A batch's file, as it was handed over."""
    batch = get_object_or_404(ExportBatch, campaign__start_year=year, number=number)
    if file_format not in exports.CONTENT_TYPES:
        raise Http404
    return FileResponse(
        getattr(batch, file_format).open("rb"),
        as_attachment=True,
        filename=batch.filename(file_format),
        content_type=exports.CONTENT_TYPES[file_format],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*CODERS)
def chorus_settings(request: HttpRequest) -> HttpResponse:
    """The coding that every exported claim carries."""
    form = ChorusSettingsForm(request.POST or None, instance=ChorusSettings.current())
    if request.method == "POST" and form.is_valid():
        factor.demand_fresh(request)
        form.save()
        messages.success(
            request, "La codification est enregistrée : les prochains exports la portent."
        )
        return redirect("chorus_settings")
    return render(request, "billing/chorus_settings.html", {"form": form})
