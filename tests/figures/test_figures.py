"""The figures of the desk and the boards are kept, and never stale: whatever is written, and how."""

import datetime
import random
import re
import threading
from itertools import chain

import pytest
from django.apps import apps
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.batches.outcomes import withdraw
from billing.claims import listing
from billing.claims.listing import Shown, claims_of
from billing.claims.verbs import change_debtor
from billing.models import Titre
from billing.models.entry import EntryKind
from billing.recording import reverse
from billing.recovery import aged, years
from billing.recovery import board as money
from billing.recovery.aged import aged_by_debtor, owed_today
from billing.recovery.board import build_board as build_money
from communes.models import Collectivity, Commune, Department
from conventions.acts.models import Act
from conventions.campaigns.models import Campaign
from conventions.exchanges.models import Message, Notification
from conventions.models import Convention, Enrolment, Piece
from conventions.terminations.models import give_formal_notice, open_termination
from figures import kept
from figures.models import Change, condense, tell_everywhere, with_marks
from figures.watched import WATCHED
from outbox.models import Email
from rectorat.boards import board
from rectorat.boards.board import build_board
from rectorat.desk import waiting
from rectorat.desk.waiting import build_desk
from schools.models import School, Takeover
from tests.billing.conftest import issue, request, sign_in_order, tell
from tests.conventions.random_files import random_file
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    GroupingFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    sign_amendment,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

TODAY = timezone.localdate()
YESTERDAY = TODAY - datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def cache(monkeypatch):
    """A cache that keeps: that of the tests does not."""
    own = LocMemCache("figures", {})
    own.clear()
    monkeypatch.setattr(kept, "cache", own)
    return own


@pytest.fixture
def payers():
    """A collectivity in each of two départements."""
    return [
        CollectivityFactory(
            email="",
            commune=CommuneFactory(
                code=f"{code}001", department=DepartmentFactory(code=code, name=code, of_name=code)
            ),
        )
        for code in ("30", "34")
    ]


def look(user):
    """All that the desk and the boards say."""
    desk = build_desk(user, is_mine=False)
    campaigns = Campaign.objects.order_by("pk")
    boards = [build_board(campaign, user) for campaign in campaigns]
    lines = [(line.key, line.count) for line in (*desk.yours, *desk.watched)]
    standings = [(each.campaign.pk, each.tally.by_state) for each in desk.campaigns]
    found = [(each.total, each.expected, each.academies) for each in boards]
    return lines, standings, found, billed(user)


def billed(user):
    """All that finance's boards say, and the lists of claims."""
    campaigns = Campaign.objects.order_by("pk")
    boards = [build_money(campaign, user, Q()) for campaign in campaigns]
    return boards, [
        claims_of(campaign, user, Q(), shown) for campaign in campaigns for shown in Shown
    ]


def marks():
    return {each.code: (each.mark, each.mark_of_all) for each in with_marks(Department.objects)}


