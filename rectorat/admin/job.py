"""Long actions: followed on a page that may be left, stopped, kept as a report."""

import datetime
import math
from pathlib import Path
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
)
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from accounts.access import user_of
from accounts.models import User
from communes.admin_base import ScopedAdmin
from jobs import running
from jobs.actions import action
from jobs.models import Job, JobItem
from rectorat.lists.choosing import ManyChoicesFilter
from rectorat.lists.kept import KeptListMixin
from tabular import writing

# Rows of each list of the page; the CSV has them all.
SHOWN = 200
REPORT_COLUMNS = (
    writing.Column("Élément", writing.Kind.TEXT, lambda item: item.name),
    writing.Column("Résultat", writing.Kind.TEXT, lambda item: item.get_state_display()),
    writing.Column("Motif ou remarque", writing.Kind.PROSE, lambda item: item.reason),
    writing.Column("Le", writing.Kind.MOMENT, lambda item: item.done_at),
)
# After these a campaign's conventions are to be prepared.
_ENROLS = ("enrol", "renew")
FACT_LABELS = {
    "on": "date",
    "comment": "motif",
    "only_reached": "seulement celles qu'un courriel atteint",
}


class StateFilter(ManyChoicesFilter):
    title = "état"
    parameter_name = "state__in"
    alias = "state__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, capfirst(state.label)) for state in Job.State]

    def condition(self, value: str, today: datetime.date) -> Q:
        return Q(state=value)


class ActionFilter(admin.SimpleListFilter):
    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        used = Job.objects.order_by("action").values_list("action", flat=True).distinct()
        return [(name, action(name).label) for name in used]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class FailureFilter(admin.SimpleListFilter):
    title = "échec"
    parameter_name = "failed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Quelque chose a échoué")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() == "yes"
        return queryset.filter(pk__in=running.failed().values("pk")) if chosen else queryset


