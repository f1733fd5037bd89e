"""One answer to "what now": the file's words and the lists' counts say the same, always."""

import datetime
import random
from collections import Counter

import pytest
from django.utils import timezone

from conventions.authority import draft_act, record_act, record_act_dates
from conventions.dossiers.progress import Status, expected_now, steps
from conventions.exchanges.models import Side
from conventions.lifecycle import (
    State,
)
from conventions.models import Convention, Piece, attach, latest_piece
from conventions.situations.expectations import RULES
from conventions.situations.situation import expecting, in_order, situation, with_expected
from conventions.terminations.models import give_formal_notice
from documents.received.uploads import UploadedPdf
from tests.conventions.random_files import campaigns, random_file
from tests.factories import (
    ConventionFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
TODAY = timezone.localdate


def seen(convention):
    """The file as a page reads it."""
    return Convention.objects.with_parties().get(pk=convention.pk)


def receive(convention, kind, content=b"%PDF-1.7 signed"):
    pdf = UploadedPdf(content=content, pages=1, name="a.pdf")
    attach(convention, kind=kind, pdf=pdf, by=None, even_unsigned=True)


# --- Python and the database agree --------------------------------------------
def test_each_living_file_is_counted_by_the_rule_that_its_page_says(move_to, sample):
    today = datetime.date(2026, 11, 30)
    move_to(today)
    chance, years = random.Random(2), campaigns(today)
    for _ in range(sample(250, 900)):
        random_file(chance, chance.choice(years), today)
    said = {c.pk: situation(c).now.key for c in Convention.objects.with_parties()}
    counted = dict(with_expected(Convention.objects.order_by()).values_list("pk", "expected"))
    assert said == counted
    found = in_order(Counter(counted.values()))
    assert sum(count for _, count in found) == len(said)
    for rule, count in found:
        assert expecting(Convention.objects.all(), rule.key).count() == count
    # Files are drawn widely enough: a test of few rules would prove little.
    # What went to the archives is drawn by tests/rectorat/test_purging.py.
    rare = {"to_report", "transferred"}
    assert {rule.key for rule, _ in found} >= {rule.key for rule in RULES} - rare


def test_a_file_given_up_waits_for_nothing(convention):
    convention.abandon(by=None, comment="Erreur.")
    assert situation(convention) is None
    assert with_expected(Convention.objects.order_by()).get().expected == ""
    assert in_order({"": 1}) == []
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
