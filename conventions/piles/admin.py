"""Piles of scans: dropped, followed while they are read, then confirmed sheaf by sheaf."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst

from accounts.access import user_of
from accounts.models import User
from communes.admin_base import ScopedAdmin
from conventions.dossiers.parts import part_of
from conventions.models import Piece
from conventions.piles import reading
from conventions.piles.models import Pile, Sheaf
from documents.received import scans
from documents.received.form_fields import PdfField
from documents.received.uploads import UploadedPdf, read_piles

# Sheaves on one screen: the thumbnail of each of their pages is drawn.
ON_SCREEN = 20


class PilesField(PdfField):
    def read(self, files: Sequence[UploadedFile]) -> list[UploadedPdf]:
        return read_piles(files)


class PileForm(forms.Form):
    papers = PilesField(
        label="Fichiers",
        help_text="Un ou plusieurs PDF sortis du numériseur (200 Mo en tout, 1 000 pages chacun), "
        "ou des photographies des pages (JPEG, PNG, HEIC).",
        error_messages={"required": "Choisissez au moins un fichier."},
    )


class SheafForm(forms.Form):
    """What becomes of a sheaf. The file it goes to is found in the agent's territory."""

    class Decision:
        ATTACH, WAIT, SPLIT, DISCARD = "attach", "wait", "split", "discard"

    decision = forms.ChoiceField(
        label="Décision",
        widget=forms.RadioSelect,
        choices=[
            (Decision.ATTACH, "Joindre au dossier"),
            (Decision.WAIT, "Laisser en attente"),
            (Decision.SPLIT, "Séparer en deux documents"),
            (Decision.DISCARD, "Écarter : ce n'est pas un document à joindre"),
        ],
    )
    reference = forms.CharField(
        label="Référence",
        required=False,
        max_length=100,
        help_text="Celle du document, imprimée près du code QR, ou celle de la convention.",
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(
        label="Nature",
        required=False,
        choices=[
            ("", "D'après la référence du document"),
            *((kind.value, capfirst(kind.label)) for kind in Piece.RECEIVED),
        ],
    )
    split_at = forms.IntegerField(
        label="Première page du second document", required=False, min_value=1
    )

    def __init__(self, *args: Any, sheaf: Sheaf, user: User, **kwargs: Any) -> None:
        self.sheaf, self.user = sheaf, user
        # A document of another length may hide the first page of the next one.
        is_sure = sheaf.issued and not sheaf.has_other_length
        kwargs["prefix"] = f"sheaf-{sheaf.pk}"
        kwargs["initial"] = {
            "decision": self.Decision.ATTACH if is_sure else self.Decision.WAIT,
            "reference": self._first_guess(),
        }
        super().__init__(*args, **kwargs)
        self.candidates = [(ref, reading.find_issued(ref, user)) for ref in sheaf.candidates]
        if self.candidates:
            self.fields["reference"].widget.attrs["list"] = f"sheaf-{sheaf.pk}-candidates"
        if len(sheaf.pages) == 1:
            del self.fields["split_at"]
            decision: Any = self.fields["decision"]
            decision.choices = [c for c in decision.choices if c[0] != self.Decision.SPLIT]

    def _first_guess(self) -> str:
        if self.sheaf.candidates:
            return ""
        return self.sheaf.issued.document.reference if self.sheaf.issued else self.sheaf.reference

    def clean(self) -> None:
        super().clean()
        decision = self.cleaned_data.get("decision")
        if decision == self.Decision.ATTACH:
            self._find_target()
        if decision == self.Decision.SPLIT and not self.cleaned_data.get("split_at"):
            self.add_error("split_at", "Indiquez la page où commence le second document.")

    def _find_target(self) -> None:
        reference = self.cleaned_data.get("reference", "")
        kind = self.cleaned_data.get("kind", "")
        if not reference:
            self.add_error("reference", "Indiquez la référence du document ou de la convention.")
        elif issued := reading.find_issued(reference, self.user):
            self.target = part_of(issued)
            self.target_kind = kind or reading.RECEIVED_AS.get(issued.kind, Piece.Kind.OTHER)
        elif convention := reading.find_convention(reference, self.user):
            self.target, self.target_kind = convention, kind
            if not kind:
                self.add_error("kind", "Choisissez la nature de la pièce.")
        else:
            self.add_error(
                "reference", "Aucun document de votre territoire ne porte cette référence."
            )

    def perform(self) -> str:
        """Do what was decided, and return it."""
        decision = self.cleaned_data["decision"]
        if decision == self.Decision.ATTACH:
            self.sheaf.attach(to=self.target, kind=self.target_kind, by=self.user)
        elif decision == self.Decision.DISCARD:
            self.sheaf.discard(by=self.user)
        elif decision == self.Decision.SPLIT:
            self.sheaf.split(self.cleaned_data["split_at"])
        return decision

    def refuse(self, refusal: ValidationError) -> None:
        """Show why the decision was not followed, at its field where it has one."""
        errors = getattr(refusal, "error_dict", {None: refusal.messages})
        for field, reasons in errors.items():
            self.add_error(field if field in self.fields else None, reasons)


@admin.register(Pile)
class PileAdmin(ScopedAdmin):
    list_display = ("name", "moment", "by_name", "page_count", "state", "waiting")
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
            received = reading.receive(form.cleaned_data["papers"], by=user_of(request))
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
        if request.method == "POST":
            # Only what the page showed is decided.
            shown = [key for key in request.POST.getlist("sheaf") if _key(key)]
            decisions = [
                SheafForm(request.POST, sheaf=sheaf, user=user_of(request))
                for sheaf in sheaves.filter(pk__in=shown)
            ]
            decisions = self._perform(request, decisions)
            if not decisions:
                return redirect(request.path)
        else:
            user = user_of(request)
            decisions = [SheafForm(sheaf=sheaf, user=user) for sheaf in sheaves[:ON_SCREEN]]
        context = {
            "title": pile.name,
            "pile": pile,
            "decisions": decisions,
            "others": waiting.count() - len(decisions),
            "pages_read": pile.pages.count(),
            "blank_pages": pile.pages.filter(is_blank=True).count(),
            "unreadable": list(
                pile.pages.filter(is_unreadable=True).values_list("number", flat=True)
            ),
            "decided": pile.sheaves.exclude(state=Sheaf.State.WAITING).select_related(
                "attached__convention", "decided_by"
            ),
        }
        return self._page(request, "change", context)

    def _perform(self, request: HttpRequest, decisions: list[SheafForm]) -> list[SheafForm]:
        """Do each decision that can be; return the forms of the others, with the reason."""
        done: Counter[str] = Counter()
        refused = []
        for form in decisions:
            try:
                if form.is_valid():
                    done[form.perform()] += 1
            except ValidationError as refusal:
                form.refuse(refusal)
            if form.errors:
                refused.append(form)
        if attached := done["attach"]:
            one = "1 document joint à son dossier."
            many = f"{attached} documents joints à leurs dossiers."
            messages.success(request, one if attached == 1 else many)
        if refused:
            messages.error(request, "Des décisions n'ont pas pu être suivies : voyez pourquoi.")
        return refused

    def thumbnail_view(
        self, request: HttpRequest, pk: int, number: int, rotation: int
    ) -> HttpResponse:
        """Draw a page of a pile, small."""
        pile = self.get_queryset(request).filter(pk=pk, page_count__gte=number).first()
        if pile is None or number < 1 or rotation not in (0, 90, 180, 270):
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


def _key(object_id: str) -> int | None:
    return int(object_id) if object_id.isdecimal() and len(object_id) < 19 else None
