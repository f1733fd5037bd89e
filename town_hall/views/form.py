"""What every form about a file does: found in scope, a verb called, refusals at their field."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.generic import FormView

from accounts.access import role_required, user_of
from accounts.roles import Role
from conventions.models import Dossier, Piece, try_to_issue
from lifecycle.door import expect_version
from town_hall.forms import FileForm
from town_hall.views.files import find_convention

writers = role_required(Role.TOWN_HALL, Role.RECTORAT, Role.ADMINISTRATOR)


@method_decorator(writers, name="dispatch")
class FileFormView(FormView):
    """A form about one file: fetches it in scope, calls a verb, shows refusals at their field.

    A subclass says what it does in `perform`; nothing is written when it raises.
    """

    template_name = "town_hall/form.html"
    title = ""
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
        if not self.is_possible():
            messages.warning(request, "Cette étape n'est pas ouverte dans l'état du dossier.")
            return redirect(self.convention)
        return super().dispatch(request, *args, **kwargs)

    def is_possible(self) -> bool:
        """Tell whether the file is where the form may be filled."""
        raise NotImplementedError

    def perform(self, form: Any) -> None:
        """Call the verb with what was entered in `form`, of `form_class`."""
        raise NotImplementedError

    @property
    def subject(self) -> Dossier:
        """The part of the file that the form writes to."""
        return self.convention

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.subject.version}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "convention": self.convention}

    def form_valid(self, form: FileForm) -> HttpResponse:
        expect_version(self.subject, form.cleaned_data["version"])
        try:
            with transaction.atomic():
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
        if not form.non_field_errors():
            form.set_autofocus_on_first_error()
        return self.render_to_response(self.get_context_data(form=form), status=422)

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
            **kwargs,
        )
