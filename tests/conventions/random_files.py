"""Files whose facts are drawn at random, for what must hold of any file."""

import datetime

from conventions.acts.models import Act, ActState
from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.lifecycle import (
    COLLECTIVITY_SIGNED,
    PARTY_CONFIRMED,
    REGION_SIGNED,
    VISIBLE_TO_TOWN_HALL,
    State,
)
from conventions.models import ConfirmedParty, Convention, Piece
from conventions.terminations.models import Termination
from documents.models import Document
from law import deadlines
from tests.factories import CampaignFactory, ConventionFactory


def random_file(chance, campaign, today, **fields):
    """A living file whose facts are drawn at random, in an order that the database accepts."""

    def some(days):
        return today - datetime.timedelta(days=days) if chance.random() < so_far else None

    # How far its facts have come: of half of the files, about everything is there.
    so_far = chance.choice((0.5, 0.95))
    convention = ConventionFactory(campaign=campaign, schools_count=chance.choice((0, 1)), **fields)
    payer = convention.collectivity
    living = [s for s in State if s != State.ABANDONED]
    state = State.SIGNED if chance.random() < 0.5 else chance.choice(living)
    act = None
    if state in COLLECTIVITY_SIGNED or (state in PARTY_CONFIRMED and chance.random() < 0.7):
        dated = deadlines.add_months(today, -3) + datetime.timedelta(days=chance.randint(-2, 2))
        is_draft = state not in COLLECTIVITY_SIGNED and chance.random() < 0.3
        happened = (
            {}
            if is_draft
            else {
                "number": "1",
                "dated_on": dated,
                "state": ActState.ADOPTED,
                "deposited_on": some(5),
                "published_on": some(4),
                "withdrawn_on": some(1) if chance.random() < 0.3 else None,
                "reported_on": some(2),
            }
        )
        act = Act.objects.create(
            collectivity=payer, kind=chance.choice(Act.Kind.values), **happened
        )
    party = None
    if state in PARTY_CONFIRMED:
        party = ConfirmedParty.copy_of(payer)
        party.save()
    fee = chance.choice((campaign.tariff, campaign.tariff + 5))
    convention.enrolments.update(fee=fee)
    Convention.objects.filter(pk=convention.pk).update(
        state=state,
        act=act,
        party=party,
        accepted_on=today if party else None,
        sent_on=today if state in VISIBLE_TO_TOWN_HALL else None,
        collectivity_signed_on=today if state in COLLECTIVITY_SIGNED else None,
        region_signed_on=today if state in REGION_SIGNED else None,
        unit_fee=fee,
        amount=convention.school_count * fee,
    )
    for kind in (Piece.Kind.CONVENTION, Piece.Kind.CONVENTION_SIGNED, Piece.Kind.ACT_SIGNED):
        if chance.random() < so_far:
            Piece.objects.create(
                convention=convention,
                kind=kind,
                version=1,
                document=Document.objects.create(sha256=f"{convention.pk}{kind}", size=1, pages=1),
                is_unsigned=kind in Piece.UPLOADED and chance.random() < 0.1,
            )
    if state == State.SIGNED and chance.random() < 0.2:
        amended = chance.choice(("prepared", "sent", "signed_by_collectivity", "signed_by_region"))
        Amendment.objects.create(
            convention=convention,
            number=1,
            reason="Ouverture.",
            unit_fee=fee,
            state=amended,
            sent_on=None if amended == "prepared" else today,
            collectivity_signed_on=today if amended == "signed_by_collectivity" else None,
            region_signed_on=today if amended == "signed_by_region" else None,
        )
    if state == State.SIGNED and chance.random() < 0.2:
        settled = chance.random() < 0.3
        Termination.objects.create(
            convention=convention,
            number=1,
            side=chance.choice(Termination.Side.values),
            grievances="Non.",
            notice_on=today,
            state="settled" if settled else "notice",
            settled_on=today if settled else None,
        )
    return convention


def campaigns(today):
    """Under way, ended and still open, ended and closed."""
    return [
        CampaignFactory(start_year=year, ends_on=ends_on, state=state)
        for year, ends_on, state in (
            (2026, today, Campaign.State.OPEN),
            (2027, today, Campaign.State.OPEN),
            (2025, today - datetime.timedelta(days=1), Campaign.State.OPEN),
            (2024, today - datetime.timedelta(days=1), Campaign.State.CLOSED),
        )
    ]
