"""Text models on real files: the rectorat reads a text as it would print for anyone."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern
from django.utils import timezone

from accounts.access import user_of
from accounts.models import User
from conventions.campaigns.models import Campaign
from conventions.dossiers.previews import preview_context
from conventions.models import Convention
from conventions.models.convention import ConventionQuerySet
from documents.admin_texts import TextModelAdmin
from documents.models import TextModel
from documents.rendering import render
from tabular.admin_search import searchable
from tabular.folding import fold

FOUND = 20


@admin.register(TextModel)
class TextPreviewAdmin(TextModelAdmin):
    """The texts' pages, with a preview on any file of the agent's territory."""

    def get_urls(self) -> list[URLPattern]:
        return [
            self._text_path("preview", self.preview_view),
            self._text_path("pdf", self.pdf_view, "<int:convention>/"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, text: TextModel) -> HttpResponse:
        """Find a file of the campaign by the words of its collectivity."""
        campaign = Campaign.objects.newest_open() or Campaign.objects.first()
        query = searchable(request.GET.get("q", ""))
        files = _files(user_of(request)).filter(campaign=campaign)
        for word in fold(query).split():
            files = files.filter(collectivity__search_text__contains=word)
        found = list(files.select_related("collectivity__department")[: FOUND + 1])
        context = {
            "campaign": campaign,
            "query": query,
            "found": found[:FOUND],
            "more": len(found) > FOUND,
        }
        return self._page(request, text, "preview", "Aperçu sur un dossier", context)

    def pdf_view(self, request: HttpRequest, text: TextModel, convention: int) -> HttpResponse:
        """Print the text for one file; nothing is stored."""
        file = get_object_or_404(_files(user_of(request)).with_parties(), pk=convention)
        context = preview_context(text.kind, file, today=timezone.localdate())
        response = HttpResponse(
            render(text, context, draft=True).content, content_type="application/pdf"
        )
        name = f"apercu_{text.kind}_version-{text.version}_{file.reference}.pdf"
        response["Content-Disposition"] = f'inline; filename="{name}"'
        return response


def _files(user: User) -> ConventionQuerySet:
    return Convention.objects.for_user(user).living()
