"""Import of an official file from a list of the admin site: upload, preview, confirm, report."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from tabular import waiting_files
from tabular.forms import ConfirmImportForm, ImportForm
from tabular.models import ImportReport
from tabular.reading import Report, UnreadableFile
from tabular.saying import said

# Earlier imports that the page of a new one leads to.
EARLIER = 10
_CHANGED_MEANWHILE = (
    "Rien n'est écrit : les données ont changé depuis l'aperçu (un autre import, ou un collègue). "
    "Voici ce que le fichier changerait maintenant."
)
_NOTHING_TICKED = "Rien n'est écrit : cochez ce qui doit l'être."


class FileImportMixin(admin.ModelAdmin):
    """Adds « Importer un fichier… » to a list, for who may change its whole region.

    A subclass says how in `run_import` and may add options to both forms; those of
    the first are carried, hidden, by the second. One whose file is long work says how it is
    previewed and who does it, in `preview_import` and `do_import`. The file is kept in private
    storage between both steps, named after its SHA-256: the confirmation sends the name only,
    with the kinds of change that were ticked. The report is kept, on a page of its own.
    """

    change_list_template = "admin/change_list_with_import.html"
    import_form: type[ImportForm] = ImportForm
    confirm_import_form: type[ConfirmImportForm] = ConfirmImportForm
    import_title = ""
    import_source = ""

    def run_import(self, content: bytes, *, by: Any, dry_run: bool, **options: Any) -> Report:
        """Import the file, or report what it would change; the history is signed `by`.

        `accepted`, among the options, are the tokens of the kinds that were ticked.
        """
        raise NotImplementedError

    def preview_import(self, content: bytes, *, by: Any, **options: Any) -> Report:
        """Report what the file would change; nothing is written."""
        return self.run_import(content, by=by, dry_run=True, **options)

    def has_import_permission(self, request: HttpRequest) -> bool:
        # A file covers the region: an agent of some départements does not import it.
        return self.has_change_permission(request) and not (
            request.user.is_anonymous or request.user.limited_to_departments
        )

    def refuse_import(self, request: HttpRequest) -> NoReturn:
        """Raise PermissionDenied; a floor above knows whom to ask."""
        raise PermissionDenied

    def concerned_by(self, report: Report) -> Mapping[str, Sequence[str]]:
        """Return the codes of rows whose change concerns more than this list, by what they became.

        Kept with the report: what is touched is looked up again whenever it is opened.
        """
        return {}

    def touched_by(self, concerned: Mapping[str, Sequence[str]]) -> Sequence[Any]:
        """Return what else is touched now (`admin/touched.html`): a floor above knows."""
        return ()

    @property
    def import_url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_import"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        report_view = self.admin_site.admin_view(self.import_report_view)
        return [
            path("import/", view, name=self.import_url_name),
            path("import/<int:pk>/", report_view, name=f"{self.import_url_name}_report"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "import_url": self.has_import_permission(request)
            and reverse(f"admin:{self.import_url_name}")
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_import_permission(request):
            self.refuse_import(request)
        if "digest" in request.POST:
            return self._confirm(request)
        form = self.import_form(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            options = dict(form.cleaned_data)
            file = options.pop("file")
            try:
                return self._preview(request, file.read(), file.name[:200], options)
            except UnreadableFile as error:
                form.add_error("file", str(error))
        return self._render(request, form=form, earlier=self._reports(request)[:EARLIER])

    def import_report_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what an import did, as often as it is opened."""
        if not self.has_import_permission(request):
            self.refuse_import(request)
        kept = get_object_or_404(self._reports(request), pk=pk)
        return self._render(request, said=kept.content, kept=kept)

    def _reports(self, request: HttpRequest) -> QuerySet[ImportReport]:
        """The imports of this list: an agent of some départements sees their own."""
        found = ImportReport.objects.filter(of=self.opts.label_lower).select_related("by")
        limited = not request.user.is_anonymous and request.user.limited_to_departments
        return found.filter(by=request.user.pk) if limited else found

    def _preview(
        self, request: HttpRequest, content: bytes, file_name: str, options: dict[str, Any]
    ) -> HttpResponse:
        report = self.preview_import(content, by=request.user, **options)
        confirm = self.confirm_import_form(
            initial={
                "digest": waiting_files.keep(content),
                "file_name": file_name,
                "accepted": [kind.token for kind in report.kinds if not kind.held],
                **options,
            }
        )
        return self._render(request, said=self._said(report), report=report, confirm_form=confirm)

    def _said(self, report: Report) -> dict[str, Any]:
        return said(report, self.concerned_by(report))

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        form = self.confirm_import_form(request.POST)
        content = waiting_files.read(form.cleaned_data["digest"]) if form.is_valid() else None
        if content is None:
            messages.error(request, "Le fichier n'a pas été conservé : envoyez-le à nouveau.")
            return redirect(f"admin:{self.import_url_name}")
        options = dict(form.cleaned_data)
        del options["digest"]
        try:
            return self.do_import(request, content, options.pop("file_name"), options)
        except UnreadableFile as error:
            # It was read for its preview: a machine that does much else gives a workbook less time.
            messages.error(request, str(error))
            return redirect(f"admin:{self.import_url_name}")

    def do_import(
        self, request: HttpRequest, content: bytes, file_name: str, options: dict[str, Any]
    ) -> HttpResponse:
        """Import what was confirmed, and lead to its report."""
        by: Any = request.user
        with transaction.atomic():
            report = self.run_import(content, by=by, dry_run=False, **options)
            accepted = options.pop("accepted")
            if not report.is_stale and (accepted or not report.kinds):
                kept = ImportReport.objects.create(
                    of=self.opts.label_lower,
                    by=by,
                    file_name=file_name,
                    content=self._said(report),
                )
                messages.success(request, "L'import est terminé.")
                return redirect(f"admin:{self.import_url_name}_report", kept.pk)
            # What no kind holds is written with the others: positions, payers that follow.
            transaction.set_rollback(True)
        messages.error(request, _CHANGED_MEANWHILE if report.is_stale else _NOTHING_TICKED)
        refused = self._preview(request, content, file_name, options)
        refused.status_code = 422
        return refused

    def _render(
        self, request: HttpRequest, *, said: dict[str, Any] | None = None, **context: Any
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            "admin/import.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": self.import_title,
                "import_source": self.import_source,
                "import_url": reverse(f"admin:{self.import_url_name}"),
                "form": None,
                "kept": None,
                "report": None,
                "confirm_form": None,
                "said": said,
                "touched": self.touched_by(said["concerned"]) if said else (),
                **context,
            },
        )
