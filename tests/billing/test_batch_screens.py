"""A list is read and ticked, then requested; a batch is followed. The board says the same."""

import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from billing.batches.confirming import ListChanged, NothingToRequest, confirm
from billing.batches.models import Preparation
from billing.models import Batch, Titre
from billing.models.entry import EntryKind
from rectorat.boards.board import build_board
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
    sign_by_both,
)

from .conftest import amend, issue, prepared, request, sign_in_order, tell

pytestmark = pytest.mark.django_db


def make_list(client, campaign, **choice):
    """Make a list on screen; return its page."""
    typed = {"campagne": campaign.start_year} | choice
    return client.post(reverse("list_new"), typed, follow=True)


def the_list():
    return Preparation.objects.get(batch=None)


class TestList:
    def test_finance_sees_each_line_then_requests_those_ticked(self, as_finance, current, finance):
        other = sign_in_order(ConventionFactory(campaign=current.campaign))
        page = make_list(as_finance, current.campaign)
        assert "<strong>2</strong> lignes cochées sur" in page.content.decode()
        assert not Batch.objects.exists()
        lines = the_list().lines
        kept = lines.get(convention=current)
        confirmation = as_finance.post(
            reverse("list", args=[the_list().pk]),
            {"shown": [line.pk for line in lines.all()], "ticked": [kept.pk], "do": "request"},
            follow=True,
        )
        assert "1 titre</strong>" in confirmation.content.decode()
        done = as_finance.post(reverse("list_confirm", args=[the_list().pk]), follow=True)
        assert "Lot n° 1 de 2026-2027 est fait" in done.content.decode()
        assert Batch.objects.get().made_by == finance
        assert [titre.claim.convention for titre in Titre.objects.all()] == [current]
        assert other.reference not in done.content.decode()

    def test_a_second_click_requests_nothing(self, as_finance, current):
        make_list(as_finance, current.campaign)
        url = reverse("list_confirm", args=[the_list().pk])
        as_finance.post(url)
        assert as_finance.post(url).status_code == 404
        assert Batch.objects.count() == 1

    def test_what_is_left_out_is_shown_with_its_reason(self, as_finance, current):
        ConventionFactory(campaign=current.campaign)
        make_list(as_finance, current.campaign)
        url = reverse("list", args=[the_list().pk])
        page = as_finance.get(f"{url}?voir=ecartees").content.decode()
        assert "Convention non signée par les deux parties : 1" in page

    def test_an_obstacle_wants_a_reason_line_by_line(self, as_finance, villeneuve):
        page = make_list(as_finance, villeneuve.campaign).content.decode()
        assert "Copie signée absente du dossier" in page
        (line,) = the_list().lines.all()
        url = reverse("list", args=[the_list().pk])
        typed = {"shown": line.pk, "ticked": line.pk, "do": "keep"}
        refused = as_finance.post(url, typed, follow=True).content.decode()
        assert "Donnez un motif pour passer outre : Commune de Villeneuve" in refused
        as_finance.post(url, typed | {f"reason-{line.pk}": "Vue au dossier papier."})
        line.refresh_from_db()
        assert (line.is_ticked, line.reason) == (True, "Vue au dossier papier.")

    def test_one_reason_passes_over_one_obstacle_for_all(self, as_finance, sign_many):
        campaign = sign_many(3)[0].campaign
        make_list(as_finance, campaign)
        url = reverse("list", args=[the_list().pk])
        typed = {"do": "pass_over", "obstacle": "no_copy", "reason": "Copies au coffre."}
        as_finance.post(url, typed)
        assert the_list().lines.chosen().filter(reason="Copies au coffre.").count() == 3
        as_finance.post(url, {"do": "none"})
        assert not the_list().lines.chosen().exists()
        as_finance.post(url, {"do": "all"})
        assert the_list().lines.chosen().count() == 3

    def test_what_changed_meanwhile_is_shown_and_nothing_is_requested(self, as_finance, current):
        make_list(as_finance, current.campaign)
        amend(current, add=1)
        response = as_finance.post(reverse("list_confirm", args=[the_list().pk]))
        assert response.status_code == 409
        assert "le montant a changé" in response.content.decode()
        assert not Batch.objects.exists()

    def test_a_list_is_of_the_territory_and_the_kinds_chosen(self, as_finance, villeneuve):
        gers = DepartmentFactory(code="32", name="Gers")
        there = CollectivityFactory(commune=CommuneFactory(code="32013", department=gers))
        auch = sign_by_both(ConventionFactory(campaign=villeneuve.campaign, collectivity=there))
        make_list(as_finance, villeneuve.campaign, departement="32")
        assert [line.convention for line in the_list().lines.all()] == [auch]
        make_list(as_finance, villeneuve.campaign, natures=["reduction"])
        assert not the_list().lines.exists()

    def test_nothing_ticked_requests_nothing_and_says_so(self, as_finance, villeneuve):
        make_list(as_finance, villeneuve.campaign)
        url = reverse("list_confirm", args=[the_list().pk])
        assert (
            "Aucune ligne n&#x27;est cochée" in as_finance.post(url, follow=True).content.decode()
        )
        assert not Batch.objects.exists()

    def test_whatever_is_sent_never_breaks_the_page(self, as_finance, villeneuve):
        make_list(as_finance, villeneuve.campaign)
        url = reverse("list", args=[the_list().pk])
        for typed in (
            {"shown": ["x", "9" * 40, "-1"], "ticked": "\0", "do": "request"},
            {"do": "pass_over", "obstacle": "x", "reason": ""},
            {"do": "x"},
        ):
            assert as_finance.post(url, typed).status_code == 302


