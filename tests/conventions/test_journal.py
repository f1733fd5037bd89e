"""The journal in words: on the file, in the admin site, as a file; and never edited."""

import csv
import datetime
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from conventions.acts.models import Act
from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.dossiers.timeline import line, timeline
from conventions.enrolment.enrolling import withdraw
from conventions.lifecycle import Standing
from conventions.models import Convention, attach
from conventions.terminations.models import Termination, give_formal_notice
from documents.received.uploads import UploadedPdf
from lifecycle.frozen import FrozenError
from lifecycle.models import JournalEntry
from tests.factories import (
    ConventionFactory,
    current_signed_convention,
    prepare_amendment,
    sign_amendment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def exported(client, query=""):
    response = client.get(reverse("admin:lifecycle_journalentry_export", args=["csv"]) + query)
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content), delimiter=";"))


def test_states_and_values_are_said_in_french(signed_convention, town_hall, day):
    entries = {entry.verb: line(entry) for entry in signed_convention.journal.all()}
    sent = entries["send"]
    assert (sent.from_state, sent.to_state) == ("préparée", "envoyée")
    assert [str(change) for change in sent.changes] == ["Date d'envoi : — → 10/10/2022"]
    changes = [str(change) for change in entries["record_act_dates"].changes]
    assert "Mode de publication : — → sur le site internet" in changes
    assert entries["record_act_dates"].to_state == ""


def test_a_town_hall_reads_the_states_in_its_own_words(signed_convention):
    sent = line(signed_convention.journal.get(verb="send"), Role.TOWN_HALL)
    assert (sent.from_state, sent.to_state) == ("préparée", "à vérifier")


def test_what_an_expert_alone_makes_something_of_folds(client, town_hall, signed_convention):
    attach(
        signed_convention,
        kind="other",
        pdf=UploadedPdf(content=b"%PDF-1.7", pages=1, name="a.pdf"),
        by=None,
    )
    client.force_login(town_hall)
    page = client.get(signed_convention.get_absolute_url()).text
    assert page.index("Détail technique") < page.index("Empreinte du fichier")


def test_a_correction_of_the_amount_is_told_from_and_to(convention, rectorat):
    withdraw(convention.enrolments.first(), by=rectorat)
    assert [str(change) for change in line(convention.journal.first()).changes] == [
        "Nombre d'écoles : 2 → 1",
        "Montant : 90,00 € → 45,00 €",
    ]


def test_the_confirmed_details_are_kept_from_and_to(convention, rectorat, town_hall):
    convention.send(by=rectorat)
    convention.accept(by=town_hall)
    changes = {change.label: change for change in line(convention.journal.first()).changes}
    assert changes["Nom du représentant"].new == "MARTIN"
    assert changes["Civilité du représentant"].new == "Madame"
    convention.collectivity.representative_last_name = "DURAND"
    convention.accept(by=town_hall)
    assert [str(change) for change in line(convention.journal.first()).changes] == [
        "Nom du représentant : MARTIN → DURAND"
    ]


def test_an_act_is_told_by_its_own_number_and_state(signed_convention, town_hall):
    said = [
        str(change) for change in line(signed_convention.journal.get(verb="record_act")).changes
    ]
    act = signed_convention.act
    assert f"Numéro : — → {act.number}" in said
    assert "État de l'acte : projet → pris" in said


def test_no_value_is_told_by_the_word_of_the_database(town_hall):
    convention = current_signed_convention()
    town_hall.collectivities.set([convention.collectivity])
    amendment = prepare_amendment(convention, remove=convention.enrolments.all()[:1])
    amendment.send(by=None)
    sign_amendment(amendment)
    convention = Convention.objects.with_parties().get(pk=convention.pk)
    notice = {"on": timezone.localdate(), "grievances": "Trop tard."}
    give_formal_notice(convention, by=town_hall, side="collectivity", **notice)
    models = (Convention, Act, Amendment, Termination)
    fields = [field for model in models for field in model._meta.fields]
    keys = {str(key) for field in fields for key, _ in field.flatchoices}
    changes = [change for entry in convention.journal.all() for change in line(entry).changes]
    assert not [f"{c}" for c in changes if {c.old, c.new} & keys or "_" in c.label]


def test_the_page_of_a_file_shows_its_time_line(client, town_hall, signed_convention):
    client.force_login(town_hall)
    page = client.get(signed_convention.get_absolute_url()).content.decode()
    assert "préparée → à vérifier" in page
    assert "Date d&#x27;envoi : — → 10/10/2022" in page


def test_the_file_holds_every_entry_that_the_filters_show(agent, signed_convention):
    other = ConventionFactory()
    other.send(by=None)
    rows = exported(agent)
    assert len(rows) == JournalEntry.objects.count()
    rows = exported(agent, "?verb=send")
    assert {row["Référence"] for row in rows} == {signed_convention.reference, other.reference}
    assert {row["À l'état"] for row in rows} == {"envoyée"}


def test_a_comment_is_never_a_formula_in_the_file(agent, convention, rectorat):
    convention.abandon(by=rectorat, comment="=HYPERLINK(1)")
    assert exported(agent)[0]["Commentaire"] == "'=HYPERLINK(1)"


def test_the_file_costs_the_same_number_of_queries_whatever_its_length(
    agent, signed_convention, django_assert_max_num_queries
):
    for _ in range(10):
        ConventionFactory().send(by=None)
    with django_assert_max_num_queries(12):
        exported(agent)


def test_nothing_edits_the_journal(agent, signed_convention):
    entry = signed_convention.journal.first()
    page = reverse("admin:lifecycle_journalentry_change", args=[entry.pk])
    assert agent.post(page, {"summary": "Autre"}).status_code == 403
    assert agent.get(reverse("admin:lifecycle_journalentry_add")).status_code == 403
    with pytest.raises(FrozenError):
        entry.save()
    with pytest.raises(FrozenError):
        JournalEntry.objects.update(summary="Autre")


def test_a_campaigns_own_states_are_said_too(campaign_closed):
    assert timeline(campaign_closed.journal.all())[0].to_state == "close"


@pytest.fixture
def campaign_closed(convention, rectorat):
    convention.campaign.close(by=rectorat)
    return convention.campaign


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_list_and_a_file_agree_on_what_is_in_force(signed_convention, days):
    today = timezone.localdate()
    Campaign.objects.update(ends_on=today + datetime.timedelta(days=days))
    given_up, waiting = ConventionFactory(), ConventionFactory()
    given_up.abandon(by=None, comment="Erreur")
    for standing in Standing:
        listed = set(Convention.objects.in_standing(standing))
        assert listed == {c for c in Convention.objects.all() if c.standing == standing}
    signed_convention.refresh_from_db()
    expected = Standing.ENDED if days < 0 else Standing.IN_FORCE
    assert Convention.objects.get(pk=signed_convention.pk).standing == expected
    assert Convention.objects.get(pk=waiting.pk).standing == Standing.UPCOMING


def test_an_entry_is_headed_by_the_time_of_its_readers():
    summer = datetime.datetime(2026, 7, 1, 22, 30, tzinfo=datetime.UTC)
    assert str(JournalEntry(at=summer, summary="Envoyée")) == "02/07/2026 00:30 — Envoyée"