@admin.register(Job)
class JobAdmin(KeptListMixin, ScopedAdmin):
    list_display = ("label", "state", "moment", "by_name", "size", "left_out_count", "selection")
    list_filter = (StateFilter, FailureFilter, ActionFilter)
    list_select_related = ("by", "again_by")
    list_per_page = 50
    change_form_template = "admin/jobs/job/change_form.html"
    # The page of a job is its own template: no field is ever edited.
    fieldsets = ((None, {"fields": ()}),)

    class Media:
        css = {"all": ("conventions_admin.css",)}

    def scope(self, user: User) -> Q:
        """An agent of some départements follows their own jobs, the others all."""
        return Q(by=user) if user.limited_to_departments else Q()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        left_out = Count("items", filter=Q(items__state=JobItem.State.LEFT_OUT))
        found: QuerySet[Job] = super().get_queryset(request)
        found = found.annotate(item_count=Count("items"), left_out_count=left_out)
        return found.defer("facts")  # A list of schools: thousands of lines.

    @admin.display(description="action", ordering="action")
    def label(self, job: Job) -> str:
        return job.label

    @admin.display(description="demandé par", ordering="by__last_name")
    def by_name(self, job: Job) -> str:
        return job.by.get_full_name()

    @admin.display(description="demandé le", ordering="created_at")
    def moment(self, job: Job) -> str:
        return f"{timezone.localtime(job.created_at):%d/%m/%Y %H:%M}"

    @admin.display(description="nombre", ordering="item_count")
    def size(self, job: Any) -> int:
        return int(job.item_count)

    @admin.display(description="laissés de côté", ordering="left_out_count")
    def left_out_count(self, job: Any) -> str:
        return str(job.left_out_count or "—")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        job: Job = kwargs["obj"]
        items = _items(job, user_of(request))
        left_out = items.filter(state=JobItem.State.LEFT_OUT)
        remarked = items.filter(state=JobItem.State.DONE).exclude(reason="")
        progress = running.progress(items)
        back = job.back or _list_of(job)
        waiting = progress[JobItem.State.WAITING] + progress[JobItem.State.TAKEN]
        context.update(
            job=job,
            title=job.label,
            subtitle=None,
            facts=_facts(job),
            lacks_file=running.lacks_file(job),
            progress=progress,
            hidden=_hidden(job, user_of(request)),
            waiting=waiting,
            **_forecast(job, waiting),
            reasons=_reasons(left_out),
            remarks=_reasons(remarked),
            left_out=left_out[:SHOWN],
            remarked=remarked[:SHOWN],
            shown=SHOWN,
            page_of_item=job.asked.page,
            back=back,
            campaign_to_prepare=job.action in _ENROLS and job.facts["campaign"],
            leads_to_campaign=back.startswith(reverse("admin:campaigns_campaign_changelist")),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        views = {
            "retry": self.retry_view,
            "cancel": self.cancel_view,
            "file": self.file_view,
            "report": self.report_view,
        }
        return [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"jobs_job_{name}")
            for name, view in views.items()
        ] + super().get_urls()

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do again what a job left out, or the file that it could not make."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        job = self._job(request, pk)
        if count := running.retry(job, by=user_of(request)):
            messages.success(request, f"Reprises : {count}.")
        elif running.gather_again(job, by=user_of(request)):
            messages.success(request, "Le fichier va être fait de nouveau.")
        else:
            messages.warning(request, "Ce traitement n'a rien laissé de côté.")
        return redirect("admin:jobs_job_change", job.pk)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop a job before what still waits."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        job = self._job(request, pk)
        if running.cancel(job):
            messages.success(request, "Le traitement est arrêté : ce qui était fait le reste.")
        else:
            messages.warning(request, "Ce traitement était déjà terminé.")
        return redirect("admin:jobs_job_change", job.pk)

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Send the file that a job made; by POST, so that the journal of access has it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        job = self._job(request, pk)
        if not job.file or _hidden(job, user_of(request)):
            raise Http404
        name = Path(str(job.file)).name
        return FileResponse(job.file.open("rb"), as_attachment=True, filename=name)

    def report_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Send what became of each row, as CSV."""
        job = self._job(request, pk)
        name = f"traitement-{job.pk}_{timezone.localtime(job.created_at):%Y-%m-%d}"
        items = _items(job, user_of(request)).iterator(chunk_size=1000)
        return writing.response(REPORT_COLUMNS, items, "csv", name=name, title=job.label)

    def _job(self, request: HttpRequest, pk: int) -> Job:
        if not self.has_view_permission(request):
            raise Http404
        return get_object_or_404(self.get_queryset(request), pk=pk)


def _items(job: Job, user: User) -> QuerySet[JobItem]:
    """Return the rows of `job` that `user` may see today, whatever they saw when it was asked for.

    Who follows the whole region has them all, those that are gone too.
    """
    visible = job.asked.visible
    if visible is None or not user.limited_to_departments:
        return job.items.all()
    return job.items.filter(key__in=visible(user).order_by().values("pk"))


def _hidden(job: Job, user: User) -> int:
    """Count the rows of `job` that `user` may not see today."""
    return job.items.count() - _items(job, user).count()


def _list_of(job: Job) -> str:
    return reverse(job.asked.page.replace("_change", "_changelist"))


def _facts(job: Job) -> list[tuple[str, str]]:
    """What was typed for the job, in words."""
    return [
        (FACT_LABELS[name], _in_words(name, value))
        for name, value in job.facts.items()
        if name in FACT_LABELS and value not in ("", None, False)
    ]


def _in_words(name: str, value: Any) -> str:
    """What was typed as a reader has it: days were kept as text."""
    if name == "on":
        return date_format(datetime.date.fromisoformat(value), "SHORT_DATE_FORMAT")
    return "oui" if value is True else str(value)


def _reasons(items: QuerySet[JobItem]) -> list[tuple[str, int]]:
    """Each reason with its number of rows, the commonest first."""
    counted = items.order_by().values_list("reason").annotate(count=Count("pk"))
    return list(counted.order_by("-count", "reason"))


def _forecast(job: Job, waiting: int) -> dict[str, Any]:
    """The rows done in a minute, and the minutes that are left; None until known."""
    pace = None if job.is_over else running.pace(job)
    return {
        "pace": pace and round(pace),
        "minutes_left": math.ceil(waiting / pace) if pace else None,
    }
