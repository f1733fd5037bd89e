"""Files as they are read: the list, the page of one, and how they are found in scope."""

from django.db.models import Q, prefetch_related_objects
from django.shortcuts import get_object_or_404, redirect
from django.views.generic import DetailView, ListView

from accounts.roles import Role
from conventions import progress, warnings
from conventions.lifecycle import guidance
from conventions.models import Amendment, Campaign, Convention, Piece, outdated_among
from conventions.terminations import open_steps, standing
from conventions.timeline import timeline


def live(user):
    """The conventions of `user`'s scope, without those that were abandoned."""
    return Convention.objects.for_user(user).living()


def find_convention(user, year: int, code: str) -> Convention:
    """Return the convention of a year and a collectivity's code, or 404 outside the scope."""
    return get_object_or_404(
        live(user).with_parties(),
        campaign__start_year=year,
        collectivity__code=code,
    )


class ConventionList(ListView):
    template_name = "conventions/list.html"
    paginate_by = 50

    def get_queryset(self):
        return live(self.request.user).with_parties().prefetch_related("amendments")

    def get_context_data(self, **kwargs):
        """Say plainly when the convention of the year has not been sent yet."""
        campaign = Campaign.objects.filter(state=Campaign.State.OPEN).first()
        waiting = campaign and not live(self.request.user).filter(campaign=campaign).exists()
        return super().get_context_data(awaited=campaign if waiting else None, **kwargs)


def current(request):
    """Lead to the convention of the year when there is just one, else to the list."""
    campaign = Campaign.objects.filter(state=Campaign.State.OPEN).first()
    found = list(live(request.user).with_parties().filter(campaign=campaign)[:2])
    return redirect(found[0]) if len(found) == 1 else redirect("conventions")


class ConventionPage(DetailView):
    template_name = "conventions/file.html"
    context_object_name = "convention"

    def get_object(self, queryset=None):
        return find_convention(self.request.user, self.kwargs["year"], self.kwargs["code"])

    def get_context_data(self, **kwargs):
        convention = self.object
        found = progress.steps(convention)
        pieces = convention.own_pieces.with_documents()
        issued = {piece.kind for piece in pieces}
        termination = convention.last_termination
        prefetch_related_objects([convention], "amendments")  # For the amounts before and after.
        amendments = list(
            Amendment.objects.filter(convention=convention).shown().with_schools().with_pieces()
        )
        for amendment in amendments:
            amendment.convention = convention
        outdated = outdated_among(convention, *amendments)
        return super().get_context_data(
            steps=found,
            expected=progress.expected_now(found),
            warnings=warnings.found_on(convention),
            guidance=guidance(convention.state, self.request.user.role),
            may_write=self.request.user.role != Role.FINANCE,
            schools=convention.schools.as_issued(),
            pieces=pieces,
            # What was printed before a correction is not to be signed any more.
            to_sign=[
                piece
                for piece in pieces
                if piece.kind not in Piece.UPLOADED | Piece.LETTERS
                and convention.is_party_confirmed
            ],
            letters=[piece for piece in pieces if piece.kind in Piece.LETTERS],
            received=[piece for piece in pieces if piece.kind in Piece.UPLOADED],
            outdated=outdated,
            replaced=_replaced(pieces, *(amendment.own_pieces for amendment in amendments)),
            documents_missing=set(convention.kinds_to_issue()) - issued
            or any(amendment.lacks_documents for amendment in amendments),
            amendments=amendments,
            amendment_to_sign=next((a for a in amendments if a.awaits_collectivity), None),
            thread=convention.messages.select_related("attachment"),
            termination=termination,
            termination_standing=termination and standing(termination),
            ending_steps=open_steps(convention, self.request.user.role),
            journal=timeline(convention.journal_of_collectivity),
            emails=convention.notifications.all(),
            other_years=self._other_years(),
            **kwargs,
        )

    def _other_years(self):
        """Those of the collectivity, of the ones merged into it, of the one it merged into."""
        collectivity = self.object.collectivity
        same = Q(collectivity=collectivity) | Q(collectivity__merged_into=collectivity)
        if collectivity.merged_into_id:
            same |= Q(collectivity=collectivity.merged_into_id)
        return (
            live(self.request.user)
            .filter(same)
            .exclude(pk=self.object.pk)
            .select_related("campaign", "collectivity")
            .order_by("-campaign__start_year")
        )


def _replaced(*dossiers) -> set[int]:
    """Return the keys of the generated pieces of which a newer version is in the same dossier."""
    replaced = set()
    for pieces in dossiers:
        newest: set[str] = set()
        for piece in pieces:  # The newest version of a kind comes first.
            if piece.kind in newest and piece.kind not in Piece.UPLOADED:
                replaced.add(piece.pk)
            newest.add(piece.kind)
    return replaced
