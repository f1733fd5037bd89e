"""Papers that went to the archives with their campaign: a page says so in their place."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from conventions.models import Convention

P = ParamSpec("P")


class InArchives(Exception):
    """A paper of this file is not on the site any more."""

    def __init__(self, convention: Convention) -> None:
        super().__init__(convention.reference)
        self.convention = convention


def or_in_archives(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let `view` raise InArchives: who asked reads where the paper went (410)."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except InArchives as gone:
            context = {"convention": gone.convention}
            return render(request, "town_hall/in_archives.html", context, status=410)

    return answer
