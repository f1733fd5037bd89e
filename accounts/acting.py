"""For whom somebody works, and who they are, as long as their session lasts.

A secretary of several communes works for one at a time: their scope is that one's alone.
"""

from django.http import HttpRequest

from accounts.access import user_of
from accounts.models import User
from accounts.roles import Role
from communes.models import Collectivity

_COLLECTIVITY = "acting_for"
_NAME = "typed_name"
NAME_LENGTH = 80


def find_out(request: HttpRequest) -> str:
    """Set on the request's user what the session knows; return the page that asks the rest.

    "" when nothing is left to ask.
    """
    user = user_of(request)
    if user.role != Role.TOWN_HALL:
        return ""
    user.typed_name = request.session.get(_NAME, "") if user.is_shared else ""
    choices = {each.pk: each for each in collectivities_of(user)}
    user.has_choice = len(choices) > 1
    if len(choices) == 1:
        (user.acting_for,) = choices.values()
    else:
        user.acting_for = choices.get(request.session.get(_COLLECTIVITY, 0))
    if user.is_shared and not user.typed_name:
        return "person_name"
    return "collectivity_choice" if choices and user.acting_for is None else ""


def collectivities_of(user: User) -> list[Collectivity]:
    """Return those to choose among: one that merged into another of them goes with it."""
    # Asked by every page: few rows, told apart here sooner than by the database.
    own = list(user.own_collectivities.knowing_predecessors().select_related("commune__department"))
    keys = {each.pk for each in own}
    return [each for each in own if each.merged_into_id not in keys]


def other_collectivity(user: User, code: str | None) -> Collectivity | None:
    """Return the collectivity that a page's `code` names if it is theirs, but not the chosen one."""
    if not code or user.acting_for is None or code == user.acting_for.code:
        return None
    return next((each for each in collectivities_of(user) if each.code == code), None)


def choose(request: HttpRequest, collectivity: Collectivity) -> None:
    """Work for `collectivity` from here on."""
    request.session[_COLLECTIVITY] = collectivity.pk


def give_name(request: HttpRequest, name: str) -> None:
    """Keep who uses a shared mailbox in this session."""
    request.session[_NAME] = name
