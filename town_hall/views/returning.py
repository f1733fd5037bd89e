"""One page « Retour »: the signed papers are dropped, the dates are given, together."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from accounts.access import user_of
from conventions.authority import ACT_FIELDS, record_act, record_act_dates
from conventions.dossiers.whole import WholeFile
from conventions.models import Piece, UnsignedCopy, can_receive_pieces, hand_in
from documents.received.uploads import read_copy
from town_hall.coming_back import kind_told
from town_hall.forms.returning import PAPERS, ReturnForm
from town_hall.views.files import find_convention
from town_hall.views.form import EVEN_UNSIGNED, FileFormView, writers
from typography import mend


class ReturnPage(FileFormView):
    form_class = ReturnForm
    template_name = "town_hall/return.html"
    title = "Retour des papiers signés"
    intro = "Déposez ce qui est signé, donnez les dates que vous avez. Le reste peut attendre."
    done = "C'est enregistré."

    def is_possible(self) -> bool:
        return self.convention.party is not None and can_receive_pieces(self.convention)

    def get_initial(self) -> dict[str, Any]:
        act = self.convention.act
        dates = ReturnForm.transmission_names if act else ()
        signed = {"on": self.convention.collectivity_signed_on}
        return super().get_initial() | signed | {name: getattr(act, name) for name in dates}

    def perform(self, form: ReturnForm) -> None:
        """In the order in which each rests on the one before: act, papers, dates, signature."""
        self._adopt(form)
        self.hand_in({kind: form.cleaned_data[kind] for kind in PAPERS})
        self._record_dates(form)
        on = form.cleaned_data.get("on")
        if on and on != self.convention.collectivity_signed_on:
            self.convention.sign_for_collectivity(by=self.user, on=on)

    def _adopt(self, form: ReturnForm) -> None:
        given = {name: form.cleaned_data.get(name) for name in ReturnForm.act_names}
        if any(given.values()):
            act = self.convention.act
            values = {name: getattr(act, name) for name in ACT_FIELDS}
            record_act(self.convention, by=self.user, **values | given)

    def _record_dates(self, form: ReturnForm) -> None:
        changed = [name for name in ReturnForm.transmission_names if name in form.changed_data]
        if not changed or self.convention.act is None:
            return
        facts = form.facts(changed)
        if facts.get("published_on") and not self.convention.act.publication_mode:
            facts["publication_mode"] = self.convention.collectivity.publicity_mode
        record_act_dates(self.convention, by=self.user, **facts)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        file = WholeFile(self.convention)
        received = [piece for piece in file.pieces_of("") if piece.kind in Piece.UPLOADED]
        # Only who may write to the file opens this page.
        return super().get_context_data(file=file, received=received, may_write=True, **kwargs)


@require_POST
@writers
def receive(request: HttpRequest, year: int, code: str) -> JsonResponse:
    """Keep a paper the moment it arrives: one PDF, or the photographs of one (`file`).

    Answers what it is (`label`) and the file's new `version`. What is not recognised is not
    kept: `ask` lists what it may be, and it is sent again with its `kind`. Nor is the unsigned
    original (`unsigned` says so, `kind` what it is) unless it is sent with EVEN_UNSIGNED. 422 with
    an `error`.
    """
    convention = find_convention(user_of(request), year, code)
    if not can_receive_pieces(convention):
        over = "Ce dossier ne reçoit plus de papiers : rouvrez sa page pour voir où il en est."
        return JsonResponse({"error": over}, status=422)
    files = request.FILES.getlist("file")
    if not files:
        return JsonResponse({"error": "Choisissez un fichier."}, status=422)
    try:
        pdf = read_copy(files)
        kind = request.POST.get("kind") or kind_told(convention, pdf)
        if not kind:
            return JsonResponse({"ask": [(k.value, k.label.capitalize()) for k in PAPERS]})
        even_unsigned = EVEN_UNSIGNED in request.POST
        (piece,) = hand_in(
            convention, {kind: pdf}, by=user_of(request), even_unsigned=even_unsigned
        )
    except UnsignedCopy as refusal:
        return JsonResponse({"unsigned": mend(" ".join(refusal.messages)), "kind": kind})
    except ValidationError as refusal:
        return JsonResponse({"error": " ".join(refusal.messages)}, status=422)
    said = {"label": piece.get_kind_display().capitalize(), "version": convention.version}
    return JsonResponse(said)
