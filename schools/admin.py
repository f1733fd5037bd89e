"""The schools, as the rectorat's agents look after them."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from accounts.models import User
from communes.admin import CollectivityAdmin, CommuneAdmin
from communes.admin_base import HistoryAdmin
from communes.models import Collectivity, Commune
from schools.files import import_file
from schools.forms import ConfirmSchoolImportForm, SchoolImportForm
from schools.models import School
from schools.takeover import follow_payers, schools_paid_by
from tabular.admin_export import ExportMixin
from tabular.admin_import import FileImportMixin
from tabular.admin_search import FoldedSearchMixin
from tabular.reading import Report
from tabular.writing import Column, Kind

# A city pays for some two hundred schools: its page lists them all.
SCHOOLS_SHOWN = 300


class ProposedClosureFilter(admin.SimpleListFilter):
    title = "fermeture proposée"
    parameter_name = "fermeture"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("oui", "Oui"), ("non", "Non")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(closure_proposed_on__isnull=self.value() == "non")


@admin.register(School)
class SchoolAdmin(FoldedSearchMixin, ExportMixin, FileImportMixin, HistoryAdmin):
    export_columns = (
        Column("Code UAI", Kind.TEXT, lambda school: school.uai),
        Column("Nom", Kind.TEXT, lambda school: school.name, width=44),
        Column("Nature", Kind.TEXT, lambda school: school.get_nature_display(), width=28),
        Column("Commune", Kind.TEXT, lambda school: school.commune.name, width=28),
        Column("Code INSEE", Kind.TEXT, lambda school: school.commune.code),
        Column("Département", Kind.TEXT, lambda school: school.commune.department.code),
        Column("Collectivité qui paie", Kind.TEXT, lambda school: school.payer.name, width=36),
        Column("État", Kind.TEXT, lambda school: school.get_state_display()),
        Column("Fermeture proposée le", Kind.DATE, lambda school: school.closure_proposed_on),
        Column("Élèves", Kind.INTEGER, lambda school: school.pupils),
        Column("Classes", Kind.INTEGER, lambda school: school.classes),
        Column("Effectifs de la rentrée", Kind.TEXT, lambda school: str(school.counted_in or "")),
        Column("Adresse", Kind.TEXT, lambda school: school.address_line, width=36),
        Column("Code postal", Kind.TEXT, lambda school: school.postcode),
        Column("Adresse électronique", Kind.TEXT, lambda school: school.email, width=32),
        Column("Téléphone", Kind.TEXT, lambda school: school.phone),
    )
    list_display = ("name", "uai", "commune_name", "payer_name", "state_and_proposal")
    list_filter = (
        ProposedClosureFilter,
        "state",
        "commune__department__academy",
        "commune__department",
        "nature",
    )
    list_select_related = ("commune__department", "payer")
    list_per_page = 50
    ordering = ("commune__department__code", "commune__search_text", "uai")
    readonly_fields = (
        "uai",
        "commune",
        "payer",
        "since",
        "opened_on",
        "closure_proposed_on",
        "position",
    )
    fieldsets = (
        (None, {"fields": ("name", "uai", "commune", "payer", "since")}),
        (
            "Annuaire de l'éducation",
            {
                "description": "Ces données suivent l'annuaire : chaque import les met à jour.",
                "fields": (
                    "nature",
                    "state",
                    "closure_proposed_on",
                    "opened_on",
                    "pupils",
                    "classes",
                    "counted_in",
                    "address_line",
                    "postcode",
                    "email",
                    "phone",
                    "position",
                ),
            },
        ),
    )
    import_title = "Importer les écoles"
    import_form = SchoolImportForm
    confirm_import_form = ConfirmSchoolImportForm
    import_source = (
        "Export de l'annuaire de l'éducation (data.education.gouv.fr), en CSV ou en classeur, quels que "
        "soient l'ordre et la forme de ses colonnes. Seules les écoles publiques du premier "
        "degré sont retenues. Une école absente d'un fichier qui couvre son département est "
        "proposée à la fermeture ; c'est vous qui la fermez. Un fichier d'effectifs (code UAI, nombre "
        "d'élèves, nombre de classes, rentrée, comme celui de data.gouv.fr) ne change que ces "
        "nombres : la rentrée la plus récente de chaque école est retenue."
    )

    def scope(self, user: User) -> Q:
        return user.department_scope("commune__department")

    def run_import(self, content: bytes, *, by: User, dry_run: bool, **options: Any) -> Report:
        return import_file(content, by=by, dry_run=dry_run, **options)

    def save_model(self, request: HttpRequest, obj: School, form: Any, change: bool) -> None:
        if obj.state == School.State.CLOSED:
            obj.closure_proposed_on = None
        super().save_model(request, obj, form, change)

    @admin.display(description="commune", ordering="commune__search_text")
    def commune_name(self, school: School) -> str:
        return f"{school.commune.name} ({school.commune.department.code})"

    @admin.display(description="payeur", ordering="payer__search_text")
    def payer_name(self, school: School) -> str:
        return school.payer.name

    @admin.display(description="reprises")
    def since(self, school: School) -> str:
        """Every change of payer, the latest first."""
        changes = [
            f"à compter du {row.since:%d/%m/%Y} : {row.payer.name if row.payer else 'la commune'}"
            for row in school.takeovers.select_related("payer")
        ]
        return format_html_join("", "<div>{}</div>", ((change,) for change in changes)) or "—"

    @admin.display(description="position")
    def position(self, school: School) -> str:
        if school.latitude is None:
            return "inconnue : l'annuaire n'en donne pas"
        return f"latitude {school.latitude}, longitude {school.longitude}".replace(".", ",")

    @admin.display(description="état", ordering="state")
    def state_and_proposal(self, school: School) -> str:
        proposal = ", fermeture proposée" if school.closure_proposed_on else ""
        return f"{school.get_state_display()}{proposal}"


class PayerAdmin(CollectivityAdmin):
    """The page of a collectivity, with the schools that it pays for."""

    def get_readonly_fields(
        self, request: HttpRequest, obj: Collectivity | None = None
    ) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *(("schools_paid",) if obj else ()))

    def get_fieldsets(self, request: HttpRequest, obj: Collectivity | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return (*fieldsets, ("Écoles", {"fields": ("schools_paid",)})) if obj else fieldsets

    @admin.display(description="à sa charge")
    def schools_paid(self, collectivity: Collectivity) -> str:
        today = timezone.localdate()
        schools = list(schools_paid_by(collectivity, today)[: SCHOOLS_SHOWN + 1])
        lines: list[tuple[str, School, str, str]] = [
            (
                reverse("admin:schools_school_change", args=[school.pk]),
                school,
                school.commune.name,
                f", depuis le {school.since:%d/%m/%Y}" if school.since else "",
            )
            for school in schools[:SCHOOLS_SHOWN]
        ]
        lines += [
            (
                reverse("admin:schools_school_change", args=[row.school_id]),
                row.school,
                row.school.commune.name,
                f", à compter du {row.since:%d/%m/%Y}",
            )
            for row in collectivity.takeovers.filter(since__gt=today).select_related(
                "school__commune"
            )
        ]
        listed = format_html_join("", '<div><a href="{}">{}</a>, {}{}</div>', lines) or "—"
        if len(schools) <= SCHOOLS_SHOWN:
            return listed
        url = reverse(
            "admin:schools_school_changelist", query={"payer__id__exact": collectivity.pk}
        )
        return format_html('{}<div><a href="{}">Toutes les écoles</a></div>', listed, url)


class SchoolCommuneAdmin(CommuneAdmin):
    """The communes' import, which the payers of the schools follow at once."""

    @transaction.atomic
    def run_import(self, content: bytes, *, by: User, dry_run: bool, **options: Any) -> Report:
        report = super().run_import(content, by=by, dry_run=dry_run, **options)
        if not dry_run:
            follow_payers(by=by)
        return report


# Pages of the floor below, completed with what only this one knows.
admin.site.unregister([Collectivity, Commune])
admin.site.register(Collectivity, PayerAdmin)
admin.site.register(Commune, SchoolCommuneAdmin)
