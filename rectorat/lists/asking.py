"""Actions on many rows of a list: asked about on one page, then done by a job.

As the list of conventions asks (`rectorat.admin.bulk`), which has verbs of one file as well.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.access import user_of
from communes.admin_base import ScopedAdmin
from jobs import running
from jobs.actions import Action
from jobs.selection import read_keys, write_keys
from rectorat.lists import asked
from rectorat.lists.choosing import selection_in_words

EXAMPLES = 20


@dataclass
class Preview:
    """What an action would take, and leave out: each row with the reason (French)."""

    taken: list[Any] = field(default_factory=list)
    left_out: list[tuple[Any, str]] = field(default_factory=list)

    @property
    def chosen(self) -> int:
        return len(self.taken) + len(self.left_out)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Each reason with its number of rows, the commonest first."""
        return Counter(reason for _, reason in self.left_out).most_common()


@dataclass(frozen=True, kw_only=True)
class ListAction(Action):
    """An action asked for in a list of the admin site.

    `explanation` says what it does, `refusal` why it leaves a row out ("" when it does not), of
    rows read by `rows`. `permission` is asked of the agent too. `touched` lists the living files that it touches (`admin/touched.html`).
    """

    explanation: str
    refusal: Callable[[Any], str]
    rows: Callable[[QuerySet[Any]], QuerySet[Any]] = lambda chosen: chosen
    form: type[Form] = Form
    touched: Callable[[Sequence[Any]], Sequence[Any]] = lambda rows: ()

    def preview(self, chosen: QuerySet[Any]) -> Preview:
        """Return what it would do to the rows chosen; nothing is done."""
        found = Preview()
        for row in self.rows(chosen):
            if reason := self.refusal(row):
                found.left_out.append((row, reason))
            else:
                found.taken.append(row)
        return found


class AskingMixin(ScopedAdmin):
    """Adds to a list the actions that `asked_of_jobs` describes, by their names."""

    asked_of_jobs: Mapping[str, ListAction] = {}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.do_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        return [path("faire/<slug:name>/", view, name=name), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        if IS_POPUP_VAR in request.GET:
            return {}
        described = {
            name: (_asking(name), name, action.label)
            for name, action in self.asked_of_jobs.items()
            if self.may_ask(request, name)
        }
        return {**super().get_actions(request), **described}

    def may_ask(self, request: HttpRequest, name: str) -> bool:
        """Tell whether the agent may take the action of that name."""
        return user_of(request).has_perm(self.asked_of_jobs[name].permission)

    def do_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Have a worker act on the rows whose keys are given, and lead to where it is followed."""
        if name not in self.asked_of_jobs:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.may_ask(request, name):
            raise PermissionDenied
        chosen = self.get_queryset(request).filter(pk__in=read_keys(request.POST.get("keys", "")))
        words, back = asked.read(request.POST.get("selection", ""))
        if not back:  # Not a page of ours.
            raise Http404
        form = self.asked_of_jobs[name].form(request.POST)
        if not form.is_valid():
            return self.ask(request, name, chosen, words=words, back=back, form=form)
        keys = list(chosen.order_by("pk").values_list("pk", flat=True))
        if not keys:
            messages.warning(request, "Aucune ligne à traiter dans cette sélection.")
            return redirect(back)
        job = running.start(
            name, keys, by=user_of(request), facts=form.cleaned_data, selection=words, back=back
        )
        return redirect("admin:jobs_job_change", job.pk)

    def ask(
        self,
        request: HttpRequest,
        name: str,
        chosen: QuerySet[Any],
        *,
        words: str,
        back: str,
        form: Form | None = None,
    ) -> HttpResponse:
        """Say what the action would do to the rows chosen, to how many, and whom it misses."""
        action = self.asked_of_jobs[name]
        preview = action.preview(chosen)
        do_name = f"admin:{self.opts.app_label}_{self.opts.model_name}_do"
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": action.label,
            "action": action,
            "preview": preview,
            "touched": action.touched(preview.taken),
            "keys": write_keys(row.pk for row in preview.taken + [r for r, _ in preview.left_out]),
            "selection": asked.seal(words, back),
            "words": words,
            "back": back,
            "do_url": reverse(do_name, args=[name]),
            "form": form or action.form(),
            "examples": EXAMPLES,
        }
        return TemplateResponse(request, "admin/lists/ask.html", context)


def _asking(name: str) -> Callable[[AskingMixin, HttpRequest, Any], HttpResponse]:
    def ask(pages: AskingMixin, request: HttpRequest, queryset: Any) -> HttpResponse:
        return pages.ask(
            request,
            name,
            queryset,
            words=selection_in_words(pages, request),
            back=request.get_full_path(),
        )

    return ask
