"""Every page leaves with the signs of French print, whoever wrote its words."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.http.response import HttpResponse

from typography import mend_html


def mended(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the middleware: it mends pages of HTML, and leaves files and data alone."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and isinstance(response, HttpResponse):
            response.content = mend_html(response.content.decode(response.charset))
        return response

    return middleware