def test_every_table_that_is_read_is_watched(payers):
    file = ConventionFactory(collectivity=payers[0])
    departments = list(Department.objects.order_by("pk").values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        waiting._by_department(departments)
        board._counted(file.campaign, departments)
        money._counted(file.campaign, departments)
        aged._counted(file.campaign, departments)
        years._counted(departments)
        listing._counted(file.campaign, departments)
    read = {
        table
        for query in queries.captured_queries
        for table in re.findall(r'(?:FROM|JOIN) "?(\w+)', query["sql"])
    }.intersection(connection.introspection.table_names())
    assert {"conventions_convention", "schools_takeover", "billing_entry"} < read
    assert read <= {apps.get_model(watched.model)._meta.db_table for watched in WATCHED}


def life(payers):
    """Change what the figures read, one thing after another; each changes a figure."""
    # The territory, on a file that was sent.
    year = TODAY.year if TODAY.month >= 9 else TODAY.year - 1
    campaign = CampaignFactory(start_year=year + 1, state=Campaign.State.OPEN)
    yield "a campaign"
    file = ConventionFactory(campaign=campaign, collectivity=payers[0])
    yield "a convention"
    file.send(by=None)
    yield "sent"
    Campaign.objects.filter(pk=campaign.pk).update(reply_by=YESTERDAY)
    yield "late"
    person = UserFactory(collectivities=[payers[0]])
    yield "somebody to reach"
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    yield "nobody any more"
    type(person).objects.filter(pk=person.pk).update(is_active=True)
    yield "again"
    person.collectivities.clear()
    yield "nobody again"
    Collectivity.objects.filter(pk=payers[0].pk).update(email="mairie@example.org")
    yield "an address"
    school = School.objects.filter(enrolments__convention=file).order_by("pk")[0]
    School.objects.filter(pk=school.pk).update(closure_proposed_on=TODAY)
    yield "a closure"
    School.objects.filter(pk=school.pk).update(closure_proposed_on=None)
    yield "none"
    Commune.objects.filter(pk=school.commune_id).update(name="Autre")
    yield "a name"
    line = Enrolment.objects.filter(convention=file).order_by("-pk")[0]
    Enrolment.objects.filter(pk=line.pk).update(released_on=TODAY)
    yield "a school less"
    # A school without a convention: counted where its payer is.
    waits = Enrolment(campaign=campaign, school=SchoolFactory(commune=payers[0].commune))
    waits.copy_from_school()
    waits.save()
    yield "a school more"
    far = GroupingFactory(department=payers[1].department)
    Takeover.objects.create(school=waits.school, payer=far, since=campaign.starts_on)
    yield "taken over elsewhere"
    Takeover.objects.all().delete()
    yield "and back"
    Collectivity.objects.filter(pk=payers[0].pk).update(merged_into=payers[1], merged_on=TODAY)
    yield "merged elsewhere"
    Collectivity.objects.filter(pk=payers[0].pk).update(merged_into=None, merged_on=None)
    yield "undone"
    Collectivity.objects.filter(pk=payers[0].pk).update(department=payers[1].department)
    yield "moved"
    Collectivity.objects.filter(pk=payers[0].pk).update(department=payers[0].commune.department)
    yield "moved back"
    # What is written, and posted.
    message = Message.objects.create(
        convention=file, side="town_hall", subject="other", body="Bonjour"
    )
    yield "a message"
    message.delete()
    yield "no message"
    email = Email.objects.create(subject="s", state="failed")
    Notification.objects.create(convention=file, kind="sent", side="town_hall", email=email)
    yield "an e-mail that failed"
    Email.objects.filter(pk=email.pk).update(state="sent")
    yield "that left"
    # A file of both signatures, amended, billed, ended.
    signed = current_signed_convention(collectivity=payers[1])
    yield "signed"
    Piece.objects.filter(convention=signed).update(outdated=True)
    yield "outdated"
    Act.objects.filter(pk=signed.act_id).update(deposited_on=TODAY, published_on=TODAY)
    yield "executory"
    signed.refresh_from_db()
    amendment = prepare_amendment(signed, add=[SchoolFactory(payer=payers[1])])
    yield "an avenant"
    sign_amendment(amendment)
    yield "signed too"
    signed.refresh_from_db()
    give_formal_notice(signed, by=None, side="region", on=TODAY, grievances="Non.")
    yield "a notice"
    open_termination(signed).withdraw_notice(by=None, on=TODAY, comment="Si.")
    yield "withdrawn"
    Convention.objects.filter(pk=file.pk).update(state="abandoned")
    yield "given up"


def test_what_is_kept_is_what_is_counted_anew(payers, rectorat, cache):
    before = look(rectorat)
    for what in life(payers):
        of_cache = look(rectorat)
        cache.clear()
        anew = look(rectorat)
        assert of_cache == anew, what
        assert anew != before, f"{what}: no figure tells"
        before = anew


def test_what_is_asked_of_the_accountant_is_told(finance, rectorat):
    file = sign_in_order(ConventionFactory())

    def billed():
        return build_board(file.campaign, rectorat).total.billed

    assert billed() == 0
    batch = request(file.campaign, finance)
    assert billed() == file.amount
    withdraw(batch, reason="Erreur.", by=finance)
    assert billed() == 0
    titre = request(file.campaign, finance).titres.get()
    assert billed() == file.amount
    tell(titre, EntryKind.REJECTED)
    assert billed() == 0


def owing(payers, finance):
    """Change what is owed, one thing after another; the second owes in both départements."""
    first, second = (sign_in_order(ConventionFactory(collectivity=payer)) for payer in payers)
    earlier = CampaignFactory(start_year=first.campaign.start_year - 1)
    other = sign_in_order(ConventionFactory(collectivity=payers[0], campaign=earlier))
    change_debtor(other, payers[1], reason="Fusion.", by=finance)
    for campaign in (first.campaign, earlier):
        request(campaign, finance)
    titres = [Titre.objects.get(claim__convention=file) for file in (first, second, other)]
    for titre in titres:
        issue(titre, due_on=TODAY)
        yield "issued"
    assert [titre.debtor for titre in titres] == [payers[0], payers[1], payers[1]]
    tell(titres[0], EntryKind.RECEIVED, amount=10)
    yield "received"
    contested = tell(titres[2], EntryKind.CONTESTED, amount=20)
    yield "contested"
    reverse(contested, on=TODAY, reason="Erreur.", by=finance)
    yield "undone"
    Collectivity.objects.filter(pk=payers[1].pk).update(code="34999")
    yield "another code"
    Collectivity.objects.filter(pk=payers[1].pk).update(department=payers[0].department)
    yield "moved"
    tell(titres[1], EntryKind.REMITTED, amount=titres[1].amount)
    yield "remitted"


def test_what_is_owed_is_told(payers, finance, cache):
    departments = Department.objects.order_by("pk")
    limited = UserFactory(role="rectorat", departments=[payers[0].department])
    before = []
    for what in owing(payers, finance):
        kept_so_far = billed(finance), billed(limited)
        cache.clear()
        assert kept_so_far == (billed(finance), billed(limited)), what
        seen = aged_by_debtor(Titre.objects.for_user(limited), TODAY)
        assert owed_today(limited, None, Q()) == seen, what
        owed = owed_today(finance, None, Q())
        assert owed == aged_by_debtor(Titre.objects.all(), TODAY), what
        placed = [owed_today(finance, None, Q(pk=department.pk)) for department in departments]
        assert sorted(chain(*placed)) == sorted(owed), what
        places = [{line.code for line in lines} for lines in placed]
        assert (owed, places) != before, f"{what}: no line tells"
        before = (owed, places)


def test_files_drawn_at_random_are_told(payers, rectorat, sample, cache):
    chance = random.Random(1)
    campaign = CampaignFactory(start_year=TODAY.year, state=Campaign.State.OPEN)
    for _ in range(sample(8, 80)):
        place = chance.choice(payers).commune.department
        code = f"{place.code}{Commune.objects.count() + 1:03}"
        payer = CollectivityFactory(commune=CommuneFactory(code=code, department=place))
        random_file(chance, campaign, TODAY, collectivity=payer)
        of_cache = look(rectorat)
        cache.clear()
        assert of_cache == look(rectorat)


def test_one_departement_is_counted_where_one_changed(payers, rectorat, monkeypatch):
    file, other = (ConventionFactory(collectivity=payer) for payer in payers)
    file.send(by=None)  # The first of a campaign is written on the campaign, too.
    counted = []
    count = board._counted
    monkeypatch.setattr(
        board, "_counted", lambda campaign, keys: counted.append(keys) or count(campaign, keys)
    )
    build_board(file.campaign, rectorat)
    build_board(file.campaign, rectorat)
    other.send(by=None)
    build_board(file.campaign, rectorat)
    assert [len(keys) for keys in counted] == [2, 1]
    assert counted[1] == [payers[1].department_id]


def test_a_person_whose_account_changes_otherwise_tells_nothing(payers):
    person = UserFactory(collectivities=payers)
    before = marks()
    type(person).objects.filter(pk=person.pk).update(last_login=timezone.now())
    assert marks() == before


def test_to_condense_changes_no_mark(payers):
    for payer in payers:
        ConventionFactory(collectivity=payer).send(by=None)
    tell_everywhere()
    before = marks()
    assert Change.objects.count() > 3
    condense()
    assert marks() == before
    assert Change.objects.filter(department=payers[0].department).count() == 1
    condense()
    assert marks() == before


def test_what_was_rolled_back_is_not_taken_for_what_comes_after(payers):
    file = ConventionFactory(collectivity=payers[0])
    seen = []
    for _ in range(2):
        point = transaction.savepoint()
        Convention.objects.filter(pk=file.pk).update(state="abandoned")
        seen.append(marks()["30"])
        transaction.savepoint_rollback(point)
    assert seen[0] != seen[1]


class Broken:
    def get(self, name):
        raise OSError("no cache")

    def set(self, name, values, timeout):
        raise OSError("no cache")


@pytest.mark.parametrize("broken", [Broken(), DummyCache("", {})], ids=["broken", "dummy"])
def test_without_its_cache_the_site_counts(payers, rectorat, monkeypatch, broken):
    file = ConventionFactory(collectivity=payers[0])
    monkeypatch.setattr(kept, "cache", broken)
    assert build_board(file.campaign, rectorat).total.by_state["prepared"] == 1
    file.send(by=None)
    assert build_board(file.campaign, rectorat).total.by_state["sent"] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_of_several")
def test_a_change_is_told_once_it_is_committed():
    """Figures counted while a writer is not done are not those kept after."""
    payer = CollectivityFactory()
    file = ConventionFactory(collectivity=payer)
    agent = UserFactory(role="rectorat")
    written, looked_at = threading.Event(), threading.Event()

    def write():
        try:
            with transaction.atomic():
                Convention.objects.filter(pk=file.pk).update(state="abandoned")
                written.set()
                looked_at.wait(timeout=20)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    written.wait(timeout=20)
    during = build_board(file.campaign, agent).total.by_state
    looked_at.set()
    writer.join(timeout=20)
    assert during == {"prepared": 1}
    assert build_board(file.campaign, agent).total.by_state == {"abandoned": 1}
