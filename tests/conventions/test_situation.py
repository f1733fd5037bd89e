"""One answer to "what now": the file's words and the lists' counts say the same, always."""

import datetime
import random

import pytest
from django.utils import timezone

from conventions.acts.models import Act, ActState
from conventions.amendments.models import Amendment
from conventions.authority import draft_act, record_act, record_act_dates
from conventions.campaigns.models import Campaign
from conventions.dossiers.progress import Status, expected_now, steps
from conventions.exchanges.models import Side
from conventions.lifecycle import (
    COLLECTIVITY_SIGNED,
    PARTY_CONFIRMED,
    REGION_SIGNED,
    VISIBLE_TO_TOWN_HALL,
    State,
)
from conventions.models import ConfirmedParty, Convention, Piece, attach, latest_piece
from conventions.situations.expectations import RULES
from conventions.situations.situation import counts, expecting, situation, with_expected
from conventions.terminations.models import Termination, give_formal_notice
from documents.models import Document
from documents.received.uploads import UploadedPdf
from law import deadlines
from tests.factories import (
    CampaignFactory,
    ConventionFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def seen(convention):
    """The file as a page reads it."""
    return Convention.objects.with_parties().get(pk=convention.pk)


def receive(convention, kind, content=b"%PDF-1.7 signed"):
    attach(convention, kind=kind, pdf=UploadedPdf(content=content, pages=1, name="a.pdf"), by=None)


# --- Python and the database agree --------------------------------------------
def _random_file(chance, campaign, today):
    """A living file whose facts are drawn at random, in an order that the database accepts."""

    def some(days):
        return today - datetime.timedelta(days=days) if chance.random() < so_far else None

    # How far its facts have come: of half of the files, about everything is there.
    so_far = chance.choice((0.5, 0.95))
    convention = ConventionFactory(campaign=campaign, schools_count=chance.choice((0, 1)))
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


def _campaigns(today):
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


def test_each_living_file_is_counted_by_the_rule_that_its_page_says(move_to, sample):
    today = datetime.date(2026, 11, 30)
    move_to(today)
    chance, campaigns = random.Random(2), _campaigns(today)
    for _ in range(sample(250, 900)):
        _random_file(chance, chance.choice(campaigns), today)
    said = {c.pk: situation(c).now.key for c in Convention.objects.with_parties()}
    counted = dict(with_expected(Convention.objects.order_by()).values_list("pk", "expected"))
    assert said == counted
    found = counts(Convention.objects.all())
    assert sum(count for _, count in found) == len(said)
    for rule, count in found:
        assert expecting(Convention.objects.all(), rule.key).count() == count
    # Files are drawn widely enough: a test of few rules would prove little.
    assert {rule.key for rule, _ in found} >= {rule.key for rule in RULES} - {"to_report"}


def test_a_file_given_up_waits_for_nothing(convention):
    convention.abandon(by=None, comment="Erreur.")
    assert situation(convention) is None
    assert counts(Convention.objects.all()) == []
    assert {step.status for step in steps(convention)} == {Status.DROPPED}


# --- The contradictions that there were ------------------------------------------
@pytest.fixture
def complete():
    """Signed by both, its act executory and reported, its copies on file."""
    convention = current_signed_convention()
    day = convention.collectivity_signed_on
    record_act_dates(
        convention,
        by=None,
        deposited_on=day,
        published_on=day,
        publication_mode="electronic",
        reported_on=day,
    )
    receive(convention, "act_signed")
    receive(convention, "convention_signed", b"%PDF-1.7 both")
    return convention


def page_of(client, convention, town_hall):
    client.force_login(town_hall)
    return client.get(convention.get_absolute_url()).content.decode()


@pytest.fixture
def secretary(complete):
    return UserFactory(collectivities=[complete.collectivity])


def test_all_is_in_order_only_of_a_file_that_waits_for_nobody(client, complete, secretary):
    assert situation(seen(complete)).now.key == "in_force"
    assert "Tout est en ordre" in page_of(client, complete, secretary)
    give_formal_notice(complete, by=None, side="region", on=TODAY(), grievances="Non.")
    assert situation(seen(complete)).now.key == "ending_by_region"
    page = page_of(client, complete, secretary)
    assert "Tout est en ordre" not in page
    assert "La région académique a engagé une procédure de résiliation" in page


def test_what_was_received_as_it_was_printed_is_no_signed_copy(complete):
    with latest_piece(complete, Piece.Kind.CONVENTION).document.file.open("rb") as printed:
        blank = printed.read()
    complete.pieces.filter(kind=Piece.Kind.CONVENTION_SIGNED).delete()
    complete.refresh_from_db()
    receive(complete, "convention_signed", blank)
    assert complete.pieces.get(kind="convention_signed").is_unsigned
    now = situation(seen(complete))
    assert now.now.key == "to_attach"
    copies = next(s for s in steps(seen(complete)) if "copies" in s.title)
    assert copies.status == Status.TODO
    assert "la convention" in copies.detail


def test_an_ended_file_asks_for_nothing_and_prints_nothing_to_sign(
    client, complete, secretary, move_to
):
    move_to(complete.campaign.ends_on + datetime.timedelta(days=1))
    now = situation(seen(complete))
    assert (now.now.key, now.town_hall, now.rectorat) == ("ended", None, None)
    page = page_of(client, complete, secretary)
    assert "À imprimer et faire signer" not in page
    assert "Documents produits" in page
    assert "Il n’y a plus rien à faire" in page


def test_one_step_at_a_time_is_to_do_and_it_is_the_one_of_the_callout(
    client, convention, town_hall
):
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=None, kind="decision", number="1", dated_on=TODAY())
    print_quickly(convention)
    found = steps(seen(convention))
    assert [s.title for s in found if s.status == Status.TODO] == [expected_now(found).title]
    page = page_of(client, convention, town_hall)
    assert page.count("fr-badge--new") == 1
    assert "À faire maintenant : déposer l&#x27;acte en préfecture et le publier" in page


