"""The front door: where each role starts, and who runs the site."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render

from accounts.roles import Role

START_PAGES = {
    Role.TOWN_HALL: "convention_current",
    Role.RECTORAT: "admin:index",
    Role.ADMINISTRATOR: "admin:index",
    Role.FINANCE: "claims",
}


def home(request):
    """Lead a signed-in person to the page where their role starts."""
    return redirect(START_PAGES[request.user.role])


@login_not_required
def legal(request):
    """Say who runs the site, what it keeps of people, and how accessible it is."""
    return render(request, "legal.html")
