"""Text models in the admin site: drafted, proofread, compared, published.

Registered by `conventions`, which can show a text on a real file.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import mark_safe

from accounts.access import user_of
from accounts.regional import refuse_who_is_limited
from communes.admin_base import WholeRegionAdmin
from documents.admin_forms import TextFileForm, TextForm, new_text_form
from documents.models import TextModel
from documents.wording.comparison import compare
from documents.wording.fields import listed_fields
from documents.wording.kinds import Kind
from documents.wording.markup import to_preview
from documents.wording.proofreading import proofread
from documents.wording.requirements import requirements_of
from documents.wording.sections import guide_to
from documents.wording.texts import file_name, write_file

# The others only show a text.
REGIONAL_PAGES = frozenset({"publish", "duplicate"})


class TextModelAdmin(WholeRegionAdmin):
    form = TextForm
    list_display = ("title", "kind", "version", "state", "published_at")
    list_filter = ("kind", "state")
    search_fields = ("title", "body")
    list_per_page = 50

    class Media:
        css = {"all": ("text_editor.css",)}
        js = ("text_editor.js",)

    # --- Who may, and what is shown -----------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: TextModel | None = None) -> bool:
        """A published version is read; a form sent for it is answered, its text kept."""
        frozen = obj is not None and obj.is_published and request.method != "POST"
        return not frozen and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: TextModel | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: TextModel | None = None) -> tuple[str, ...]:
        if obj is None or self.has_change_permission(request, obj):
            return ("title", "body", "seen")
        return ("kind", "version", "title", "readable_body", "published_at", "published_by")

    def get_readonly_fields(
        self, request: HttpRequest, obj: TextModel | None = None
    ) -> tuple[str, ...]:
        return () if obj is None or self.has_change_permission(request, obj) else ("readable_body",)

    @admin.display(description="texte")
    def readable_body(self, text: TextModel) -> str:
        return mark_safe(to_preview(text.kind, text.body))  # noqa: S308

    # --- Draft, revise ------------------------------------------------------
    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> TextModel | None:
        """Hold the row of a draft while its form is saved: the form compares revisions."""
        text = super().get_object(request, object_id, from_field)
        if text is None or request.method != "POST":
            return text
        return TextModel.objects.select_for_update(of=("self",)).get(pk=text.pk)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the nature first: the fields and the parts to have depend on it."""
        if request.GET.get("kind") not in Kind:
            refuse_who_is_limited(request)
            return self._page(request, None, "kinds", "Écrire un texte", {"kinds": Kind})
        return super().add_view(request, form_url, extra_context)

    def get_form(
        self,
        request: HttpRequest,
        obj: TextModel | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[ModelForm]:
        if obj is None:
            kwargs["form"] = new_text_form(request.GET["kind"])
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: TextModel, form: Any, change: bool) -> None:
        if change:
            obj.revise(title=obj.title, body=obj.body)
        else:
            obj.save()

    def response_add(
        self, request: HttpRequest, obj: TextModel, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, f"Le brouillon « {obj} » est enregistré.")
        return redirect("admin:documents_textmodel_change", obj.pk)

    def response_change(self, request: HttpRequest, obj: TextModel) -> HttpResponse:
        messages.success(request, f"Le brouillon « {obj} » est enregistré.")
        return redirect("admin:documents_textmodel_change", obj.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj: TextModel | None = kwargs["obj"]
        kind = obj.kind if obj else request.GET["kind"]
        context |= {
            "kind": Kind(kind),
            "merge_fields": listed_fields(kind),
            "requirements": requirements_of(kind),
            "sections": guide_to(kind),
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Beside the form ----------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        pages = {
            "publish": self.publish_view,
            "duplicate": self.duplicate_view,
            "compare": self.compare_view,
            "export": self.export_view,
        }
        import_view = self.admin_site.admin_view(self.import_view)
        return [
            path("import/", import_view, name="documents_textmodel_import"),
            *(self._text_path(page, view) for page, view in pages.items()),
            *super().get_urls(),
        ]

    def _text_path(
        self, page: str, view: Callable[..., HttpResponse], arguments: str = ""
    ) -> URLPattern:
        """The address of a page about one text, given to `view`."""

        def on_text(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            if page in REGIONAL_PAGES:
                refuse_who_is_limited(request)
            return view(request, get_object_or_404(TextModel, pk=pk), **kwargs)

        return path(
            f"<int:pk>/{page}/{arguments}",
            self.admin_site.admin_view(on_text),
            name=f"documents_textmodel_{page}",
        )

    def publish_view(self, request: HttpRequest, text: TextModel) -> HttpResponse:
        """Say what publishing does, then (POST) freeze the draft."""
        if text.is_published:
            messages.warning(request, "Cette version est déjà publiée.")
            return redirect("admin:documents_textmodel_change", text.pk)
        if request.method == "POST":
            try:
                text.publish(by=user_of(request))
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
            else:
                messages.success(request, f"« {text} » est publié : il ne changera plus.")
            return redirect("admin:documents_textmodel_change", text.pk)
        context = {
            "faults": proofread(text.kind, text.body),
            "explanation": "Le texte ne changera plus, et les campagnes pourront s'y référer. Les "
            "prochaines lettres et les prochains avenants s'imprimeront avec cette version. Ce qui "
            "a déjà été émis ne change pas.",
            "submit": "Publier cette version",
        }
        return self._page(request, text, "ask", "Publier", context)

    def duplicate_view(self, request: HttpRequest, text: TextModel) -> HttpResponse:
        """Copy a version, then (POST) open its copy: the next version of its nature."""
        version = TextModel.next_version(text.kind)
        if request.method == "POST":
            try:
                copy = TextModel.draft(kind=text.kind, title=text.title, body=text.body)
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
                return redirect("admin:documents_textmodel_change", text.pk)
            messages.success(request, f"Voici la version {copy.version}, à modifier puis publier.")
            return redirect("admin:documents_textmodel_change", copy.pk)
        context = {
            "faults": [],
            "explanation": f"Un brouillon, version {version}, reprend ce texte. L'original ne "
            "change pas.",
            "submit": f"Créer la version {version}",
        }
        return self._page(request, text, "ask", "Faire une copie", context)

    def compare_view(self, request: HttpRequest, text: TextModel) -> HttpResponse:
        """Show a version beside another of its nature, the one before by default."""
        others = TextModel.objects.filter(kind=text.kind).exclude(pk=text.pk)
        wanted = request.GET.get("with", "")
        other: TextModel | None
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 18:
            other = get_object_or_404(others, pk=wanted)
        else:
            other = others.filter(version__lt=text.version).first() or others.first()
        context: dict[str, Any] = {
            "others": others,
            "other": other,
            "is_nav_sidebar_enabled": False,  # Two texts need the width.
        }
        if other:
            old, new = sorted((other, text), key=lambda version: version.version)
            context |= {"old": old, "new": new, "rows": compare(old, new)}
        return self._page(request, text, "compare", "Comparer deux versions", context)

    def export_view(self, request: HttpRequest, text: TextModel) -> HttpResponse:
        """Send a text as one Markdown file with its header."""
        response = HttpResponse(write_file(text), content_type="text/markdown; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{file_name(text)}"'
        return response

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Keep a file as a new draft, or say all its faults at the lines of the file."""
        refuse_who_is_limited(request)
        form = TextFileForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {"form": form, "faults": []}
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            same = TextModel.objects.filter(kind=file.kind, title=file.title, body=file.body)
            if text := same.first():
                messages.warning(request, f"Ce fichier est déjà la version {text.version}.")
                return redirect("admin:documents_textmodel_change", text.pk)
            faults = proofread(file.kind, file.body)
            context["faults"] = [fault.after(file.header) for fault in faults]
            if faults:
                form.add_error(None, "Rien n'a été importé.")  # The page lists the faults.
            else:
                try:
                    text = TextModel.draft(kind=file.kind, title=file.title, body=file.body)
                except ValidationError as refusal:
                    form.add_error("file", refusal.messages)
                else:
                    messages.success(request, f"Le fichier est importé : {text}.")
                    return redirect("admin:documents_textmodel_change", text.pk)
        return self._page(request, None, "import", "Importer un texte", context)

    def _page(
        self,
        request: HttpRequest,
        text: TextModel | None,
        template: str,
        title: str,
        context: dict[str, Any],
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/documents/textmodel/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "text": text,
                "text_url": text and reverse("admin:documents_textmodel_change", args=[text.pk]),
                "title": title,
                **context,
            },
        )