def test_nothing_to_do_stands_beside_no_step_to_do(client, convention, town_hall):
    convention.send(by=None)
    convention.request_correction(by=town_hall, subject="other", comment="Non.")
    page = page_of(client, convention, town_hall)
    assert "Rien à faire pour l’instant" in page
    assert "À faire maintenant" not in page
    assert "file-step--todo" not in page


def test_an_avenant_is_the_one_thing_to_do(client, complete, secretary):
    amendment = prepare_amendment(complete, add=[SchoolFactory(payer=complete.collectivity)])
    assert situation(seen(complete)).now.key == "to_send_amendment"
    amendment.send(by=None)
    now = situation(seen(complete))
    assert (now.now.key, now.of(Side.TOWN_HALL), now.of(Side.RECTORAT)) == (
        "to_sign_amendment",
        now.now,
        None,
    )
    assert page_of(client, complete, secretary).count("À faire maintenant") == 1


def test_a_field_that_may_be_left_empty_warns_of_nothing(convention):
    convention.send(by=None)
    convention.accept(by=None)
    draft_act(convention, by=None, kind="decision")
    assert convention.act.delegation_item == ""
    assert situation(seen(convention)).unusual == []


def test_the_desk_counts_each_file_once_and_leads_to_its_list(client, rectorat, complete):
    ConventionFactory(campaign=complete.campaign)
    client.force_login(rectorat)
    url = f"/admin/campaigns/campaign/{complete.campaign_id}/change/"
    page = client.get(url).content.decode()
    assert "expected=in_force" in page
    assert "expected=to_send" in page
    listed = client.get(
        "/admin/conventions/convention/", {"campaign": complete.campaign_id, "expected": "to_send"}
    )
    assert [c.state for c in listed.context["cl"].queryset] == [State.PREPARED]
