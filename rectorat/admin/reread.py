"""Schools, communes and people: the pages of floors below, and what only this one knows.

Which living files an import or a closure touches; and that two agents do not undo each other
in silence.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin

from accounts.admin.people import UserAdmin, UserForm
from accounts.models import User
from communes.models import Commune
from conventions.dossiers.tasks import review_soon
from conventions.enrolment import touched
from conventions.enrolment.touched import Touched
from lifecycle.rereading import RereadAdmin
from rectorat.admin.takeover import SchoolTakeoverAdmin
from rectorat.lists.asking import AskingMixin
from rectorat.lists.kept import KeptListMixin
from rectorat.territory import closures
from schools.admin import SchoolCommuneAdmin
from schools.models import School
from tabular.reading import Change, Report

admin.site.unregister([Commune, School, User])


def _changing(changes: Iterable[Change], *fields: str) -> set[str]:
    """The codes of what an import changes in one of `fields`."""
    return {change.identifier for change in changes if not change.fields.isdisjoint(fields)}


@admin.register(Commune)
class RereadCommuneAdmin(RereadAdmin, SchoolCommuneAdmin):
    def run_import(self, content: bytes, *, by: User, dry_run: bool, **options: Any) -> Report:
        report = super().run_import(content, by=by, dry_run=dry_run, **options)
        if not dry_run:
            review_soon()  # Names and numbers of inhabitants are printed.
        return report

    def touched_by_import(self, report: Report) -> list[Touched]:
        return touched.by_mergers(_changing(report.mergers, "merged_into"))


@admin.register(School)
class RereadSchoolAdmin(KeptListMixin, AskingMixin, RereadAdmin, SchoolTakeoverAdmin):
    unread = ("listed_since",)
    asked_of_jobs = closures.ACTIONS

    def touched_by_import(self, report: Report) -> list[Touched]:
        payers = _changing(report.changed, "payer")
        return [
            *touched.by_closures({closure.identifier for closure in report.closures}),
            *touched.by_new_payers(payers),
            *touched.by_new_names(_changing(report.changed, "name", "commune") - payers),
        ]


@admin.register(User)
class RereadUserAdmin(KeptListMixin, RereadAdmin, UserAdmin):
    form_to_change = UserForm
    unread = ("last_login", "password", "proconnect_sub", "proconnect_siret")
