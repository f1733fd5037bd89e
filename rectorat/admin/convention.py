"""Conventions: the list, the page of one, and the verbs on one or thousands."""

import datetime
import tempfile
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, IntegerField, QuerySet
from django.forms import Form
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import floatformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from accounts.access import user_of
from accounts.roles import ADMIN_SITE_ROLES
from conventions import lifecycle
from conventions.amendments.effects import (
    can_be_amended,
    current_amount,
    current_school_count,
    signed_amendments,
    signed_changes,
)
from conventions.amendments.models import Amendment
from conventions.authority import can_drop_draft
from conventions.correspondence import can_post_message
from conventions.dossiers import archive, bulk, print_run, verbs
from conventions.dossiers.timeline import timeline
from conventions.dossiers.whole import WholeFile
from conventions.enrolment.resuming import can_resume
from conventions.lifecycle import TRANSITIONS
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from conventions.terminations.steps import open_steps
from jobs.selection import read_keys, write_keys
from lifecycle.plausible import keep_within
from lifecycle.transition import allowed
from rectorat.admin.amendment import AmendmentPages, amendments_shown
from rectorat.admin.filters import (
    AcademyFilter,
    CampaignFilter,
    DepartmentFilter,
    ExpectedFilter,
    LateFilter,
    OutdatedFilter,
    StandingFilter,
    WarningFilter,
)
from rectorat.admin.forms import VERB_FORMS, verb_form
from rectorat.admin.job import ask_to_issue
from tabular.admin_export import ExportMixin
from tabular.admin_search import FoldedSearchMixin
from tabular.writing import Column, Kind

EXAMPLES = 20

Action = Callable[["ConventionAdmin", HttpRequest, Any], HttpResponse]

EXPLANATIONS = {
    "send": "La collectivité verra sa convention. Ses écoles et son montant ne changeront plus.",
    "request_correction": "La convention reviendra au rectorat, qui corrige, répond et la renvoie. "
    "D'ordinaire, c'est la mairie qui le demande : ne le faites à sa place que si elle vous l'a "
    "demandé.",
    "accept": "Les renseignements de la fiche de la collectivité seront recopiés dans la "
    "convention. D'ordinaire, c'est la mairie qui les confirme : ne le faites à sa place que si "
    "elle vous l'a demandé.",
    "sign_for_collectivity": "La date de signature de la collectivité sera enregistrée. "
    "D'ordinaire, c'est la mairie qui l'enregistre : ne le faites à sa place que si vous tenez "
    "la convention signée.",
    "sign_for_region": "La date de signature sera enregistrée, la même dans chaque convention retenue. "
    "Ce que la collectivité a déjà signé prendra effet.",
    "remind": "La collectivité recevra un courriel qui lui rappelle ce que son dossier attend "
    "d'elle.",
    "abandon": "L'abandon est définitif. Les écoles pourront être inscrites de nouveau.",
}


def short_date(day: datetime.date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else "—"


def bulk_action(verb: str) -> Action:
    """Return the action of the list that asks for `verb` on the selection."""

    @admin.action(description=TRANSITIONS[verb].label)
    def ask(model_admin: "ConventionAdmin", request: HttpRequest, queryset: Any) -> HttpResponse:
        return model_admin.ask(request, verb, queryset)

    ask.__name__ = verb
    return ask


@admin.action(description="Télécharger les pièces (ZIP)")
def download_pieces(
    model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Convention]
) -> StreamingHttpResponse | None:
    """Send the latest version of every piece of the selection, folder by folder."""
    pieces = archive.latest_pieces(queryset)
    if not pieces.exists():
        model_admin.message_user(
            request, "Cette sélection n'a encore aucune pièce.", messages.WARNING
        )
        return None
    name = f"pieces_{timezone.localdate():%Y-%m-%d}.zip"
    return StreamingHttpResponse(
        archive.stream(pieces),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@admin.action(description="Un seul PDF à imprimer, recto verso")
def print_together(
    model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Convention]
) -> FileResponse | None:
    """Send the conventions to sign of the selection as one file for a printing room."""
    pieces = print_run.to_print(queryset)
    count = pieces.count()
    if not 0 < count <= print_run.MAX_PIECES:
        model_admin.message_user(
            request,
            f"Cette sélection compte {count} conventions ou avenants à imprimer, et un fichier en "
            f"tient {print_run.MAX_PIECES} au plus. Filtrez par département, puis recommencez."
            if count
            else "Cette sélection n'a aucune convention ni aucun avenant à signer en PDF.",
            messages.WARNING,
        )
        return None
    target = tempfile.TemporaryFile()  # noqa: SIM115 — closed by the response.
    if absent := print_run.merge(pieces, target):
        messages.warning(request, f"Fichiers introuvables, non imprimés : {', '.join(absent)}.")
    target.seek(0)
    return FileResponse(
        target,
        as_attachment=True,
        filename=f"a-imprimer_{timezone.localdate():%Y-%m-%d}.pdf",
        content_type="application/pdf",
    )


