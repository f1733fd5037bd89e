"""What is owed as at a day, contestations and their days, what a town hall reads of its titres."""

import csv
import datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from billing import pages
from billing.ledger import account_of
from billing.models import Titre
from billing.models.entry import EntryKind
from billing.recording import reverse as reverse_entry
from billing.recovery import contestations as contestation_queue
from billing.recovery.aged import aged_by_debtor, sum_of
from law import collection
from tests.factories import CampaignFactory, ConventionFactory, DepartmentFactory, UserFactory

from .conftest import contestations, issue, request, sign_in_order, tell, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def titre(current, finance):
    request(current.campaign, finance)
    return Titre.objects.get()


def line_of(titre, as_at):
    lines = aged_by_debtor(Titre.objects.all(), as_at)
    return next((line for line in lines if line.code == titre.debtor.code), None)


class TestAged:
    @pytest.mark.parametrize(
        ("days", "column"), [(0, 0), (1, 1), (30, 1), (31, 2), (90, 2), (91, 3), (365, 3), (366, 4)]
    )
    def test_a_balance_ages_from_its_due_date(self, titre, today, days, column):
        due = today + datetime.timedelta(days=10)
        issue(titre, due_on=due)
        line = line_of(titre, due + datetime.timedelta(days=days))
        assert line.columns[column] == line.balance == Decimal("90.00")
        assert line.late == (Decimal("90.00") if days else 0)

    def test_it_ages_from_its_issue_where_no_due_date_is_known(self, titre, today):
        issue(titre)
        assert line_of(titre, today + datetime.timedelta(days=5)).columns[1] == 90

    def test_contested_and_excess_stand_apart_and_the_columns_add_up(
        self, titre, current, finance, today
    ):
        issue(titre, due_on=today)
        tell(titre, EntryKind.CONTESTED, amount=30)
        other = sign_in_order(ConventionFactory(campaign=current.campaign))
        request(other.campaign, finance)
        paid = Titre.objects.get(claim__convention=other)
        issue(paid)
        tell(paid, EntryKind.RECEIVED, amount=100)
        day = today + datetime.timedelta(days=40)
        lines = aged_by_debtor(Titre.objects.all(), day)
        whole = sum_of(lines)
        assert (whole.contested, whole.excess, whole.columns[2]) == (30, -10, 60)
        assert whole.balance == 80
        assert whole.balance == sum(
            account_of(t, day).balance for t in Titre.objects.in_full().order_by("pk")
        )

    def test_as_at_a_past_day_later_payments_do_not_count(self, titre, today, move_to):
        issue(titre)
        later = today + datetime.timedelta(days=20)
        move_to(later)
        tell(titre, EntryKind.RECEIVED, amount=90)
        assert line_of(titre, later) is None
        assert line_of(titre, today).balance == 90

    def test_a_debtor_is_named_as_its_last_titre_names_it(self, titre, finance, today):
        issue(titre)
        debtor = titre.debtor
        debtor.commune.name = "Commune nouvelle"
        debtor.commune.save()
        earlier = CampaignFactory(start_year=titre.batch.campaign.start_year - 1)
        sign_in_order(ConventionFactory(campaign=earlier, collectivity=debtor))
        request(earlier, finance)
        last = Titre.objects.latest("pk")
        issue(last)
        assert last.debtor_name != titre.debtor_name
        assert line_of(titre, today).name == last.debtor_name

    def test_what_is_not_issued_is_not_owed(self, titre, today):
        assert line_of(titre, today) is None

    def test_it_takes_as_many_queries_for_many_debtors_as_for_few(
        self, sign_many, finance, today, django_assert_num_queries, sample
    ):
        for year, count in ((2022, 3), (2023, sample(6, 30))):
            for titre in request(sign_many(count, year)[0].campaign, finance).titres.order_by("pk"):
                issue(titre)
            with django_assert_num_queries(2):
                aged_by_debtor(Titre.objects.filter(batch__campaign__start_year=year), today)


