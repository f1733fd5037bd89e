"""A list that remembers: the columns that somebody chose, the views that they keep or share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from tabular.models import ChosenColumns, SavedView, SavedViewQuerySet


class ViewForm(forms.Form):
    """`query` is the list's address after its question mark, as the page had it."""

    name = forms.CharField(max_length=60)
    is_shared = forms.BooleanField(required=False)
    query = forms.CharField(max_length=2000, required=False)

    def clean_query(self) -> str:
        return str(self.cleaned_data["query"]).lstrip("?")


@dataclass(frozen=True)
class KeptList:
    """What the pages of a list read and answer; who may open them is theirs to say.

    `of` names it, `page` is its page (a name of urls.py); `offered` names its columns, of which
    `first` are shown until others are chosen.
    """

    of: str
    page: str
    offered: Sequence[str] = ()
    first: Sequence[str] = ()

    def views_of(self, user: Any) -> SavedViewQuerySet:
        """Return the views that an account may open: its own, and those that are shared."""
        return SavedView.objects.for_user(user).filter(of=self.of)

    def columns_of(self, user: Any) -> list[str]:
        """Return the columns that an account chose, in the list's own order."""
        row = ChosenColumns.objects.filter(user=user, of=self.of).first()
        wanted = set(row.names) if row else set()
        return [name for name in self.offered if name in wanted] or [*self.first]

    # --- Views of Django ----------------------------------------------------------
    def choose_columns(self, request: HttpRequest) -> HttpResponse:
        """Keep the columns ticked; none ticked brings the first ones back."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        ticked = request.POST.getlist("columns")
        names = [name for name in self.offered if name in ticked]
        ChosenColumns.objects.update_or_create(
            user=_person(request), of=self.of, defaults={"names": names}
        )
        return self._back(request)

    def keep_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the list as it is under a name, for oneself or for all."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ViewForm(request.POST)
        if form.is_valid():
            self._keep(request, form)
        else:
            messages.error(request, "Donnez un nom à cette vue, de 60 caractères au plus.")
        return self._back(request)

    def _keep(self, request: HttpRequest, form: ViewForm) -> None:
        view = SavedView(of=self.of, by=_person(request), **form.cleaned_data)
        try:
            view.full_clean()
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            view.save()
            messages.success(request, f"Vue enregistrée : {view}.")

    def forget_view(self, request: HttpRequest) -> HttpResponse:
        """Take a view of one's own away; another's stays."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = request.POST.get("view", "")
        own = SavedView.objects.filter(of=self.of, by=_person(request))
        if key.isdecimal() and own.filter(pk=key).delete()[0]:
            messages.success(request, "La vue est retirée.")
        return self._back(request)

    def _back(self, request: HttpRequest) -> HttpResponseRedirect:
        query = request.POST.get("query", "").lstrip("?")
        address = reverse(self.page)
        return redirect(f"{address}?{query}" if query else address)


def _person(request: HttpRequest) -> Any:
    """Return who is signed in: the pages of a list are open to nobody else."""
    return request.user
