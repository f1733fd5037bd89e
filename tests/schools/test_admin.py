"""Import on screen in two steps, and the closures that an agent decides."""

import datetime

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from incoming import confined
from jobs.models import Job
from lifecycle.rereading import fingerprint
from rectorat.admin import RereadSchoolAdmin
from schools.models import School
from tabular.models import ImportReport, forget_old
from tabular.reading import UnreadableFile
from tests.factories import CollectivityFactory, CommuneFactory, DepartmentFactory, SchoolFactory
from tests.importing import confirm, upload

pytestmark = pytest.mark.django_db

CSV = (
    "numero_uai;appellation_officielle;secteur_public_prive_libe;nature_uai;code_commune\n"
    "0341255E;Ecole Pierre Bouissinet;Public;151;34337\n"
    "0342026F;Ecole Françoise Dolto;Public;151;34337\n"
).encode()
PLACED = (
    b"numero_uai;nom;secteur;code_nature;code_commune;latitude;longitude\n"
    b"0341255E;Ecole Pierre Bouissinet;Public;151;34337;43.5;3.8\n"
)


@pytest.fixture
def import_url():
    return reverse("admin:schools_school_import")


@pytest.fixture
def list_url():
    return reverse("admin:schools_school_changelist")


@pytest.fixture
def agent(client, rectorat):
    CollectivityFactory(commune=CommuneFactory(code="34337", name="Villeneuve-lès-Maguelone"))
    client.force_login(rectorat)
    return client


def test_the_list_leads_to_the_import(agent, list_url, import_url):
    assert f'href="{import_url}"' in agent.get(list_url).text


def test_a_preview_shows_what_would_change_and_writes_nothing(agent, import_url):
    page = upload(agent, import_url, CSV)
    assert "Ecole Pierre Bouissinet" in page.text
    assert "0342026F" in page.text
    assert "lettre finale" in page.text
    assert not School.objects.exists()


def test_a_confirmed_import_is_written_and_reported(agent, import_url, rectorat):
    page = confirm(agent, import_url, upload(agent, import_url, CSV))
    assert "L&#x27;import est terminé." in page.text
    assert School.objects.get().history.get().history_user == rectorat


def test_the_report_is_a_page_that_may_be_opened_again(agent, import_url, rectorat):
    college = "0341256F;Collège;Public;340;34337\n".encode()
    preview = upload(agent, import_url, CSV + college, name="annuaire.csv")
    answer = agent.post(import_url, preview.context["confirm_form"].initial)
    assert answer.status_code == 302
    for _ in range(2):
        page = agent.get(answer.url)
        assert "annuaire.csv" in page.text
        assert "Ecole Pierre Bouissinet" in page.text
        assert "lettre finale" in page.text
        assert "1 ignorées : autre" in page.text.replace("\u00a0", " ")
    assert answer.url in agent.get(import_url).text


def test_a_confirmation_sent_twice_writes_once(agent, import_url):
    confirmed = upload(agent, import_url, CSV).context["confirm_form"].initial
    agent.post(import_url, confirmed)
    again = agent.post(import_url, confirmed)
    assert "ont changé depuis" in again.text
    assert ImportReport.objects.count() == 1


def test_nothing_ticked_is_said_and_writes_nothing(agent, import_url):
    confirmed = upload(agent, import_url, CSV).context["confirm_form"].initial
    page = agent.post(import_url, confirmed | {"accepted": []})
    assert page.status_code == 422
    assert "cochez ce qui doit" in page.text
    assert page.context["report"].dry_run
    assert not School.objects.exists()


def test_nothing_ticked_leaves_alone_what_no_history_keeps_as_well(agent, import_url):
    school = SchoolFactory(uai="0341255E", name="Autrement", listed_since=None)
    confirmed = upload(agent, import_url, PLACED).context["confirm_form"].initial
    agent.post(import_url, confirmed | {"accepted": []})
    school.refresh_from_db()
    assert (school.latitude, school.listed_since) == (None, None)


def test_a_file_that_places_schools_and_changes_nothing_else_may_be_imported(agent, import_url):
    confirm(agent, import_url, upload(agent, import_url, CSV, partial="on"))
    preview = upload(agent, import_url, PLACED, partial="on")
    assert 'value="Importer"' in preview.text
    done = confirm(agent, import_url, preview)
    assert ["dont complétée", 1] in done.context["said"]["counts"]
    assert School.objects.get().latitude == 43.5
    assert 'value="Importer"' not in upload(agent, import_url, PLACED, partial="on").text


