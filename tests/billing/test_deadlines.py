"""The days that the law gives, an example a rule, each counted by hand from its text."""

from decimal import Decimal

import pytest
from django.db.models import Q
from django.urls import reverse

from accounts.roles import Role
from billing.claims.due import due_of, with_claims
from billing.claims.obstacles import Obstacle, prescribed_on
from billing.claims.views import possible_kinds
from billing.coding.models import BudgetYear
from billing.ledger import Status, account_of
from billing.models import Titre
from billing.models.entry import EntryKind
from billing.recording import EntryRefused, Fact, record
from billing.recording import reverse as undo
from billing.recovery.aged import aged_by_debtor
from billing.recovery.board import build_board
from billing.returns.layouts import TOLD, guess_kind
from conventions.campaigns.models import Campaign
from conventions.models import Convention
from tests.factories import CampaignFactory, ConventionFactory, UserFactory

from .conftest import contestations, prepared, request, sign_in_order, tell, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def convention(move_to, day):
    """Two schools, 90,00 €, signed by both on Tuesday 15 September 2026."""
    move_to(day("15/09/2026"))
    return sign_in_order(
        ConventionFactory(campaign=CampaignFactory(start_year=2026)), on=day("15/09/2026")
    )


@pytest.fixture
def titre(convention, finance, move_to, day):
    """The same asked for on Thursday 1 October 2026."""
    move_to(day("01/10/2026"))
    request(convention.campaign, finance)
    return Titre.objects.get()


@pytest.fixture
def at(titre, move_to, day):
    """Function that goes to a day and returns the titre's account as it stands then."""

    def go(text):
        move_to(day(text))
        return account_of(Titre.objects.in_full().get(pk=titre.pk))

    return go


@pytest.fixture
def happens(titre, move_to, day):
    """Function that records what happens to the titre, on the day on which it happens."""

    def write(text, kind, amount=0, **facts):
        move_to(day(text))
        return tell(titre, kind, day(text), amount, **facts)

    return write


class TestContestation:
    """Décret 2012-1246, articles 117 and 118."""

    @pytest.fixture(autouse=True)
    def notified(self, happens, day):
        """Notified on Monday 5 October 2026, due on the 31st."""
        happens(
            "05/10/2026",
            EntryKind.ISSUED,
            due_on=day("31/10/2026"),
            notified_on=day("05/10/2026"),
        )

    # Two months lead to 5 December; the last day itself does not count, and is 6 December, a
    # Sunday: Monday 7 is the last one.
    @pytest.mark.parametrize(("received", "is_late"), [("07/12/2026", False), ("08/12/2026", True)])
    def test_it_is_made_within_two_months_of_the_notification(
        self, at, happens, finance, day, received, is_late
    ):
        assert at("05/10/2026").contest_until == day("07/12/2026")
        happens(received, EntryKind.CONTESTED)
        (made,) = contestations(finance)
        assert made.is_late is is_late

    def test_the_town_hall_reads_until_when(self, client, titre):
        client.force_login(UserFactory(role=Role.TOWN_HALL, collectivities=[titre.debtor]))
        page = client.get(reverse("own_titres")).content.decode()
        assert "jusqu’au 07/12/2026" in page

    def test_it_suspends_the_recovery_of_what_it_is_about_alone(self, at, happens):
        assert at("09/11/2026").is_late
        happens("10/11/2026", EntryKind.CONTESTED, 90)
        account = at("20/11/2026")
        assert (account.status, account.contested_amount) == (Status.CONTESTED, 90)
        assert not account.is_late

    @pytest.mark.parametrize(
        ("as_at", "contested", "late"),
        [("09/11/2026", 0, 90), ("10/11/2026", 30, 60), ("20/11/2026", 0, 90)],
    )
    def test_what_is_contested_stands_apart_from_what_is_late_until_it_is_decided(
        self, at, happens, day, as_at, contested, late
    ):
        happens("10/11/2026", EntryKind.CONTESTED, 30)
        happens("20/11/2026", EntryKind.DECIDED, 0, reason="Les écoles sont à elle.")
        at("25/11/2026")
        (line,) = aged_by_debtor(Titre.objects.all(), day(as_at))
        assert (line.contested, line.late, line.balance) == (contested, late, 90)
        # Nine, ten and twenty days after 31 October.
        assert line.columns[1] == late

    # Six months from Monday 7 December 2026.
    @pytest.mark.parametrize(
        ("today", "left", "is_rejected"),
        [("06/06/2027", 1, False), ("07/06/2027", 0, True)],
    )
    def test_six_months_of_silence_reject_it(self, at, happens, finance, today, left, is_rejected):
        happens("07/12/2026", EntryKind.CONTESTED)
        at(today)
        (made,) = contestations(finance)
        assert (made.left, made.is_rejected_by_silence) == (left, is_rejected)

    def test_the_accountants_receipt_starts_the_six_months_not_the_notification(
        self, happens, finance, day
    ):
        happens("31/10/2026", EntryKind.CONTESTED)
        (made,) = contestations(finance)
        # There is no 31 April.
        assert made.decide_by == day("30/04/2027")

    def test_two_months_to_go_to_court_start_with_the_silence(self, happens, finance, day):
        happens("07/12/2026", EntryKind.CONTESTED)
        (made,) = contestations(finance)
        # From 7 June 2027: 8 August is a Sunday.
        assert made.court_until == day("09/08/2027")

    def test_or_with_the_decision(self, happens, finance, day):
        happens("07/12/2026", EntryKind.CONTESTED)
        happens("15/01/2027", EntryKind.DECIDED, 0)
        (made,) = contestations(finance)
        assert made.court_until == day("16/03/2027")
        assert not made.is_rejected_by_silence


