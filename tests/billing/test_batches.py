"""A batch carries off each claim once, and keeps its files as they were handed over."""

import csv
import threading
from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from billing import claims as claims_of
from billing.batches import NothingToExport, billed_by_department, export_batch
from billing.claims import Shown
from billing.models import ExportBatch, Titre
from communes.models import Collectivity
from conventions.models import ConfirmedParty
from lifecycle.frozen import FrozenError
from rectorat.board import build_board
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    sign_amendment,
    sign_by_both,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_finance(client, finance):
    client.force_login(finance)
    return client


def export(campaign, by=None):
    return export_batch(campaign, claims_of.claimable(campaign), by=by)


def left(campaign):
    return list(claims_of.claims(claims_of.claimable(campaign), Shown.TO_EXPORT))


def rows(stored):
    with stored.open("rb") as file:
        text = file.read().decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=";"))


def test_a_batch_carries_each_claim_once(villeneuve, sign_many):
    sign_many(3)
    batch = export(villeneuve.campaign)
    assert (batch.number, batch.claims) == (1, 4)
    assert batch.titres.count() == 4
    assert left(villeneuve.campaign) == []
    with pytest.raises(NothingToExport):
        export(villeneuve.campaign)
    assert ExportBatch.objects.count() == 1


def test_what_is_signed_afterwards_goes_with_the_next_batch(villeneuve, sign_many):
    export(villeneuve.campaign)
    sign_many(2)
    second = export(villeneuve.campaign)
    assert (second.number, second.claims) == (2, 2)
    assert not second.titres.filter(convention=villeneuve).exists()


def test_a_batch_totals_to_the_cent_what_its_file_holds(villeneuve, sign_many):
    sign_many(5)
    batch = export(villeneuve.campaign)
    amounts = [Decimal(row["Montant"].replace(",", ".")) for row in rows(batch.csv)]
    assert sum(amounts) == batch.amount == sum(batch.titres.values_list("amount", flat=True))
    assert {row["Statut"] for row in rows(batch.csv)} == {"demandé"}


def test_the_files_stay_as_they_were_handed_over(villeneuve, as_finance):
    export(villeneuve.campaign)
    url = reverse("batch_file", args=[2022, 1, "csv"])
    before = as_finance.get(url).getvalue()
    Collectivity.objects.update(name="Ailleurs", postcode="00000", city="Ailleurs")
    elsewhere = ConfirmedParty.copy_of(Collectivity.objects.get())
    elsewhere.save()
    type(villeneuve).objects.update(party=elsewhere)
    assert as_finance.get(url).getvalue() == before
    assert b"34750" in before


def test_a_batch_and_its_titres_never_change(villeneuve):
    batch = export(villeneuve.campaign)
    for kept in (batch, batch.titres.get()):
        with pytest.raises(FrozenError):
            kept.save()


def test_an_avenant_signed_after_the_batch_is_a_titre_of_its_own():
    convention = current_signed_convention()
    export(convention.campaign)
    line = convention.enrolments.enrolled().first()
    sign_amendment(prepare_amendment(convention, remove=[line]))
    (reduction,) = left(convention.campaign)
    batch = export(convention.campaign)
    assert reduction.reference == batch.titres.get().reference
    assert batch.amount == Decimal("-45.00")
    assert left(convention.campaign) == []


def test_an_avenant_that_changes_no_amount_makes_no_titre():
    convention = current_signed_convention()
    school = SchoolFactory(payer=convention.collectivity)
    line = convention.enrolments.enrolled().first()
    sign_amendment(prepare_amendment(convention, add=[school], remove=[line]))
    assert export(convention.campaign).claims == 1


@pytest.mark.parametrize("field", ["convention", "amendment"])
def test_the_database_refuses_a_second_titre(field):
    convention = current_signed_convention()
    line = convention.enrolments.enrolled().first()
    sign_amendment(prepare_amendment(convention, remove=[line]))
    batch = export(convention.campaign)
    titre = batch.titres.get(amendment__isnull=field == "convention")
    titre.pk = None
    with pytest.raises(ValidationError, match="a déjà été exporté"):
        titre.full_clean()


