"""Invitations: sent by the worker, opened by anyone, accepted by a click."""

import datetime

import pytest
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.invitations import inviting
from accounts.invitations.imports import invite_people, preview_invitations, read_people
from accounts.invitations.models import Invitation, InvitationState
from accounts.models import AccessEntry, User
from accounts.roles import Role
from communes.models import Collectivity
from jobs import running
from jobs.models import Job, JobItem
from jobs.tasks import run_job
from outbox.models import Email
from tabular.models import ImportReport
from tabular.reading import Report
from tabular.saying import said
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    DepartmentFactory,
    GroupingFactory,
    InvitationFactory,
    UserFactory,
)

LIST = reverse("admin:invitations_invitation_changelist")
ADD = reverse("admin:invitations_invitation_add")


@pytest.fixture
def town(db):
    return CollectivityFactory()


@pytest.fixture
def invitation(town, rectorat):
    return inviting.invite(Invitation(email="Ines.Vidal@mairie.fr", collectivity=town), by=rectorat)


def accept(invitation, client=None, **names):
    names = names or {"first_name": "Inès", "last_name": "Vidal"}
    return (client or Client()).post(invitation.path, names)


def test_an_invitation_leaves_by_the_worker_and_says_who_invites_for_what(
    invitation, town, rectorat, delivered
):
    (message,) = delivered()

    assert message.to == ["ines.vidal@mairie.fr"]
    assert rectorat.get_full_name() in message.body
    assert town.of_title in message.body
    assert invitation.path in message.body
    assert invitation.expires_at - timezone.now() > datetime.timedelta(days=29)


def test_a_mail_scanner_that_follows_the_link_uses_nothing_up(invitation):
    for _ in range(3):
        assert Client().get(invitation.path).status_code == 200
    Client().head(invitation.path)

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.OPENED
    assert not User.objects.filter(email=invitation.email).exists()
    accept(invitation)
    assert User.objects.filter(email=invitation.email).exists()