def _of_act(name: str) -> Callable[[Convention], Any]:
    return lambda convention: getattr(convention.act, name, None)


COLUMNS = (
    Column("Référence", Kind.TEXT, lambda convention: convention.reference, width=20),
    Column("Année scolaire", Kind.TEXT, lambda convention: convention.campaign.school_year),
    Column("Collectivité", Kind.TEXT, lambda convention: convention.collectivity_title, width=40),
    Column("Code", Kind.TEXT, lambda convention: convention.collectivity.code),
    Column("SIREN", Kind.TEXT, lambda convention: convention.collectivity.siren),
    Column("Département", Kind.TEXT, lambda convention: convention.collectivity.department.code),
    Column("Écoles", Kind.INTEGER, current_school_count),
    Column("Participation par école", Kind.MONEY, lambda convention: convention.unit_fee),
    Column("Montant", Kind.MONEY, current_amount),
    Column("État", Kind.TEXT, lambda convention: convention.get_state_display(), width=28),
    Column("Envoyée le", Kind.DATE, lambda convention: convention.sent_on),
    Column("Confirmée le", Kind.DATE, lambda convention: convention.accepted_on),
    Column("Acte", Kind.TEXT, lambda convention: str(convention.act or ""), width=44),
    Column("Date de l'acte", Kind.DATE, _of_act("dated_on")),
    Column("Acte déposé le", Kind.DATE, _of_act("deposited_on")),
    Column("Acte publié le", Kind.DATE, _of_act("published_on")),
    Column("Acte exécutoire le", Kind.DATE, _of_act("executory_on")),
    Column(
        "Signée par la collectivité le",
        Kind.DATE,
        lambda convention: convention.collectivity_signed_on,
    ),
    Column("Signée par la région le", Kind.DATE, lambda convention: convention.region_signed_on),
    Column("Prise d'effet", Kind.DATE, lambda convention: convention.effective_on),
)


