import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from accounts.access import role_required
from accounts.models import User
from accounts.roles import Role


@role_required(Role.FINANCE, Role.ADMINISTRATOR)
def money(request):
    return HttpResponse("ouvert")


@pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMINISTRATOR])
def test_a_role_of_the_list_opens_the_page(rf, role):
    request = rf.get("/")
    request.user = User(role=role)
    assert money(request).status_code == 200


@pytest.mark.parametrize("role", [Role.TOWN_HALL, Role.RECTORAT])
def test_any_other_role_is_refused(rf, role):
    request = rf.get("/")
    request.user = User(role=role)
    with pytest.raises(PermissionDenied):
        money(request)
