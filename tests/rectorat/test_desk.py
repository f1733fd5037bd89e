"""The desk: each of its counts is its list's, and what a person would count by hand."""

import datetime
import random
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Task

from communes.contacts.models import ProposedMayor
from conventions.campaigns.models import Campaign
from conventions.correspondence import need_no_answer, waits_for_answer
from conventions.exchanges.models import Message, Notification
from conventions.lifecycle import State
from conventions.models import Convention, Piece, attach
from conventions.piles.models import Pile, Sheaf
from conventions.situations import warnings
from conventions.situations.expectations import RULES
from conventions.situations.situation import situation
from documents.received.uploads import UploadedPdf
from jobs import running
from jobs.models import Job
from operations.models import Backup
from outbox.models import Email
from rectorat.desk.menu import MENU
from rectorat.desk.waiting import BY_RULE, build_desk
from rectorat.lists.assigning import assign
from schools.models import School
from tests.access import SignedInClient
from tests.conventions.random_files import campaigns, random_file
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    DepartmentFactory,
    SchoolFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

TODAY = datetime.date(2026, 11, 30)
FAILED = "L'action a échoué : recommencez, puis prévenez l'administrateur."
FOLLOWED_NO_MORE = (State.ABANDONED, State.TERMINATED)


def pile_of(agent):
    """A pile of `agent`, read, with one sheaf that waits."""
    pile = Pile.objects.create(
        file="piles/a.pdf", sha256="0" * 64, name="a.pdf", page_count=1, state="read", by=agent
    )
    Sheaf.objects.create(pile=pile, pages=[1], first_page=1)
    return pile


def draw_region(chance, agents, size):
    """Files of two départements and four campaigns, and what happened to them."""
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    herault = DepartmentFactory(code="34")
    years = campaigns(TODAY)
    # The reply to one of the open campaigns was due yesterday.
    years[0].reply_by = TODAY - datetime.timedelta(days=1)
    years[0].save()
    by_mayors = random.Random(size)
    for number in range(size):
        department = chance.choice((gard, herault))
        commune = CommuneFactory(code=f"{department.code}{number + 1:03}", department=department)
        payer = CollectivityFactory(commune=commune, email=chance.choice(("", "a@b.fr")))
        if chance.random() < 0.4:
            UserFactory(collectivities=[payer], is_active=chance.random() < 0.7)
        file = random_file(chance, chance.choice(years), TODAY, collectivity=payer)
        if chance.random() < 0.3:
            file.pieces.update(outdated=True)
        if chance.random() < 0.5:
            file.terminations.update(notice_on=TODAY - datetime.timedelta(days=20))
        if chance.random() < 0.2:
            file.enrolments.update(name="Autrement")
        for _ in range(chance.choice((0, 0, 1, 3))):
            side = chance.choice(("town_hall", "rectorat"))
            Message.objects.create(convention=file, side=side, subject="other", body="Bonjour")
        if number % 3 == 0 and (asked := waits_for_answer(file)):
            need_no_answer(file, asked.pk, by=agents[0])
        for _ in range(chance.choice((0, 0, 1, 2))):
            email = Email.objects.create(subject="s", state=chance.choice(("sent", "failed")))
            side = chance.choice(("town_hall", "rectorat"))
            Notification.objects.create(convention=file, kind="sent", side=side, email=email)
        if chance.random() < 0.5:
            assign(Convention.objects.filter(pk=file.pk), chance.choice(agents))
        if by_mayors.random() < 0.3:
            payer.representative_first_name = by_mayors.choice(("PAUL", "Anne"))
            payer.representative_last_name = "Roux"
            payer.save()
            ProposedMayor.objects.create(
                collectivity=payer,
                representative_first_name="Paul",
                representative_last_name="ROUX",
                since=TODAY,
                proposed_on=TODAY,
                refused_on=by_mayors.choice((None, None, TODAY)),
            )
        if chance.random() < 0.1:
            SchoolFactory(commune=commune, payer=payer, closure_proposed_on=TODAY)
    for agent in agents:
        pile_of(agent)
        state = chance.choice(Job.State.values)
        job = Job.objects.create(action="issue", by=agent, state=state)
        for key in range(chance.choice((0, 1, 2))):
            job.items.create(key=key, state="left_out", reason=chance.choice((FAILED, "Autre.")))


# --- The same, counted by a person ---------------------------------------------
def unanswered(file):
    said = list(file.messages.all())
    waits = bool(said) and said[-1].side == "town_hall" and not said[-1].no_answer_at
    return waits and file.state not in (*FOLLOWED_NO_MORE, State.CORRECTION_REQUESTED)


