"""Invitations in numbers, as jobs: at the address of collectivities, from a list, again, withdrawn."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.access import user_of
from accounts.invitations import inviting
from accounts.invitations.admin import InvitationAdmin
from accounts.invitations.imports import invite_people, read_people
from accounts.invitations.models import Invitation
from accounts.models import User
from accounts.roles import Role
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from jobs import running
from jobs.actions import Action, Outcome, one_by_one
from jobs.models import Job
from rectorat.lists.asking import AskingMixin, ListAction
from rectorat.lists.kept import KeptListMixin
from tabular.reading import Row

_NO_LONGER = "Déjà acceptée ou retirée."
_NO_ADDRESS = "Sans adresse électronique : importez ses contacts, ou complétez sa fiche."
_HAS_ACCESS = "Quelqu'un y a déjà accès."
_INVITED = "Une invitation y attend déjà : envoyez-la de nouveau."
_MERGED = "Réunie à une autre collectivité : invitez celle-ci."
# One transaction: a few queries each.
_AT_ONCE = 50

admin.site.unregister(Invitation)


# --- Collectivities, at their own address -------------------------------------------
class InviteForm(forms.Form):
    is_shared = forms.BooleanField(
        label="Ces adresses sont des boîtes partagées par le service",
        required=False,
        initial=True,
        help_text="Chacun y donnera son nom à chaque connexion. Décochez si chaque adresse est celle "
        "d'une seule personne.",
    )


def _with_access(chosen: QuerySet[Any]) -> QuerySet[Any]:
    people = User.objects.filter(is_active=True, role=Role.TOWN_HALL)
    return chosen.select_related("department").prefetch_related(
        Prefetch("users", people, to_attr="with_access"),
        Prefetch("invitations", Invitation.objects.pending(), to_attr="invited"),
    )


def _refusal(collectivity: Any) -> str:
    if collectivity.merged_into_id:
        return _MERGED
    if collectivity.with_access:
        return _HAS_ACCESS
    if any(each.email == collectivity.email.lower() for each in collectivity.invited):
        return _INVITED
    return "" if collectivity.email else _NO_ADDRESS


def _invite(key: int, by: User, facts: Mapping[str, Any]) -> Outcome:
    collectivity = _with_access(Collectivity.objects.filter(pk=key)).get()
    if refusal := _refusal(collectivity):
        return Outcome(left_out=refusal)
    invitation = Invitation(
        email=collectivity.email,
        role=Role.TOWN_HALL,
        collectivity=collectivity,
        is_shared=bool(facts.get("is_shared")),
    )
    inviting.invite(invitation, by=by)
    return Outcome()


def _names_of_collectivities(keys: Sequence[int]) -> dict[int, str]:
    found = Collectivity.objects.filter(pk__in=keys).order_by()
    return {key: f"{name} ({code})" for key, name, code in found.values_list("pk", "name", "code")}


# --- People of a list: the rows of the job are its lines ----------------------------
def start_inviting(content: bytes, *, by: User, file_name: str, back: str) -> Job:
    """Ask for the invitation of the people of a list; each of its lines is a row of the job.

    Raises reading.UnreadableFile.
    """
    table = read_people(content)
    names = {row.line: f"{row['code']} {row['email']}" for row in table.rows}
    names |= {refusal.line: refusal.identifier for refusal in table.refused}
    return running.start(
        "invite_people",
        names,
        by=by,
        facts={
            "lines": {row.line: row.cells for row in table.rows},
            "refused": {refusal.line: refusal.reason for refusal in table.refused},
        },
        names={line: f"{name} (ligne {line})" for line, name in names.items()},
        selection=file_name,
        back=back,
    )


def _invite_people(
    keys: Sequence[int], *, by: User, facts: Mapping[str, Any]
) -> dict[int, Outcome]:
    lines = facts["lines"]
    rows = [Row(key, lines[str(key)]) for key in keys if str(key) in lines]
    left = invite_people(rows, by=by)
    return {
        key: Outcome(left_out=left.get(key) or facts["refused"].get(str(key), "")) for key in keys
    }


# --- Invitations already sent --------------------------------------------------------
def _does(verb: Callable[..., bool]) -> Callable[[int, User, Mapping[str, Any]], Outcome]:
    def do(key: int, by: User, facts: Mapping[str, Any]) -> Outcome:
        done = verb(Invitation.objects.get(pk=key), by=by)
        return Outcome(left_out="" if done else _NO_LONGER)

    return do


def _names_of_invitations(keys: Sequence[int]) -> dict[int, str]:
    found = Invitation.objects.filter(pk__in=keys).select_related("collectivity__department")
    return {invitation.pk: str(invitation) for invitation in found}


def _on_invitations(label: str, done: str, explanation: str, verb: Any) -> ListAction:
    return ListAction(
        label=label,
        done=done,
        explanation=explanation,
        permission="invitations.add_invitation",
        do=one_by_one(_does(verb)),
        at_once=_AT_ONCE,
        is_atomic=True,
        names=_names_of_invitations,
        page="admin:invitations_invitation_change",
        visible=lambda user: Invitation.objects.filter(inviting.scope(user)),
        rows=lambda chosen: chosen.select_related("collectivity__department"),
        refusal=lambda invitation: "" if invitation.is_pending else _NO_LONGER,
    )


OF_INVITATIONS = {
    "send_again": _on_invitations(
        "Envoyer de nouveau",
        "Invitations renvoyées",
        "Le courriel repart, et son lien vaut trente jours de plus.",
        inviting.send_again,
    ),
    "withdraw_invitations": _on_invitations(
        "Retirer",
        "Invitations retirées",
        "Le lien de ces invitations n'ouvrira plus rien.",
        inviting.withdraw,
    ),
}
OF_COLLECTIVITIES = {
    "invite": ListAction(
        label="Inviter à leur adresse électronique",
        done="Collectivités invitées",
        explanation="Chaque collectivité reçoit, à l'adresse de sa fiche, un courriel qui ouvre son "
        "accès. Celles où quelqu'un se connecte déjà ne reçoivent rien.",
        permission="invitations.add_invitation",
        do=one_by_one(_invite),
        at_once=_AT_ONCE,
        is_atomic=True,
        names=_names_of_collectivities,
        page="admin:communes_collectivity_change",
        visible=lambda user: Collectivity.objects.filter(collectivity_scope(user)),
        rows=_with_access,
        refusal=_refusal,
        form=InviteForm,
    )
}
OF_FILES = {
    "invite_people": Action(
        label="Inviter d'après un fichier",
        done="Personnes invitées",
        names=lambda keys: {},
        page="",
        permission="invitations.add_invitation",
        do=_invite_people,
        at_once=_AT_ONCE,
        is_atomic=True,
    )
}
ACTIONS = OF_INVITATIONS | OF_COLLECTIVITIES | OF_FILES


@admin.register(Invitation)
class AskedInvitationAdmin(KeptListMixin, AskingMixin, InvitationAdmin):
    """The invitations, thousands of which are sent again or withdrawn at once."""

    asked_of_jobs = OF_INVITATIONS

    def do_import(
        self, request: HttpRequest, content: bytes, file_name: str, options: dict[str, Any]
    ) -> HttpResponse:
        back = reverse("admin:invitations_invitation_changelist")
        job = start_inviting(content, by=user_of(request), file_name=file_name, back=back)
        return redirect("admin:jobs_job_change", job.pk)
