"""Conventions: the list, and the page of one."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from accounts.access import user_of
from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES
from conventions import lifecycle
from conventions.amendments.effects import (
    can_be_amended,
    signed_amendments,
)
from conventions.authority import can_drop_draft
from conventions.correspondence import can_post_message
from conventions.dossiers import verbs
from conventions.dossiers.long_actions import ACTIONS
from conventions.dossiers.timeline import timeline
from conventions.dossiers.whole import WholeFile
from conventions.enrolment.resuming import can_resume
from conventions.lifecycle import TRANSITIONS
from conventions.models import Convention
from conventions.terminations.steps import open_steps
from lifecycle.transition import allowed
from rectorat.admin.amendment import AmendmentPages, amendments_shown
from rectorat.admin.bulk import BulkPages, bulk_action
from rectorat.admin.forms import VERB_FORMS
from rectorat.lists.conventions import ConventionList, agent_name
from rectorat.lists.neighbours import neighbours
from rectorat.lists.ready import own_verb


@admin.register(Convention)
class ConventionAdmin(ConventionList, BulkPages, AmendmentPages):
    actions = (*(bulk_action(name) for name in ACTIONS), "ask_to_assign")
    # The page of a convention is its own template: no field is ever edited.
    fieldsets = ((None, {"fields": ()}),)

    class Media:
        css = {"all": ("conventions_admin.css",)}

    # --- One convention -----------------------------------------------------
    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Convention | None:
        """Read, with the file, what its whole page shows."""
        found = self.files(request).select_related("assignment__agent")
        found = found.prefetch_related("collectivity__users")
        return found.filter(pk=object_id).first() if object_id.isdecimal() else None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj: Convention = kwargs["obj"]
        file, user = WholeFile(obj), user_of(request)
        own = own_verb(file.situation)
        context.update(
            convention=obj,
            file=file,
            neighbours=neighbours(self, request, obj.pk),
            agent=agent_name(obj),
            people=[user for user in obj.collectivity.users.all() if user.is_active],
            own_verb=own,
            title=obj.collectivity_title,
            subtitle=None,
            guidance=lifecycle.guidance(obj.state, user.role),
            **_verbs_of(obj, user, own),
            termination=file.termination,
            ending_steps=open_steps(obj, user),
            can_withdraw=obj.state in lifecycle.REWORKABLE,
            has_signed_amendments=bool(signed_amendments(obj)),
            can_be_amended=can_be_amended(obj),
            amendments=amendments_shown(file, user),
            pieces=[piece for piece in obj.pieces.all() if not piece.part.startswith("A")],
            may_drop_draft=user.role in ADMIN_SITE_ROLES and can_drop_draft(obj),
            can_post_message=can_post_message(obj),
            unanswered=file.unanswered,
            thread=file.thread,
            notifications=obj.notifications.select_related("email"),
            journal=timeline(file.journal),
            party=obj.party or obj.collectivity,
            sees_town_hall_page=obj.sent_on is not None,
            may_add_piece=obj.sent_on is not None and not obj.is_transferred,
            can_resume=can_resume(obj) and obj.sent_on is not None,
        )
        return super().render_change_form(request, context, *args, **kwargs)


def _verbs_of(convention: Convention, user: User, own: str) -> dict[str, Any]:
    """Return the transitions open today, the agent's own first, and why the others are not.

    Termination has its own steps, each with its page.
    """
    rules = [
        rule
        for rule in allowed(TRANSITIONS, convention.state, user.role)
        if rule.verb in VERB_FORMS
    ]
    reasons = {rule.verb: verbs.refusal_of(convention, rule.verb) for rule in rules}
    return {
        "transitions": sorted(
            (rule for rule in rules if not reasons[rule.verb]), key=lambda rule: rule.verb != own
        ),
        "not_today": [(rule.label, reasons[rule.verb]) for rule in rules if reasons[rule.verb]],
    }
