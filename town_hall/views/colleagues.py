"""Who has access for a collectivity: seen by all of them, kept by those who manage it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.views.generic import FormView

from accounts import rights
from accounts.access import role_required, user_of
from accounts.invitations import inviting
from accounts.invitations.models import Invitation
from accounts.models import User
from accounts.roles import Role
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions.dossiers.outdating import review
from conventions.models import Convention
from town_hall.forms.colleagues import ColleagueForm, RepresentativeForm
from town_hall.reviews import asks_representative, confirm, is_due


@method_decorator(role_required(Role.TOWN_HALL), name="dispatch")
class Colleagues(FormView):
    """List who has access; invite a colleague (POST)."""

    form_class = ColleagueForm
    template_name = "town_hall/colleagues.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.user = user_of(request)
        self.collectivity = get_object_or_404(
            Collectivity.objects.filter(collectivity_scope(self.user)).select_related("department"),
            code=kwargs["code"],
        )
        self.may_manage = inviting.may_manage(self.user, self.collectivity)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = User.objects.filter(collectivities=self.collectivity, is_active=True)
        managers = set(User.objects.managers_of(self.collectivity).values_list("pk", flat=True))
        pending = self.collectivity.invitations.pending().select_related("message")
        asked = asks_representative(self.collectivity)
        return super().get_context_data(
            collectivity=self.collectivity,
            people=[(person, person.pk in managers) for person in people],
            pending=pending,
            may_manage=self.may_manage,
            is_due=is_due(self.collectivity),
            last_review=self.collectivity.access_reviews.first(),
            representative_form=kwargs.pop("representative_form", None)
            or (RepresentativeForm(instance=self.collectivity) if asked else None),
            **kwargs,
        )

    def form_valid(self, form: ColleagueForm) -> HttpResponse:
        if not self.may_manage:
            raise PermissionDenied
        invitation = Invitation(
            role=Role.TOWN_HALL, collectivity=self.collectivity, **form.cleaned_data
        )
        try:
            inviting.invite(invitation, by=self.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return self.form_invalid(form)
        messages.success(self.request, f"L'invitation part à {invitation.email}.")
        return redirect(self.request.path)

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ColleagueAction(Colleagues):
    """Something done to one of them (POST): `act` says what."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.may_manage:
            raise PermissionDenied
        try:
            messages.success(request, self.act(kwargs["pk"]))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        return redirect("colleagues", self.collectivity.code)

    def act(self, pk: int) -> str:
        """Do it, and return what was done. Raises ValidationError (French), Http404."""
        raise NotImplementedError


class RemoveColleague(ColleagueAction):
    def act(self, pk: int) -> str:
        people = User.objects.filter(collectivities=self.collectivity, is_active=True)
        person = get_object_or_404(people, pk=pk)
        rights.remove_from(person, self.collectivity, by=self.user)
        return f"{person} n'a plus accès à {self.collectivity}."


class InviteAgain(ColleagueAction):
    def act(self, pk: int) -> str:
        invitation = get_object_or_404(self.collectivity.invitations.pending(), pk=pk)
        inviting.send_again(invitation, by=self.user)
        return f"L'invitation repart à {invitation.email}."


class WithdrawInvitation(ColleagueAction):
    def act(self, pk: int) -> str:
        invitation = get_object_or_404(self.collectivity.invitations.pending(), pk=pk)
        inviting.withdraw(invitation, by=self.user)
        return f"L'invitation de {invitation.email} est retirée."


class ConfirmAccess(Colleagues):
    """Confirm, in one step (POST), that the list is right, and the representative when asked."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.user.is_shared:
            raise PermissionDenied
        form = None
        if asks_representative(self.collectivity):
            form = RepresentativeForm(request.POST, instance=self.collectivity)
            if not form.is_valid():
                context = self.get_context_data(form=ColleagueForm(), representative_form=form)
                return self.render_to_response(context, status=422)
        with transaction.atomic():
            if form:
                form.save()
                review(Convention.objects.filter(collectivity=self.collectivity))
            confirm(self.collectivity, by=self.user)
        messages.success(request, "Merci : la liste des accès est confirmée.")
        return redirect("colleagues", self.collectivity.code)
