"""The public page where anybody verifies a document, by its reference or by its file.

It tells nothing of the parties: the reference, what kind of document it is, when it was
issued, its SHA-256; and what the signatures are worth that the visitor's own file bears.
"""

from typing import Any

from allauth.core import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from documents.forms import FileToVerifyForm, ReferenceForm
from documents.models import Document
from documents.received.verification import recognise
from documents.references import read_reference


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for a reference or (POST) a file, and say of the file whether it was issued."""
    if request.method == "POST":
        return _verify_file(request)
    form = ReferenceForm(request.GET if "reference" in request.GET else None)
    if form.is_valid():
        return redirect("verify_document", form.cleaned_data["reference"])
    return _page(request, form=form, status=422 if form.errors else 200)


@login_not_required
@require_safe
def verify_document(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what was issued under a reference: where the QR code of a document leads."""
    read = read_reference(reference)
    if read != reference:
        return redirect("verify_document", read) if read else redirect("verify")
    issued = Document.objects.filter(reference=reference).exclude(reference="")
    document = issued.select_related("text_model").first()
    return _page(
        request,
        form=ReferenceForm(initial={"reference": reference}),
        status=200 if document else 404,
        document=document,
        unknown="" if document else reference,
    )


def _verify_file(request: HttpRequest) -> HttpResponse:
    if not ratelimit.consume(request, action="verify_document"):
        refusal: HttpResponse = ratelimit.respond_429(request)
        return refusal
    form = FileToVerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, file_form=form, status=422)
    found = recognise(form.cleaned_data["file"])
    if found is None:
        return _page(request, is_not_issued=True)
    return _page(
        request,
        document=found.document,
        outcome=found.outcome.value,
        signatures=found.signatures,
    )


def _page(
    request: HttpRequest,
    *,
    form: ReferenceForm | None = None,
    file_form: FileToVerifyForm | None = None,
    document: Document | None = None,
    status: int = 200,
    **found: Any,
) -> HttpResponse:
    response = render(
        request,
        "dossiers/verification.html",
        {
            "form": form or ReferenceForm(),
            "file_form": file_form or FileToVerifyForm(),
            "document": document,
            "is_replaced": document and _is_replaced(document),
            "is_executory": document and bool((document.context or {}).get("deposited_on")),
            # A draft has the field, and nothing in it: no other document does.
            "is_draft": document and (document.context or {}).get("number") == "",
            "outcome": "",
            "is_not_issued": False,
            "unknown": "",
            "signatures": (),
            **found,
        },
        status=status,
    )
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _is_replaced(document: Document) -> bool:
    """Tell whether newer versions took the place of the document, in its file."""
    pieces = list(document.pieces.all())
    return bool(pieces) and not any(piece.is_newest for piece in pieces)