class TestSilence:
    """Décret 2012-1246, article 118: after six months the contestation suspends nothing more."""

    @pytest.fixture(autouse=True)
    def issued(self, happens, day):
        """Due on 31 October 2026, notified on 5 October."""
        happens(
            "05/10/2026",
            EntryKind.ISSUED,
            due_on=day("31/10/2026"),
            notified_on=day("05/10/2026"),
        )

    # Received on Monday 7 December 2026: the six months are over on 7 June 2027.
    @pytest.mark.parametrize(
        ("as_at", "status", "contested"),
        [
            ("06/12/2026", Status.ISSUED, 0),
            ("07/12/2026", Status.CONTESTED, 60),
            ("06/06/2027", Status.CONTESTED, 60),
            ("07/06/2027", Status.ISSUED, 0),
        ],
    )
    def test_recovery_resumes_as_at_any_day(
        self, at, happens, finance, titre, day, as_at, status, contested
    ):
        happens("07/12/2026", EntryKind.CONTESTED, 60)
        at("01/09/2027")
        then = account_of(Titre.objects.in_full().get(pk=titre.pk), day(as_at))
        assert (then.status, then.contested_amount) == (status, contested)
        (line,) = aged_by_debtor(Titre.objects.all(), day(as_at))
        assert (line.contested, line.late, line.balance) == (contested, 90 - contested, 90)
        at(as_at)
        total = build_board(titre.batch.campaign, finance, Q()).total
        assert (total.contested, total.balance) == (contested, 90)

    @pytest.mark.parametrize(
        ("received", "last_day", "silence"),
        [
            # There is no 31 April, no 30 February; 2028 has a 29 February.
            ("31/10/2026", "29/04/2027", "30/04/2027"),
            ("30/08/2027", "28/02/2028", "29/02/2028"),
            ("31/08/2027", "28/02/2028", "29/02/2028"),
            ("28/02/2027", "27/08/2027", "28/08/2027"),
        ],
    )
    def test_six_months_end_with_the_month_where_it_has_no_such_day(
        self, at, happens, received, last_day, silence
    ):
        happens(received, EntryKind.CONTESTED)
        assert at(last_day).contested_amount == 90
        assert at(silence).contested_amount == 0

    def test_the_queue_says_so_after_those_that_wait(
        self, at, happens, finance, client, titre, day
    ):
        silent = happens("07/12/2026", EntryKind.CONTESTED, 60)
        waiting = happens("08/06/2027", EntryKind.CONTESTED, 30)
        at("08/06/2027")
        assert [each.made for each in contestations(finance)] == [waiting, silent]
        client.force_login(finance)
        page = client.get(reverse("contestations"))
        assert (page.context["waiting"], page.context["suspended"]) == (1, 30)
        assert page.content.decode().count("Rejetée par le silence") == 1

    def test_a_decision_may_still_follow_and_grant(self, at, happens, finance):
        happens("07/12/2026", EntryKind.CONTESTED, 60)
        assert EntryKind.DECIDED in possible_kinds(at("01/07/2027"))
        happens("01/07/2027", EntryKind.DECIDED, 45, reason="Une école n'est pas à elle.")
        account = at("01/07/2027")
        assert (account.contested_amount, account.granted) == (0, 45)
        (made,) = contestations(finance)
        assert (made.was_decided_late, made.is_rejected_by_silence) == (True, False)
        assert EntryKind.DECIDED not in possible_kinds(account)

    # From 7 June 2027 two months lead to Monday 9 August; CJA R421-2.
    @pytest.mark.parametrize(
        ("decided", "court", "opens"),
        [
            ("09/08/2027", "11/10/2027", True),
            ("10/08/2027", "09/08/2027", False),
        ],
    )
    def test_it_starts_the_days_to_go_to_court_anew_while_they_last(
        self, at, happens, finance, day, decided, court, opens
    ):
        happens("07/12/2026", EntryKind.CONTESTED, 60)
        happens(decided, EntryKind.DECIDED, 0)
        at(decided)
        (made,) = contestations(finance)
        assert (made.court_until, made.opens_court) == (day(court), opens)

    def test_another_comes_once_the_first_suspends_nothing_more(self, at, happens, day, titre):
        happens("07/12/2026", EntryKind.CONTESTED, 60)
        at("01/07/2027")
        with pytest.raises(EntryRefused, match="attendait encore"):
            tell(titre, EntryKind.CONTESTED, day("06/06/2027"), 30)
        happens("07/06/2027", EntryKind.CONTESTED, 30)
        assert at("01/07/2027").contested_amount == 30

    def test_a_decision_on_which_another_contestation_rests_is_not_undone(
        self, at, happens, day, titre
    ):
        happens("07/12/2026", EntryKind.CONTESTED, 60)
        decision = happens("10/12/2026", EntryKind.DECIDED, 0)
        happens("11/12/2026", EntryKind.CONTESTED, 60)
        with pytest.raises(EntryRefused, match="Une autre contestation"):
            undo(decision, on=day("11/12/2026"), reason="Erreur.", by=None)

    def test_the_town_hall_and_its_statement_read_it(self, at, happens, client, titre):
        happens("07/12/2026", EntryKind.CONTESTED, 60)
        told = {
            "06/06/2027": "Sans décision avant le 07/06/2027, elle sera rejetée par le silence",
            "07/06/2027": "tribunal administratif de Montpellier peut être saisi jusqu’au 09/08/2027",
            "10/08/2027": "a pris fin le 09/08/2027",
        }
        for as_at, words in told.items():
            at(as_at)
            client.force_login(UserFactory(role=Role.TOWN_HALL, collectivities=[titre.debtor]))
            page = client.get(reverse("own_titres")).content.decode()
            printed = text_of(
                client.get(reverse("own_statement", args=[titre.debtor.code])).content
            )
            assert words in " ".join(page.split())
            assert words in printed

    @pytest.mark.parametrize(
        ("decided", "words"),
        [
            ("09/08/2027", "Vous pouvez saisir le tribunal administratif"),
            ("10/08/2027", "a pris fin le 9 août 2027"),
        ],
    )
    def test_the_letter_says_what_the_silence_had_done(
        self, happens, client, finance, titre, decided, words
    ):
        happens("07/12/2026", EntryKind.CONTESTED, 60)
        entry = happens(decided, EntryKind.DECIDED, 0, decision="D-1", author="La rectrice")
        client.force_login(finance)
        printed = text_of(client.get(reverse("decision_letter", args=[titre.pk, entry.pk])).content)
        assert "Six mois de silence l’avaient rejetée le 7 juin 2027" in printed
        assert words in printed


