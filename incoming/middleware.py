"""Forms that are sent with files."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from incoming.deadline import together


class FilesTogether:
    """The files of one form have one deadline between them, in whichever fields they are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.content_type != "multipart/form-data":
            return self.get_response(request)
        with together():
            return self.get_response(request)
