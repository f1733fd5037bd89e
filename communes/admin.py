"""The territory and its collectivities, as the rectorat's agents look after them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import DateField, Exists, ForeignKey, OuterRef, Q, QuerySet
from django.forms import DateInput, ModelChoiceField, ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from communes.admin_base import HistoryAdmin, WholeRegionAdmin
from communes.forms import CollectivityForm, MembershipFormSet, NewCollectivityForm
from communes.imports import import_communes
from communes.models import (
    Academy,
    Collectivity,
    Commune,
    Department,
    FormerCode,
    Membership,
    Region,
)
from tabular.admin_export import ExportMixin
from tabular.admin_import import FileImportMixin
from tabular.admin_search import FoldedSearchMixin
from tabular.reading import Report
from tabular.writing import Column, Kind


@admin.register(Region)
class RegionAdmin(WholeRegionAdmin):
    list_display = ("full_name", "city", "place")


@admin.register(Academy)
class AcademyAdmin(WholeRegionAdmin):
    list_display = ("name", "code", "region")
    list_select_related = ("region",)


@admin.register(Department)
class DepartmentAdmin(WholeRegionAdmin):
    list_display = ("code", "name", "academy", "prefect", "court")
    list_display_links = ("code", "name")
    list_filter = ("academy",)
    list_select_related = ("academy",)
    search_fields = ("code", "name")
    readonly_fields = ("code",)

    @admin.display(description="préfet")
    def prefect(self, department: Department) -> str:
        return department.prefect


@admin.register(FormerCode)
class FormerCodeAdmin(WholeRegionAdmin):
    list_display = ("code", "commune")
    list_select_related = ("commune",)
    search_fields = ("code", "commune__search_text")
    autocomplete_fields = ("commune",)


@admin.register(Commune)
class CommuneAdmin(FoldedSearchMixin, ExportMixin, FileImportMixin, HistoryAdmin):
    export_columns = (
        Column("Code INSEE", Kind.TEXT, lambda commune: commune.code),
        Column("Nom", Kind.TEXT, lambda commune: commune.name, width=36),
        Column("Département", Kind.TEXT, lambda commune: commune.department.code),
        Column("SIREN", Kind.TEXT, lambda commune: commune.siren),
        Column("Codes postaux", Kind.TEXT, lambda commune: commune.postcodes),
        Column("Population", Kind.INTEGER, lambda commune: commune.population),
        Column("EPCI", Kind.TEXT, lambda commune: commune.epci_name, width=44),
        Column("SIREN de l'EPCI", Kind.TEXT, lambda commune: commune.epci_siren),
    )
    list_display = ("name", "code", "department", "population", "epci_name")
    list_filter = ("department__academy", "department")
    list_select_related = ("department",)
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("name", "code", "department", "of_name", "signatory")}),
        (
            "Fichier officiel",
            {
                "description": "Ces données suivent le fichier des communes : "
                "chaque import les met à jour.",
                "fields": (
                    "siren",
                    "postcodes",
                    "population",
                    "epci_name",
                    "epci_siren",
                    "former_codes",
                ),
            },
        ),
    )
    import_title = "Importer les communes"
    import_source = (
        "Fichier des communes, CSV ou classeur : code INSEE, nom, département et SIREN ; "
        "codes postaux, population, EPCI et anciens codes s'il les contient. Le fichier annuel de "
        "l'INSEE (code officiel géographique) n'a pas de SIREN : importez d'abord celui de "
        "banatic, puis celui-là ; une commune déjà connue garde le sien."
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Commune | None = None) -> list[str]:
        official = [field.name for field in Commune._meta.fields if field.editable]
        return [name for name in official if name != "of_name"] + ["signatory", "former_codes"]

    def scope(self, user: Any) -> Q:
        return user.department_scope("department")

    def run_import(self, content: bytes, *, by: Any, dry_run: bool, **options: Any) -> Report:
        return import_communes(content, by=by, dry_run=dry_run, **options)

    @admin.display(description="collectivité signataire")
    def signatory(self, commune: Commune) -> str:
        collectivity = commune.collectivity
        url = reverse("admin:communes_collectivity_change", args=[collectivity.pk])
        return format_html('<a href="{}">{}</a>', url, collectivity)

    @admin.display(description="anciens codes INSEE")
    def former_codes(self, commune: Commune) -> str:
        return ", ".join(former.code for former in commune.former_codes.all()) or "—"


class MembershipInline(admin.TabularInline):
    """Which communes an EPCI or a syndicat gathers, and since when."""

    model = Membership
    formset = MembershipFormSet
    fields = ("commune", "since", "until")
    autocomplete_fields = ("commune",)
    extra = 0
    # The browser's own calendar, as in every form of the site.
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        DateField: {"widget": DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("commune")


class AccessFilter(admin.SimpleListFilter):
    """Collectivities that nobody can open, or whose access nobody looks after."""

    title = "accès"
    parameter_name = "access"
    _WITHOUT = {"nobody": "users__is_active", "no_manager": "managers__is_active"}

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("nobody", "Personne n'a accès"), ("no_manager", "Sans gestionnaire")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        path = self._WITHOUT.get(self.value() or "")
        return queryset.exclude(**{path: True}) if path else queryset


@admin.register(Collectivity)
class CollectivityAdmin(FoldedSearchMixin, ExportMixin, HistoryAdmin):
    export_columns = (
        Column("Code", Kind.TEXT, lambda collectivity: collectivity.code),
        Column("Nom", Kind.TEXT, lambda collectivity: collectivity.name, width=36),
        Column("Nature", Kind.TEXT, lambda collectivity: collectivity.get_kind_display()),
        Column("Département", Kind.TEXT, lambda collectivity: collectivity.department.code),
        Column("SIREN", Kind.TEXT, lambda collectivity: collectivity.siren),
        Column("SIRET", Kind.TEXT, lambda collectivity: collectivity.siret),
        Column(
            "Adresse", Kind.TEXT, lambda collectivity: ", ".join(collectivity.address), width=44
        ),
        Column(
            "Représentant", Kind.TEXT, lambda collectivity: collectivity.representative, width=28
        ),
        Column("Qualité", Kind.TEXT, lambda collectivity: collectivity.representative_capacity),
        Column(
            "Adresse électronique", Kind.TEXT, lambda collectivity: collectivity.email, width=32
        ),
        Column("Téléphone", Kind.TEXT, lambda collectivity: collectivity.phone),
    )
    list_display = ("name", "code", "department_code", "kind", "siret", "representative")
    list_filter = ("kind", "department__academy", "department", AccessFilter)
    list_select_related = ("department",)
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("kind", "name", "department", "siren", "siret")}),
        (
            "Adresse",
            {"fields": ("address_line_1", "address_line_2", "postcode", "city")},
        ),
        (
            "Représentant",
            {
                "fields": (
                    "representative_civility",
                    "representative_first_name",
                    "representative_last_name",
                    "representative_capacity",
                    "capacity_gender",
                    "representative_since",
                    "mandates",
                )
            },
        ),
        ("Contact", {"fields": ("email", "phone", "website")}),
        ("Accès", {"fields": ("people",)}),
    )

    def get_form(
        self,
        request: HttpRequest,
        obj: Collectivity | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[ModelForm]:
        kwargs["form"] = CollectivityForm if change else NewCollectivityForm
        return super().get_form(request, obj, change=change, **kwargs)

    inlines = (MembershipInline,)

    def scope(self, user: Any) -> Q:
        return user.department_scope("department")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Collectivity | None = None
    ) -> tuple[str, ...]:
        always = ("people", "mandates")
        return ("kind", "department", "merged", *always) if obj else always

    def get_fieldsets(self, request: HttpRequest, obj: Collectivity | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets[:-1]  # Nobody can have access yet.
        if not obj.merged_into:
            return fieldsets
        return (("Fusion", {"fields": ("merged",)}), *fieldsets)

    def get_inline_instances(
        self, request: HttpRequest, obj: Collectivity | None = None
    ) -> list[InlineModelAdmin]:
        """A commune has no members; a new EPCI or syndicat gets them with its first entry."""
        inlines = super().get_inline_instances(request, obj)
        if obj is None or obj.is_grouping:
            return inlines
        return [inline for inline in inlines if not isinstance(inline, MembershipInline)]

    @admin.display(description="réunie à")
    def merged(self, collectivity: Collectivity) -> str:
        url = reverse("admin:communes_collectivity_change", args=[collectivity.merged_into_id])
        return format_html(
            '<a href="{}">{}</a>, vu le {}. Ses conventions restent lisibles.',
            url,
            collectivity.merged_into,
            f"{collectivity.merged_on:%d/%m/%Y}",
        )

    @admin.display(description="représentants successifs")
    def mandates(self, collectivity: Collectivity) -> str:
        """Who represented it, the newest first; a change is recorded above, with its day."""
        if collectivity.pk is None:
            return "—"
        rows = ((mandate,) for mandate in collectivity.mandates.reverse())
        return format_html_join("", "{}<br>", rows) or "Aucun changement enregistré."

    @admin.display(description="personnes")
    def people(self, collectivity: Collectivity) -> str:
        """Who has access to its files, and the way to invite somebody."""
        managed = Exists(collectivity.managers.filter(pk=OuterRef("pk")))
        rows = [
            (
                reverse("admin:accounts_user_change", args=[person.pk]),
                person,
                person.email,
                ", gère les accès" if person.is_manager else "",
            )
            for person in collectivity.users.filter(is_active=True).annotate(is_manager=managed)
        ]
        invite = reverse(
            "admin:invitations_invitation_add", query={"collectivity": collectivity.pk}
        )
        return format_html(
            '{} <a href="{}">Inviter une personne</a> · '
            '<a href="{}">Voir comme cette collectivité</a>',
            format_html_join("", '<a href="{}">{}</a> ({}){}<br>', rows) or "Personne.",
            invite,
            reverse("support_start", args=[collectivity.code]),
        )

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "department":
            user: Any = request.user
            kwargs["queryset"] = Department.objects.filter(user.department_scope("pk"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="dép.", ordering="department__code")
    def department_code(self, collectivity: Collectivity) -> str:
        return collectivity.department.code

    @admin.display(description="représentant", ordering="representative_last_name")
    def representative(self, collectivity: Collectivity) -> str:
        return collectivity.representative
