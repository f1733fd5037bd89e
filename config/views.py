"""The front door: where each role starts."""

from django.shortcuts import redirect

from accounts.roles import Role

START_PAGES = {
    Role.TOWN_HALL: "conventions",
    Role.RECTORAT: "admin:index",
    Role.ADMINISTRATOR: "admin:index",
    Role.FINANCE: "claims",
}


def home(request):
    """Lead a signed-in person to the page where their role starts."""
    return redirect(START_PAGES[request.user.role])