def test_reports_are_forgotten_after_a_year(agent, import_url):
    confirm(agent, import_url, upload(agent, import_url, CSV))
    assert forget_old() == 0
    ImportReport.objects.update(done_at=timezone.now() - datetime.timedelta(days=366))
    assert forget_old() == 1


def test_the_previewed_file_stays_private_until_it_is_confirmed(agent, import_url):
    page = upload(agent, import_url, CSV)
    digest = page.context["confirm_form"].initial["digest"]
    with default_storage.open(f"imports/{digest}.csv") as file:
        assert file.read() == CSV


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", ""])
def test_a_file_that_was_not_kept_is_asked_for_again(agent, import_url, digest):
    page = agent.post(import_url, {"digest": digest}, follow=True)
    assert "envoyez-le à nouveau" in page.text
    assert not School.objects.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "vide"), (b"PK\x03\x04rest", "CSV UTF-8"), (b"a;b\n1;2\n", "Colonnes introuvables")],
)
def test_an_unreadable_file_is_told_at_its_field(agent, import_url, content, message):
    page = upload(agent, import_url, content)
    assert message in page.context["form"].errors["file"][0]


def test_a_workbook_that_breaks_the_limits_is_told_at_its_field(agent, import_url, monkeypatch):
    monkeypatch.setattr(confined, "MAX_SECONDS", 0.001)
    page = upload(agent, import_url, b"PK\x03\x04", name="ecoles.xlsx")
    assert "demande trop de calcul" in page.context["form"].errors["file"][0]


def test_a_file_that_was_previewed_and_can_be_read_no_more_is_told(agent, import_url, monkeypatch):
    confirmed = upload(agent, import_url, CSV).context["confirm_form"].initial

    def refuse(*args):
        raise UnreadableFile("Ce classeur demande trop de calcul.")

    monkeypatch.setattr("tabular.reading.lines_of", refuse)
    page = agent.post(import_url, confirmed, follow=True)
    assert "demande trop de calcul" in page.text
    assert not School.objects.exists()


def test_a_file_too_large_is_told_at_its_field(agent, import_url, monkeypatch):
    monkeypatch.setattr("tabular.forms.MAX_BYTES", 10)
    page = upload(agent, import_url, CSV)
    assert "dépasse" in page.context["form"].errors["file"][0]


def test_opening_the_page_writes_nothing(agent, import_url, private_media):
    assert agent.get(import_url).status_code == 200
    assert not private_media.exists()


def test_mass_closures_are_held_back_until_they_are_ticked(agent, import_url):
    payer = CollectivityFactory()
    for _ in range(5):
        SchoolFactory(payer=payer)
    preview = upload(agent, import_url, CSV)
    assert "plus de 5 %" in preview.text.replace("\u202f", " ").replace("\u00a0", " ")
    done = confirm(agent, import_url, preview)
    assert "laissé tel quel" in done.text
    assert School.objects.filter(uai="0341255E").exists()
    assert School.objects.filter(closure_proposed_on__isnull=False).count() == 0
    confirm(agent, import_url, upload(agent, import_url, CSV), "closure")
    assert School.objects.filter(closure_proposed_on__isnull=False).count() == 5


def test_a_file_said_to_be_partial_proposes_no_closure(agent, import_url):
    SchoolFactory()
    page = confirm(agent, import_url, upload(agent, import_url, CSV, partial="on"))
    assert "Fermetures proposées" not in page.text
    assert not School.objects.filter(closure_proposed_on__isnull=False).exists()
    assert School.objects.filter(uai="0341255E").exists()


def test_who_may_not_change_schools_does_not_import(client, town_hall, finance, import_url):
    for user in (town_hall, finance):
        client.force_login(user)
        assert upload(client, import_url, CSV).status_code in (302, 403)
    assert not default_storage.exists("imports")


def test_an_agent_of_some_departements_does_not_import_the_region(
    agent, rectorat, import_url, list_url
):
    rectorat.departments.add(DepartmentFactory())
    assert agent.get(import_url).status_code == 403
    assert import_url not in agent.get(list_url).text


