"""Actions on conventions: asked about on one page, done at once on one file, by a job on many."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.access import user_of
from communes.admin_base import ScopedAdmin
from conventions.dossiers import bulk, verbs
from conventions.dossiers.long_actions import ACTIONS
from conventions.lifecycle import TRANSITIONS
from conventions.models.convention import ConventionQuerySet
from jobs import running
from jobs.selection import read_keys, write_keys
from lifecycle.plausible import keep_within
from rectorat.admin.forms import VERB_FORMS, verb_form
from rectorat.lists import asked
from rectorat.lists.choosing import selection_in_words

EXAMPLES = 20
_IN_PLACE_OF_TOWN_HALL = (
    "La convention reviendra au rectorat, qui corrige, répond et la renvoie. D'ordinaire, c'est "
    "la mairie qui le demande : ne le faites à sa place que si elle vous l'a demandé."
)

Asking = Callable[["BulkPages", HttpRequest, Any], HttpResponse]


def bulk_action(name: str) -> Asking:
    """Return the action of the list that asks for `name` (`long_actions.ACTIONS`)."""

    @admin.action(description=ACTIONS[name].label)
    def ask(model_admin: "BulkPages", request: HttpRequest, queryset: Any) -> HttpResponse:
        words = selection_in_words(model_admin, request)
        return model_admin.ask(request, name, queryset, selection=words)

    ask.__name__ = name
    return ask


class BulkPages(ScopedAdmin):
    """Mixed into the admin of conventions."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "verb/<slug:verb>/",
                self.admin_site.admin_view(self.verb_view),
                name="conventions_convention_verb",
            ),
            *super().get_urls(),
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out what is not open to the agent's role."""
        role = user_of(request).role
        return {
            name: found
            for name, found in super().get_actions(request).items()
            if name not in ACTIONS or role in ACTIONS[name].roles
        }

    def verb_view(self, request: HttpRequest, verb: str) -> HttpResponse:
        """Ask about the conventions whose keys are given, or (POST) act on them."""
        if verb not in VERB_FORMS and verb not in ACTIONS:
            raise Http404
        roles = TRANSITIONS[verb].roles if verb in TRANSITIONS else ACTIONS[verb].roles
        if user_of(request).role not in roles:
            raise PermissionDenied
        keys = request.POST.get("conventions") or request.GET.get("conventions", "")
        chosen = self.get_queryset(request).filter(pk__in=read_keys(keys))
        is_single = "," not in keys and verb in VERB_FORMS
        if not is_single and verb not in ACTIONS:
            raise Http404
        if request.method != "POST":
            return self.ask(request, verb, chosen)
        single = chosen.first() if is_single else None
        form = verb_form(verb, single)(request.POST, request.FILES)
        keep_within(form, bulk.window(chosen))
        words, back = asked.read(request.POST.get("selection", ""))
        if not form.is_valid():
            return self.ask(request, verb, chosen, form, selection=words, back=back)
        if single:
            return self._do_one(request, verb, chosen, form)
        return self._start(request, verb, chosen, form, words, back)

    def ask(
        self,
        request: HttpRequest,
        verb: str,
        chosen: ConventionQuerySet,
        form: Form | None = None,
        selection: str = "",
        back: str = "",
    ) -> HttpResponse:
        """Say what `verb` will do to the conventions chosen, to how many, and whom it misses.

        Their keys travel in one field of the page: what was announced is what is done,
        and thousands stay under the limit on the number of fields. `selection` says in words
        how they were chosen, for the report; `back` is the page that asks, unless it is the list.
        """
        keys = list(chosen.values_list("pk", flat=True))
        if not keys:
            messages.warning(request, "Aucune convention à traiter dans cette sélection.")
            return redirect(back or self._list_url(request))
        action = ACTIONS.get(verb)
        preview = action.preview(chosen) if action else verbs.preview(chosen, verb)
        taken = preview.done[:EXAMPLES]
        single = taken[0] if len(keys) == 1 and taken and verb in VERB_FORMS else None
        if form is None:
            form = verb_form(verb, single)()
            keep_within(form, bulk.window(chosen))
        context = {
            "form": form,
            "keys": write_keys(keys),
            "selection": asked.seal(selection, back),
            "selection_words": selection,
            "explanation": action.explanation if action else _IN_PLACE_OF_TOWN_HALL,
            "preview": preview,
            "chosen": len(keys),
            "possible": len(preview.done),
            "unreached": action.unreached(preview.done) if action else [],
            "taken": [(convention, _missing(convention, verb)) for convention in taken],
            "to_prepare_again": verbs.to_prepare_again(chosen, verb),
            "unprinted": verbs.unprinted(chosen, verb).count(),
            "left": preview.left_out[:EXAMPLES],
            "single": single,
            "examples": EXAMPLES,
            "makes_file": bool(action and action.gather),
            "list_url": back or self._list_url(request),
        }
        return self._render(request, verb, context)

    def _start(
        self,
        request: HttpRequest,
        name: str,
        chosen: ConventionQuerySet,
        form: Form,
        selection: str,
        back: str,
    ) -> HttpResponse:
        """Have a worker act on the conventions chosen, and lead to where it is followed."""
        keys = list(chosen.order_by("pk").values_list("pk", flat=True))
        if not keys:
            messages.warning(request, "Aucune convention à traiter dans cette sélection.")
            return redirect(self._list_url(request))
        job = running.start(
            name,
            keys,
            by=user_of(request),
            facts=form.cleaned_data,
            selection=selection,
            back=back or self._list_url(request),
        )
        return redirect("admin:jobs_job_change", job.pk)

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

    def _render(self, request: HttpRequest, verb: str, context: dict[str, Any]) -> HttpResponse:
        label = ACTIONS[verb].label if verb in ACTIONS else TRANSITIONS[verb].label
        return TemplateResponse(
            request,
            "admin/conventions/convention/ask.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "title": label,
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


def _missing(convention: Any, verb: str) -> list[Any]:
    return verbs.missing_for(convention, verb) if verb in TRANSITIONS else []
