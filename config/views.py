"""The front door: where each role starts, who runs the site, the demonstration's e-mails."""

import sys

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.clickjacking import xframe_options_sameorigin

from accounts.access import user_of
from accounts.roles import Role
from config import mails
from operations.logs import request_id
from operations.outages import outage_of

# Seconds after which a page that failed for want of a database or a disk may be asked for again.
_COME_BACK = 30

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
    return render(request, "legal.html", {"retention": settings.CAMPAIGN_RETENTION_YEARS})


def failed(request: HttpRequest) -> HttpResponse:
    """Say that the site failed, and under which identifier the log tells why.

    Where it is a database or a disk that does not do its part, say which, and to come back.
    """
    outage = outage_of(sys.exc_info()[1])  # Django answers while it handles the exception.
    said = outage.value if outage else None
    page = render_to_string("500.html", {"request_id": request_id.get(), "outage": said})
    if said is None:
        return HttpResponseServerError(page)
    return HttpResponse(page, status=503, headers={"Retry-After": str(_COME_BACK)})


MAILS_PER_PAGE = 25
# Shown in a frame that may do nothing but follow a link, once clicked, out of the frame.
MAIL_SANDBOX = "allow-top-navigation-by-user-activation"


@login_not_required
def mail_list(request: HttpRequest) -> HttpResponse:
    """List the e-mails that the demonstration would have sent, the newest first."""
    _demonstration_only()
    page = Paginator(mails.names(), MAILS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "paginator": page.paginator,
        "mails": [mails.read(name) for name in page],
    }
    return render(request, "mails/list.html", context)


@login_not_required
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """Show an e-mail as its reader would see it."""
    return render(request, "mails/mail.html", {"mail": _mail(name), "sandbox": MAIL_SANDBOX})


@login_not_required
@xframe_options_sameorigin
@csp({"default-src": [NONE], "frame-ancestors": [SELF], "sandbox": [MAIL_SANDBOX]})  # type: ignore[arg-type]
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """Return the HTML of an e-mail, for the frame of its page; its links open in the page's place."""
    return HttpResponse(_mail(name).html.replace("<head>", '<head><base target="_top">', 1))


def _mail(name: str) -> mails.Mail:
    _demonstration_only()
    try:
        return mails.read(name)
    except FileNotFoundError as error:
        raise Http404 from error


def _demonstration_only() -> None:
    if not settings.DEMONSTRATION:
        raise Http404
