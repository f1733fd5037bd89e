"""A batch requests each euro once, of exactly the lines that were shown."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from django.db import IntegrityError, transaction

from billing.batches.confirming import ListChanged, NothingToRequest, confirm
from billing.batches.outcomes import mark_sent, withdraw
from billing.batches.preparing import Choice, choose, left_out, prepare_list
from billing.claims.due import claimable, due_of
from billing.claims.obstacles import Obstacle
from billing.claims.verbs import ask_cancellation, change_debtor
from billing.ledger import Status, account_of
from billing.models import Batch, Claim, Titre
from billing.models.entry import EntryKind
from billing.recording import EntryRefused
from conventions.acts.models import Act
from conventions.models import ConfirmedParty, Convention, Piece, attach
from documents.received.uploads import UploadedPdf
from tests.factories import CollectivityFactory, CommuneFactory, ConventionFactory

from .conftest import amend, issue, prepared, request, sign_in_order, tell

pytestmark = pytest.mark.django_db


def due(convention):
    return due_of(claimable().get(pk=convention.pk))


def titres(convention):
    return list(Titre.objects.in_full().filter(claim__convention=convention).order_by("rank"))


def rows(batch):
    with batch.files.get(kind="csv").file.open("rb") as file:
        text = file.read().decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=";"))


def obstacles(convention, finance):
    line = prepare_list(Choice(convention.campaign), by=finance).lines.get(convention=convention)
    return line.obstacles


class TestOnce:
    def test_a_batch_requests_each_claim_once(self, villeneuve, sign_many, finance):
        sign_many(3)
        batch = request(villeneuve.campaign, finance)
        assert (batch.number, batch.titre_count) == (1, 4)
        again = prepared(villeneuve.campaign, finance)
        assert left_out(again) == [(Obstacle.PENDING, 4)]
        with pytest.raises(NothingToRequest):
            confirm(again, by=finance)

    def test_what_is_signed_afterwards_goes_with_the_next_batch(
        self, villeneuve, sign_many, finance
    ):
        request(villeneuve.campaign, finance)
        sign_many(2)
        second = request(villeneuve.campaign, finance)
        assert (second.number, second.titre_count) == (2, 2)

    def test_the_database_refuses_a_second_live_request(self, current, finance):
        request(current.campaign, finance)
        (titre,) = titres(current)
        titre.pk, titre.rank, titre.reference = None, 2, "TP-2"
        titre._state.adding = True
        with pytest.raises(IntegrityError, match="déjà en cours"), transaction.atomic():
            titre.save()

    def test_a_rejected_request_frees_its_claim_and_both_stay_visible(self, current, finance):
        request(current.campaign, finance)
        tell(titres(current)[0], EntryKind.REJECTED, reason="Tiers inconnu.")
        request(current.campaign, finance)
        first, second = titres(current)
        assert (first.amount, second.amount) == (Decimal("90.00"), Decimal("90.00"))
        assert second.reference == f"{first.reference}-2"
        assert account_of(first).status == Status.REJECTED
        assert account_of(second).status == Status.REQUESTED

    def test_a_rejection_undone_after_a_new_request_is_refused(self, current, finance):
        request(current.campaign, finance)
        entry = tell(titres(current)[0], EntryKind.REJECTED)
        request(current.campaign, finance)
        undone = type(entry)(
            titre=entry.titre,
            account=entry.account,
            kind=entry.kind,
            on=entry.on,
            reverses=entry,
        )
        with pytest.raises(IntegrityError, match="déjà en cours"), transaction.atomic():
            undone.save()


class TestAvenants:
    def test_one_signed_before_the_request_joins_one_net_titre(self, current, finance):
        amend(current, add=1)
        request(current.campaign, finance)
        (titre,) = titres(current)
        assert (titre.kind, titre.amount, titre.school_count) == ("initial", Decimal("135.00"), 3)
        assert titre.parts == ["", "A1"]
        basis = titre.basis.replace("\u00a0", " ")
        assert f"Convention {current.reference} du " in basis
        assert "2 écoles × 45,00 € = 90,00 € ; avenant n° 1 du " in basis
        assert "1 école ajoutée × 45,00 € = 45,00 € ; soit 135,00 €" in basis

    def test_one_signed_after_it_waits_for_the_answer_then_is_a_supplement(self, current, finance):
        request(current.campaign, finance)
        amend(current, add=1)
        assert obstacles(current, finance) == [Obstacle.PENDING]
        issue(titres(current)[0])
        request(current.campaign, finance)
        first, second = titres(current)
        assert (second.kind, second.corrects, second.amount) == ("supplement", first, Decimal("45"))
        assert second.basis.startswith("Avenant n° 1 : 1 école ajoutée")

    def test_a_reduction_waits_for_the_chorus_number_then_cites_it(self, current, finance):
        request(current.campaign, finance)
        amend(current, remove=1)
        assert obstacles(current, finance) == [Obstacle.PENDING]
        issue(titres(current)[0], chorus_number="ABC-123")
        batch = request(current.campaign, finance)
        first, second = titres(current)
        assert (second.kind, second.amount, second.school_count) == ("reduction", Decimal("45"), -1)
        assert "en réduction du titre n° ABC-123 du " in second.basis
        assert batch.amount == Decimal("-45.00")
        issue(second)
        assert account_of(Titre.objects.in_full().get(pk=first.pk)).balance == Decimal("45.00")
        assert due(current).left == 0

    def test_one_that_changes_no_amount_makes_no_titre(self, current, finance):
        amend(current, add=1, remove=1)
        request(current.campaign, finance)
        assert titres(current)[0].amount == Decimal("90.00")
        assert due(current).left == 0

    def test_a_reduction_larger_than_a_titre_is_asked_for_in_two(self, current, finance):
        request(current.campaign, finance)
        issue(titres(current)[0])
        amend(current, add=1)
        request(current.campaign, finance)
        issue(titres(current)[1])
        amend(current, remove=3)
        for _ in range(2):
            request(current.campaign, finance)
            issue(titres(current)[-1])
        asked = [(t.kind, t.amount) for t in titres(current)]
        assert asked[2:] == [("reduction", Decimal("90.00")), ("reduction", Decimal("45.00"))]
        assert due(current).left == due(current).balance == 0


class TestCancelAndReissue:
    def test_a_cancellation_then_a_new_titre_for_who_owes(self, current, finance):
        request(current.campaign, finance)
        (titre,) = titres(current)
        issue(titre, chorus_number="X1")
        heir = CollectivityFactory(commune=CommuneFactory(name="Commune-Nouvelle"))
        change_debtor(current, heir, reason="Commune fusionnée.", by=finance)
        ask_cancellation(titre, reason="Débiteur fusionné.")
        request(current.campaign, finance)
        cancelling = titres(current)[1]
        assert (cancelling.kind, cancelling.amount) == ("cancellation", Decimal("90.00"))
        assert cancelling.debtor_name == titre.debtor_name
        assert "Annulation du titre n° X1" in cancelling.basis
        issue(cancelling)
        assert account_of(Titre.objects.in_full().get(pk=titre.pk)).status == Status.CANCELLED
        request(current.campaign, finance)
        again = titres(current)[2]
        assert (again.kind, again.amount, again.debtor) == ("initial", Decimal("90.00"), heir)
        assert again.debtor_name == heir.title
        assert due(current).left == 0

    def test_what_is_not_issued_is_not_cancelled(self, current, finance):
        request(current.campaign, finance)
        with pytest.raises(EntryRefused, match="numéro Chorus"):
            ask_cancellation(titres(current)[0], reason="Erreur.")

    def test_an_unsent_batch_withdrawn_keeps_its_number_and_frees_its_claims(
        self, current, finance
    ):
        batch = request(current.campaign, finance)
        withdraw(batch, reason="Mauvaise campagne.", by=finance)
        assert account_of(titres(current)[0]).status == Status.WITHDRAWN
        second = request(current.campaign, finance)
        assert (second.number, len(titres(current))) == (2, 2)

    def test_a_batch_that_went_or_was_answered_is_not_withdrawn(self, current, finance):
        batch = request(current.campaign, finance)
        issue(titres(current)[0])
        with pytest.raises(EntryRefused, match="déjà répondu"):
            withdraw(batch, reason="Erreur.", by=finance)
        mark_sent(batch, on=batch.made_at.date(), by=finance)
        with pytest.raises(EntryRefused, match="déjà transmis"):
            withdraw(batch, reason="Erreur.", by=finance)


class TestObstacles:
    def test_a_file_in_order_has_none(self, current, finance):
        assert obstacles(current, finance) == []

    def test_what_the_real_file_of_2022_has(self, villeneuve, finance):
        assert obstacles(villeneuve, finance) == [Obstacle.NO_COPY]
        line = prepare_list(Choice(villeneuve.campaign), by=finance).lines.get()
        assert line.is_fragile
        assert not line.is_ticked

    def test_the_blank_that_comes_back_unsigned_is_no_copy(self, villeneuve, finance):
        issued = villeneuve.pieces.get(kind=Piece.Kind.CONVENTION).document
        with issued.file.open("rb") as file:
            pdf = UploadedPdf(content=file.read(), pages=1, name="scan.pdf")
        attach(villeneuve, kind=Piece.Kind.CONVENTION_SIGNED, pdf=pdf, by=None, even_unsigned=True)
        assert obstacles(villeneuve, finance) == [Obstacle.NO_COPY]

    def test_a_wrong_siret_blocks(self, current, finance):
        wrong = ConfirmedParty.copy_of(current.collectivity)
        wrong.siret = "21340337100016"
        wrong.save()
        Convention.objects.filter(pk=current.pk).update(party=wrong)
        preparation = prepare_list(Choice(current.campaign), by=finance)
        assert left_out(preparation) == [(Obstacle.WRONG_SIRET, 1)]

    def test_a_debtor_merged_into_another_blocks_until_it_is_changed(self, current, finance):
        heir = CollectivityFactory()
        collectivity = current.collectivity
        collectivity.merged_into, collectivity.merged_on = heir, current.effective_on
        collectivity.save()
        assert obstacles(current, finance) == [Obstacle.MERGED]
        change_debtor(current, heir, reason="Fusion.", by=finance)
        assert obstacles(current, finance) == []

    def test_an_act_withdrawn_or_observed_wants_a_reason(self, current, finance):
        act = current.act
        act.withdrawn_on = act.observations_received_on = act.dated_on
        act.save()
        assert obstacles(current, finance) == [Obstacle.ACT_WITHDRAWN, Obstacle.OBSERVATIONS]

    def test_an_avenant_signed_before_its_act_was_executory_makes_the_claim_fragile(
        self, current, finance
    ):
        amend(current, add=1)
        assert not due(current).is_fragile
        act = Act.objects.create(
            collectivity=current.collectivity,
            kind="decision",
            state="adopted",
            number="A-1",
            dated_on=current.act.dated_on,
        )
        current.amendments.update(act=act)
        assert due(current).is_fragile

    def test_pieces_that_the_prefect_waits_for_want_a_reason(self, current, finance):
        act = current.act
        act.missing_pieces_requested_on = act.deposited_on
        act.save()
        assert obstacles(current, finance) == [Obstacle.PIECES_AWAITED]

    def test_an_act_that_is_a_draft_without_number_and_date_is_not_executory(
        self, current, finance
    ):
        type(current.act).objects.filter(pk=current.act.pk).update(published_on=None)
        assert obstacles(current, finance) == [Obstacle.NOT_EXECUTORY]

    def test_prescription_is_told_four_years_after(self, villeneuve, finance, move_to, day):
        move_to(day("31/12/2026"))
        assert Obstacle.PRESCRIBED not in obstacles(villeneuve, finance)
        move_to(day("01/01/2027"))
        assert Obstacle.PRESCRIBED in obstacles(villeneuve, finance)

    def test_a_reason_is_kept_on_the_titre(self, villeneuve, finance):
        preparation = prepare_list(Choice(villeneuve.campaign), by=finance)
        line = preparation.lines.get()
        with pytest.raises(Exception, match="Donnez un motif"):
            choose(preparation, shown=[line.pk], ticked=[line.pk], reasons={})
        choose(preparation, shown=[line.pk], ticked=[line.pk], reasons={line.pk: "Vue au dossier."})
        confirm(preparation, by=finance)
        assert Titre.objects.get().waivers == [
            {"obstacle": "copie signée absente du dossier", "reason": "Vue au dossier."}
        ]

    def test_what_is_not_signed_is_counted_as_left_out(self, current, finance):
        ConventionFactory(campaign=current.campaign)
        preparation = prepare_list(Choice(current.campaign), by=finance)
        assert left_out(preparation) == [(Obstacle.NOT_SIGNED, 1)]


class TestBinding:
    def test_an_avenant_signed_after_the_list_was_shown_exports_nothing(self, current, finance):
        other = sign_in_order(ConventionFactory(campaign=current.campaign))
        preparation = prepared(current.campaign, finance)
        amend(current, add=1)
        with pytest.raises(ListChanged) as changed:
            confirm(preparation, by=finance)
        (difference,) = changed.value.differences
        assert difference.line.convention == current
        assert difference.words == "le montant a changé"
        assert not Batch.objects.exists()
        assert not Claim.objects.exists()
        assert not Titre.objects.filter(claim__convention=other).exists()

    def test_lines_that_are_not_ticked_stay(self, current, finance):
        other = sign_in_order(ConventionFactory(campaign=current.campaign))
        preparation = prepared(current.campaign, finance)
        preparation.lines.filter(convention=other).update(is_ticked=False)
        confirm(preparation, by=finance)
        assert [t.claim.convention for t in Titre.objects.all()] == [current]

    def test_confirming_twice_makes_one_batch(self, current, finance):
        preparation = prepared(current.campaign, finance)
        confirm(preparation, by=finance)
        with pytest.raises(ListChanged):
            confirm(preparation, by=finance)
        assert Batch.objects.count() == 1


def test_everything_is_copied(villeneuve, finance):
    request(villeneuve.campaign, finance)
    (titre,) = titres(villeneuve)
    assert titre.reference == "TP-2022-34337"
    assert titre.debtor_name == "Commune de Villeneuve-lès-Maguelone"
    assert titre.siret == "21340337100015"
    assert (titre.address, titre.postcode) == ("Place Porte Saint-Laurent", "34750")
    assert titre.act_reference == "Décision n° 2022DECAD076 du 10/10/2022"
    assert titre.basis.replace("\u00a0", " ") == (
        "2 écoles × 45,00 € = 90,00 €, convention ENT-2022-34337 du 10/10/2022, "
        "année scolaire 2022-2023"
    )
    assert [school["uai"] for school in titre.schools] == ["0341255E", "0342026T"]
    assert (titre.author_name, titre.author_capacity) == (
        "Sophie BÉJEAN",
        "Rectrice de la région académique Occitanie",
    )
    assert titre.period == "du 01/09/2022 au 01/09/2023"


def test_what_is_cancelled_already_is_not_cancelled_again(current, finance):
    """Found by a random walk: the second made a titre of nothing."""
    request(current.campaign, finance)
    (titre,) = titres(current)
    issue(titre)
    ask_cancellation(titre, reason="Erreur.")
    request(current.campaign, finance)
    with pytest.raises(EntryRefused, match="déjà demandée"):
        ask_cancellation(titre, reason="Encore.")
    issue(titres(current)[1])
    Claim.objects.update(to_cancel=titre, cancel_reason="Encore.")
    assert request(current.campaign, finance).titres.get().kind == "initial"
