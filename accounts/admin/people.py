"""People, as the administrators look after them; the rectorat's agents read, and end access."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin, helpers
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, ManyToManyField, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts import factor, rights
from accounts.access import user_of
from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES, Role
from accounts.scope import collectivity_scope
from communes.admin_base import HistoryAdmin
from tabular.admin_export import ExportMixin
from tabular.admin_search import searchable
from tabular.folding import fold
from tabular.writing import Column, Kind

SHOWN = 50


class UserForm(forms.ModelForm):
    def clean(self) -> None:
        """A town hall acts for collectivities, an agent of the rectorat looks after départements."""
        super().clean()
        # What one may not change of one's own account is not in the form.
        role = self.cleaned_data.get("role", self.instance.role)
        collectivities = set(self.cleaned_data.get("collectivities") or ())
        managed = set(self.cleaned_data.get("managed") or ())
        if role == Role.TOWN_HALL and not collectivities:
            self.add_error(
                "collectivities", "Choisissez au moins une collectivité pour une mairie."
            )
        if role != Role.TOWN_HALL and collectivities:
            self.add_error(
                "collectivities",
                "Seule une mairie a des collectivités : retirez-les, ou changez le rôle.",
            )
        if not managed <= collectivities:
            self.add_error("managed", "On ne gère les accès que de ses propres collectivités.")
        if self.cleaned_data.get("is_shared") and (role != Role.TOWN_HALL or managed):
            self.add_error(
                "is_shared", "Une boîte partagée est celle d'une mairie, et ne gère aucun accès."
            )
        if role != Role.RECTORAT and self.cleaned_data.get("departments"):
            self.add_error(
                "departments",
                "Seul le rectorat a des départements : retirez-les, ou changez le rôle.",
            )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Motif",
        max_length=200,
        help_text="Gardé dans le journal.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class FactorFilter(admin.SimpleListFilter):
    title = "second facteur"
    parameter_name = "factor"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Installé"), ("no", "Non")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(has_factor=self.value() == "yes")


def _names(collectivities: Any) -> str:
    return ", ".join(collectivity.name for collectivity in collectivities.all())


@admin.register(User)
class UserAdmin(ExportMixin, HistoryAdmin):
    form = UserForm
    change_form_template = "admin/accounts/user/change_form.html"
    fieldsets = [
        (None, {"fields": ["email", "first_name", "last_name", "is_active"]}),
        (
            "Ce que la personne voit",
            {"fields": ["role", "collectivities", "managed", "is_shared", "departments"]},
        ),
        ("Connexions", {"fields": ["last_login", "date_joined", "factor_label", "proconnect"]}),
    ]
    readonly_fields = ["last_login", "date_joined", "factor_label", "proconnect"]
    autocomplete_fields = ["collectivities", "managed"]
    list_display = [
        "full_name",
        "email",
        "role",
        "collectivity_names",
        "is_active",
        "factor_label",
        "last_login",
    ]
    list_filter = ["role", "is_active", FactorFilter, "is_shared"]
    search_fields = ["email", "last_name", "first_name"]
    actions = ["let_manage", "end_access"]
    export_columns = (
        Column("Nom", Kind.TEXT, lambda user: user.get_full_name(), width=28),
        Column("Adresse électronique", Kind.TEXT, lambda user: user.email, width=36),
        Column("Rôle", Kind.TEXT, lambda user: user.get_role_display()),
        Column("Collectivités", Kind.TEXT, lambda user: _names(user.collectivities), width=44),
        Column("Gère les accès de", Kind.TEXT, lambda user: _names(user.managed), width=44),
        Column("Boîte partagée", Kind.TEXT, lambda user: "oui" if user.is_shared else ""),
        Column("Actif", Kind.TEXT, lambda user: "oui" if user.is_active else "non"),
        Column("Second facteur", Kind.TEXT, lambda user: "oui" if user.has_factor else ""),
        Column("Dernière connexion", Kind.MOMENT, lambda user: user.last_login),
    )

    # --- Who is seen ------------------------------------------------------------
    def scope(self, user: User) -> Q:
        return collectivity_scope(user, "collectivities")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=factor.OWN)
        return (
            super()
            .get_queryset(request)
            .annotate(has_factor=Exists(factors))
            .prefetch_related("collectivities", "managed")
            .distinct()
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by name and e-mail as typed, by collectivity without minding accents."""
        found, _ = super().get_search_results(request, queryset, search_term)
        if not (words := fold(searchable(search_term))):
            return found, True
        return found | queryset.filter(collectivities__search_text__contains=words), True

    @admin.display(description="nom", ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description="collectivités")
    def collectivity_names(self, user: User) -> str:
        return _names(user.collectivities)

    @admin.display(description="second facteur", boolean=True)
    def factor_label(self, user: User) -> bool:
        return factor.has_own(user) if user.pk else False

    @admin.display(description="ProConnect")
    def proconnect(self, user: User) -> str:
        """Whom ProConnect says this is, and where it says they work: for information."""
        if not user.proconnect_sub:
            return "jamais utilisé"
        sirets = {each.siret for each in user.collectivities.all() if each.siret}
        if not user.proconnect_siret:
            return user.proconnect_sub
        elsewhere = user.role == Role.TOWN_HALL and user.proconnect_siret not in sirets
        note = " (différent de celui de ses collectivités)" if elsewhere else ""
        return f"{user.proconnect_sub}, SIRET {user.proconnect_siret}{note}"

    # --- Changed by administrators ------------------------------------------------
    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField | None:
        if db_field.name == "departments":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Nobody gives themselves rights, nor takes their own away."""
        own = ["role", "is_active", "collectivities", "managed", "is_shared", "departments"]
        is_own = obj is not None and obj.pk == request.user.pk
        return [*self.readonly_fields, *(own if is_own else [])]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST":
            factor.demand_fresh(request)
        is_administrator = user_of(request).role == Role.ADMINISTRATOR
        may_reset = is_administrator and object_id != str(request.user.pk)
        context = {"may_reset": may_reset} | (extra_context or {})
        return super().change_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        form.rights_before = rights.Rights.of(obj)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        rights.settle(form.instance, form.rights_before, by=user_of(request))

    # --- Ended, reset -----------------------------------------------------------
    @admin.action(description="Mettre fin à l'accès…")
    def end_access(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Ask for the reason, then deactivate the accounts; agents' only by an administrator."""
        by = user_of(request)
        chosen = queryset.filter(is_active=True).exclude(pk=by.pk)
        if by.role != Role.ADMINISTRATOR:
            chosen = chosen.filter(role=Role.TOWN_HALL)
        count = chosen.count()
        if not count:
            messages.warning(request, "Aucun accès à terminer dans cette sélection.")
            return None
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            factor.demand_fresh(request)
            for user in chosen:
                rights.end_access(user, by=by, reason=form.cleaned_data["reason"])
            many = "s" if count > 1 else ""
            messages.success(request, f"{count} accès terminé{many}.")
            return None
        context = {
            "explanation": "Ces comptes ne se connecteront plus. Leurs sessions, leurs liens et "
            "leurs adresses de calendrier cessent aussitôt ; ce qu'ils ont fait reste au journal.",
            "people": chosen[:SHOWN],
            "more": max(0, count - SHOWN),
            "carried": {
                "action": ["end_access"],
                "select_across": [request.POST.get("select_across", "0")],
                helpers.ACTION_CHECKBOX_NAME: request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
            },
        }
        return self._ask(request, "Mettre fin à l'accès", form, context)

    @admin.action(description="Confier la gestion des accès de leurs collectivités")
    def let_manage(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        factor.demand_fresh(request)
        done = [rights.let_manage(user, by=user_of(request)) for user in queryset]
        left = done.count(False)
        note = f" Laissés de côté (agents, boîtes partagées, désactivés) : {left}." if left else ""
        messages.success(request, f"Gèrent désormais les accès : {done.count(True)}.{note}")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        return actions if user_of(request).role in ADMIN_SITE_ROLES else {}

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                f"<int:pk>/{address}/",
                self.admin_site.admin_view(view),
                name=f"accounts_user_{name}",
            )
            for address, name, view in (
                ("second-factor", "reset_factor", self.reset_factor_view),
                ("proconnect", "forget_proconnect", self.forget_proconnect_view),
            )
        ] + super().get_urls()

    def reset_factor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the reason, then (POST) take a lost factor away."""
        explanation = (
            "Les seconds facteurs de cette personne et ses codes de secours sont effacés, ses "
            "sessions terminées. Elle en est avertie aussitôt par courriel, et en installe un "
            "autre à sa prochaine connexion. Assurez-vous d'abord que la demande vient d'elle."
        )
        return self._on_one(
            request, pk, rights.reset_factor, "Réinitialiser le second facteur", explanation
        )

    def forget_proconnect_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then (POST) clear whom ProConnect said this is."""
        explanation = (
            "L'identité ProConnect de ce compte est effacée. À sa prochaine connexion, ProConnect "
            "le retrouve par son adresse électronique vérifiée."
        )
        return self._on_one(
            request, pk, rights.forget_proconnect, "Effacer l'identité ProConnect", explanation
        )

    def _on_one(
        self,
        request: HttpRequest,
        pk: int,
        verb: Callable[..., None],
        title: str,
        explanation: str,
    ) -> HttpResponse:
        by = user_of(request)
        if by.role != Role.ADMINISTRATOR:
            raise PermissionDenied
        user: User = self.find(request, str(pk))
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            factor.demand_fresh(request)
            try:
                verb(user, by=by, reason=form.cleaned_data["reason"])
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
            else:
                messages.success(request, f"C'est fait pour {user}.")
            return redirect("admin:accounts_user_change", pk)
        context = {"explanation": explanation, "people": [user], "more": 0, "carried": {}}
        return self._ask(request, title, form, context)

    def _ask(
        self, request: HttpRequest, title: str, form: ReasonForm, context: dict[str, Any]
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            "admin/accounts/user/ask.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "title": title,
                "form": form,
                **context,
            },
        )