def test_communes_are_imported_the_same_way(agent):
    url = reverse("admin:communes_commune_import")
    content = b"code_insee;nom;departement;siren\n34003;Agde;34;213400039\n"
    confirm(agent, url, upload(agent, url, content))
    assert CollectivityFactory._meta.model.objects.filter(code="34003").exists()


@pytest.fixture
def proposed():
    return SchoolFactory(closure_proposed_on=datetime.date(2026, 11, 2))


def ask(client, url, action, *schools, **data):
    pks = [school.pk for school in schools]
    return client.post(url, {"action": action, "_selected_action": pks, **data})


def decide(client, url, action, *schools, **data):
    """Answer the page that asks; a worker then does it."""
    asked = ask(client, url, action, *schools, **data)
    carried = {name: asked.context[name] for name in ("keys", "selection")}
    return client.post(asked.context["do_url"], carried)


@pytest.mark.parametrize("action", ["confirm_closures", "keep_open"])
def test_a_decision_is_asked_to_be_confirmed(agent, list_url, proposed, action):
    page = ask(agent, list_url, action, proposed, index="0")
    assert proposed.name in page.text
    assert not Job.objects.exists()
    proposed.refresh_from_db()
    assert proposed.state == School.State.OPEN
    assert proposed.closure_proposed_on


@pytest.mark.parametrize(
    ("action", "state", "message"),
    [
        ("confirm_closures", School.State.CLOSED, "Écoles fermées : <strong>1</strong>"),
        ("keep_open", School.State.OPEN, "Écoles gardées ouvertes : <strong>1</strong>"),
    ],
)
def test_a_confirmed_decision_settles_the_proposal(
    agent, rectorat, list_url, proposed, action, state, message, worked
):
    answer = decide(agent, f"{list_url}?fermeture=oui", action, proposed)
    assert answer.url == reverse("admin:jobs_job_change", args=[worked().pk])
    page = agent.get(answer.url)
    assert message in page.text.replace("\xa0", " ")
    assert f'href="{list_url}?fermeture=oui"' in page.text
    proposed.refresh_from_db()
    assert (proposed.state, proposed.closure_proposed_on) == (state, None)
    assert proposed.history.first().history_user == rectorat


def test_a_school_that_is_not_proposed_is_never_closed(agent, list_url, proposed, worked):
    other = SchoolFactory()
    asked = ask(agent, list_url, "confirm_closures", proposed, other)
    assert asked.context["preview"].reasons == [
        ("Aucune fermeture n'est proposée pour cette école.", 1)
    ]
    decide(agent, list_url, "confirm_closures", proposed, other)
    assert worked().items.get(state="left_out").key == other.pk
    other.refresh_from_db()
    assert other.state == School.State.OPEN


def test_a_selection_with_nothing_to_decide_says_why_and_offers_nothing(agent, list_url):
    asked = ask(agent, list_url, "keep_open", SchoolFactory())
    assert "proposée pour cette école" in asked.text
    assert "do_url" in asked.context
    assert f'action="{asked.context["do_url"]}"' not in asked.text


def test_what_another_site_words_is_no_decision(agent, list_url, proposed):
    asked = ask(agent, list_url, "keep_open", proposed)
    forged = {"keys": asked.context["keys"], "selection": "x"}
    assert agent.post(asked.context["do_url"], forged).status_code == 404
    assert not Job.objects.exists()


def test_a_decision_reaches_every_page_of_the_list(agent, list_url, proposed, worked):
    other = SchoolFactory(closure_proposed_on=datetime.date(2026, 11, 2))
    decide(agent, list_url, "confirm_closures", proposed, select_across="1")
    worked()
    other.refresh_from_db()
    assert other.state == School.State.CLOSED


def test_proposed_closures_are_listed_apart(agent, list_url, proposed):
    SchoolFactory()
    page = agent.get(list_url, {"fermeture": "oui"})
    assert [school.pk for school in page.context["cl"].result_list] == [proposed.pk]


def test_a_school_closed_on_its_page_awaits_no_decision(agent, proposed):
    agent.post(
        reverse("admin:schools_school_change", args=[proposed.pk]),
        {
            "name": proposed.name,
            "nature": proposed.nature,
            "state": "closed",
            "payer": proposed.payer.pk,
            "read_at": fingerprint(School.objects.get(pk=proposed.pk), RereadSchoolAdmin.unread),
        },
    )
    proposed.refresh_from_db()
    assert (proposed.state, proposed.closure_proposed_on) == (School.State.CLOSED, None)