def to_record(file):
    copies = [p for p in file.pieces.all() if p.kind == Piece.Kind.CONVENTION_SIGNED]
    waits = file.state in (State.ACCEPTED, State.SIGNED_BY_REGION)
    return waits and any(not piece.is_unsigned for piece in copies)


def late(file):
    sent = file.state in (
        State.SENT,
        State.CORRECTION_REQUESTED,
        State.ACCEPTED,
        State.SIGNED_BY_REGION,
    )
    reply_by = file.campaign.reply_by
    return sent and bool(reply_by) and reply_by < TODAY


def unreachable(file):
    people = [u for u in file.collectivity.users.all() if u.is_active and u.role == "town_hall"]
    return not file.collectivity.email and not people and file.state not in FOLLOWED_NO_MORE


def mail_failed(file):
    last = {}
    for notification in sorted(file.notifications.all(), key=lambda n: n.pk):
        state = notification.email.state
        last[notification.side] = state if state in ("sent", "failed") else None
    return "failed" in last.values() and file.state not in FOLLOWED_NO_MORE


def on_the_ground(file):
    if file.state == State.ABANDONED:
        return False
    return any(warning.text(file, TODAY) for warning in warnings.TERRITORY)


def outdated(file):
    return any(piece.outdated for piece in file.pieces.all())


def ending_soon(file):
    near = TODAY + datetime.timedelta(days=15)
    standings = [
        t.standing for t in file.terminations.all() if t.state not in ("settled", "terminated")
    ]
    return any(standing.on and standing.on <= near for standing in standings)


BY_HAND = {
    "unanswered": (unanswered, True),
    "to_record": (to_record, False),
    "late": (late, False),
    "unreachable": (unreachable, False),
    "mail_failed": (mail_failed, False),
    "territory": (on_the_ground, False),
    "outdated": (outdated, False),
    "ending_soon": (ending_soon, True),
}


def counted_by_hand(files):
    found = dict.fromkeys([*BY_RULE, *BY_HAND], 0)
    for file in files:
        is_open = file.campaign.state == Campaign.State.OPEN
        now = situation(file)
        if now and now.now.key in BY_RULE and (is_open or BY_RULE[now.now.key].everywhere):
            found[now.now.key] += 1
        for key, (holds, everywhere) in BY_HAND.items():
            found[key] += bool((is_open or everywhere) and holds(file))
    return {key: count for key, count in found.items() if count}


@pytest.mark.parametrize("is_mine", [False, True], ids=["all", "mine"])
@pytest.mark.parametrize("seed", [1, 2])
def test_each_count_is_its_lists_and_what_a_person_counts(
    move_to, sample, client, seed, is_mine, django_assert_max_num_queries
):
    move_to(TODAY)
    chance = random.Random(seed)
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    agents = [
        UserFactory(role="rectorat"),
        UserFactory(role="rectorat", departments=[gard]),
        UserFactory(role="administrator"),
    ]
    draw_region(chance, agents, sample(70, 400))
    for agent in agents:
        client = SignedInClient()
        client.force_login(agent)
        with django_assert_max_num_queries(15):
            page = client.get(reverse("admin:index"), {"mine": "yes"} if is_mine else {})
        desk = page.context["desk"]
        lines = [*desk.yours, *desk.watched]
        for line in lines:
            shown = client.get(line.url).context["cl"].result_count
            assert (line.key, shown) == (line.key, line.count)
        files = Convention.objects.with_parties().select_related("collectivity__merged_into")
        if agent.departments.exists():
            files = files.filter(collectivity__department=gard)
        if is_mine:
            files = files.filter(assignment__agent=agent)
        found = {line.key: line.count for line in lines}
        others = {
            key: found.pop(key, 0) for key in ("closures", "piles", "mayors", "jobs", "jobs_failed")
        }
        assert found == counted_by_hand(files.order_by("pk"))
        if not is_mine and not agent.departments.exists():
            # Drawn widely enough: a test of empty lines would prove little.
            assert set(found) >= set(BY_HAND) | {"to_answer", "to_sign_for_region"}
        if not is_mine:
            schools = School.objects.order_by("pk")
            mayors = ProposedMayor.objects.filter(refused_on=None).order_by("pk")
            if agent.departments.exists():
                schools = schools.filter(commune__department=gard)
                mayors = mayors.filter(collectivity__department=gard)
            own = agent.departments.exists()
            jobs = [job for job in Job.objects.all() if not own or job.by == agent]
            assert others == {
                "closures": len([s for s in schools if s.closure_proposed_on]),
                "piles": 1 if own else len(agents),
                "mayors": len(
                    [
                        mayor
                        for mayor in mayors
                        if mayor.collectivity.representative_first_name == "Anne"
                    ]
                ),
                "jobs": len([job for job in jobs if job.state in ("queued", "running")]),
                "jobs_failed": len(
                    [job for job in jobs if FAILED in {item.reason for item in job.items.all()}]
                ),
            }


