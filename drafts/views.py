"""Pages whose form is kept as it was typed until it goes through."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView

from accounts.access import user_of
from drafts.forms import name_kept_files, refuse_lost, restore, say_refused, tell_sound
from drafts.models import Draft, DraftFile
from drafts.seal import seal
from typography import mend


class KeptFormView(FormView):
    """A form that loses nothing: refused, kept on the way or by its writer, it comes back.

    Its template includes `drafts/restored.html` above the form, `drafts/kept.html` inside it;
    its file fields use `KeptFileInput`. A subclass that answers a refused form by itself calls
    `keep_refused`. What goes through, and leads to another page, is kept no more.
    """

    # Read by `drafts.middleware`.
    keeps_drafts = True
    title = ""
    # Kept as it is typed too, and by a button.
    is_long_to_write = False
    # The kept files that the form counted on, and that the storage has lost.
    lost: Sequence[DraftFile] = ()

    @cached_property
    def draft(self) -> Draft | None:
        return Draft.objects.of(self.request.user.pk, self.request.path)

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        if self.draft and "files" in kwargs:
            sent = kwargs["data"], kwargs["files"]
            kwargs["files"], self.lost = self.draft.files_with(*sent)
        return kwargs

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        if self.draft and not form.is_bound:
            restore(form, self.draft)
        refuse_lost(form, self.lost)
        self._name_kept_files(form)
        return form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "discard_draft" in request.POST:
            response: HttpResponse = redirect(request.path)
        elif "keep_draft" in request.POST:
            sound, refused = tell_sound(self.get_form().fields, request.FILES)
            self._keep(sound)
            response = self._say_kept(refused)
        else:
            response = super().post(request, *args, **kwargs)
        if response.status_code == 302 and "keep_draft" not in request.POST:
            Draft.objects.filter(owner=request.user.pk, page=request.path).forget()
        request.form_was_read = True  # type: ignore[attr-defined]
        return response

    def keep_refused(self, form: forms.BaseForm) -> None:
        """Keep what was typed in a form that is shown again with its errors, and sound files."""
        chosen = {
            name: self.request.FILES.getlist(name)
            for name in self.request.FILES
            if name in form.fields and name not in form.errors
        }
        self._keep(chosen)
        self._name_kept_files(form)

    def _keep(self, files: dict[str, Any]) -> None:
        Draft.objects.keep(
            user_of(self.request).pk,
            self.request.path,
            typed=dict(self.request.POST.lists()),
            files=files,
            title=self.title,
        )
        self.__dict__.pop("draft", None)

    def _name_kept_files(self, form: forms.BaseForm) -> None:
        if self.draft:
            name_kept_files(form, self.draft)

    def _say_kept(self, refused: Mapping[str, ValidationError]) -> HttpResponse:
        """To the page that keeps by itself as one types, or to who asked for it by a button.

        `refused` says by field why files are left out: on the page itself, where they were chosen.
        """
        said = f"Brouillon gardé à {timezone.localtime():%H h %M}."
        if not self.request.accepts("text/html"):
            return JsonResponse({"said": mend(said)})
        if refused:
            messages.warning(self.request, f"{said} Un fichier n'est pas gardé : voyez son champ.")
            context = self.get_context_data(form=self._kept_form(refused))
            return self.render_to_response(context, status=422)
        messages.success(self.request, said)
        return redirect(self.request.path)

    def _kept_form(self, refused: Mapping[str, ValidationError]) -> forms.BaseForm:
        """Return the form as its page would show it again, with what is not kept of it."""
        kwargs = self.get_form_kwargs()
        unsent = {name: kwargs[name] for name in kwargs if name not in ("data", "files")}
        form: forms.BaseForm = self.get_form_class()(**unsent)
        restore(form, cast(Draft, self.draft))
        self._name_kept_files(form)
        say_refused(form, refused)
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            draft=self.draft,
            is_long_to_write=self.is_long_to_write,
            draft_seal=seal(user_of(self.request).pk, self.request.path),
            **kwargs,
        )