class TestBatch:
    def test_its_page_follows_it_from_files_to_the_accountant(self, as_finance, current, finance):
        batch = request(current.campaign, finance)
        url = reverse("batch", args=[current.campaign.school_year, batch.number])
        page = as_finance.get(url).content.decode()
        assert batch.files.get(kind="pdf").sha256 in page
        assert "Pas encore transmis" in page
        on = batch.made_at.date().isoformat()
        sent = as_finance.post(f"{url}transmis/", {"on": on}, follow=True).content.decode()
        assert "Transmis au comptable le" in sent
        refused = as_finance.post(f"{url}retirer/", {"reason": "Erreur."}).content.decode()
        assert "déjà transmis au comptable" in refused

    def test_its_titres_are_found_by_kind_and_by_state(self, as_finance, current, finance):
        other = sign_in_order(ConventionFactory(campaign=current.campaign))
        batch = request(current.campaign, finance)
        first, second = Titre.objects.order_by("pk")
        tell(issue(first).titre, EntryKind.RECEIVED, amount=first.amount)
        url = reverse("batch", args=["2026-2027", batch.number])

        def shown(**choice):
            page = as_finance.get(url, choice)
            return [account.titre for account in page.context["accounts"]]

        assert shown() == [first, second]
        assert shown(etat="received") == shown(etat="received", nature="initial") == [first]
        assert shown(etat="requested") == [second]
        assert shown(etat="received", nature="reduction") == []
        page = as_finance.get(url, {"etat": "requested"}).content.decode()
        assert f"{other.collectivity.title}" in page
        assert "<strong>1</strong> titre" in page
        nonsense = as_finance.get(url, {"etat": "perdu"}).content.decode()
        assert "Choisissez un état de la liste." in nonsense

    def test_one_that_did_not_go_is_withdrawn_with_its_reason(self, as_finance, current, finance):
        batch = request(current.campaign, finance)
        url = reverse("batch", args=[current.campaign.school_year, batch.number])
        page = as_finance.post(f"{url}retirer/", {"reason": "Mauvais code."}, follow=True)
        assert "Mauvais code." in page.content.decode()
        assert "Retiré avec son lot" in page.content.decode()

    def test_one_that_was_answered_is_not_offered_to_be_withdrawn(
        self, as_finance, current, finance
    ):
        batch = request(current.campaign, finance)
        year, number = current.campaign.school_year, batch.number
        withdrawal = reverse("batch_withdraw", args=[year, number])
        page = reverse("batch", args=[year, number])
        assert withdrawal in as_finance.get(page).content.decode()
        issue(batch.titres.get())
        assert withdrawal not in as_finance.get(page).content.decode()

    def test_its_proofs_are_one_archive(self, as_finance, current, finance):
        batch = request(current.campaign, finance)
        url = reverse("batch_proofs", args=[current.campaign.school_year, batch.number])
        content = b"".join(as_finance.get(url).streaming_content)
        assert content.startswith(b"PK")
        assert b"convention-signee" in content

    def test_every_batch_is_listed_with_its_files(self, as_finance, current, finance):
        request(current.campaign, finance)
        page = as_finance.get(reverse("batches")).content.decode()
        assert "Lot n° 1 de 2026-2027" in page
        assert "fichier.xlsx" in page


class TestBoard:
    def test_what_is_requested_is_told_by_departement_and_academy(self, villeneuve, finance):
        gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
        there = CollectivityFactory(commune=CommuneFactory(code="30189", department=gard))
        sign_by_both(ConventionFactory(campaign=villeneuve.campaign, collectivity=there))
        request(villeneuve.campaign, finance)
        sign_by_both(ConventionFactory(campaign=villeneuve.campaign))
        board = build_board(villeneuve.campaign, UserFactory(role="rectorat"))
        (academy,) = board.academies
        assert {d.code: tally.billed for d, tally in academy.departments} == {
            "34": Decimal("90.00"),
            "30": Decimal("90.00"),
        }
        assert board.total.billed == academy.tally.billed == Decimal("180.00")
        assert board.total.signed > board.total.billed

    def test_what_is_requested_elsewhere_is_not_told_to_an_agent_of_one_departement(
        self, villeneuve, finance
    ):
        request(villeneuve.campaign, finance)
        lozere = DepartmentFactory(code="48", name="Lozère")
        agent = UserFactory(role="rectorat", departments=[lozere])
        board = build_board(villeneuve.campaign, agent)
        assert (board.total.billed, board.academies) == (0, [])

    def test_it_leads_to_the_list_of_what_it_adds_up(self, client, villeneuve, rectorat, finance):
        request(villeneuve.campaign, finance)
        sign_by_both(ConventionFactory(campaign=villeneuve.campaign))
        client.force_login(rectorat)
        board = reverse("admin:campaigns_campaign_board", args=[villeneuve.campaign.pk])
        url = "/titres/?campagne=2022&amp;etat=demandees&amp;departement=34"
        assert url in client.get(board).content.decode()
        totals = client.get(url.replace("&amp;", "&")).context["totals"]
        assert totals.asked == build_board(villeneuve.campaign, rectorat).total.billed


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_never_request_a_claim_twice(
    villeneuve, sign_many, finance, administrator, database_of_several
):
    sign_many(4)
    lists = [prepared(villeneuve.campaign, by) for by in (finance, administrator)]
    together = threading.Barrier(2)
    outcomes = []

    def act(preparation):
        try:
            together.wait(timeout=20)
            outcomes.append(confirm(preparation, by=preparation.made_by))
        except (ListChanged, NothingToRequest):
            outcomes.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=[each]) for each in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(outcomes) == 2
    assert None in outcomes
    assert Titre.objects.count() == 5
    assert Batch.objects.get().number == 1