def test_every_rule_of_the_rectorat_is_a_line():
    assert set(BY_RULE) == {rule.key for rule in RULES if rule.of == "rectorat"}


def test_every_list_is_in_the_menu():
    listed = {model for _, lists in MENU for model, _ in lists}
    assert listed == {model._meta.label_lower for model in admin.site._registry}


def test_a_desk_with_nothing_says_so(client, rectorat):
    client.force_login(rectorat)
    page = client.get(reverse("admin:index")).text
    assert "Rien ne vous attend." in page
    assert "Aucune campagne" in page


def test_the_list_of_a_line_has_its_action_ready(client, rectorat, convention):
    client.force_login(rectorat)
    (line,) = build_desk(rectorat, is_mine=False).yours
    assert parse_qs(urlsplit(line.url).query)["expected"] == ["to_send"]
    page = client.get(line.url)
    assert page.context["ready"] == ("send", "Envoyer à la collectivité")
    assert "Envoyer à la collectivité : 1 dossier<" in page.text.replace("\u00a0", " ")
    posted = {
        "action": "send",
        "index": "0",
        "select_across": "1",
        "_selected_action": convention.pk,
    }
    assert client.post(line.url, posted).context["possible"] == 1


def test_jobs_that_nobody_does_are_said_to_wait_for_the_worker(client, rectorat):
    job = Job.objects.create(action="issue", by=rectorat)
    (line,) = build_desk(rectorat, is_mine=False).watched
    assert line.words == "traitement qui n'est pas terminé"
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - datetime.timedelta(minutes=3))
    (line,) = build_desk(rectorat, is_mine=False).watched
    assert line.words == "traitement qui attend : le travail de fond est arrêté"


def test_a_failed_job_is_watched_until_it_is_done_again(client, rectorat):
    job = Job.objects.create(action="issue", by=rectorat, state="finished")
    job.items.create(key=1, state="left_out", reason=FAILED)
    (line,) = build_desk(rectorat, is_mine=False).watched
    assert (line.key, line.count) == ("jobs_failed", 1)
    running.retry(job, by=job.by)
    assert "jobs_failed" not in {line.key for line in build_desk(rectorat, is_mine=False).watched}


def test_copies_received_have_the_recording_of_their_signature_ready(client, rectorat, convention):
    convention.send(by=None)
    convention.accept(by=None)
    copy = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")
    attach(convention, kind=Piece.Kind.CONVENTION_SIGNED, pdf=copy, by=None)
    client.force_login(rectorat)
    desk = build_desk(rectorat, is_mine=False)
    (line,) = [line for line in desk.yours if line.key == "to_record"]
    ready = client.get(line.url).context["ready"]
    assert ready == ("sign_for_collectivity", "Enregistrer la signature de la collectivité")


def test_the_desk_of_who_runs_the_site_takes_no_more_queries_when_all_is_wrong(
    client, django_assert_max_num_queries
):
    long_ago = timezone.now() - datetime.timedelta(days=90)
    administrator = UserFactory(role="administrator")
    Job.objects.create(action="issue", by=administrator)
    Job.objects.update(created_at=long_ago)
    for _ in range(2):
        Email.objects.create(subject="s", recipients=["a@example.fr"])
    Email.objects.update(created_at=long_ago)
    OrmQ.objects.create(key="conventions", payload="", lock=long_ago)
    for number in range(2):
        moment = timezone.now() - datetime.timedelta(minutes=5)
        Task.objects.create(
            id=str(number), name="t", func="f", started=moment, stopped=moment, success=False
        )
    for kind in Backup.Kind.values:
        Backup.objects.create(kind=kind, started_at=long_ago, finished_at=long_ago, error="")
    for start_year in (2025, 2026, 2027):
        CampaignFactory(start_year=start_year)
    client.force_login(administrator)
    with django_assert_max_num_queries(15):
        page = client.get(reverse("admin:index"))
    assert {trouble.key for trouble in page.context["troubles"]} >= {
        "schedules",
        "mails",
        "tasks",
        "failures",
        "backup-late",
        "verification-late",
    }
    assert page.text.count("Le travail de fond est arrêté") == 1
