"""Mayors proposed by the directory of elected people: seen beside who is named, applied, refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import user_of
from accounts.models import User
from accounts.regional import RegionalImport
from accounts.scope import collectivity_scope
from communes.admin_base import ScopedAdmin
from communes.contacts.mayors import apply, import_mayors, is_pending, pending, refuse
from communes.contacts.models import ProposedMayor
from communes.models import Collectivity
from conventions.dossiers.outdating import review
from conventions.models import Convention
from jobs import running
from jobs.actions import Action, Outcome, one_by_one
from tabular.admin_import import FileImportMixin
from tabular.reading import Report

_SALT = "rectorat.mayors_shown"
# Beyond, the page that asks says how many more.
ASKED_SHOWN = 200
_GONE = "Cette proposition n'attend plus : elle est appliquée ou écartée."
_ANOTHER = "Un import a proposé quelqu'un d'autre depuis : relisez sa proposition."


def _apply(key: int, by: User, facts: Mapping[str, Any]) -> Outcome:
    """Have a mayor represent the commune; its documents still to be signed are gone through."""
    proposals = ProposedMayor.objects.select_related("collectivity")
    proposal = proposals.filter(collectivity=key).first()
    if proposal is None or not is_pending(proposal):
        return Outcome(left_out=_GONE)
    if str(proposal) != facts.get("shown", {}).get(str(key)):
        return Outcome(left_out=_ANOTHER)
    appoint(proposal, by)
    return Outcome()


@transaction.atomic
def appoint(proposal: ProposedMayor, by: User) -> None:
    """Have the mayor proposed represent the commune, and go through its documents to be signed.

    Raises ValidationError.
    """
    apply(proposal, by=by, today=timezone.localdate())
    review(Convention.objects.filter(collectivity=proposal.collectivity_id))


def _names(keys: Sequence[int]) -> dict[int, str]:
    """Name collectivities with who is to represent them."""
    found = ProposedMayor.objects.filter(collectivity__in=keys).select_related("collectivity")
    return {each.collectivity_id: f"{each.collectivity} — {each}" for each in found}


# Of collectivities, whose page the report leads to.
ACTIONS = {
    "apply_mayors": Action(
        label="Appliquer les maires proposés",
        done="Représentants changés",
        names=_names,
        page="admin:communes_collectivity_change",
        permission="contacts.change_proposedmayor",
        visible=lambda user: Collectivity.objects.filter(collectivity_scope(user)),
        do=one_by_one(_apply),
        is_atomic=True,
    )
}


@admin.register(ProposedMayor)
class ProposedMayorAdmin(RegionalImport, FileImportMixin, ScopedAdmin):
    """Only what differs from who represents the commune today."""

    list_display = ("name", "department", "now", "proposed", "since", "proposed_on")
    list_display_links = None
    list_filter = ("collectivity__department",)
    list_select_related = ("collectivity__department",)
    list_per_page = 100
    search_fields = ("collectivity__search_text", "representative_last_name")
    actions = ("apply_proposals", "refuse_proposals")
    import_title = "Importer les maires"
    import_source = (
        "Le fichier des maires du répertoire national des élus, tel que data.gouv.fr le publie "
        "(code de la commune, nom, prénom, civilité, date de début de la fonction). Il ne change "
        "aucun représentant : chaque maire qui diffère vous est proposé."
    )

    def scope(self, user: Any) -> Q:
        return user.department_scope("collectivity__department")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(pk__in=pending().values("pk"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say who imports and applies; what a file proposes is read as it was."""
        return obj is None and super().has_change_permission(request)

    def run_import(self, content: bytes, *, by: Any, dry_run: bool, **options: Any) -> Report:
        return import_mayors(content, today=timezone.localdate(), dry_run=dry_run)

    @admin.display(description="commune", ordering="collectivity__search_text")
    def name(self, proposal: ProposedMayor) -> str:
        return proposal.collectivity.name

    @admin.display(description="dép.", ordering="collectivity__department__code")
    def department(self, proposal: ProposedMayor) -> str:
        return proposal.collectivity.department.code

    @admin.display(description="représentant actuel")
    def now(self, proposal: ProposedMayor) -> str:
        collectivity = proposal.collectivity
        if not collectivity.representative:
            return "—"
        return f"{collectivity.representative}, {collectivity.representative_capacity}"

    @admin.display(description="maire proposé", ordering="representative_last_name")
    def proposed(self, proposal: ProposedMayor) -> str:
        return f"{proposal.get_representative_civility_display()} {proposal.representative}".strip()

    @admin.action(description="Appliquer : ces maires représentent leur commune")
    def apply_proposals(self, request: HttpRequest, chosen: Any) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            return self._ask(request, chosen, "Appliquer les maires proposés")
        shown = {each.collectivity_id: str(each) for each in self._as_shown(request, chosen)}
        if not shown:
            return None
        job = running.start(
            "apply_mayors",
            sorted(shown),
            by=user_of(request),
            facts={"shown": shown},
            back=request.get_full_path(),
        )
        return redirect("admin:jobs_job_change", job.pk)

    @admin.action(description="Écarter : garder le représentant actuel")
    def refuse_proposals(self, request: HttpRequest, chosen: Any) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            return self._ask(request, chosen, "Écarter les maires proposés")
        keys = [each.pk for each in self._as_shown(request, chosen)]
        count = refuse(ProposedMayor.objects.filter(pk__in=keys), today=timezone.localdate())
        messages.success(request, f"Propositions écartées : {count}.")
        return None

    def _as_shown(self, request: HttpRequest, chosen: Any) -> list[ProposedMayor]:
        """Return the proposals that the page which asked has shown, those that are still as it said.

        "All of the list" may have others by now: an import proposes them in the same rows.
        """
        try:
            shown = signing.loads(request.POST.get("shown", ""), salt=_SALT)
        except signing.BadSignature:
            raise Http404 from None
        still = [each for each in chosen if shown.get(str(each.pk)) == str(each)]
        if left := len(shown) - len(still):
            said = "Propositions laissées de côté, changées depuis la page précédente"
            messages.warning(request, f"{said} : {left}.")
        return still

    def _ask(self, request: HttpRequest, chosen: Any, title: str) -> HttpResponse | None:
        """Show beforehand who would take whose place, or stay."""
        proposals = list(chosen.select_related("collectivity__department"))
        if not proposals:
            messages.warning(request, _GONE)
            return None
        return TemplateResponse(
            request,
            "admin/contacts/proposedmayor/ask.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "title": title,
                "proposals": proposals[:ASKED_SHOWN],
                "count": len(proposals),
                "more": max(len(proposals) - ASKED_SHOWN, 0),
                "shown": signing.dumps(
                    {p.pk: str(p) for p in proposals}, salt=_SALT, compress=True
                ),
                "action": request.POST["action"],
                "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
                "select_across": request.POST.get("select_across", "0"),
                "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
            },
        )


