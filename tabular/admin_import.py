"""Import of an official file from a list of the admin site: upload, preview, confirm."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from tabular import waiting_files
from tabular.forms import ConfirmImportForm, ImportForm
from tabular.reading import SHOWN, Report, UnreadableFile


class FileImportMixin(admin.ModelAdmin):
    """Adds « Importer un fichier… » to a list, for who may change its whole region.

    A subclass says how in `run_import` and may add options to both forms; those of
    the first are carried, hidden, by the second. The file is kept in private storage
    between both steps, named after its SHA-256: the confirmation sends the name only.
    """

    change_list_template = "admin/change_list_with_import.html"
    import_form: type[ImportForm] = ImportForm
    confirm_import_form: type[ConfirmImportForm] = ConfirmImportForm
    import_title = ""
    import_source = ""

    def run_import(self, content: bytes, *, by: Any, dry_run: bool, **options: Any) -> Report:
        """Import the file, or report what it would change; the history is signed `by`."""
        raise NotImplementedError

    def has_import_permission(self, request: HttpRequest) -> bool:
        # A file covers the region: an agent of some départements does not import it.
        return self.has_change_permission(request) and not (
            request.user.is_anonymous or request.user.limited_to_departments
        )

    def touched_by_import(self, report: Report) -> Sequence[Any]:
        """Return what else the import touches (`admin/touched.html`): a floor above knows."""
        return ()

    @property
    def import_url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_import"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name=self.import_url_name), *super().get_urls()]

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
            raise PermissionDenied
        if "digest" in request.POST:
            return self._confirm(request)
        form = self.import_form(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            options = dict(form.cleaned_data)
            content = options.pop("file").read()
            try:
                report = self.run_import(content, by=request.user, dry_run=True, **options)
            except UnreadableFile as error:
                form.add_error("file", str(error))
            else:
                confirm = self.confirm_import_form(
                    initial={"digest": waiting_files.keep(content), **options}
                )
                return self._render(request, report=report, confirm_form=confirm)
        return self._render(request, form=form)

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        form = self.confirm_import_form(request.POST)
        content = waiting_files.read(form.cleaned_data["digest"]) if form.is_valid() else None
        if content is None:
            messages.error(request, "Le fichier n'a pas été conservé : envoyez-le à nouveau.")
            return redirect(f"admin:{self.import_url_name}")
        options = dict(form.cleaned_data)
        del options["digest"]
        report = self.run_import(content, by=request.user, dry_run=False, **options)
        if report.blockers:
            return self._render(request, report=report, confirm_form=form)
        messages.success(request, "L'import est terminé.")
        return self._render(request, report=report)

    def _render(
        self,
        request: HttpRequest,
        *,
        form: ImportForm | None = None,
        report: Report | None = None,
        confirm_form: ConfirmImportForm | None = None,
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            "admin/import.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": self.import_title,
                "import_source": self.import_source,
                "shown": f":{SHOWN}",
                "shown_count": SHOWN,
                "form": form,
                "report": report,
                "confirm_form": confirm_form,
                "sections": _sections(report),
                "touched": self.touched_by_import(report) if report else (),
            },
        )


def _sections(report: Report | None) -> list[dict]:
    """What the report lists, the rarest and weightiest first; empty lists left out."""
    if report is None:
        return []
    sections = [
        ("Reconnues par leur nom seulement", report.doubtful),
        ("Fusions", report.mergers),
        ("Fermetures proposées", report.closures),
        ("Modifications", report.changed),
        ("Créations", report.created),
    ]
    return [{"heading": heading, "changes": changes} for heading, changes in sections if changes]