class TestPrescription:
    """Loi 68-1250, articles 1 and 2."""

    def test_four_years_from_1_january_after_the_right_arose(
        self, convention, finance, move_to, day
    ):
        due = due_of(with_claims(Convention.objects.all()).get(pk=convention.pk))
        assert prescribed_on(due) == day("01/01/2031")
        for text, is_prescribed in (("31/12/2030", False), ("01/01/2031", True)):
            move_to(day(text))
            (line,) = prepared(convention.campaign, finance).lines.all()
            assert (Obstacle.PRESCRIBED in line.obstacles) is is_prescribed

    def test_a_titre_issued_in_the_year_of_the_signature_moves_nothing(self, at, happens, day):
        happens("31/12/2026", EntryKind.ISSUED)
        assert at("31/12/2026").prescribed_on == day("01/01/2031")

    @pytest.mark.parametrize(("kind", "amount"), [(EntryKind.REMINDED, 0), (EntryKind.RECEIVED, 1)])
    @pytest.mark.parametrize(
        ("on", "prescribed"),
        [
            ("01/01/2027", "01/01/2032"),
            ("31/12/2027", "01/01/2032"),
            ("15/03/2029", "01/01/2034"),
            ("31/12/2030", "01/01/2035"),
        ],
    )
    def test_a_written_demand_or_a_payment_starts_it_anew_on_the_following_1_january(
        self, at, happens, day, kind, amount, on, prescribed
    ):
        happens("05/10/2026", EntryKind.ISSUED)
        happens(on, kind, amount)
        assert at(on).prescribed_on == day(prescribed)
        assert at("31/12/2030").prescribed_on == day(prescribed)

    def test_the_titre_itself_is_a_written_demand(self, at, happens, day):
        happens("05/01/2027", EntryKind.ISSUED)
        assert at("05/01/2027").prescribed_on == day("01/01/2032")

    def test_each_one_counts_the_last_most(self, at, happens, day):
        happens("05/10/2026", EntryKind.ISSUED)
        happens("10/02/2029", EntryKind.REMINDED)
        happens("20/12/2033", EntryKind.RECEIVED, 10)
        assert at("20/12/2033").prescribed_on == day("01/01/2038")

    def test_what_comes_once_it_is_prescribed_brings_nothing_back(self, at, happens, day):
        happens("05/10/2026", EntryKind.ISSUED)
        happens("01/01/2031", EntryKind.REMINDED)
        assert at("02/01/2031").prescribed_on == day("01/01/2031")

    def test_what_neither_demands_nor_pays_interrupts_nothing(self, at, happens, day):
        happens("05/10/2026", EntryKind.ISSUED)
        happens("05/02/2027", EntryKind.TAKEN_IN_CHARGE)
        happens("06/02/2027", EntryKind.CONTESTED, 90)
        happens("07/02/2027", EntryKind.DECIDED, 0)
        happens("08/02/2027", EntryKind.REMITTED, 5)
        assert at("09/02/2027").prescribed_on == day("01/01/2031")

    def test_nor_does_a_demand_that_was_recorded_by_mistake(self, at, happens, day):
        happens("05/10/2026", EntryKind.ISSUED)
        wrong = happens("10/02/2029", EntryKind.REMINDED)
        assert at("11/02/2029").prescribed_on == day("01/01/2034")
        undo(wrong, on=day("11/02/2029"), reason="Elle n'est pas partie.", by=None)
        assert at("11/02/2029").prescribed_on == day("01/01/2031")


