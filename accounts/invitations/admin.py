"""Invitations: one by one or from a file, sent again, taken back, with their delivery."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import ManyToManyField, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import factor
from accounts.access import user_of
from accounts.invitations import inviting
from accounts.invitations.imports import preview_invitations
from accounts.invitations.models import Invitation, InvitationState
from accounts.models import User
from accounts.roles import Role
from accounts.scope import collectivity_scope
from communes.admin_base import ScopedAdmin
from communes.models import Collectivity
from outbox.models import Delivery
from tabular.admin_export import ExportMixin
from tabular.admin_import import FileImportMixin
from tabular.admin_search import searchable
from tabular.folding import fold
from tabular.reading import Report
from tabular.writing import Column, Kind


class InvitationForm(forms.ModelForm):
    """Who to invite; what `by` may not is refused here, at once, and by the verb."""

    by: User

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        role, collectivity = cleaned.get("role", ""), cleaned.get("collectivity")
        if role == Role.TOWN_HALL and collectivity is None:
            self.add_error("collectivity", "Choisissez la collectivité.")
        if role and role != Role.TOWN_HALL and collectivity:
            self.add_error("collectivity", "Seule une mairie a une collectivité.")
        if role != Role.RECTORAT and cleaned.get("departments"):
            self.add_error("departments", "Seul le rectorat a des départements.")
        if role != Role.TOWN_HALL and (cleaned.get("is_manager") or cleaned.get("is_shared")):
            self.add_error("role", "Un agent n'est ni gestionnaire, ni boîte partagée.")
        if not self.errors:
            invitation = Invitation(
                email=cleaned["email"].strip().lower(), role=role, collectivity=collectivity
            )
            if refusal := inviting.refusal_of(invitation, self.by):
                self.add_error(None, refusal)
        return cleaned


class StateFilter(admin.SimpleListFilter):
    title = "état"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in InvitationState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(current_state=self.value()) if self.value() else queryset


class DeliveryFilter(admin.SimpleListFilter):
    title = "courriel"
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in Delivery.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(message__state=self.value()) if self.value() else queryset


@admin.register(Invitation)
class InvitationAdmin(ExportMixin, FileImportMixin, ScopedAdmin):
    form = InvitationForm
    fields = ("email", "role", "collectivity", "departments", "is_manager", "is_shared")
    autocomplete_fields = ("collectivity",)
    list_display = (
        "email",
        "role",
        "collectivity",
        "state_label",
        "delivery",
        "invited_by_name",
        "sent",
        "until",
    )
    list_filter = (StateFilter, DeliveryFilter, "role", "collectivity__department")
    list_select_related = ("collectivity__department", "message")
    list_per_page = 100
    search_fields = ("email", "collectivity__search_text")
    search_help_text = "Adresse électronique ou collectivité ; les accents sont facultatifs."
    import_title = "Inviter d'après un fichier"
    import_source = (
        "Un fichier (CSV ou classeur) d'une ligne par personne : colonnes « Code » (code INSEE d'une commune, "
        "SIREN des autres collectivités), « Adresse électronique » et, si vous voulez, "
        "« Gestionnaire » et « Boîte partagée » (oui ou non). Rien ne part avant votre accord ; "
        "les invitations partent ensuite d'elles-mêmes, et leur compte rendu est gardé."
    )
    export_columns = (
        Column("Adresse électronique", Kind.TEXT, lambda each: each.email, width=36),
        Column("Rôle", Kind.TEXT, lambda each: each.get_role_display()),
        Column("Collectivité", Kind.TEXT, lambda each: str(each.collectivity or ""), width=36),
        Column("État", Kind.TEXT, lambda each: each.state.label),
        Column(
            "Courriel",
            Kind.TEXT,
            lambda each: each.message.get_state_display() if each.message else "",
        ),
        Column("Invité par", Kind.TEXT, lambda each: each.invited_by_name, width=28),
        Column("Envoyée le", Kind.MOMENT, lambda each: each.sent_at),
        Column("Valable jusqu'au", Kind.MOMENT, lambda each: each.expires_at),
        Column("Acceptée le", Kind.MOMENT, lambda each: each.accepted_at),
    )

    def scope(self, user: User) -> Q:
        return inviting.scope(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        return super().get_queryset(request).with_state()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by address as typed, by collectivity without minding accents."""
        found, _ = super().get_search_results(request, queryset, search_term)
        if not (words := fold(searchable(search_term))):
            return found, False
        return found | queryset.filter(collectivity__search_text__contains=words), False

    # --- New ones -------------------------------------------------------------
    def get_form(
        self,
        request: HttpRequest,
        obj: Invitation | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm]:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.by = user_of(request)
        return form

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField | None:
        return super().formfield_for_manytomany(
            db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs
        )

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:
        if db_field.name == "collectivity":
            scope = collectivity_scope(user_of(request))
            kwargs["queryset"] = Collectivity.objects.filter(scope)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_choice_field(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.TypedChoiceField | None:
        """Only an administrator invites agents."""
        if db_field.name == "role" and user_of(request).role != Role.ADMINISTRATOR:
            kwargs["choices"] = [(Role.TOWN_HALL.value, Role.TOWN_HALL.label)]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" and request.POST.get("role") != Role.TOWN_HALL:
            factor.demand_fresh(request)  # An agent's rights are about to be given.
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        inviting.invite(obj, by=user_of(request), departments=form.cleaned_data["departments"])

    def has_import_permission(self, request: HttpRequest) -> bool:
        """A file may hold one département's people as well as the region's."""
        return self.has_add_permission(request)

    def preview_import(self, content: bytes, *, by: User, **options: Any) -> Report:
        return preview_invitations(content, by=by)

    # --- Those sent -----------------------------------------------------------
    @admin.display(description="état", ordering="current_state")
    def state_label(self, invitation: Invitation) -> str:
        return str(invitation.state.label)

    @admin.display(description="courriel", ordering="message__state")
    def delivery(self, invitation: Invitation) -> str:
        return invitation.message.get_state_display() if invitation.message else "—"

    @admin.display(description="envoyée", ordering="sent_at")
    def sent(self, invitation: Invitation) -> str:
        return f"{timezone.localtime(invitation.sent_at):%d/%m/%Y %H:%M}"

    @admin.display(description="valable jusqu'au", ordering="expires_at")
    def until(self, invitation: Invitation) -> str:
        return f"{timezone.localtime(invitation.expires_at):%d/%m/%Y}"
