"""Pages about one convention, beside its own: a message, a step of its termination."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.access import user_of
from accounts.models import User
from accounts.scope import collectivity_scope
from communes.admin_base import ScopedAdmin
from conventions.correspondence import need_no_answer, post_message
from conventions.enrolment.resuming import resume
from conventions.models import Convention, try_to_issue
from conventions.models.convention import ConventionQuerySet
from conventions.terminations.models import refuse_notice
from conventions.terminations.steps import consequences_of, initial, open_steps, step_of, take
from lifecycle.plausible import keep_within
from rectorat.admin.forms import AbandonForm, MessageForm, TerminationForm


class FilePages(ScopedAdmin):
    """Mixed into the admin of conventions."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/resume/",
                self.admin_site.admin_view(self.resume_view),
                name="conventions_convention_resume",
            ),
            path(
                "<int:pk>/message/",
                self.admin_site.admin_view(self.message_view),
                name="conventions_convention_message",
            ),
            path(
                "<int:pk>/message/sans-reponse/",
                self.admin_site.admin_view(self.no_answer_view),
                name="conventions_convention_no_answer",
            ),
            path(
                "<int:pk>/termination/<slug:step>/",
                self.admin_site.admin_view(self.termination_view),
                name="conventions_convention_termination",
            ),
            *super().get_urls(),
        ]

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why a file is begun again, or (POST) give it up and prepare the next."""
        convention = self.find_file(request, pk)
        form = AbandonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                following = resume(convention, by=user_of(request), **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, f"Voici le dossier repris, à relire : {following}.")
                return redirect("admin:conventions_convention_change", following.pk)
        title, back = "Reprendre ce dossier", f"../../{pk}/change/"
        context = {"title": title, "submit": title, "form": form, "back": back}
        return self.file_page(request, "resume", convention, **context)

    def scope(self, user: User) -> Q:
        return collectivity_scope(user, "collectivity")

    def files(self, request: HttpRequest) -> ConventionQuerySet:
        """Return the conventions of the agent's territory, as pages about one read them.

        The list's own columns are another matter.
        """
        return Convention.objects.filter(self.scope(user_of(request))).with_parties()

    def find_file(self, request: HttpRequest, pk: int) -> Convention:
        """Return a convention of the agent's territory, or 404."""
        convention = self.files(request).filter(pk=pk).first()
        if convention is None:
            raise Http404
        return convention

    def file_page(
        self, request: HttpRequest, template: str, convention: Convention, **context: Any
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/conventions/convention/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "convention": convention,
                **context,
            },
        )

    def message_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a message to the collectivity, or (POST) add it to the thread."""
        convention = self.find_file(request, pk)
        form = MessageForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                post_message(convention, by=user_of(request), **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, "Le message est envoyé.")
                return redirect("admin:conventions_convention_change", pk)
        title = "Écrire à la collectivité"
        return self.file_page(request, "message", convention, title=title, form=form)

    def no_answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Note that what the collectivity wrote last needs no answer."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        convention = self.find_file(request, pk)
        last_read = request.POST.get("message", "")
        try:
            need_no_answer(
                convention, int(last_read) if last_read.isdecimal() else 0, by=user_of(request)
            )
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, "C'est noté : ce message n'attend plus de réponse.")
        return redirect("admin:conventions_convention_change", pk)

    def termination_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Ask for a step of article 11, or (POST) take it and make its letter."""
        convention = self.find_file(request, pk)
        asked = step_of(convention, step)
        if asked is None:
            raise Http404
        back = redirect("admin:conventions_convention_change", pk)
        if asked not in open_steps(convention, user_of(request)):
            messages.warning(request, "Cette étape n'est pas ouverte dans l'état du dossier.")
            return back
        known = initial(asked, convention)
        form = TerminationForm(request.POST or None, initial=known, step=asked)
        keep_within(form, convention.campaign.window)
        context: dict[str, Any] = {"title": asked.label, "step": asked, "form": form}
        if request.method == "POST" and form.is_valid() and "again" not in request.POST:
            try:
                if asked.is_confirmed and "confirmed" not in request.POST:
                    refuse_notice(convention, by=user_of(request), **form.cleaned_data)
                    context["consequences"] = consequences_of(form.cleaned_data["on"])
                    return self.file_page(request, "notice", convention, **context)
                termination = take(convention, asked, by=user_of(request), **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                _, not_printed = try_to_issue(termination, by=user_of(request))
                messages.success(request, asked.done)
                if not_printed:
                    messages.warning(request, not_printed)
                return back
        return self.file_page(request, "termination_step", convention, **context)