@admin.register(Convention)
class ConventionAdmin(FoldedSearchMixin, ExportMixin, AmendmentPages):
    list_display = (
        "reference",
        "collectivity_name",
        "department",
        "school_total",
        "euros",
        "state_label",
        "sent",
        "collectivity_signed",
        "region_signed",
        "executory",
        "reminders",
    )
    list_filter = (
        CampaignFilter,
        "state",
        ExpectedFilter,
        LateFilter,
        OutdatedFilter,
        WarningFilter,
        StandingFilter,
        AcademyFilter,
        DepartmentFilter,
    )
    department_path = "collectivity__department"
    search_fields = ("collectivity__search_text", "reference")
    search_help_text = (
        "Collectivité, code INSEE, SIREN ou référence ; les accents sont facultatifs."
    )
    list_per_page = 100
    list_select_related = ("collectivity__department", "act")
    export_columns = COLUMNS
    export_select_related = ("campaign", "collectivity__department", "act")
    actions = (
        *(bulk_action(verb) for verb in ("send", "remind", "sign_for_region", "abandon")),
        ask_to_issue,
        download_pieces,
        print_together,
    )
    # The page of a convention is its own template: no field is ever edited.
    fieldsets = ((None, {"fields": ()}),)

    class Media:
        css = {"all": ("conventions_admin.css",)}

    # --- The list -----------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> ConventionQuerySet:
        return super().get_queryset(request).prefetch_related("amendments")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Leave the side bar out: eleven columns need the width."""
        return super().changelist_view(
            request, {"is_nav_sidebar_enabled": False, **(extra_context or {})}
        )

    @admin.display(description="collectivité", ordering="collectivity__search_text")
    def collectivity_name(self, convention: Convention) -> str:
        return convention.collectivity.name

    @admin.display(description="dép.", ordering="collectivity__department__code")
    def department(self, convention: Convention) -> str:
        return convention.collectivity.department.code

    @admin.display(
        description="écoles",
        ordering=F("school_count")
        + signed_changes(F("added_count") - F("removed_count"), IntegerField()),
    )
    def school_total(self, convention: Convention) -> int:
        # Not "schools": Django would sort by the relation of that name, and repeat rows.
        return current_school_count(convention)

    @admin.display(
        description="montant",
        ordering=F("amount") + signed_changes(F("amount_change"), Amendment.amount_change.field),
    )
    def euros(self, convention: Convention) -> str:
        return f"{floatformat(current_amount(convention), '2g')}\u00a0€"

    @admin.display(description="état", ordering="state")
    def state_label(self, convention: Convention) -> str:
        return format_html(
            '<span class="state state-{}">{}</span>',
            convention.state,
            convention.get_state_display(),
        )

    @admin.display(description="envoyée", ordering="sent_on")
    def sent(self, convention: Convention) -> str:
        return short_date(convention.sent_on)

    @admin.display(description="signature collectivité", ordering="collectivity_signed_on")
    def collectivity_signed(self, convention: Convention) -> str:
        return short_date(convention.collectivity_signed_on)

    @admin.display(description="signature région", ordering="region_signed_on")
    def region_signed(self, convention: Convention) -> str:
        return short_date(convention.region_signed_on)

    @admin.display(description="acte exécutoire", ordering="act__executory_on")
    def executory(self, convention: Convention) -> str:
        act = convention.act
        return short_date(act.executory_on if act else None)

    @admin.display(description="relances", ordering="reminder_count")
    def reminders(self, convention: Convention) -> str:
        if not convention.reminder_count:
            return "—"
        return f"{convention.reminder_count} ({short_date(convention.reminded_on)})"

    # --- One convention -----------------------------------------------------
    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Convention | None:
        """Read, with the file, what its whole page shows."""
        found = self.get_queryset(request).with_parties()
        return found.filter(pk=object_id).first() if object_id.isdecimal() else None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj: Convention = kwargs["obj"]
        file, user = WholeFile(obj), user_of(request)
        context.update(
            convention=obj,
            file=file,
            title=obj.collectivity_title,
            subtitle=None,
            guidance=lifecycle.guidance(obj.state, user.role),
            # Termination has its own steps, each with its page.
            transitions=[
                rule
                for rule in allowed(TRANSITIONS, obj.state, user.role)
                if rule.verb in VERB_FORMS
            ],
            termination=file.termination,
            ending_steps=open_steps(obj, user),
            can_withdraw=obj.state in lifecycle.REWORKABLE,
            has_signed_amendments=bool(signed_amendments(obj)),
            can_be_amended=can_be_amended(obj),
            amendments=amendments_shown(file, user),
            pieces=[piece for piece in obj.pieces.all() if not piece.part.startswith("A")],
            may_drop_draft=user.role in ADMIN_SITE_ROLES and can_drop_draft(obj),
            can_post_message=can_post_message(obj),
            thread=obj.messages.select_related("attachment"),
            notifications=obj.notifications.select_related("email"),
            journal=timeline(obj.journal.all()),
            party=obj.party or obj.collectivity,
            sees_town_hall_page=obj.sent_on is not None,
            can_resume=can_resume(obj) and obj.sent_on is not None,
        )
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Verbs --------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "verb/<slug:verb>/",
                self.admin_site.admin_view(self.verb_view),
                name="conventions_convention_verb",
            ),
            *super().get_urls(),
        ]

    def verb_view(self, request: HttpRequest, verb: str) -> HttpResponse:
        """Ask about the conventions whose keys are given, or (POST) do the verb on them."""
        if verb not in VERB_FORMS:
            raise Http404
        if user_of(request).role not in TRANSITIONS[verb].roles:
            raise PermissionDenied
        keys = request.POST.get("conventions") or request.GET.get("conventions", "")
        chosen = self.get_queryset(request).filter(pk__in=read_keys(keys))
        if request.method != "POST":
            return self.ask(request, verb, chosen)
        single = chosen.first() if "," not in keys else None
        form = verb_form(verb, single)(request.POST, request.FILES)
        keep_within(form, bulk.window(chosen))
        if not form.is_valid():
            return self.ask(request, verb, chosen, form)
        if single:
            return self._do_one(request, verb, chosen, form)
        report = verbs.apply(chosen, verb, by=user_of(request), **form.cleaned_data)
        return self._render(request, verb, "report", {"report": report})

    def ask(
        self, request: HttpRequest, verb: str, chosen: ConventionQuerySet, form: Form | None = None
    ) -> HttpResponse:
        """Say what `verb` will do to the conventions chosen, and to how many, before doing it.

        Their keys travel in one field of the page: what was announced is what is done,
        and thousands stay under the limit on the number of fields.
        """
        keys = list(chosen.values_list("pk", flat=True))
        if not keys:
            messages.warning(request, "Aucune convention à traiter dans cette sélection.")
            return redirect(self._list_url(request))
        preview = verbs.preview(chosen, verb)
        taken = preview.done[:EXAMPLES]
        single = taken[0] if len(keys) == 1 and taken else None
        if form is None:
            form = verb_form(verb, single)()
            keep_within(form, bulk.window(chosen))
        context = {
            "form": form,
            "keys": write_keys(keys),
            "explanation": EXPLANATIONS[verb],
            "preview": preview,
            "possible": len(preview.done),
            "taken": [(convention, verbs.missing_for(convention, verb)) for convention in taken],
            "to_prepare_again": verbs.to_prepare_again(chosen, verb),
            "unprinted": verbs.unprinted(chosen, verb).count(),
            "printed_at_once": verbs.PRINTED_AT_ONCE,
            "left": preview.left_out[:EXAMPLES],
            "single": single,
            "examples": EXAMPLES,
        }
        return self._render(request, verb, "ask", context)

    def _do_one(
        self, request: HttpRequest, verb: str, chosen: ConventionQuerySet, form: Form
    ) -> HttpResponse:
        """Do the verb on one convention; a refusal is shown at the field it is about."""
        verbs.print_first(chosen, verb, by=user_of(request))
        convention = chosen.with_parties().get()
        try:
            verbs.do(convention, verb, by=user_of(request), **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return self.ask(request, verb, chosen, form)
        messages.success(request, f"{TRANSITIONS[verb].done} : {convention}.")
        return redirect("admin:conventions_convention_change", convention.pk)

    def _render(
        self, request: HttpRequest, verb: str, template: str, context: dict[str, Any]
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/conventions/convention/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "title": TRANSITIONS[verb].label,
                "rule": TRANSITIONS[verb],
                "list_url": self._list_url(request),
                "verb_url": self._with_filters(
                    request, reverse("admin:conventions_convention_verb", args=[verb])
                ),
                **context,
            },
        )

    def _list_url(self, request: HttpRequest) -> str:
        return self._with_filters(request, reverse("admin:conventions_convention_changelist"))

    def _with_filters(self, request: HttpRequest, url: str) -> str:
        filters = self.get_preserved_filters(request)
        return add_preserved_filters({"preserved_filters": filters, "opts": self.opts}, url)
