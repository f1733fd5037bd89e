"""The admin site is read-only for billing: whatever is registered there some day."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.sites import AdminSite

from accounts.roles import Role
from billing.models import Entry, Titre
from communes.models import Collectivity
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


def test_a_page_of_titres_or_lines_of_entries_registered_there_would_be_found(users, rf):
    class Lines(admin.TabularInline):
        model = Entry

    class Page(admin.ModelAdmin):
        inlines = (Lines,)

    site = AdminSite()
    site.register(Titre)
    site.register(Collectivity, Page)
    assert writable(site, users, rf) == {Titre, Entry}
