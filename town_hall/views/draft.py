"""A document as it would print now: a PDF to open, or its pages as pictures beside a form."""

from base64 import b64encode

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse

from conventions.models import SignedByBoth
from documents.press.pictures import draw_pages
from documents.rendering import render
from typography import mend


def wants_pictures(request: HttpRequest) -> bool:
    """Tell whether the page itself asks (preview.js), to show it beside the form."""
    offered = ["text/html", "application/pdf", "application/json"]
    return request.get_preferred_type(offered) == "application/json"


def show_draft(request: HttpRequest, subject: SignedByBoth, kind: str) -> HttpResponse:
    """Print the piece `kind` of `subject` as it stands in memory; nothing is stored."""
    text, context = subject.text_and_context(kind)
    rendered = render(text, context, draft=True)
    if wants_pictures(request):
        pages = [
            f"data:image/png;base64,{b64encode(page).decode()}"
            for page in draw_pages(rendered.content)
        ]
        return JsonResponse({"kind": kind, "pages": pages})
    response = HttpResponse(rendered.content, content_type="application/pdf")
    name = f"projet_{kind}_{context.reference}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def say_what_is_wrong(*typed: forms.BaseForm) -> JsonResponse:
    """Answer the page that asked for pictures why there are none: which fields are in the way."""
    wrong = [str(form[name].label) for form in typed for name in form.errors if name in form.fields]
    general = [str(error) for form in typed for error in form.non_field_errors()]
    said = " ".join(general) or f"Pour voir le projet à jour, corrigez : {', '.join(wrong)}."
    return JsonResponse({"said": mend(said)})
