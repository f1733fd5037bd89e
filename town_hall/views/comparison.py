"""A signed file as it was signed, beside what it has become since."""

from django.core.cache import caches
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import user_of
from accounts.models import User
from conventions.models import Piece, file_name
from documents.models import Document, Signature
from documents.received import drawing
from incoming import confined
from town_hall.views.documents import find_piece, open_file
from town_hall.views.transferred import or_in_archives

# The states of a page, as they are named in its address.
AS_SIGNED, AS_RECEIVED = "signee", "recue"
# A stored file never changes, nor does what it looked like when it was signed.
FOR_A_DAY = {"Cache-Control": "private, max-age=86400, immutable"}
_ONE_DAY = 86_400


@require_safe
@or_in_archives
def compare(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """Show the pages that look otherwise than when a signature was made, both states of each."""
    piece, signature, size = _find(user_of(request), pk, position)
    return render(
        request,
        "town_hall/comparison.html",
        {
            "convention": piece.convention,
            "piece": piece,
            "signature": signature,
            "differences": _differences(piece.document, size),
        },
    )


@require_safe
@or_in_archives
def compared_page(
    request: HttpRequest, pk: int, position: int, moment: str, number: int
) -> HttpResponse:
    """Draw a page as it was when a signature was made, or as it was received."""
    if moment not in (AS_SIGNED, AS_RECEIVED):
        raise Http404
    piece, _, size = _find(user_of(request), pk, position)
    with open_file(piece.document) as file:
        try:
            picture = drawing.draw_compared(
                file, number, signed_size=size, as_signed=moment == AS_SIGNED
            )
        except confined.Failed as failure:
            raise Http404("Cette page ne se dessine pas.") from failure
    return HttpResponse(picture, content_type="image/png", headers=FOR_A_DAY)


@require_safe
@or_in_archives
def download_as_signed(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """Send the file as it was when a signature was made: the bytes that this one answers for."""
    piece, _, size = _find(user_of(request), pk, position)
    with open_file(piece.document) as file:
        content = file.read(size)
    name = file_name(piece).removesuffix(".pdf")
    headers = {"Content-Disposition": f'attachment; filename="{name}_signature-{position}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _find(user: User, pk: int, position: int) -> tuple[Piece, Signature, int]:
    """Return a piece in the person's scope, a signature that something came after, its size."""
    piece = find_piece(user, pk)
    signature = get_object_or_404(
        Signature.objects.select_related("document"), document=piece.document, position=position
    )
    if signature.signed_size is None or not signature.has_sequel:
        raise Http404("Rien n'a été ajouté après cette signature.")
    return piece, signature, signature.signed_size


def _differences(document: Document, size: int) -> drawing.Differences | None:
    """Return what changed on the pages; None when they could not be drawn.

    Both states of every page are drawn for it: once a day is enough.
    """
    key = f"differences:{document.sha256}:{size}"
    kept = caches["files"]
    if key in kept:
        return kept.get(key)
    with open_file(document) as file:
        try:
            found = drawing.find_differences(file, size)
        except confined.Failed:
            found = None
    kept.set(key, found, _ONE_DAY)
    return found
