"""The documents of a file: generated, read before they exist, downloaded."""

from typing import Any, cast

from django.contrib import messages
from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.text import slugify
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from accounts.access import user_of
from accounts.models import User
from accounts.roles import Role
from conventions.authority import can_adapt_act
from conventions.dossiers.parts import amendment_sent, parts_of
from conventions.dossiers.whole import WholeFile
from conventions.lifecycle import COLLECTIVITY_SIGNED, State
from conventions.models import Convention, Piece, SignedByBoth, file_name, try_to_issue
from documents.contexts import ActContext
from documents.editable import DOCX, write_docx
from documents.models import Document
from town_hall.views.draft import show_draft
from town_hall.views.files import find_convention
from town_hall.views.form import writers
from town_hall.views.transferred import InArchives, or_in_archives


class PrintPage(TemplateView):
    """What is to be printed and signed: the papers first, then who signs, then what comes next."""

    template_name = "town_hall/print.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = user_of(self.request)
        convention = find_convention(user, self.kwargs["year"], self.kwargs["code"])
        file, act = WholeFile(convention), convention.standing_act
        return super().get_context_data(
            convention=convention,
            file=file,
            papers=file.to_print,
            # Bookmarked, or met by the back button, once there is nothing to sign any more.
            is_over=not file.kinds_to_sign,
            act=act,
            secretary=act.sitting.secretary if act and act.sitting else "",
            is_to_transmit=act is None or not act.executory_on,
            is_unsigned=convention.state not in COLLECTIVITY_SIGNED,
            may_write=user.role != Role.FINANCE and convention.state != State.ABANDONED,
            may_adapt=can_adapt_act(convention),
            **kwargs,
        )


@require_POST
@writers
def issue_documents(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Generate what is missing: after an interruption, or when a text came later."""
    convention = find_convention(user_of(request), year, code)
    issued, not_printed = try_to_issue(*parts_of(convention), by=user_of(request))
    if not_printed:
        messages.warning(request, not_printed)
    elif issued:
        messages.success(request, "Les documents sont prêts.")
    else:
        messages.success(request, "Les documents étaient déjà à jour.")
    return redirect(convention)


def preview(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Show the convention as it would print today; nothing is stored."""
    convention = find_convention(user_of(request), year, code)
    return show_draft(request, convention, Piece.Kind.CONVENTION)


def download_act_text(
    request: HttpRequest, year: int, code: str, number: int | None = None
) -> HttpResponse:
    """Send the act of the file, or of its avenant `number`, as a text to be finished elsewhere."""
    convention = find_convention(user_of(request), year, code)
    subject: SignedByBoth | None = convention
    if number is not None:
        subject = amendment_sent(convention, number)
    if subject is None or subject.act is None:
        raise Http404
    text, context = subject.text_and_context(Piece.Kind.ACT)
    response = HttpResponse(write_docx(text, cast(ActContext, context)), content_type=DOCX)
    name = f"{slugify(str(subject.act))}_{context.reference}.docx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@or_in_archives
def download_piece(request: HttpRequest, pk: int) -> FileResponse:
    """Send a piece of a file in the person's scope."""
    piece = find_piece(user_of(request), pk)
    return FileResponse(
        open_file(piece.document),
        as_attachment=True,
        filename=file_name(piece),
        content_type="application/pdf",
    )


def find_piece(user: User, pk: int) -> Piece:
    """Return a piece of a file in the person's scope, or 404. Raises InArchives."""
    piece = get_object_or_404(
        Piece.objects.select_related(
            "document", "convention__collectivity", "convention__campaign"
        ),
        pk=pk,
        convention__in=Convention.objects.for_user(user),
    )
    if not piece.document.file:
        raise InArchives(piece.convention)
    return piece


def open_file(document: Document) -> File:
    """Return the file of a document, open; 404 when the storage has lost it."""
    try:
        return document.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("Le fichier de cette pièce est introuvable.") from error
