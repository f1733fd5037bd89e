"""The front door: where each role starts, and who runs the site."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.access import user_of
from accounts.roles import Role

START_PAGES = {
    Role.TOWN_HALL: "convention_current",
    Role.RECTORAT: "admin:index",
    Role.ADMINISTRATOR: "admin:index",
    Role.FINANCE: "claims",
}


def home(request: HttpRequest) -> HttpResponse:
    """Lead a signed-in person to the page where their role starts."""
    return redirect(START_PAGES[Role(user_of(request).role)])


@login_not_required
def legal(request: HttpRequest) -> HttpResponse:
    """Say who runs the site, what it keeps of people, and how accessible it is."""
    return render(request, "legal.html")
