"""What every form about a file does: found in scope, a verb called, refusals at their field."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator

from accounts.access import role_required, user_of
from accounts.roles import Role
from conventions.exchanges.at_once import told_at_once
from conventions.models import Dossier, Piece, hand_in, try_to_issue
from documents.received.uploads import UploadedPdf
from drafts.views import KeptFormView
from lifecycle.door import expect_version
from lifecycle.rereading import RereadForm
from town_hall.forms.files import FileForm
from town_hall.forms.meanwhile import Difference, reconcile
from town_hall.views.files import find_convention

# Sent by whoever was told that a paper is not signed, and adds it all the same.
EVEN_UNSIGNED = "even_unsigned"

writers = role_required(Role.TOWN_HALL, Role.RECTORAT, Role.ADMINISTRATOR)


@method_decorator(writers, name="dispatch")
class FileFormView(KeptFormView):
    """A form about one file: fetches it in scope, calls a verb, shows refusals at their field.

    A subclass says what it does in `perform`; nothing is written when it raises.
    """

    template_name = "town_hall/form.html"
    intro = ""
    submit = "Enregistrer"
    done = "C'est enregistré."
    # Said too when documents came of it.
    printed = ""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.user = user_of(request)
        self.convention = find_convention(self.user, kwargs["year"], kwargs["code"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.is_possible() and request.method == "POST":
            return self._show_typed()
        if not self.is_possible():
            messages.warning(request, "Cette étape est déjà faite, ou n'est pas encore ouverte.")
            return redirect(self.convention)
        return super().dispatch(request, *args, **kwargs)

    def is_possible(self) -> bool:
        """Tell whether the file is where the form may be filled."""
        raise NotImplementedError

    def perform(self, form: Any) -> None:
        """Call the verb with what was entered in `form`, of `form_class`."""
        raise NotImplementedError

    def does_something(self, form: Any) -> bool:
        """Tell whether sending `form` does anything: one sent as it was found only says so."""
        return bool(form.is_typed_in())

    def hand_in(self, papers: Mapping[str, UploadedPdf | None]) -> None:
        """Add the papers that were given, by kind."""
        even_unsigned = EVEN_UNSIGNED in self.request.POST
        hand_in(self.subject, papers, by=self.user, even_unsigned=even_unsigned)

    @property
    def subject(self) -> Dossier:
        """The part of the file that the form writes to."""
        return self.convention

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.subject.version}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "convention": self.convention}

    def form_valid(self, form: FileForm) -> HttpResponse:
        if not self.does_something(form):
            messages.info(self.request, "Rien n'a changé : vous n'avez rien saisi de nouveau.")
            return redirect(self.convention)
        expect_version(self.subject, form.cleaned_data["version"])
        try:
            with transaction.atomic(), told_at_once():
                self.perform(form)
        except ValidationError as refusal:
            self.show(refusal, form)
            return self.form_invalid(form)
        issued, not_printed = try_to_issue(self.subject, by=self.user)
        messages.success(self.request, f"{self.done} {self.printed if issued else ''}".rstrip())
        if not_printed:
            messages.warning(self.request, not_printed)
        return redirect(self.next_page(issued))

    def next_page(self, issued: list[Piece]) -> str:
        """Return where what was done leads: `issued` are the papers that came of it."""
        return self.convention.get_absolute_url()

    def form_invalid(self, form: FileForm) -> HttpResponse:
        is_stale = form.has_error(NON_FIELD_ERRORS, "stale")
        differences = self._reconcile(form) if is_stale else []
        self.keep_refused(form)
        if not form.non_field_errors():
            form.set_autofocus_on_first_error()
        context = self.get_context_data(
            form=form,
            is_stale=is_stale,
            differences=differences,
            is_unsigned=form.has_error(NON_FIELD_ERRORS, "unsigned"),
        )
        return self.render_to_response(context, status=422)

    def _reconcile(self, form: FileForm) -> list[Difference]:
        """Have the form be about the file as it is now, so that sending it again goes through."""
        self.subject.refresh_from_db(fields=["version"])
        differences = reconcile(form)
        form.data["version"] = self.subject.version
        if isinstance(form, RereadForm):
            form.data["read_at"] = form.found
        return differences

    def _show_typed(self) -> HttpResponse:
        """Say that the step is over, with what was typed meanwhile: it can go nowhere else."""
        fields: dict[str, forms.Field] = self.get_form_class().base_fields
        typed = [
            (fields[name].label, value)
            for name, value in self.request.POST.items()
            if value and isinstance(getattr(fields.get(name), "widget", None), forms.Textarea)
        ]
        context = {"convention": self.convention, "title": self.title, "typed": typed}
        return render(self.request, "town_hall/closed.html", context, status=409)

    def show(self, refusal: ValidationError, form: FileForm) -> None:
        """Say a refusal where it is to be mended."""
        if not hasattr(refusal, "error_dict"):
            form.add_error(None, refusal)
            return
        for field, errors in refusal.error_dict.items():
            self.refuse(field, errors, form)

    def refuse(self, field: str, errors: Any, form: FileForm) -> None:
        """Say `errors` at a field, or above all where the form has no such field."""
        form.add_error(field if field in form.fields else None, errors)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            convention=self.convention,
            title=self.title,
            intro=self.intro,
            submit=self.submit,
            even_unsigned=EVEN_UNSIGNED,
            **{"is_stale": False, "is_unsigned": False, **kwargs},
        )
