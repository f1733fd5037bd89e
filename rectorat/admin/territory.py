"""Pages of the floors below, with what only this one knows: the files, and who else writes.

What an agent changes of the region, of a département or a collectivity may outdate documents:
files are gone through again. On no page do two agents undo each other in silence.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django_q.tasks import async_task

from accounts.admin.people import UserAdmin, UserForm
from accounts.models import User
from communes.admin import DepartmentAdmin, RegionAdmin
from communes.forms import CollectivityForm
from communes.models import Collectivity, Commune, Department, Region
from conventions.dossiers.outdating import review
from conventions.enrolment import touched
from conventions.enrolment.touched import Touched
from conventions.models import Convention
from lifecycle.rereading import RereadAdmin
from rectorat.admin.takeover import SchoolTakeoverAdmin
from schools.admin import PayerAdmin, SchoolCommuneAdmin
from schools.models import School
from tabular.reading import Change, Report

admin.site.unregister([Region, Department, Collectivity, Commune, School, User])


# Beyond, the list of conventions has a filter of what it warns of.
LINES_SHOWN = 20


def _changing(changes: Iterable[Change], *fields: str) -> set[str]:
    """The codes of what an import changes in one of `fields`."""
    return {change.identifier for change in changes if not change.fields.isdisjoint(fields)}


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
    def touched_by_import(self, report: Report) -> list[Touched]:
        return touched.by_mergers(_changing(report.mergers, "merged_into"))


@admin.register(School)
class RereadSchoolAdmin(RereadAdmin, SchoolTakeoverAdmin):
    unread = ("listed_since",)

    def touched_by_import(self, report: Report) -> list[Touched]:
        payers = _changing(report.changed, "payer")
        return [
            *touched.by_closures({closure.identifier for closure in report.closures}),
            *touched.by_new_payers(payers),
            *touched.by_new_names(_changing(report.changed, "name", "commune") - payers),
        ]

    def touched_by_closing(self, schools: QuerySet[School]) -> list[Touched]:
        return touched.by_closures(schools.values_list("uai", flat=True))

    def tell_of_touched(self, request: HttpRequest, lines: Sequence[Touched]) -> None:
        """Each with its act: the list is gone from the screen once the closure is confirmed."""
        for line in lines[:LINES_SHOWN]:
            where = line.convention.reference if line.convention else "dans aucune convention"
            url = reverse(line.page, args=[line.key])
            said = format_html('{}, {} : <a href="{}">{}</a>.', line.what, where, url, line.act)
            self.message_user(request, said, messages.WARNING)


@admin.register(User)
class RereadUserAdmin(RereadAdmin, UserAdmin):
    form_to_change = UserForm
    unread = ("last_login", "password", "proconnect_sub", "proconnect_siret")
