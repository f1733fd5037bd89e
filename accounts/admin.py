"""People, as the administrators look after them; the rectorat's agents read."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import ManyToManyField, QuerySet
from django.http import HttpRequest

from accounts.access import user_of
from accounts.invitations import invite
from accounts.models import User
from accounts.roles import Role
from accounts.scope import collectivity_scope
from communes.history import HistoryAdmin
from tabular.folding import fold


class UserForm(forms.ModelForm):
    def clean(self) -> None:
        """A town hall acts for collectivities, an agent of the rectorat looks after départements."""
        super().clean()
        role = self.cleaned_data.get("role")
        if not role:
            return
        if role == Role.TOWN_HALL and not self.cleaned_data.get("collectivities"):
            self.add_error(
                "collectivities", "Choisissez au moins une collectivité pour une mairie."
            )
        if role != Role.TOWN_HALL and self.cleaned_data.get("collectivities"):
            self.add_error(
                "collectivities",
                "Seule une mairie a des collectivités : retirez-les, ou changez le rôle.",
            )
        if role != Role.RECTORAT and self.cleaned_data.get("departments"):
            self.add_error(
                "departments",
                "Seul le rectorat a des départements : retirez-les, ou changez le rôle.",
            )


@admin.register(User)
class UserAdmin(HistoryAdmin):
    form = UserForm
    fieldsets = [
        (None, {"fields": ["email", "first_name", "last_name", "is_active"]}),
        ("Ce que la personne voit", {"fields": ["role", "collectivities", "departments"]}),
        ("Connexions", {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    autocomplete_fields = ["collectivities"]
    list_display = ["full_name", "email", "role", "collectivity_names", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["email", "last_name", "first_name"]
    actions = ["send_first_sign_in_link"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return (
            super()
            .get_queryset(request)
            .filter(collectivity_scope(user_of(request), "collectivities"))
            .prefetch_related("collectivities")
            .distinct()
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by name and e-mail as typed, by collectivity without minding accents."""
        found, _ = super().get_search_results(request, queryset, search_term)
        of_place = queryset.filter(collectivities__search_text__contains=fold(search_term))
        return found | of_place, True

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField | None:
        if db_field.name == "departments":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description="nom", ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description="collectivités")
    def collectivity_names(self, user: User) -> str:
        return ", ".join(collectivity.name for collectivity in user.collectivities.all())

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save; a new person gets no password but, once saved, a link to choose one."""
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        transaction.on_commit(partial(self.send_link, request, obj))

    @admin.action(description="Envoyer le lien de première connexion", permissions=["change"])
    def send_first_sign_in_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        inactive = 0
        for user in queryset:
            if user.is_active:
                self.send_link(request, user)
            else:
                inactive += 1
        if inactive:
            self.message_user(
                request,
                f"Comptes inactifs, à qui rien n’a été envoyé : {inactive}.",
                messages.WARNING,
            )

    def send_link(self, request: HttpRequest, user: User) -> None:
        """Invite `user`, and say whether the message left."""
        try:
            invite(request, user)
        except OSError:
            self.message_user(
                request,
                f"Le lien de première connexion n’a pas pu être envoyé à {user.email}. "
                "Vérifiez l’adresse et le serveur de messagerie, puis recommencez par l’action "
                "« Envoyer le lien de première connexion » de la liste.",
                messages.ERROR,
            )
        else:
            self.message_user(
                request,
                f"Le lien de première connexion a été envoyé à {user.email}.",
                messages.SUCCESS,
            )
