"""The documents of a file: generated, read before they exist, downloaded."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from conventions.dossiers.parts import parts_of
from conventions.models import Convention, Piece, file_name
from conventions.models import issue_documents as issue_documents_of
from documents.rendering import render
from town_hall.views.files import find_convention
from town_hall.views.form import writers


@require_POST
@writers
def issue_documents(request, year, code):
    """Generate what is missing: after an interruption, or when a text came later."""
    convention = find_convention(request.user, year, code)
    issued = [
        piece
        for part in parts_of(convention)
        for piece in issue_documents_of(part, by=request.user)
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
    piece = get_object_or_404(
        Piece.objects.select_related(
            "document", "convention__collectivity", "convention__campaign"
        ),
        pk=pk,
        convention__in=Convention.objects.for_user(request.user),
    )
    try:
        file = piece.document.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("Le fichier de cette pièce est introuvable.") from error
    return FileResponse(
        file,
        as_attachment=True,
        filename=file_name(piece),
        content_type="application/pdf",
    )
