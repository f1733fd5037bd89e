"""Piles of scans: dropped, followed while they are read, then confirmed sheaf by sheaf."""

from collections import Counter, defaultdict
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.access import user_of
from accounts.models import User
from communes.admin_base import ScopedAdmin
from conventions.exchanges.at_once import told_at_once
from conventions.piles import reading
from conventions.piles.forms import OnceForAllForm, PileForm, SheafForm
from conventions.piles.models import Pile, Sheaf
from documents.received import scans

# Sheaves on one screen: the thumbnail of each of their pages is drawn.
ON_SCREEN = 20


class WaitingFilter(admin.SimpleListFilter):
    title = "à vérifier"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Documents à vérifier")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Pile]) -> QuerySet[Pile]:
        return queryset.filter(Q(waiting_count__gt=0)) if self.value() == "yes" else queryset


@admin.register(Pile)
class PileAdmin(ScopedAdmin):
    list_display = ("name", "moment", "by_name", "page_count", "state", "waiting")
    list_filter = (WaitingFilter,)
    list_select_related = ("by",)
    list_per_page = 50
    # The page of a pile is its own template: no field is ever edited.
    fieldsets = ((None, {"fields": ()}),)

    class Media:
        css = {"all": ("conventions_admin.css",)}

    def scope(self, user: User) -> Q:
        """An agent of some départements sees their own piles, the others all."""
        return Q(by=user) if user.limited_to_departments else Q()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pile]:
        return super().get_queryset(request).with_waiting()

    @admin.display(description="déposée le", ordering="at")
    def moment(self, pile: Pile) -> str:
        return f"{timezone.localtime(pile.at):%d/%m/%Y %H:%M}"

    @admin.display(description="par", ordering="by__last_name")
    def by_name(self, pile: Pile) -> str:
        return pile.by.get_full_name()

    @admin.display(description="à vérifier", ordering="waiting_count")
    def waiting(self, pile: Pile) -> str:
        return str(pile.waiting_count or "—")

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/page/<int:number>/<int:rotation>.png",
                self.admin_site.admin_view(self.thumbnail_view),
                name="piles_pile_thumbnail",
            ),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the files of the scanner, or (POST) keep them and have them read."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            piles = form.cleaned_data["papers"]
            received = reading.receive(piles.read, by=user_of(request))
            if piles.left_out:
                messages.warning(request, _not_read(piles.left_out))
            if len(received) == 1:
                return redirect("admin:piles_pile_change", received[0].pk)
            messages.success(request, f"{len(received)} piles déposées : elles vont être lues.")
            return redirect("admin:piles_pile_changelist")
        context = {"title": "Déposer des documents numérisés", "form": form}
        return self._page(request, "add", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Follow the reading of a pile, then confirm its sheaves (POST)."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        key = _key(object_id)
        pile = key and self.get_queryset(request).filter(pk=key).first()
        if not pile:
            raise Http404
        waiting = pile.sheaves.filter(state=Sheaf.State.WAITING)
        sheaves = waiting.select_related("issued__document", "issued__convention")
        unreadable = list(pile.pages.filter(is_unreadable=True).values_list("number", flat=True))
        of_all: dict[str, Any] = {"user": user_of(request), "unreadable": unreadable}
        if request.method == "POST":
            # Only what the page showed is decided.
            shown = [key for key in request.POST.getlist("sheaf") if _key(key)]
            for_all = OnceForAllForm(request.POST)
            once = for_all.cleaned_data if for_all.is_valid() else {}
            decisions = [
                SheafForm(request.POST, sheaf=sheaf, once_for_all=once, **of_all)
                for sheaf in sheaves.filter(pk__in=shown)
            ]
            if for_all.is_valid():
                decisions = self._perform(request, decisions)
            if not decisions:
                return redirect(request.path)
        else:
            for_all = OnceForAllForm()
            decisions = [SheafForm(sheaf=sheaf, **of_all) for sheaf in sheaves[:ON_SCREEN]]
        context = {
            "title": pile.name,
            "pile": pile,
            "decisions": decisions,
            "for_all": for_all,
            "others": waiting.count() - len(decisions),
            "pages_read": pile.pages.count(),
            "blank_pages": pile.pages.filter(is_blank=True).count(),
            "unreadable": unreadable,
            "decided": pile.sheaves.exclude(state=Sheaf.State.WAITING).select_related(
                "attached__convention", "decided_by"
            ),
        }
        return self._page(request, "change", context)

    def _perform(self, request: HttpRequest, decisions: list[SheafForm]) -> list[SheafForm]:
        """Do each decision that can be; return the forms of the others, with the reason."""
        by_file: dict[int | None, list[SheafForm]] = defaultdict(list)
        for form in decisions:
            by_file[form.file].append(form)
        done: Counter[str] = Counter()
        for forms in by_file.values():
            done += _perform_together(forms)
        refused = [form for form in decisions if form.errors]
        signed = sum(form.has_signed for form in decisions)
        if attached := done["attach"]:
            one = "1 document joint à son dossier."
            many = f"{attached} documents joints à leurs dossiers."
            messages.success(request, one if attached == 1 else many)
        if signed:
            one = "1 signature de collectivité enregistrée."
            many = f"{signed} signatures de collectivités enregistrées."
            messages.success(request, one if signed == 1 else many)
        if refused:
            messages.error(request, "Des décisions n'ont pas pu être suivies : voyez pourquoi.")
        return refused

    def thumbnail_view(
        self, request: HttpRequest, pk: int, number: int, rotation: int
    ) -> HttpResponse:
        """Draw a page of a pile, small."""
        pile = self.get_queryset(request).filter(pk=pk, page_count__gte=number).first()
        if pile is None or not pile.file or number < 1 or rotation not in (0, 90, 180, 270):
            raise Http404
        with pile.file.open("rb") as stored:
            image = scans.thumbnail(stored, number, rotation)
        # A pile never changes.
        headers = {"Cache-Control": "private, max-age=86400, immutable"}
        return HttpResponse(image, content_type="image/png", headers=headers)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/piles/pile/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                **context,
            },
        )


def _perform_together(forms: list[SheafForm]) -> Counter[str]:
    """Do what was decided of the papers of one file; count what was done.

    With the e-mail that tells its town hall of all of them, or, killed in the middle, nothing.
    """
    done: Counter[str] = Counter()
    for form in forms:
        form.take_out()
    with transaction.atomic(), told_at_once():
        for form in forms:
            try:
                with transaction.atomic():
                    if form.is_valid():
                        done[form.perform()] += 1
            except ValidationError as refusal:
                form.refuse(refusal)
    return done


def _key(object_id: str) -> int | None:
    return int(object_id) if object_id.isdecimal() and len(object_id) < 19 else None


def _not_read(names: list[str]) -> str:
    shown = ", ".join(f"« {name} »" for name in names)
    return (
        f"Le site n'a pas eu le temps de lire tous ces fichiers : {shown} "
        f"{'ne sont pas gardés' if len(names) > 1 else 'n’est pas gardé'}. Le reste l'est. "
        "Déposez-les à nouveau, à part."
    )