class TestOwedScreen:
    def test_it_is_shown_and_exported_to_the_cent(self, as_finance, titre, today):
        issue(titre, due_on=today)
        tell(titre, EntryKind.RECEIVED, amount="40.10")
        response = as_finance.get(reverse("owed"))
        assert response.context["total"].balance == Decimal("49.90")
        assert "49,90\u00a0€" in response.content.decode()
        content = b"".join(as_finance.get("/titres/restes-dus/export.csv").streaming_content)
        (row,) = csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
        assert row["Reste dû"] == "49,90"

    def test_a_past_day_is_asked_for_in_the_address(self, client, finance, titre, today, move_to):
        issue(titre)
        move_to(today + datetime.timedelta(days=20))
        tell(titre, EntryKind.RECEIVED, amount=90)
        client.force_login(finance)
        assert "Rien n’est dû" in client.get(reverse("owed")).content.decode()
        page = client.get(f"{reverse('owed')}?jour={today.isoformat()}").content.decode()
        assert titre.debtor_name in page
        future = client.get(f"{reverse('owed')}?jour=2099-01-01").content.decode()
        assert "jour passé" in future

    @pytest.mark.parametrize("query", ["jour=x", "campagne=9e9", "departement=%00", "page=zz"])
    def test_an_address_typed_by_hand_never_breaks_the_page(self, as_finance, titre, query):
        assert as_finance.get(f"/titres/restes-dus/?{query}").status_code == 200

    def test_a_debtor_has_its_page_and_its_statement(self, as_finance, titre):
        issue(titre, chorus_number="X1")
        code = titre.debtor.code
        assert "X1" in as_finance.get(reverse("debtor", args=[code])).content.decode()
        pdf = as_finance.get(reverse("debtor_statement", args=[code])).content
        assert "X1" in text_of(pdf)
        assert "90,00 €" in text_of(pdf)
        assert '">' not in text_of(pdf)

    def test_an_agent_of_another_departement_sees_neither(self, client, titre):
        issue(titre)
        lozere = DepartmentFactory(code="48", name="Lozère")
        client.force_login(UserFactory(role=Role.RECTORAT, departments=[lozere]))
        assert titre.debtor_name not in client.get(reverse("owed")).content.decode()
        assert client.get(reverse("debtor", args=[titre.debtor.code])).status_code == 404