def test_totals_of_what_is_left_and_of_what_is_exported_add_up(villeneuve, sign_many):
    export(villeneuve.campaign)
    sign_many(3)
    conventions = claims_of.claimable(villeneuve.campaign)
    every, waiting, done = (claims_of.totals(conventions, shown) for shown in Shown)
    assert (waiting.claims, done.claims) == (3, 1)
    assert every.amount == waiting.amount + done.amount


def test_what_is_billed_is_what_batches_carried(villeneuve, sign_many, rectorat):
    campaign = villeneuve.campaign
    assert billed_by_department(campaign, rectorat) == {}
    export(campaign)
    sign_many(3)
    department = villeneuve.collectivity.department
    assert billed_by_department(campaign, rectorat) == {department.pk: Decimal("90.00")}
    assert build_board(campaign, rectorat).total.billed == Decimal("90.00")


def test_the_board_adds_up_what_is_billed_by_departement_and_academy(villeneuve, sign_many):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    elsewhere = ConventionFactory(
        campaign=villeneuve.campaign,
        collectivity=CollectivityFactory(commune=CommuneFactory(code="30189", department=gard)),
    )
    sign_by_both(elsewhere)
    export(villeneuve.campaign)
    sign_many(3)
    board = build_board(villeneuve.campaign, UserFactory(role="rectorat"))
    (academy,) = board.academies
    assert {d.code: tally.billed for d, tally in academy.departments} == {
        "34": Decimal("90.00"),
        "30": Decimal("90.00"),
    }
    assert board.total.billed == academy.tally.billed == Decimal("180.00")
    assert board.total.signed > board.total.billed


def test_what_is_billed_elsewhere_is_not_told_to_an_agent_of_one_departement(villeneuve):
    export(villeneuve.campaign)
    agent = UserFactory(role="rectorat", departments=[DepartmentFactory(code="48", name="Lozère")])
    assert billed_by_department(villeneuve.campaign, agent) == {}


class TestScreens:
    def test_finance_is_told_what_a_batch_will_carry_then_exports_it(
        self, as_finance, villeneuve, finance
    ):
        before = as_finance.get("/titres/lots/nouveau/").content.decode()
        assert "1 titre</strong>" in before
        assert "90,00" in before
        assert not ExportBatch.objects.exists()
        after = as_finance.post("/titres/lots/nouveau/", follow=True).content.decode()
        assert "Lot n° 1 de 2022-2023 est prêt" in after
        assert ExportBatch.objects.get().made_by == finance

    def test_a_second_click_exports_nothing_and_says_so(self, as_finance, villeneuve):
        as_finance.post("/titres/lots/nouveau/")
        again = as_finance.post("/titres/lots/nouveau/", follow=True).content.decode()
        assert "sont déjà dans un lot" in again
        assert ExportBatch.objects.count() == 1

    def test_a_batch_takes_what_the_filters_show_and_no_more(self, as_finance, villeneuve):
        as_finance.post("/titres/lots/nouveau/?recherche=agde")
        assert not ExportBatch.objects.exists()

    def test_the_list_tells_which_titres_are_asked_for(self, as_finance, villeneuve, sign_many):
        export(villeneuve.campaign)
        sign_many(2)
        waiting = as_finance.get("/titres/?etat=a-exporter").context
        done = as_finance.get("/titres/?etat=exportes").context
        assert len(waiting["claims"]) == 2
        assert [claim.batch for claim in done["claims"]] == [1]
        assert done["totals"].amount == Decimal("90.00")

    def test_the_board_tells_what_is_billed_and_leads_to_it(self, client, villeneuve, rectorat):
        export(villeneuve.campaign)
        client.force_login(rectorat)
        board = reverse("admin:campaigns_campaign_board", args=[villeneuve.campaign.pk])
        page = client.get(board).content.decode()
        assert "/titres/?campagne=2022&amp;etat=exportes&amp;departement=34" in page
        assert client.get("/titres/?campagne=2022&etat=exportes&departement=34").context["claims"]


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_never_export_a_claim_twice(villeneuve, sign_many, database_of_several):
    sign_many(4)
    together = threading.Barrier(2)
    outcomes = []

    def act():
        try:
            together.wait(timeout=20)
            outcomes.append(export(villeneuve.campaign))
        except NothingToExport:
            outcomes.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(outcomes) == 2
    assert None in outcomes
    assert Titre.objects.count() == 5