class TestBudgetYear:
    """LOLF, article 28; décret 2007-687, article 2."""

    @pytest.mark.parametrize(
        ("issued", "year"), [("01/10/2026", 2026), ("31/12/2026", 2026), ("01/01/2027", 2027)]
    )
    def test_a_titre_is_of_the_year_of_its_issue(self, at, happens, issued, year):
        assert at("01/10/2026").budget_year is None
        happens(issued, EntryKind.ISSUED)
        assert at(issued).budget_year == year

    def test_revenue_is_of_the_year_in_which_it_is_collected(self, happens, finance):
        happens("20/12/2026", EntryKind.ISSUED)
        happens("31/12/2026", EntryKind.RECEIVED, 50)
        happens("01/01/2027", EntryKind.RECEIVED, 40)
        board = build_board(Campaign.objects.get(), finance, Q())
        assert [(y.year, y.figures.issued, y.figures.received) for y in board.all_years] == [
            (2027, Decimal(0), Decimal(40)),
            (2026, Decimal(90), Decimal(50)),
        ]

    @pytest.mark.parametrize(
        ("today", "is_told"),
        [("30/09/2026", False), ("01/10/2026", True), ("31/12/2026", True)],
    )
    def test_the_complementary_period_is_told_from_1_october_to_31_december(
        self, client, move_to, day, finance, today, is_told
    ):
        BudgetYear.objects.create(year=2026, last_batch_on=day("10/12/2026"))
        move_to(day(today))
        client.force_login(finance)
        page = client.get(reverse("batches")).content.decode()
        assert ("période complémentaire" in page) is is_told

    @pytest.mark.parametrize(
        ("today", "words"),
        [("10/12/2026", "jusqu’au 10/12/2026"), ("11/12/2026", "Le dernier jour, 10/12/2026")],
    )
    def test_the_last_day_of_the_year_is_told_and_that_it_is_over(
        self, client, move_to, day, finance, today, words
    ):
        BudgetYear.objects.create(year=2026, last_batch_on=day("10/12/2026"))
        move_to(day(today))
        client.force_login(finance)
        for name in ("batches", "list_new"):
            assert words in client.get(reverse(name)).content.decode()


