"""Schools, communes and people: the pages of floors below, and what only this one knows.

Which living files an import or a closure touches; and that two agents do not undo each other
in silence.
"""

from collections.abc import Iterable, Sequence

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin.people import UserAdmin, UserForm
from accounts.models import User
from communes.models import Commune
from conventions.enrolment import touched
from conventions.enrolment.touched import Touched
from lifecycle.rereading import RereadAdmin
from rectorat.admin.takeover import SchoolTakeoverAdmin
from schools.admin import SchoolCommuneAdmin
from schools.models import School
from tabular.reading import Change, Report

admin.site.unregister([Commune, School, User])

# Beyond, the list of conventions has a filter of what it warns of.
LINES_SHOWN = 20


def _changing(changes: Iterable[Change], *fields: str) -> set[str]:
    """The codes of what an import changes in one of `fields`."""
    return {change.identifier for change in changes if not change.fields.isdisjoint(fields)}


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
