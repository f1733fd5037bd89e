"""Claims on screen and as files, and the coding they carry. For finance."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import role_required
from accounts.roles import Role

from . import claims as claims_of
from . import exports
from .columns import COLUMNS
from .forms import ChorusSettingsForm, ClaimFilterForm
from .models import ChorusSettings

READERS = (Role.FINANCE, Role.ADMINISTRATOR, Role.RECTORAT)
CODERS = (Role.FINANCE, Role.ADMINISTRATOR)
PER_PAGE = 50


@require_safe
@role_required(*READERS)
def claims(request):
    """The claims of one campaign, filtered, with their totals."""
    form = ClaimFilterForm(request.GET, user=request.user)
    conventions = form.conventions()
    paginator = Paginator(conventions, PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    page.pages_list = paginator.get_elided_page_range(page.number)
    return render(
        request,
        "billing/claims.html",
        {
            "form": form,
            "campaign": form.campaign,
            "page": page,
            "claims": list(claims_of.claims(page.object_list)),
            "totals": claims_of.totals(conventions),
            "query": form.query(),
            "columns": COLUMNS,
            "coding_is_complete": ChorusSettings.current().is_complete,
            "may_code": request.user.role in CODERS,
        },
    )


@require_safe
@role_required(*READERS)
def claims_export(request, file_format):
    """Exactly the claims that the same filters show, as a file."""
    if file_format not in exports.CONTENT_TYPES:
        raise Http404
    form = ClaimFilterForm(request.GET, user=request.user)
    if form.campaign is None:
        # The page says at its field what is wrong.
        return redirect(f"{reverse('claims')}?{form.query()}")
    school_year = form.campaign.school_year
    rows = claims_of.claims(form.conventions())
    name = exports.filename(school_year, file_format)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    content_type = exports.CONTENT_TYPES[file_format]
    if file_format == "csv":
        return StreamingHttpResponse(exports.csv_lines(rows), content_type, headers=headers)
    return HttpResponse(exports.xlsx(rows, school_year), content_type, headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*CODERS)
def chorus_settings(request):
    """The coding that every exported claim carries."""
    form = ChorusSettingsForm(request.POST or None, instance=ChorusSettings.current())
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(
            request, "La codification est enregistrée : les prochains exports la portent."
        )
        return redirect("chorus_settings")
    return render(request, "billing/chorus_settings.html", {"form": form})
