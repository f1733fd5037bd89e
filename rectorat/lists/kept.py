"""A list that remembers: the columns an agent chose, the views that they keep or share."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from accounts.access import user_of
from rectorat.lists.models import ChosenColumns, SavedView


class ViewForm(forms.Form):
    """`query` is the list's address after its question mark, as the page had it."""

    name = forms.CharField(max_length=60)
    is_shared = forms.BooleanField(required=False)
    query = forms.CharField(max_length=2000, required=False)


class KeptListMixin(admin.ModelAdmin):
    """Adds « Vues » and « Colonnes » to a list.

    `list_display` is what a list shows at first, `optional_columns` what may be added.
    """

    optional_columns: Sequence[str] = ()

    @property
    def kept_as(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    # --- Columns --------------------------------------------------------------
    def columns_offered(self) -> list[str]:
        return [*map(str, self.list_display), *self.optional_columns]

    def columns_chosen(self, request: HttpRequest) -> list[str]:
        """Return the columns to show, in the list's order; read once a request."""
        kept: dict[str, list[str]] = request.__dict__.setdefault("chosen_columns", {})
        if self.kept_as not in kept:
            row = ChosenColumns.objects.filter(user=user_of(request), of=self.kept_as).first()
            wanted = set(row.names) if row else set()
            chosen = [name for name in self.columns_offered() if name in wanted]
            kept[self.kept_as] = chosen or [*map(str, self.list_display)]
        return kept[self.kept_as]

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        return tuple(self.columns_chosen(request))

    def column_choices(self, request: HttpRequest) -> list[tuple[str, str, bool]]:
        """Return each column offered: its name, its heading, whether it is shown."""
        shown = self.columns_chosen(request)
        return [(name, self._heading(name), name in shown) for name in self.columns_offered()]

    def _heading(self, name: str) -> str:
        display = getattr(type(self), name, None)
        field = None if display else self.opts.get_field(name)
        return str(display.short_description if display else getattr(field, "verbose_name", name))

    # --- Their pages ------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("columns/", guarded(self.columns_view), name=f"{self.kept_as}_columns"),
            path("views/", guarded(self.views_view), name=f"{self.kept_as}_views"),
            path("views/forget/", guarded(self.forget_view), name=f"{self.kept_as}_forget"),
            *super().get_urls(),
        ]

    def _back(self, request: HttpRequest) -> HttpResponseRedirect:
        query = request.POST.get("query", "").lstrip("?")
        address = reverse(f"admin:{self.kept_as}_changelist")
        return redirect(f"{address}?{query}" if query else address)

    def columns_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the columns ticked; none ticked brings the first ones back."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        names = [n for n in self.columns_offered() if n in request.POST.getlist("columns")]
        ChosenColumns.objects.update_or_create(
            user=user_of(request), of=self.kept_as, defaults={"names": names}
        )
        return self._back(request)

    def views_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the list as it is under a name, for oneself or for all."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ViewForm(request.POST)
        view = SavedView(by=user_of(request), of=self.kept_as)
        if form.is_valid():
            view.name = form.cleaned_data["name"]
            view.query = form.cleaned_data["query"].lstrip("?")
            view.is_shared = form.cleaned_data["is_shared"]
            try:
                view.full_clean()
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
            else:
                view.save()
                messages.success(request, f"Vue enregistrée : {view}.")
        else:
            messages.error(request, "Donnez un nom à cette vue, de 60 caractères au plus.")
        return self._back(request)

    def forget_view(self, request: HttpRequest) -> HttpResponse:
        """Take a view of one's own away; another's stays."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = request.POST.get("view", "")
        own = SavedView.objects.filter(of=self.kept_as, by=user_of(request))
        if key.isdecimal() and own.filter(pk=key).delete()[0]:
            messages.success(request, "La vue est retirée.")
        return self._back(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user = user_of(request)
        kept = {
            "keeps_as": self.kept_as,
            "views": SavedView.objects.for_user(user).filter(of=self.kept_as),
            "columns": self.column_choices(request),
        }
        return super().changelist_view(request, kept | (extra_context or {}))
