"""The admin site is read-only for billing: whatever is registered there some day."""

from itertools import product

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.sites import AdminSite

from accounts.roles import Role
from billing.models import Entry, Titre
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

OURS = {
    model
    for app in apps.get_app_configs()
    if app.name.startswith("billing")
    for model in app.get_models()
}


def writable(site, users, rf):
    """What of billing a person may write there: pages of its own, or lines in another's."""
    found = set()
    request = rf.get("/")
    for request.user in users:
        for model, page in site._registry.items():
            if page.has_add_permission(request) or changes(page, request):
                found.add(page.model)
            for inline in (each(model, site) for each in page.inlines):
                if inline.has_add_permission(request, None) or changes(inline, request):
                    found.add(inline.model)
    return found & OURS


def changes(rows, request):
    return rows.has_change_permission(request) or rows.has_delete_permission(request)


@pytest.fixture
def users(db):
    return [UserFactory(role=role) for role in Role]


def test_nobody_writes_titres_nor_their_entries_in_the_admin_site(users, rf):
    assert len(OURS) > 10
    assert writable(admin.site, users, rf) == set()


def test_no_role_may_write_them_by_a_page_of_django_s_own(users):
    """Registered as it comes, a page asks for the permission of a role."""
    for user, model, verb in product(users, OURS, ("add", "change", "delete")):
        name = f"{model._meta.app_label}.{verb}_{model._meta.model_name}"
        assert not user.has_perm(name), (user.role, name)


def test_a_page_that_asks_for_none_would_be_found(users, rf):
    class Open:
        def has_change_permission(self, request, obj=None):
            return True

    class Lines(Open, admin.TabularInline):
        model = Entry

    class Page(Open, admin.ModelAdmin):
        inlines = (Lines,)

    site = AdminSite()
    site.register(Titre, Page)
    assert writable(site, users, rf) == {Titre, Entry}
