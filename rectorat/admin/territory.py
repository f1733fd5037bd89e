"""Pages of the floors below, with what only this one knows: the files, and who else writes.

What an agent changes of the region, of a département or a collectivity may outdate documents:
files are gone through again. On no page do two agents undo each other in silence.
"""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django_q.tasks import async_task

from accounts.admin.people import UserAdmin, UserForm
from accounts.models import User
from communes.admin import DepartmentAdmin, RegionAdmin
from communes.forms import CollectivityForm
from communes.models import Collectivity, Commune, Department, Region
from conventions.dossiers.outdating import review
from conventions.models import Convention
from lifecycle.rereading import RereadAdmin
from rectorat.admin.takeover import SchoolTakeoverAdmin
from schools.admin import PayerAdmin, SchoolCommuneAdmin
from schools.models import School

admin.site.unregister([Region, Department, Collectivity, Commune, School, User])


class ReviewedAdmin(RereadAdmin):
    """A change concerns thousands of files: a worker goes through them."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and form.changed_data:
            transaction.on_commit(lambda: async_task("conventions.dossiers.tasks.review_documents"))


@admin.register(Region)
class ReviewedRegionAdmin(ReviewedAdmin, RegionAdmin):
    pass


@admin.register(Department)
class ReviewedDepartmentAdmin(ReviewedAdmin, DepartmentAdmin):
    pass


@admin.register(Collectivity)
class ReviewedPayerAdmin(RereadAdmin, PayerAdmin):
    form_to_change = CollectivityForm

    def save_model(self, request: HttpRequest, obj: Collectivity, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        review(Convention.objects.filter(collectivity=obj))


@admin.register(Commune)
class RereadCommuneAdmin(RereadAdmin, SchoolCommuneAdmin):
    pass


@admin.register(School)
class RereadSchoolAdmin(RereadAdmin, SchoolTakeoverAdmin):
    unread = ("listed_since",)


@admin.register(User)
class RereadUserAdmin(RereadAdmin, UserAdmin):
    form_to_change = UserForm
    unread = ("last_login", "password", "proconnect_sub", "proconnect_siret")
