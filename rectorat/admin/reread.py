"""Schools, communes and people: the pages of floors below, and what only this one knows.

Which living files an import or a closure touches; and that two agents do not undo each other
in silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import admin

from accounts.admin.people import UserAdmin, UserForm
from accounts.models import User
from accounts.regional import RegionalImport
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


def _changing(changes: Iterable[Change], *fields: str) -> list[str]:
    """The codes of what an import changes in one of `fields`."""
    return [change.identifier for change in changes if not change.fields.isdisjoint(fields)]


@admin.register(Commune)
class RereadCommuneAdmin(RegionalImport, RereadAdmin, SchoolCommuneAdmin):
    def run_import(self, content: bytes, *, by: User, dry_run: bool, **options: Any) -> Report:
        report = super().run_import(content, by=by, dry_run=dry_run, **options)
        if not dry_run:
            review_soon()  # Names and numbers of inhabitants are printed.
        return report

    def concerned_by(self, report: Report) -> dict[str, list[str]]:
        return {"merged": _changing(report.mergers, "merged_into")}

    def touched_by(self, concerned: Mapping[str, Sequence[str]]) -> list[Touched]:
        return touched.by_mergers(concerned.get("merged", ()))


@admin.register(School)
class RereadSchoolAdmin(
    RegionalImport, KeptListMixin, AskingMixin, RereadAdmin, SchoolTakeoverAdmin
):
    unread = ("listed_since",)
    asked_of_jobs = closures.ACTIONS

    def concerned_by(self, report: Report) -> dict[str, list[str]]:
        payers = _changing(report.changed, "payer")
        names = _changing(report.changed, "name", "commune")
        return {
            "closed": [closure.identifier for closure in report.closures],
            "given_another_payer": payers,
            "renamed_or_moved": [code for code in names if code not in set(payers)],
        }

    def touched_by(self, concerned: Mapping[str, Sequence[str]]) -> list[Touched]:
        return [
            *touched.by_closures(concerned.get("closed", ())),
            *touched.by_new_payers(concerned.get("given_another_payer", ())),
            *touched.by_new_names(concerned.get("renamed_or_moved", ())),
        ]


@admin.register(User)
class RereadUserAdmin(KeptListMixin, RereadAdmin, UserAdmin):
    form_to_change = UserForm
    unread = ("last_login", "password", "proconnect_sub", "proconnect_siret")