class TestWriteOff:
    """Décret 2012-1246, article 124: an act of the authorising officer."""

    def test_no_return_tells_of_one(self):
        assert EntryKind.WRITTEN_OFF not in TOLD
        for word in ("Admis en non-valeur", "ANV", "Non-valeur"):
            assert guess_kind(word) == ""

    @pytest.mark.parametrize("missing", ["reason", "decision", "author"])
    def test_it_has_its_reason_its_decision_and_its_author(self, titre, happens, day, missing):
        happens("05/10/2026", EntryKind.ISSUED)
        words = {"reason": "Insolvable.", "decision": "n° 12", "author": "La rectrice"}
        fact = Fact(EntryKind.WRITTEN_OFF, day("05/10/2026"), Decimal(90), **words | {missing: " "})
        with pytest.raises(EntryRefused) as refusal:
            record(titre, fact, by=None)
        assert set(refusal.value.message_dict) == {missing}

    def test_it_counts_from_its_day_on(self, titre, at, happens, day):
        happens("05/10/2026", EntryKind.ISSUED)
        happens("04/11/2026", EntryKind.WRITTEN_OFF, 90)
        account = at("10/11/2026")
        assert (account.status, account.balance) == (Status.WRITTEN_OFF, 0)
        before = account_of(account.titre, day("03/11/2026"))
        assert (before.status, before.balance) == (Status.ISSUED, 90)