def test_a_click_opens_the_account_and_signs_in(invitation, town):
    client = Client()

    response = accept(invitation, client)

    user = User.objects.get(email="ines.vidal@mairie.fr")
    assert response.url == reverse("home")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert (user.get_full_name(), user.role) == ("Inès Vidal", Role.TOWN_HALL)
    assert list(user.collectivities.all()) == [town]
    invitation.refresh_from_db()
    assert (invitation.state, invitation.accepted_by) == (InvitationState.ACCEPTED, user)
    kinds = list(AccessEntry.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["invitation", "invitation", "sign_in"]


def test_an_invitation_serves_once(invitation):
    accept(invitation)
    again = accept(invitation, last_name="Autre", first_name="Un")

    assert again.status_code == 410
    assert User.objects.filter(email=invitation.email).count() == 1


@pytest.mark.parametrize("end", ["withdrawn", "expired"])
def test_withdrawn_or_expired_it_opens_nothing(invitation, rectorat, end, time_machine):
    if end == "withdrawn":
        inviting.withdraw(invitation, by=rectorat)
    else:
        time_machine.move_to(invitation.expires_at + datetime.timedelta(seconds=1))

    assert accept(invitation).status_code == 410
    assert "ne sert plus" in Client().get(invitation.path).text
    assert not User.objects.filter(email=invitation.email).exists()


def test_sent_again_it_is_good_for_thirty_days_more(invitation, rectorat, time_machine, delivered):
    delivered()
    time_machine.move_to(invitation.expires_at + datetime.timedelta(days=1))

    assert inviting.send_again(invitation, by=rectorat)

    assert len(delivered()) == 2
    assert accept(invitation).status_code == 302
    assert not inviting.send_again(invitation, by=rectorat)


def test_an_address_that_has_an_account_gets_the_other_collectivity_too(invitation, town):
    user = UserFactory(email=invitation.email, collectivities=[CollectivityFactory()])

    client = Client()
    assert "vous avez déjà un compte" in client.get(invitation.path).text.lower()
    client.post(invitation.path)

    assert town in user.collectivities.all()


def test_a_deactivated_account_is_not_reopened_by_an_invitation(invitation):
    UserFactory(email=invitation.email, is_active=False, collectivities=[CollectivityFactory()])

    assert accept(invitation).status_code == 409
    assert not User.objects.get(email=invitation.email).is_active


def test_an_agent_accepts_and_then_sets_up_a_factor(db):
    administrator = UserFactory(role=Role.ADMINISTRATOR)
    herault = DepartmentFactory()
    invitation = inviting.invite(
        Invitation(email="agent@ac-x.fr", role=Role.RECTORAT),
        by=administrator,
        departments=[herault],
    )
    client = Client()
    accept(invitation, client)

    assert list(User.objects.get(email="agent@ac-x.fr").departments.all()) == [herault]
    assert client.get(reverse("admin:index")).url.startswith(reverse("mfa_index"))


# --- Who invites whom ------------------------------------------------------------


def test_the_rectorat_invites_town_halls_of_its_territory_and_no_agent(town, rectorat):
    elsewhere = UserFactory(role=Role.RECTORAT, departments=[DepartmentFactory(code="48")])
    with pytest.raises(ValidationError, match="Seul un administrateur"):
        inviting.invite(Invitation(email="a@b.fr", role=Role.FINANCE), by=rectorat)
    with pytest.raises(ValidationError, match="ne gérez pas"):
        inviting.invite(Invitation(email="a@b.fr", collectivity=town), by=elsewhere)


def test_who_has_access_already_is_not_invited(town, rectorat):
    user = UserFactory(collectivities=[town])
    with pytest.raises(ValidationError, match="a déjà accès"):
        inviting.invite(Invitation(email=user.email, collectivity=town), by=rectorat)


def test_two_invitations_of_one_address_do_not_wait_together(invitation, town, rectorat):
    with pytest.raises(ValidationError, match="attend déjà"):
        inviting.invite(Invitation(email=invitation.email, collectivity=town), by=rectorat)


def test_the_rectorat_invites_from_the_admin_site(client, rectorat, town):
    client.force_login(rectorat)
    typed = {"email": "a@b.fr", "role": Role.TOWN_HALL, "collectivity": town.pk, "is_manager": "on"}

    response = client.post(ADD, typed, follow=True)

    assert response.redirect_chain
    invitation = Invitation.objects.get()
    assert (invitation.collectivity, invitation.is_manager) == (town, True)
    assert invitation.invited_by == rectorat


def test_the_form_says_that_it_sends(client, rectorat):
    client.force_login(rectorat)
    page = client.get(ADD).text
    assert 'value="Envoyer l’invitation"' in page
    assert 'value="Envoyer et inviter quelqu’un d’autre"' in page
    assert "Enregistrer" not in page


def test_the_rectorat_has_no_choice_of_role(client, rectorat):
    client.force_login(rectorat)

    response = client.post(ADD, {"email": "a@b.fr", "role": Role.ADMINISTRATOR})

    assert response.status_code == 422
    assert not Invitation.objects.exists()


def test_invitations_are_listed_with_state_and_delivery_sent_again_and_withdrawn(
    client, rectorat, invitation, delivered, worked
):
    delivered()
    client.force_login(rectorat)
    assert "en attente" in client.get(LIST).text
    assert "envoyé" in client.get(LIST, {"state": "waiting"}).text

    ask_and_answer(client, LIST, "send_again", invitation)
    assert worked().items.get().state == "done"
    assert len(delivered()) == 2
    ask_and_answer(client, LIST, "withdraw_invitations", invitation)
    worked()

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.WITHDRAWN


def ask_and_answer(client, url, action, *rows, **typed):
    asked = client.post(
        url, {"action": action, "_selected_action": [row.pk for row in rows], **typed}
    )
    carried = {name: asked.context[name] for name in ("keys", "selection")}
    client.post(asked.context["do_url"], carried | typed)
    return asked


def test_collectivities_are_invited_in_numbers_and_those_missed_are_named(
    client, rectorat, town, invitation, delivered, worked
):
    delivered()
    fresh, silent, reached = CollectivityFactory.create_batch(3)
    Collectivity.objects.update(email="")
    Collectivity.objects.filter(pk__in=[fresh.pk, reached.pk]).update(email="Mairie@a.fr")
    Collectivity.objects.filter(pk=town.pk).update(email=invitation.email)
    UserFactory(collectivities=[reached])
    client.force_login(rectorat)
    url = reverse("admin:communes_collectivity_changelist")

    asked = ask_and_answer(client, url, "invite", fresh, silent, reached, town, is_shared="on")

    assert asked.context["preview"].taken == [fresh]
    why = {row.pk: reason for row, reason in asked.context["preview"].left_out}
    assert "Sans adresse" in why[silent.pk]
    assert "a déjà accès" in why[reached.pk]
    assert "attend déjà" in why[town.pk]
    job = worked()
    assert {item.key for item in job.items.filter(state="done")} == {fresh.pk}
    (email,) = delivered()[-1:]
    assert email.to == ["mairie@a.fr"]
    kept = Invitation.objects.get(collectivity=fresh)
    assert (kept.is_shared, kept.invited_by) == (True, rectorat)


def test_the_worker_leaves_the_agents_invitations_to_administrators(administrator):
    invitation = InvitationFactory(role="rectorat", collectivity=None)
    job = running.start("withdraw_invitations", [invitation.pk], by=administrator)
    User.objects.filter(pk=administrator.pk).update(role="rectorat")
    run_job(job.pk)
    assert job.items.get().state == "left_out"
    assert Invitation.objects.pending().exists()


def test_an_agent_invites_collectivities_of_their_departements_only(client, town, worked):
    limited = UserFactory(role="rectorat", departments=[DepartmentFactory(code="48")])
    client.force_login(limited)
    url = reverse("admin:invitations_invitation_changelist")
    do = reverse("admin:communes_collectivity_do", args=["invite"])
    selection = signing.dumps(["", url])
    client.post(do, {"keys": str(town.pk), "selection": selection})
    assert not Job.objects.exists()
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("state", list(InvitationState))
def test_the_state_of_the_list_is_the_one_of_the_row(db, state):
    now = timezone.now()
    facts = {
        InvitationState.WAITING: {},
        InvitationState.OPENED: {"opened_at": now},
        InvitationState.ACCEPTED: {"accepted_at": now, "opened_at": now},
        InvitationState.EXPIRED: {"expires_at": now - datetime.timedelta(days=1)},
        InvitationState.WITHDRAWN: {"withdrawn_at": now},
    }
    row = InvitationFactory(**facts[state])

    assert row.state == state
    assert Invitation.objects.with_state().get(pk=row.pk).current_state == state


# --- From a file -----------------------------------------------------------------


def people_list(*lines):
    return "\n".join(["Code;Adresse électronique;Gestionnaire;Boîte partagée", *lines]).encode()


def invited(content, by):
    """The lines left out of a list that was followed, each with its reason."""
    left = invite_people(read_people(content).rows, by=by)
    return {line: reason for line, reason in left.items() if reason}


def test_a_file_is_previewed_then_followed_by_a_job_that_says_who_was_left_out(
    client, rectorat, town
):
    client.force_login(rectorat)
    content = people_list(
        f"{town.code};a@b.fr;oui;", f"{town.code};mairie@b.fr;;oui", "99999;c@d.fr;;", ";e@f.fr;;"
    )
    page = reverse("admin:invitations_invitation_import")

    preview = client.post(page, {"file": SimpleUploadedFile("liste.csv", content)})
    assert "a@b.fr" in preview.text
    assert not Invitation.objects.exists()
    answer = client.post(page, preview.context["confirm_form"].initial)
    assert not Invitation.objects.exists()
    job = Job.objects.get()
    assert answer.url == reverse("admin:jobs_job_change", args=[job.pk])
    running.work(job)

    report = client.get(answer.url).text
    assert "liste.csv" in report
    assert "99999 c@d.fr (ligne 4)" in report
    left_out = job.items.filter(state=JobItem.State.LEFT_OUT)
    assert [item.key for item in left_out.order_by("key")] == [4, 5]
    assert all(item.reason for item in left_out)
    manager, shared = Invitation.objects.order_by("email")
    assert (manager.is_manager, shared.is_shared) == (True, True)
    assert Email.objects.count() == 2


def test_each_line_that_cannot_be_followed_is_refused_and_keeps_no_other_back(rectorat, town):
    known = UserFactory(collectivities=[town])
    content = people_list(
        f"{town.code};bon@b.fr;;",
        "99999;a@b.fr;;",
        f"{town.code};pas une adresse;;",
        f"{town.code};{known.email};;",
        f"{town.code};deux@b.fr;oui;oui",
    )

    report = preview_invitations(content, by=rectorat)
    assert [refusal.line for refusal in report.refused] == [3, 4, 5, 6]
    assert list(invited(content, rectorat)) == [3, 4, 5, 6]
    assert Invitation.objects.get().email == "bon@b.fr"


def test_a_code_that_a_spreadsheet_wrote_otherwise_is_understood(rectorat):
    grouping = GroupingFactory()
    CollectivityFactory(commune=CommuneFactory(code="09001"))
    siren = grouping.siren
    spaced = f"{siren[:3]} {siren[3:6]} {siren[6:]}"
    report = preview_invitations(
        people_list("9001;a@b.example;;", f"{spaced};c@d.example;;"), by=rectorat
    )
    assert [change.identifier for change in report.created] == ["09001", siren]


def test_done_again_a_file_invites_nobody_twice(rectorat, town):
    content = people_list(f"{town.code};a@b.fr;;")
    assert not invited(content, rectorat)

    report = preview_invitations(content, by=rectorat)
    assert invited(content, rectorat).keys() == {2}
    assert (report.unchanged, Invitation.objects.count()) == (1, 1)


def test_an_agent_invites_from_a_file_for_their_departements_only(town):
    agent = UserFactory(role=Role.RECTORAT, departments=[DepartmentFactory(code="48")])

    content = people_list(f"{town.code};a@b.fr;;")
    assert len(preview_invitations(content, by=agent).refused) == 1
    assert invited(content, agent).keys() == {2}
    assert not Invitation.objects.exists()


def test_an_agent_of_some_departements_opens_their_own_reports_only(client, town, rectorat):
    limited = UserFactory(role=Role.RECTORAT, departments=[town.department])
    reports = {
        by: ImportReport.objects.create(
            of="invitations.invitation", by=by, content=said(Report(), {})
        )
        for by in (limited, rectorat)
    }
    page = reverse("admin:invitations_invitation_import")

    def seen(user):
        client.force_login(user)
        opened = {by: client.get(f"{page}{kept.pk}/").status_code for by, kept in reports.items()}
        return {each.by for each in client.get(page).context["earlier"]}, opened

    assert seen(limited) == ({limited}, {limited: 200, rectorat: 404})
    assert seen(rectorat) == ({limited, rectorat}, {limited: 200, rectorat: 200})


def test_messages_are_written_by_hundreds_and_none_is_sent_within_the_request(rectorat, town):
    def queries(count):
        Invitation.objects.all().delete()
        rows = [Invitation(email=f"p{number}@b.fr", collectivity=town) for number in range(count)]
        with CaptureQueriesContext(connection) as captured:
            inviting.invite_all(rows, by=rectorat)
        return sum('INTO "outbox_email"' in query["sql"] for query in captured)

    # SQLite takes a hundred rows in two statements.
    assert queries(2) == 1
    assert queries(100) <= 2
    assert {email.state for email in Email.objects.all()} == {Email.State.QUEUED}
