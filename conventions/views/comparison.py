"""A signed file as it was signed, beside what it has become since."""

from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from documents import confined, drawing
from documents.models import Signature

from .documents import find_piece, open_file

# The states of a page, as they are named in its address.
AS_SIGNED, AS_RECEIVED = "signee", "recue"
# A stored file never changes, nor does what it looked like when it was signed.
FOR_A_DAY = {"Cache-Control": "private, max-age=86400, immutable"}
_ONE_DAY = 86_400


@require_safe
def compare(request, pk, position):
    """Show the pages that look otherwise than when a signature was made, both states of each."""
    piece, signature = _find(request.user, pk, position)
    return render(
        request,
        "conventions/comparison.html",
        {
            "convention": piece.convention,
            "piece": piece,
            "signature": signature,
            "differences": _differences(piece.document, signature),
        },
    )


@require_safe
def compared_page(request, pk, position, moment, number):
    """Draw a page as it was when a signature was made, or as it was received."""
    if moment not in (AS_SIGNED, AS_RECEIVED):
        raise Http404
    piece, signature = _find(request.user, pk, position)
    with open_file(piece.document) as file:
        try:
            picture = drawing.draw_compared(
                file, number, signed_size=signature.signed_size, as_signed=moment == AS_SIGNED
            )
        except confined.Failed as failure:
            raise Http404("Cette page ne se dessine pas.") from failure
    return HttpResponse(picture, content_type="image/png", headers=FOR_A_DAY)


@require_safe
def download_as_signed(request, pk, position):
    """Send the file as it was when a signature was made: the bytes that this one answers for."""
    piece, signature = _find(request.user, pk, position)
    with open_file(piece.document) as file:
        content = file.read(signature.signed_size)
    name = piece.convention.file_name(piece).removesuffix(".pdf")
    headers = {"Content-Disposition": f'attachment; filename="{name}_signature-{position}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _find(user, pk, position):
    """Return a piece in the person's scope and a signature that something came after."""
    piece = find_piece(user, pk)
    signature = get_object_or_404(
        Signature.objects.select_related("document"), document=piece.document, position=position
    )
    if not signature.has_sequel:
        raise Http404("Rien n'a été ajouté après cette signature.")
    return piece, signature


def _differences(document, signature) -> drawing.Differences | None:
    """Return what changed on the pages; None when they could not be drawn.

    Both states of every page are drawn for it: once a day is enough.
    """
    key = f"differences:{document.sha256}:{signature.signed_size}"
    if key in cache:
        return cache.get(key)
    with open_file(document) as file:
        try:
            found = drawing.find_differences(file, signature.signed_size)
        except confined.Failed:
            found = None
    cache.set(key, found, _ONE_DAY)
    return found
