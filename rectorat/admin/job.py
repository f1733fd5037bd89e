"""Long actions: asked for on a selection, then followed on a page that may be left."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst

from accounts.access import user_of
from accounts.models import User
from communes.admin_base import ScopedAdmin
from conventions.models import Convention
from jobs import running
from jobs.actions import action
from jobs.models import Job, JobItem
from jobs.selection import read_keys, write_keys


@admin.action(description="Produire les documents")
def ask_to_issue(
    model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Convention]
) -> HttpResponse:
    """Say what will be done to the selection, and to how many, before it is asked for."""
    keys = list(queryset.order_by("pk").values_list("pk", flat=True))
    return TemplateResponse(
        request,
        "admin/jobs/job/ask.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "media": model_admin.media,
            "title": "Produire les documents",
            "keys": write_keys(keys),
            "count": len(keys),
        },
    )


@admin.register(Job)
class JobAdmin(ScopedAdmin):
    list_display = ("label", "by_name", "moment", "state")
    list_select_related = ("by",)
    list_per_page = 50
    change_form_template = "admin/jobs/job/change_form.html"
    # The page of a job is its own template: no field is ever edited.
    fieldsets = ((None, {"fields": ()}),)

    class Media:
        css = {"all": ("conventions_admin.css",)}

    def scope(self, user: User) -> Q:
        """An agent of some départements follows their own jobs, the others all."""
        return Q(by=user) if user.limited_to_departments else Q()

    @admin.display(description="action", ordering="action")
    def label(self, job: Job) -> str:
        return str(capfirst(action(job.action).label))

    @admin.display(description="demandé par", ordering="by__last_name")
    def by_name(self, job: Job) -> str:
        return job.by.get_full_name()

    @admin.display(description="demandé le", ordering="created_at")
    def moment(self, job: Job) -> str:
        return f"{timezone.localtime(job.created_at):%d/%m/%Y %H:%M}"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj: Job = kwargs["obj"]
        left_out = obj.items.filter(state=JobItem.State.LEFT_OUT)
        context.update(
            job=obj,
            title=self.label(obj),
            subtitle=None,
            progress=running.progress(obj),
            is_finished=obj.state == Job.State.FINISHED,
            left_out=left_out.select_related("convention"),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "start/",
                self.admin_site.admin_view(self.start_view),
                name="jobs_job_start",
            ),
            path(
                "<int:pk>/retry/",
                self.admin_site.admin_view(self.retry_view),
                name="jobs_job_retry",
            ),
            *super().get_urls(),
        ]

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask a worker to issue the documents of the conventions whose keys are given."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        asked = read_keys(request.POST.get("conventions", ""))
        chosen = Convention.objects.for_user(user_of(request)).filter(pk__in=asked)
        if not chosen.exists():
            messages.warning(request, "Aucune convention à traiter dans cette sélection.")
            return redirect("admin:conventions_convention_changelist")
        keys = chosen.values_list("pk", flat=True)
        job = running.start("issue", keys, by=user_of(request))
        return redirect("admin:jobs_job_change", job.pk)

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do again what a job left out."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        job = get_object_or_404(self.get_queryset(request), pk=pk)
        count = running.retry(job)
        if count:
            messages.success(request, f"Conventions reprises : {count}.")
        else:
            messages.warning(request, "Ce traitement n'a rien laissé de côté.")
        return redirect("admin:jobs_job_change", job.pk)