class MayorOnPage(admin.ModelAdmin):
    """Mixed into the admin of collectivities: their page shows the mayor proposed, who is applied
    or set aside from there.
    """

    change_form_template = "admin/communes/collectivity/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.mayor_view))
        address = path("<int:pk>/maire-propose/", view, name="communes_collectivity_mayor")
        return [address, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj: Collectivity | None = kwargs["obj"]
        may_settle = obj is not None and self.has_change_permission(request, obj)
        context["proposed_mayor"] = _proposed_to(obj) if obj and may_settle else None
        return super().render_change_form(request, context, *args, **kwargs)

    def mayor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Apply the proposal that the page showed, or set it aside."""
        collectivity = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, collectivity):
            raise PermissionDenied
        proposal = _proposed_to(collectivity)
        if proposal is None or str(proposal) != request.POST.get("proposed"):
            messages.warning(request, _GONE)
        elif "apply" in request.POST:
            self._apply(request, proposal)
        else:
            refuse(ProposedMayor.objects.filter(pk=proposal.pk), today=timezone.localdate())
            messages.success(request, "Proposition écartée : le représentant actuel reste.")
        return redirect("admin:communes_collectivity_change", pk)

    def _apply(self, request: HttpRequest, proposal: ProposedMayor) -> None:
        try:
            appoint(proposal, user_of(request))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            said = f"{proposal.representative} représente maintenant {proposal.collectivity.name}."
            messages.success(request, said)


def _proposed_to(collectivity: Collectivity) -> ProposedMayor | None:
    proposals = ProposedMayor.objects.select_related("collectivity")
    proposal = proposals.filter(collectivity=collectivity).first()
    return proposal if proposal and is_pending(proposal) else None
