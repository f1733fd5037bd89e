"""Files as they are read: the list, the page of one, and how they are found in scope."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import DetailView, ListView

from accounts.access import user_of
from accounts.models import User
from accounts.roles import Role
from conventions.amendments.effects import signed_amendments
from conventions.amendments.lifecycle import SENT
from conventions.amendments.models import Amendment
from conventions.authority import (
    can_adapt_act,
    can_drop_draft,
    can_record_act,
    can_record_act_dates,
)
from conventions.campaigns.models import Campaign
from conventions.correspondence import can_post_message
from conventions.dossiers.parts import fetch_parts
from conventions.dossiers.timeline import as_collectivity, timeline
from conventions.dossiers.whole import WholeFile
from conventions.lifecycle import TRANSITIONS, State
from conventions.models import Convention, Piece, can_receive_pieces
from conventions.models.convention import ConventionQuerySet
from conventions.situations.situation import situation
from conventions.terminations.steps import open_steps
from tabular.paging import YearByYear
from town_hall.reviews import awaited_from

# What a page of a file reads with it. What is but printed is read when it is printed: each table
# joined more costs every page, of the database's planning most of all.
SHOWN = ("campaign", "act__sitting", "party", "collectivity__commune")


def shown(user: User) -> ConventionQuerySet:
    """The conventions of `user`'s scope; of those given up, the ones that had been sent."""
    unseen = Q(state=State.ABANDONED, sent_on__isnull=True)
    return Convention.objects.for_user(user).exclude(unseen)


def live(user: User) -> ConventionQuerySet:
    """The conventions of `user`'s scope, without those that were abandoned."""
    return Convention.objects.for_user(user).living()


def find_convention(user: User, year: int, code: str, reference: str = "") -> Convention:
    """Return the convention of a year and a collectivity's code, or 404 outside the scope.

    The one that lives or, failing that, the last one given up; another by its `reference`.
    """
    found = shown(user).filter(campaign__start_year=year, collectivity__code=code)
    if reference:
        found = found.filter(reference=reference)
    # One, or two where one was given up: put in order here sooner than by the database.
    files = list(found.select_related(*SHOWN).order_by())
    if not files:
        raise Http404
    return max(files, key=lambda file: (file.state != State.ABANDONED, file.pk))


class ConventionList(ListView):
    template_name = "town_hall/list.html"
    paginate_by = 50

    def get_paginator(self, *args: Any, **kwargs: Any) -> Paginator:
        """A town hall has one file a year, read at once; an agent all of the region's."""
        is_short = user_of(self.request).role == Role.TOWN_HALL
        return (Paginator if is_short else YearByYear)(*args, **kwargs)

    def get_queryset(self) -> ConventionQuerySet:
        found = shown(user_of(self.request)).select_related("campaign", "act", "collectivity")
        return found.prefetch_related("pieces")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(
            review_of=awaited_from(user_of(self.request)),
            **kwargs,
        )
        files = list(context["object_list"])
        fetch_parts(files)
        found = [(convention, situation(convention)) for convention in files]
        return context | {"files": found, "awaited": self._awaited(files)}

    def _awaited(self, files: list[Convention]) -> Campaign | None:
        """Return the campaign of the year where its convention has not been sent yet."""
        campaign = Campaign.objects.only("start_year").newest_open()
        if campaign is None or any(file.campaign_id == campaign.pk for file in files):
            return None
        is_sent = shown(user_of(self.request)).filter(campaign=campaign).exists()
        return None if is_sent else campaign


def current(request: HttpRequest) -> HttpResponse:
    """Lead to the convention of the year when there is just one, else to the list."""
    campaign = Campaign.objects.newest_open()
    found = list(live(user_of(request)).with_parties().filter(campaign=campaign)[:2])
    return redirect(found[0]) if len(found) == 1 else redirect("conventions")


class ConventionPage(DetailView):
    template_name = "town_hall/file.html"
    context_object_name = "convention"

    def get_object(self, queryset: QuerySet[Convention] | None = None) -> Convention:
        reference = self.request.GET.get("reference", "")
        year, code = self.kwargs["year"], self.kwargs["code"]
        return find_convention(user_of(self.request), year, code, reference)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        convention = self.object
        file = WholeFile(convention)
        now = file.situation
        amendments = [a for a in file.amendments if a.state in SENT]
        pieces = file.pieces_of("")
        printed = [p for p in pieces if p.kind not in Piece.UPLOADED and convention.party]
        user = user_of(self.request)
        return super().get_context_data(
            file=file,
            may_write=user.role != Role.FINANCE
            and convention.state != State.ABANDONED
            and not convention.is_transferred,
            abandonment=file.abandonment,
            # What was printed before a correction is not to be signed any more.
            to_sign=[p for p in printed if p.pk not in file.past],
            earlier=[p for p in printed if p.pk in file.past],
            received=[p for p in pieces if p.kind in Piece.UPLOADED],
            documents_missing=file.lacks_documents(),
            amendments=[AmendmentShown.of(a, file) for a in amendments],
            has_signed_amendments=bool(signed_amendments(convention)),
            amendment_to_sign=next((a for a in amendments if a.awaits_act), None),
            still_to_sign=convention.act_is_open and not (now and now.now.closes),
            may_correct=convention.state in TRANSITIONS["request_correction"].targets,
            can_post_message=can_post_message(convention),
            thread=file.thread,
            termination=file.termination,
            ending_steps=open_steps(convention, user),
            journal=timeline(as_collectivity(convention, file.journal), user.role),
            notifications=convention.notifications.select_related("email"),
            other_years=self._other_years(),
            review_of=awaited_from(user),
            **kwargs,
        )

    def _other_years(self) -> ConventionQuerySet:
        """Those of the collectivity, of the ones merged into it, of the one it merged into."""
        collectivity = self.object.collectivity
        same = Q(collectivity=collectivity) | Q(collectivity__merged_into=collectivity)
        if collectivity.merged_into_id:
            same |= Q(collectivity=collectivity.merged_into_id)
        return (
            shown(user_of(self.request))
            .filter(same)
            .exclude(pk=self.object.pk)
            .select_related("campaign", "collectivity")
            .only(
                *("state", "reference", "collectivity_title"),
                *("campaign__start_year", "collectivity__code"),
            )
            .order_by("-campaign__start_year")
        )


@dataclass(frozen=True)
class AmendmentShown:
    """An avenant on the page of its file: its pieces, and what may be done with it."""

    amendment: Amendment
    pieces: list[Piece]
    earlier: list[Piece]
    may_record_act: bool
    may_drop_draft: bool
    may_adapt_act: bool
    may_record_act_dates: bool
    may_receive_pieces: bool

    @classmethod
    def of(cls, amendment: Amendment, file: WholeFile) -> "AmendmentShown":
        pieces = file.pieces_of(amendment.part)
        return cls(
            amendment=amendment,
            pieces=[piece for piece in pieces if piece.pk not in file.past],
            earlier=[piece for piece in pieces if piece.pk in file.past],
            may_record_act=can_record_act(amendment),
            may_drop_draft=can_drop_draft(amendment),
            may_adapt_act=can_adapt_act(amendment),
            may_record_act_dates=can_record_act_dates(amendment),
            may_receive_pieces=can_receive_pieces(amendment),
        )