class TestContestations:
    def test_the_queue_has_the_days_that_the_law_gives(self, as_finance, titre, finance, today):
        issue(titre, notified_on=today)
        tell(titre, EntryKind.CONTESTED, amount=45)
        (each,) = contestations(finance)
        assert each.decide_by == collection.decide_by(today)
        assert each.court_until == collection.court_until(today)
        assert not each.is_late
        page = as_finance.get(reverse("contestations")).content.decode()
        assert f"{each.decide_by:%d/%m/%Y}" in page
        assert "45,00\u00a0€" in page

    def test_one_reversed_since_the_queue_was_read_is_left_out(self, titre, finance, today):
        issue(titre, notified_on=today)
        contested = tell(titre, EntryKind.CONTESTED, amount=45)
        places = contestation_queue.queue(finance, today)
        reverse_entry(contested, on=today, reason="Saisie par erreur.", by=None)
        assert len(places) == 1
        assert contestation_queue.at_places(places, today) == []

    def test_the_page_takes_as_many_queries_and_accounts_for_many_as_for_few(
        self, as_finance, sign_many, finance, sample, monkeypatch
    ):
        """What waits comes first, whatever its page; of the others nothing is computed."""
        computed, queries = [], []
        accounts_of = contestation_queue.accounts_of

        def counted(*args):
            for account in accounts_of(*args):
                computed.append(account)
                yield account

        monkeypatch.setattr(contestation_queue, "accounts_of", counted)
        monkeypatch.setattr(pages, "PER_PAGE", 2)
        for year, count in ((2022, 3), (2023, sample(4, 30))):
            for titre in request(sign_many(count, year)[0].campaign, finance).titres.order_by("pk"):
                issue(titre)
                tell(titre, EntryKind.CONTESTED, amount=10)
            computed.clear()
            with CaptureQueriesContext(connection) as captured:
                page = as_finance.get(reverse("contestations"))
            queries.append(len(captured))
            assert len(computed) == len(page.context["contestations"]) == 2
        assert queries[0] == queries[1]
        assert page.context["waiting"] == 3 + sample(4, 30)
        assert page.context["suspended"] == 10 * page.context["waiting"]

    def test_what_waits_comes_before_what_is_decided(self, titre, finance, today):
        issue(titre)
        first = tell(titre, EntryKind.CONTESTED, amount=10)
        tell(titre, EntryKind.DECIDED, amount=0)
        second = tell(titre, EntryKind.CONTESTED, amount=20)
        assert [each.made for each in contestations(finance)] == [second, first]
        assert [each.decision is None for each in contestations(finance)] == [True, False]

    def test_silence_rejects_after_six_months(self, client, titre, finance, today, move_to):
        issue(titre)
        tell(titre, EntryKind.CONTESTED)
        silence = collection.decide_by(today)
        (before,) = contestations(finance, silence - datetime.timedelta(days=1))
        (after,) = contestations(finance, silence)
        assert (before.is_rejected_by_silence, after.is_rejected_by_silence) == (False, True)
        move_to(silence)
        client.force_login(finance)
        assert "Rejetée par le silence" in client.get(reverse("contestations")).content.decode()

    def test_one_made_after_two_months_is_told_as_late(self, titre, finance, today, move_to):
        issue(titre, notified_on=today)
        move_to(collection.contest_until(today) + datetime.timedelta(days=1))
        tell(titre, EntryKind.CONTESTED)
        assert contestations(finance)[0].is_late

    @pytest.mark.parametrize(
        ("granted", "words"),
        [
            (0, "Elle est rejetée : 45,00 € restent dus"),
            (20, "fait droit en partie : 20,00 € ne vous sont plus demandés, 25,00 €"),
            (45, "Il y est fait droit : 45,00 €"),
        ],
    )
    def test_the_letter_says_what_was_decided_and_how_to_go_on(
        self, as_finance, titre, granted, words
    ):
        issue(titre, chorus_number="X1")
        tell(titre, EntryKind.CONTESTED, amount=45)
        decision = tell(
            titre, EntryKind.DECIDED, amount=granted, decision="D-4", author="La rectrice"
        )
        url = reverse("decision_letter", args=[titre.pk, decision.pk])
        printed = text_of(as_finance.get(url).content)
        assert words in printed
        assert ("tribunal administratif" in printed) == (granted < 45)
        assert "n° X1" in printed

    def test_an_entry_that_is_no_decision_has_no_letter(self, as_finance, titre):
        entry = issue(titre)
        url = reverse("decision_letter", args=[titre.pk, entry.pk])
        assert as_finance.get(url).status_code == 404


class TestTownHall:
    @pytest.fixture
    def as_town_hall(self, client, titre):
        client.force_login(UserFactory(role=Role.TOWN_HALL, collectivities=[titre.debtor]))
        return client

    def test_it_reads_its_own_titres_and_what_to_do(self, as_town_hall, titre, today):
        issue(titre, chorus_number="X1", due_on=today, notified_on=today)
        tell(titre, EntryKind.RECEIVED, amount=40)
        page = as_town_hall.get(reverse("own_titres")).content.decode()
        for words in (
            "Vous devez encore <strong>50,00\u00a0€</strong>",
            "X1",
            titre.schools[0]["uai"],
            "Chorus Pro",
            f"jusqu’au {collection.contest_until(today):%d/%m/%Y}",
        ):
            assert words in page

    def test_what_was_rejected_or_withdrawn_is_not_asked_of_it(self, as_town_hall, titre):
        tell(titre, EntryKind.REJECTED)
        page = as_town_hall.get(reverse("own_titres")).content.decode()
        assert "Aucun titre ne vous est demandé" in page

    def test_its_statement_is_its_own(self, as_town_hall, titre, current):
        issue(titre, chorus_number="X1")
        answer = as_town_hall.get(reverse("own_statement", args=[titre.debtor.code]))
        assert "X1" in text_of(BytesIO(answer.content).getvalue())
        other = sign_in_order(ConventionFactory(campaign=current.campaign))
        url = reverse("own_statement", args=[other.collectivity.code])
        assert as_town_hall.get(url).status_code == 404


def test_finance_reads_a_file_in_its_own_words(as_finance, villeneuve):
    page = as_finance.get(villeneuve.get_absolute_url()).content.decode()
    assert "Votre collectivité" not in page
    assert "La collectivité</h2>" in page
