"""Article 11: formal notice, conciliation, second letter, termination."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from billing.claims.due import claimable, due_of
from conventions.exchanges.models import Notification
from conventions.lifecycle import State
from conventions.models import Convention, Piece, issue_documents, latest_piece, own_pieces
from conventions.terminations.models import (
    Termination,
    give_formal_notice,
    last_termination,
    open_termination,
    open_verbs,
)
from conventions.terminations.steps import STEPS, open_steps, take
from law import deadlines
from lifecycle.errors import TransitionRefused
from tests.factories import ConventionFactory, UserFactory

pytestmark = pytest.mark.django_db

# What the page that says what a notice starts sends.
CONFIRMED = {"confirmed": "1"}

DAYS = st.dates(min_value=datetime.date(2000, 1, 1), max_value=datetime.date(2090, 12, 31))


DAY = datetime.timedelta(days=1)


def ago(days):
    return timezone.localdate() - datetime.timedelta(days=days)


def give_notice(convention, by, *, on=None, side="region", grievances="Les écoles ont changé."):
    return give_formal_notice(convention, by=by, side=side, on=on or ago(60), grievances=grievances)


@pytest.fixture
def noticed(signed_convention, rectorat):
    """Put on notice by the region sixty days ago: the month of conciliation is over."""
    return give_notice(signed_convention, rectorat)


@pytest.fixture
def second_letter(noticed, rectorat):
    """Its second letter left sixteen days ago: it may be terminated."""
    noticed.send_second_letter(by=rectorat, on=ago(16), reasons="Rien n'a changé.")
    return noticed


def field_of(refusal):
    return list(refusal.value.error_dict)


@given(DAYS)
def test_a_conciliation_has_a_month_and_a_termination_waits_fifteen_days(day):
    assert deadlines.end_of_conciliation(day) == deadlines.add_months(day, 1)
    assert (deadlines.termination_on(day) - day).days == 15


def test_the_whole_procedure_ends_in_a_termination_kept_in_the_journal(signed_convention, rectorat):
    termination = give_notice(signed_convention, rectorat, on=ago(60))
    termination.record_conciliation(by=rectorat, on=ago(45))
    termination.send_second_letter(by=rectorat, on=ago(40), reasons="Échec.")
    termination.terminate(by=rectorat, on=ago(25))
    signed_convention.refresh_from_db()
    assert signed_convention.state == State.TERMINATED
    assert last_termination(signed_convention).terminated_on == ago(25)
    last = signed_convention.journal.order_by("-pk")[:5]
    assert [(entry.part, entry.verb) for entry in last] == [
        ("T1", "terminate"),
        ("", "terminate"),
        ("T1", "send_second_letter"),
        ("T1", "record_conciliation"),
        ("T1", "give_formal_notice"),
    ]


def test_a_notice_is_withdrawn_with_a_reason_and_another_may_follow(noticed, rectorat):
    noticed.withdraw_notice(by=rectorat, on=ago(30), comment="Tout est rentré dans l'ordre.")
    assert noticed.state == "withdrawn"
    assert open_termination(noticed.convention) is None
    entry = noticed.convention.journal.order_by("-pk").first()
    assert (entry.verb, entry.comment) == ("withdraw_notice", "Tout est rentré dans l'ordre.")
    told = noticed.convention.notifications.filter(kind=Notification.Kind.TERMINATION)
    last = [(email.side, email.email.subject[:22]) for email in told.order_by("-pk")[:2]]
    assert dict(last).keys() == {"town_hall", "rectorat"}
    assert all("retirée" in email.email.body for email in told.order_by("-pk")[:2])
    again = give_notice(noticed.convention, rectorat, on=ago(10))
    assert again.part == "T2"


def test_a_notice_is_withdrawn_by_who_gave_it_and_says_why(noticed, town_hall, rectorat):
    with pytest.raises(TransitionRefused, match="région académique"):
        noticed.withdraw_notice(by=town_hall, on=ago(30), comment="Non.")
    with pytest.raises(TransitionRefused, match="motif"):
        noticed.withdraw_notice(by=rectorat, on=ago(30), comment=" ")
    with pytest.raises(TransitionRefused, match="précède la mise en demeure"):
        noticed.withdraw_notice(by=rectorat, on=ago(61), comment="Trop tôt.")


def test_after_the_second_letter_a_notice_is_withdrawn_no_more(second_letter, rectorat):
    with pytest.raises(TransitionRefused, match="impossible"):
        second_letter.withdraw_notice(by=rectorat, on=ago(1), comment="Trop tard.")


def test_each_step_shows_the_next_deadline(signed_convention, rectorat):
    termination = give_notice(signed_convention, rectorat, on=ago(60))
    assert termination.standing.on == deadlines.add_months(ago(60), 1)
    termination.send_second_letter(by=rectorat, on=ago(3), reasons="Échec.")
    assert termination.standing.on == ago(-12)


# --- Refusals -------------------------------------------------------------------
def test_only_a_convention_signed_by_both_is_put_on_notice(convention, rectorat):
    with pytest.raises(TransitionRefused, match="signée par les deux parties"):
        give_notice(convention, rectorat)


@pytest.mark.parametrize(
    ("on", "message"),
    [(ago(-1), "futur"), (datetime.date(2022, 10, 9), "prise d'effet")],
)
def test_a_notice_is_dated_between_the_effect_and_today(signed_convention, rectorat, on, message):
    with pytest.raises(ValidationError, match=message) as refusal:
        give_notice(signed_convention, rectorat, on=on)
    assert field_of(refusal) == ["on"]


def test_a_notice_says_its_grievances(signed_convention, rectorat):
    with pytest.raises(ValidationError) as refusal:
        give_notice(signed_convention, rectorat, grievances=" ")
    assert field_of(refusal) == ["grievances"]
    assert not Termination.objects.exists()


def test_a_town_hall_gives_notice_in_its_own_name_only(signed_convention, town_hall):
    with pytest.raises(ValidationError) as refusal:
        give_notice(signed_convention, town_hall, side="region")
    assert field_of(refusal) == ["side"]
    give_notice(signed_convention, town_hall, side="collectivity")
    assert open_termination(signed_convention).side == "collectivity"


def test_a_mistyped_notice_is_corrected_until_something_follows(noticed, rectorat):
    corrected = give_notice(noticed.convention, rectorat, on=ago(50))
    assert noticed.convention.terminations.get().notice_on == ago(50)
    corrected.record_conciliation(by=rectorat, on=ago(40))
    with pytest.raises(TransitionRefused, match=r"impossible : .* passée en conciliation"):
        give_notice(noticed.convention, rectorat, on=ago(45))


def test_every_other_step_follows_a_notice(signed_convention, rectorat):
    for slug in ("conciliation", "accord", "seconde-lettre", "resiliation"):
        with pytest.raises(TransitionRefused, match="commence par une mise en demeure"):
            take(signed_convention, STEPS[slug], by=rectorat, on=ago(1))


@pytest.mark.parametrize("verb", ["record_conciliation", "record_settlement"])
def test_what_follows_the_notice_is_not_dated_before_it(noticed, rectorat, verb):
    with pytest.raises(ValidationError, match="précède la mise en demeure") as refusal:
        getattr(noticed, verb)(by=rectorat, on=ago(61))
    assert field_of(refusal) == ["on"]


def test_the_second_letter_waits_for_the_month_of_conciliation(signed_convention, rectorat):
    termination = give_notice(signed_convention, rectorat, on=ago(10))
    with pytest.raises(TransitionRefused, match="au plus tôt"):
        termination.send_second_letter(by=rectorat, on=ago(1), reasons="Trop tôt.")


def test_the_second_letter_is_not_dated_within_the_month(noticed, rectorat):
    last_day = noticed.conciliation_by
    with pytest.raises(ValidationError, match="au plus tôt") as refusal:
        noticed.send_second_letter(by=rectorat, on=last_day, reasons="Trop tôt.")
    assert field_of(refusal) == ["on"]
    after = last_day + datetime.timedelta(days=1)
    noticed.send_second_letter(by=rectorat, on=after, reasons="Le mois est passé.")


def test_a_conciliation_that_failed_opens_the_second_letter_at_once(signed_convention, rectorat):
    termination = give_notice(signed_convention, rectorat, on=ago(10))
    termination.record_conciliation(by=rectorat, on=ago(5))
    termination.send_second_letter(by=rectorat, on=ago(5), reasons="Échec.")
    assert termination.terminates_on == ago(-10)


def test_the_second_letter_gives_its_reasons(noticed, rectorat):
    with pytest.raises(ValidationError) as refusal:
        noticed.send_second_letter(by=rectorat, on=ago(1), reasons="")
    assert field_of(refusal) == ["reasons"]


def test_no_conciliation_is_recorded_after_the_second_letter(second_letter, rectorat):
    with pytest.raises(TransitionRefused, match=r"impossible : .* à sa seconde lettre"):
        second_letter.record_conciliation(by=rectorat, on=ago(1))


def test_a_termination_awaits_the_second_letter_then_fifteen_days(noticed, rectorat):
    with pytest.raises(TransitionRefused, match=r"impossible : .* une mise en demeure"):
        noticed.terminate(by=rectorat, on=ago(0))
    noticed.send_second_letter(by=rectorat, on=ago(14), reasons="Échec.")
    with pytest.raises(ValidationError, match="quinze jours"):
        noticed.terminate(by=rectorat, on=ago(0))
    noticed.send_second_letter(by=rectorat, on=ago(15), reasons="Échec.")
    noticed.terminate(by=rectorat, on=ago(0))
    assert noticed.convention.state == State.TERMINATED


def test_a_termination_is_not_dated_within_the_fifteen_days(second_letter, rectorat):
    with pytest.raises(ValidationError, match="quinze jours") as refusal:
        second_letter.terminate(by=rectorat, on=ago(2))
    assert field_of(refusal) == ["on"]
    second_letter.convention.refresh_from_db()
    assert second_letter.convention.state == State.SIGNED


def test_the_town_hall_takes_the_shared_steps_of_the_region_s_procedure_only(noticed, town_hall):
    shared = ["record_conciliation", "record_settlement"]
    assert open_verbs(noticed.convention, town_hall) == shared
    with pytest.raises(TransitionRefused, match="revient à la région académique"):
        noticed.send_second_letter(by=town_hall, on=ago(1), reasons="…")


def test_the_town_hall_leads_its_own_procedure_to_the_end(signed_convention, town_hall):
    termination = give_notice(signed_convention, town_hall, side="collectivity")
    termination.send_second_letter(by=town_hall, on=ago(20), reasons="L'ENT est absent.")
    termination.terminate(by=town_hall, on=ago(5))
    assert signed_convention.state == State.TERMINATED


def test_the_town_hall_does_not_terminate_in_the_region_s_name(second_letter, town_hall):
    with pytest.raises(TransitionRefused, match="revient à la région académique"):
        second_letter.terminate(by=town_hall, on=ago(1))


def test_finance_takes_no_step(noticed, finance):
    assert open_verbs(noticed.convention, finance) == []
    with pytest.raises(TransitionRefused, match="votre compte"):
        noticed.record_conciliation(by=finance, on=ago(1))


# --- What follows ---------------------------------------------------------------
def test_a_settlement_closes_the_procedure_and_another_may_follow(noticed, rectorat):
    noticed.record_settlement(by=rectorat, on=ago(40))
    assert noticed.convention.state == State.SIGNED
    assert open_termination(noticed.convention) is None
    give_notice(noticed.convention, rectorat, on=ago(5))
    assert noticed.convention.terminations.count() == 2


def test_a_settlement_may_come_after_the_second_letter(second_letter, rectorat):
    second_letter.record_settlement(by=rectorat, on=ago(0))
    with pytest.raises(TransitionRefused, match=r"impossible : .* close par un accord"):
        second_letter.terminate(by=rectorat, on=ago(0))


def test_the_claim_of_the_year_stays_after_a_termination(second_letter, rectorat):
    convention = second_letter.convention
    second_letter.terminate(by=rectorat, on=ago(1))
    assert [due_of(c).amount for c in claimable()] == [convention.amount]


def test_a_terminated_convention_is_neither_abandoned_nor_terminated_again(second_letter, rectorat):
    second_letter.terminate(by=rectorat, on=ago(1))
    with pytest.raises(TransitionRefused, match=rectorat.get_full_name()):
        second_letter.terminate(by=rectorat, on=ago(1))
    with pytest.raises(TransitionRefused):
        second_letter.convention.abandon(by=rectorat, comment="Erreur")


# --- The database ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"state": "conciliation", "conciliation_on": ago(61)}, "La conciliation suit"),
        (
            {"state": "second_letter", "second_letter_on": ago(61)},
            "La seconde lettre suit la mise en demeure",
        ),
        (
            {
                "state": "second_letter",
                "conciliation_on": ago(20),
                "second_letter_on": ago(21),
            },
            "La seconde lettre suit la conciliation",
        ),
        ({"state": "settled", "settled_on": ago(61)}, "L'accord suit"),
        ({"state": "withdrawn", "withdrawn_on": ago(61)}, "Le retrait suit"),
        ({"state": "terminated", "terminated_on": ago(1)}, "La résiliation suit"),
        (
            {"state": "terminated", "second_letter_on": ago(5), "terminated_on": ago(5)},
            "La résiliation suit",
        ),
    ],
)
def test_the_database_keeps_the_order_of_article_11(noticed, values, message):
    refused_by_the_database(noticed, values, message)


DATE_OF_STATE = {
    "conciliation": {"conciliation_on": ago(30)},
    "second_letter": {"second_letter_on": ago(20)},
    "settled": {"settled_on": ago(20)},
    "withdrawn": {"withdrawn_on": ago(20)},
    "terminated": {"second_letter_on": ago(20), "terminated_on": ago(1)},
}


@pytest.mark.parametrize("state", DATE_OF_STATE)
def test_a_state_comes_with_its_date_and_the_date_with_its_state(noticed, state):
    message = "L'état d'une procédure suit"
    dates = DATE_OF_STATE[state]
    refused_by_the_database(noticed, {"state": state}, message)
    refused_by_the_database(Termination.objects.get(), dates, message)
    Termination.objects.update(state=state, **dates)


def test_a_procedure_is_settled_or_led_to_its_end_never_both(noticed):
    values = {**DATE_OF_STATE["terminated"], "settled_on": ago(1)}
    for state in ("settled", "terminated"):
        refused_by_the_database(noticed, {"state": state, **values}, "L'état d'une procédure suit")


def refused_by_the_database(termination, values, message):
    with pytest.raises(IntegrityError), transaction.atomic():
        Termination.objects.filter(pk=termination.pk).update(**values)
    for name, value in values.items():
        setattr(termination, name, value)
    with pytest.raises(ValidationError, match=message):
        termination.validate_constraints()


def test_one_procedure_is_open_at_a_time(noticed):
    again = Termination(
        convention=noticed.convention, number=2, side="region", grievances="…", notice_on=ago(1)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()
    with pytest.raises(ValidationError, match="déjà en cours"):
        again.validate_constraints()


# --- Letters --------------------------------------------------------------------
def test_each_letter_is_a_piece_made_once(noticed, rectorat):
    assert [p.kind for p in issue_documents(noticed, by=rectorat)] == ["formal_notice"]
    issue_documents(noticed, by=rectorat)
    noticed.send_second_letter(by=rectorat, on=ago(3), reasons="Échec.")
    issue_documents(noticed, by=rectorat)
    issue_documents(noticed, by=rectorat)
    kinds = [piece.kind for piece in own_pieces(noticed)]
    assert kinds.count(Piece.Kind.FORMAL_NOTICE) == kinds.count(Piece.Kind.TERMINATION_LETTER) == 1


# --- Screens --------------------------------------------------------------------
def page(convention, step):
    year, code = convention.campaign.school_year, convention.collectivity.code
    return reverse("convention_termination", args=[year, code, step])


def admin_page(convention, step):
    return reverse("admin:conventions_convention_termination", args=[convention.pk, step])


def test_a_town_hall_gives_notice_from_its_file(client, signed_convention, town_hall):
    client.force_login(town_hall)
    address = page(signed_convention, "mise-en-demeure")
    assert address in client.get(signed_convention.get_absolute_url()).content.decode()
    response = client.post(
        address,
        {
            "version": signed_convention.version,
            "is_representative": "on",
            "on": ago(1),
            "grievances": "L'ENT est fermé.",
        }
        | CONFIRMED,
        follow=True,
    )
    assert "Conciliation à tenir au plus tard le" in response.content.decode()
    termination = signed_convention.terminations.get()
    assert termination.side == "collectivity"
    assert latest_piece(termination, "formal_notice")


@pytest.mark.parametrize("side", ["town_hall", "admin"])
def test_a_notice_is_given_after_a_page_that_says_what_it_starts(
    client, signed_convention, town_hall, rectorat, side
):
    is_admin = side == "admin"
    client.force_login(rectorat if is_admin else town_hall)
    step = "mise-en-demeure"
    address = (admin_page if is_admin else page)(signed_convention, step)
    typed = {"version": signed_convention.version, "side": "region", "on": ago(1)}
    typed["is_representative"] = "on"
    typed["grievances"] = "L'ENT est fermé."
    asked = client.post(address, typed).content.decode()
    assert not Termination.objects.exists()
    for day in (deadlines.add_months(ago(1), 1), deadlines.add_months(ago(1), 1) + DAY * 16):
        assert f"{day:%d/%m/%Y}" in asked
    assert asked.count("ENT est fermé.") == 2  # Read, and sent again.
    again = client.post(address, typed | {"again": "1"})
    assert again.context["form"]["grievances"].value() == "L'ENT est fermé."
    assert not Termination.objects.exists()
    client.post(address, typed | CONFIRMED)
    assert Termination.objects.get().notice_on == ago(1)


def test_a_day_before_the_effect_is_refused_before_anything_is_asked(
    client, signed_convention, town_hall
):
    client.force_login(town_hall)
    typed = {"is_representative": "on", "on": "09/10/2022", "grievances": "L'ENT est fermé."}
    typed["version"] = signed_convention.version
    refused = client.post(page(signed_convention, "mise-en-demeure"), typed)
    assert list(refused.context["form"].errors) == ["on"]


def test_a_notice_under_way_is_corrected_or_withdrawn_not_given_again(client, noticed, rectorat):
    client.force_login(rectorat)
    file = reverse("admin:conventions_convention_change", args=[noticed.convention.pk])
    offered = client.get(file).content.decode()
    assert "Mettre en demeure" not in offered
    assert "Corriger la mise en demeure" in offered
    withdrawal = {"on": ago(1), "comment": "Réglé."}
    client.post(admin_page(noticed.convention, "retrait"), withdrawal)
    assert "Mettre en demeure" in client.get(file).content.decode()


def test_a_town_hall_withdraws_its_notice(client, signed_convention, town_hall):
    give_notice(signed_convention, town_hall, side="collectivity")
    client.force_login(town_hall)
    address = page(signed_convention, "retrait")
    typed = {"version": open_termination(signed_convention).version, "on": ago(1)}
    refused = client.post(address, typed | {"comment": ""})
    assert list(refused.context["form"].errors) == ["comment"]
    done = client.post(address, typed | {"comment": "Réglé."}, follow=True).content.decode()
    assert "a été retirée le" in done
    assert "Mettre en demeure" in done


def test_a_date_refused_is_told_at_its_field_and_what_was_typed_stays(
    client, signed_convention, town_hall
):
    client.force_login(town_hall)
    response = client.post(
        page(signed_convention, "mise-en-demeure"),
        {
            "version": signed_convention.version,
            "is_representative": "on",
            "on": ago(-1),
            "grievances": "L'ENT est fermé.",
        },
    )
    assert list(response.context["form"].errors) == ["on"]
    assert "ENT est fermé." in response.content.decode()


def test_a_step_that_is_not_open_leads_back_to_the_file(client, noticed, town_hall):
    client.force_login(town_hall)
    convention = noticed.convention
    response = client.get(page(convention, "seconde-lettre"))
    assert response.url == convention.get_absolute_url()
    assert client.get(page(convention, "inconnue")).status_code == 404


def test_the_termination_of_others_is_a_page_that_does_not_exist(client, noticed):
    client.force_login(UserFactory(collectivities=[ConventionFactory().collectivity]))
    assert client.get(page(noticed.convention, "conciliation")).status_code == 404


def test_an_agent_leads_the_procedure_in_the_admin_site(client, signed_convention, rectorat):
    client.force_login(rectorat)
    for step, values in (
        ("mise-en-demeure", {"side": "region", "on": ago(60), "grievances": "Impayés."}),
        ("conciliation", {"on": ago(50)}),
        ("seconde-lettre", {"on": ago(40), "reasons": "Rien n'a été réglé."}),
        ("resiliation", {"on": ago(20)}),
    ):
        file = client.get(
            reverse("admin:conventions_convention_change", args=[signed_convention.pk])
        )
        assert admin_page(signed_convention, step) in file.content.decode()
        client.post(admin_page(signed_convention, step), values | CONFIRMED)
    signed_convention.refresh_from_db()
    assert signed_convention.state == State.TERMINATED
    assert open_steps(signed_convention, rectorat) == []
    file = client.get(reverse("admin:conventions_convention_change", args=[signed_convention.pk]))
    assert "reste due" in file.content.decode()


def test_the_admin_site_says_what_is_refused_at_its_field(client, noticed, rectorat):
    client.force_login(rectorat)
    response = client.post(admin_page(noticed.convention, "conciliation"), {"on": ago(90)})
    assert list(response.context["form"].errors) == ["on"]


def test_a_terminated_file_stays_readable_by_its_town_hall(client, second_letter, rectorat):
    second_letter.terminate(by=rectorat, on=ago(1))
    convention = second_letter.convention
    client.force_login(UserFactory(collectivities=[convention.collectivity]))
    text = client.get(convention.get_absolute_url()).content.decode()
    assert "résiliée" in text
    assert Convention.objects.get().standing is None


def test_the_page_of_a_step_asks_for_its_date_by_name(client, signed_convention, town_hall):
    client.force_login(town_hall)
    form = client.get(page(signed_convention, "mise-en-demeure")).content.decode()
    assert "Date de la lettre recommandée" in form


def test_a_collectivity_put_on_notice_is_told_at_the_top_of_its_file(client, noticed, town_hall):
    client.force_login(town_hall)
    file = client.get(noticed.convention.get_absolute_url()).content.decode()
    told = file.index("Une procédure de résiliation est en cours")
    assert told < file.index("Les étapes")
