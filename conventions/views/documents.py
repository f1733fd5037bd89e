"""The documents of a file: generated, read before they exist, downloaded."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from conventions.models import Convention, Piece
from documents.rendering import render

from .files import find_convention
from .form import writers


@require_POST
@writers
def issue_documents(request, year, code):
    """Generate what is missing: after an interruption, or when a text came later."""
    convention = find_convention(request.user, year, code)
    amendments = convention.amendments.shown().with_schools()
    issued = [
        piece
        for subject in (convention, *amendments.select_related("act"))
        for piece in subject.issue_documents(by=request.user)
    ]
    messages.success(
        request,
        "Les documents sont prêts." if issued else "Les documents étaient déjà à jour.",
    )
    return redirect(convention)


def preview(request, year, code):
    """Show the convention as it would print today; nothing is stored."""
    convention = find_convention(request.user, year, code)
    rendered = render(*convention.text_and_context(Piece.Kind.CONVENTION), draft=True)
    response = HttpResponse(rendered.content, content_type="application/pdf")
    name = f"projet_{convention.reference}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def download_piece(request, pk):
    """Send a piece of a file in the person's scope."""
    piece = find_piece(request.user, pk)
    return FileResponse(
        open_file(piece.document),
        as_attachment=True,
        filename=piece.convention.file_name(piece),
        content_type="application/pdf",
    )


def find_piece(user, pk: int) -> Piece:
    """Return a piece of a file in the person's scope, or 404."""
    return get_object_or_404(
        Piece.objects.select_related(
            "document", "amendment", "convention__collectivity", "convention__campaign"
        ),
        pk=pk,
        convention__in=Convention.objects.for_user(user),
    )


def open_file(document):
    """Return the file of a document, open; 404 when the storage has lost it."""
    try:
        return document.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("Le fichier de cette pièce est introuvable.") from error
