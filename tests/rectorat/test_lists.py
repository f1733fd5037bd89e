"""Lists as instruments: what they are narrowed to, what is kept of them, what they send."""

import csv
import datetime
import io
import re
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse

from conventions.correspondence import post_message
from conventions.models import Convention
from rectorat.lists.assigning import assign
from rectorat.lists.choosing import chips
from rectorat.lists.models import Assignment
from tabular.models import ChosenColumns, SavedView
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    SchoolFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

LIST = "admin:conventions_convention_changelist"


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def listed(client, **query):
    found = client.get(reverse(LIST), query).context["cl"].queryset
    return {convention.reference for convention in found}


def shown(client, **query):
    return client.get(reverse(LIST), query).context["cl"]


# --- Filters -----------------------------------------------------------------
def test_several_states_at_once(agent, convention):
    sent, other = ConventionFactory(), ConventionFactory()
    sent.send(by=None)
    other.abandon(by=None, comment="Erreur.")
    found = listed(agent, state__in="prepared,sent")
    assert found == {convention.reference, sent.reference}


def test_what_a_list_is_narrowed_to_is_said_and_taken_away_one_by_one(agent, convention):
    changelist = shown(
        agent, state__in="prepared,sent", sent_from="2026-11-01", q="bourg", papers="outdated"
    )
    said = {chip.label: chip.without for chip in chips(changelist)}
    assert list(said) == [
        "Campagnes ouvertes",
        "état : Préparée",
        "état : Envoyée",
        "documents : À produire de nouveau",
        "envoyée : à partir du 01/11/2026",
        "recherche : bourg",
    ]
    assert "state__in=sent&" in said["état : Préparée"] + "&"
    assert "papers" not in said["documents : À produire de nouveau"]
    assert "sent_from" not in said["envoyée : à partir du 01/11/2026"]
    assert said["Campagnes ouvertes"] == ""


def test_a_report_says_what_its_list_was_narrowed_to_days_too(agent, convention):
    convention.send(by=None)
    query = {"sent_from": "2026-11-01", "q": "ENT"}
    chosen = {"action": "remind", "_selected_action": [convention.pk], "select_across": "1"}
    asked = agent.post(reverse(LIST, query=query), chosen)
    assert asked.context["selection_words"] == (
        "Campagnes ouvertes, envoyée : à partir du 01/11/2026, recherche : ENT"
    )


def test_a_state_asked_for_the_old_way_can_be_taken_away(agent, convention):
    changelist = shown(agent, state__exact="prepared")
    without = next(chip.without for chip in chips(changelist) if chip.label == "état : Préparée")
    assert "state" not in without


def test_files_are_found_by_the_days_between_which_they_were_sent(agent, convention):
    convention.send(by=None)
    day = convention.sent_on
    after = day + datetime.timedelta(days=1)
    assert listed(agent, sent_from=day, sent_to=day) == {convention.reference}
    assert listed(agent, sent_from=after) == set()
    assert listed(agent, sent_from="hier") == {convention.reference}


def test_a_message_waits_until_it_is_answered(agent, convention, town_hall, rectorat):
    convention.send(by=None)
    post_message(convention, by=town_hall, subject="other", body="Bonjour")
    assert listed(agent, exchanges="unanswered") == {convention.reference}
    post_message(convention, by=rectorat, subject="other", body="Bonjour à vous")
    assert listed(agent, exchanges="unanswered") == set()


def test_whom_a_file_does_not_reach(agent, convention):
    silent = ConventionFactory(collectivity__email="")
    UserFactory(collectivities=[convention.collectivity])
    assert silent.reference in listed(agent, reach="unreachable")
    assert convention.reference not in listed(agent, reach="unreachable,no_account")


# --- Search --------------------------------------------------------------------
@pytest.mark.parametrize("written", ["Saint-Jean-de-Védas", "St-Jean-de-Védas"])
@pytest.mark.parametrize("typed", ["St Jean", "saint jean", "SAINT-JEAN de vedas", "st jean vedas"])
def test_saint_is_found_however_it_is_written(agent, written, typed):
    commune = CommuneFactory(name=written)
    file = ConventionFactory(collectivity=CollectivityFactory(commune=commune))
    assert listed(agent, q=typed) == {file.reference}


def test_st_is_a_word_of_its_own(agent):
    ConventionFactory(collectivity=CollectivityFactory(commune=CommuneFactory(name="Castelnau")))
    assert listed(agent, q="st") == set()


@pytest.mark.parametrize(
    "asked", ["reference", "siret", "representative", "commune", "uai", "school"]
)
def test_everything_is_found_from_any_page(agent, asked):
    commune = CommuneFactory(name="Lunel")
    payer = CollectivityFactory(commune=commune, representative_last_name="Négret")
    file = ConventionFactory(collectivity=payer, schools_count=1)
    school = file.enrolments.get().school
    typed, label = {
        "reference": (file.reference, str(file)),
        "siret": (payer.siret, str(file)),
        "representative": ("Négret", str(payer)),
        "commune": ("lunel", str(payer)),
        "uai": (school.uai, str(school)),
        "school": (school.name, str(school)),
    }[asked]
    found = agent.get(reverse("admin:search"), {"q": typed}).context["found"]
    assert label in [row for one in found for row, _ in one.rows]


def test_many_rows_are_not_all_counted(agent, monkeypatch):
    """The first ones are those that are shown where all are counted: of the newest year, by name."""
    older = CampaignFactory(start_year=2025)
    newer = CampaignFactory(start_year=2026)
    for campaign, names in ((newer, ("Zoo", "Aigues")), (older, ("Bessan", "Cers", "Dio"))):
        for name in names:
            payer = CollectivityFactory(commune=CommuneFactory(name=f"Saint {name}"))
            ConventionFactory(campaign=campaign, collectivity=payer)

    def found():
        page = agent.get(reverse("admin:search"), {"q": "saint"})
        return page, page.context["found"][0]

    all_counted = found()[1]
    assert (all_counted.count, all_counted.are_more) == (5, False)
    for shown, counted in ((2, 2), (2, 4), (4, 4), (10, 4)):
        monkeypatch.setattr("rectorat.desk.search.SHOWN", shown)
        monkeypatch.setattr("rectorat.desk.search.COUNTED", counted)
        page, conventions = found()
        assert (conventions.count, conventions.are_more) == (counted, True)
        assert conventions.rows == all_counted.rows[:shown]
        assert f"(plus de {counted})" in page.content.decode()


def test_nothing_of_elsewhere_is_found(client):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    elsewhere = ConventionFactory()
    SchoolFactory(payer=elsewhere.collectivity)
    for typed in (elsewhere.reference, elsewhere.collectivity.siret, elsewhere.collectivity.name):
        assert client.get(reverse("admin:search"), {"q": typed}).context["found"] == []


# --- What is kept ----------------------------------------------------------------
def test_columns_chosen_are_remembered_and_sent(agent, rectorat, convention):
    names = ["reference", "awaited", "email"]
    agent.post(reverse("admin:conventions_convention_columns"), {"columns": names})
    changelist = shown(agent)
    assert changelist.list_display == ["action_checkbox", *names]
    assert "À envoyer" in agent.get(reverse(LIST)).text
    sent = agent.get(reverse("admin:conventions_convention_export", args=["csv"])).getvalue()
    header = next(csv.reader(io.StringIO(sent.decode("utf-8-sig")), delimiter=";"))
    assert header[-2:] == ["Attendu maintenant", "Adresse électronique"]
    agent.post(reverse("admin:conventions_convention_columns"))
    assert "collectivity_name" in shown(agent).list_display
    assert ChosenColumns.objects.count() == 1


def test_a_mailing_has_what_letters_need(agent, convention):
    sent = agent.get(reverse("admin:conventions_convention_mailing", args=["csv"])).getvalue()
    header, row = csv.reader(io.StringIO(sent.decode("utf-8-sig")), delimiter=";")
    line = dict(zip(header, row, strict=True))
    payer = convention.collectivity
    assert (line["SIRET"], line["Représentant"]) == (payer.siret, payer.representative)
    assert {"Adresse électronique", "Téléphone", "Relances", "Agent"} <= set(header)


def test_a_view_is_ones_own_unless_it_is_shared(agent, rectorat, client):
    url = reverse("admin:conventions_convention_views")
    agent.post(url, {"name": "Mes retards", "query": "?late=yes"})
    agent.post(url, {"name": "À tous", "query": "?late=yes", "is_shared": "on"})
    agent.post(url, {"name": "À tous", "query": "?late=yes"})
    assert SavedView.objects.count() == 2
    assert 'href="?late=yes"' in agent.get(reverse(LIST)).text
    client.force_login(UserFactory(role="rectorat"))
    page = client.get(reverse(LIST)).text
    assert ("À tous" in page, "Mes retards" in page) == (True, False)
    shared = SavedView.objects.get(name="À tous")
    client.post(reverse("admin:conventions_convention_forget"), {"view": shared.pk})
    assert SavedView.objects.filter(pk=shared.pk).exists()
    client.force_login(rectorat)
    client.post(reverse("admin:conventions_convention_forget"), {"view": shared.pk})
    assert not SavedView.objects.filter(pk=shared.pk).exists()


# --- Whose file it is ---------------------------------------------------------------
def test_files_are_given_to_an_agent_who_finds_them_as_their_own(agent, rectorat, convention):
    other = ConventionFactory()
    posted = {"conventions": f"{convention.pk}", "agent": rectorat.pk}
    agent.post(reverse("admin:conventions_convention_assign"), posted)
    assert listed(agent, agent="me") == {convention.reference}
    assert listed(agent, agent="nobody") == {other.reference}
    assign(Convention.objects.filter(pk=convention.pk), None)
    assert listed(agent, agent="me") == set()


def test_a_file_is_not_given_to_who_does_not_see_it(convention):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    stranger = UserFactory(role="rectorat", departments=[gard])
    assert assign(Convention.objects.filter(pk=convention.pk), stranger) == (0, 1)
    assert not Assignment.objects.exists()


# --- From one thing to another ----------------------------------------------------------
@pytest.mark.parametrize(
    "of",
    [
        "conventions_enrolment",
        "communes_collectivity",
        "schools_school",
        "invitations_invitation",
        "accounts_user",
        "exchanges_notification",
        "jobs_job",
    ],
)
def test_other_lists_remember_as_well(agent, rectorat, convention, of):
    address = reverse(f"admin:{of}_changelist")
    query = {"name": "Tout", "query": "?o=1"}
    agent.post(reverse(f"admin:{of}_views"), query)
    shown = agent.get(address)
    assert 'href="?o=1">Tout' in shown.text
    names = [name for name, _, is_shown in shown.context["columns"] if is_shown]
    assert names == [*shown.context["cl"].list_display][-len(names) :]
    agent.post(reverse(f"admin:{of}_columns"), {"columns": names[:2]})
    kept = [*agent.get(address).context["cl"].list_display]
    assert [name for name in kept if name != "action_checkbox"] == names[:2]


def test_a_file_leads_to_the_next_of_the_list_that_was_open(agent):
    files = [
        ConventionFactory(collectivity=CollectivityFactory(commune=CommuneFactory(name=name)))
        for name in ("Agde", "Bram", "Cers")
    ]
    files[1].send(by=None)
    page = reverse("admin:conventions_convention_change", args=[files[0].pk])
    whole = agent.get(page, {"_changelist_filters": "campaign=all"}).context["neighbours"]
    assert (whole.position, whole.count, whole.before) == (1, 3, "")
    prepared = {"_changelist_filters": "state__in=prepared"}
    beside = agent.get(page, prepared).context["neighbours"]
    assert (beside.count, f"/{files[2].pk}/" in beside.after) == (2, True)
    last = agent.get(beside.after).context["neighbours"]
    assert (last.position, last.after) == (2, "")
    assert agent.get(page).context["neighbours"] is None


def test_a_file_and_what_it_is_about_lead_to_one_another(agent, convention, town_hall):
    town_hall.collectivities.set([convention.collectivity])
    file = reverse("admin:conventions_convention_change", args=[convention.pk])
    school = convention.enrolments.first().school
    around = [
        reverse("admin:communes_collectivity_change", args=[convention.collectivity_id]),
        reverse("admin:schools_school_change", args=[school.pk]),
        reverse("admin:accounts_user_change", args=[town_hall.pk]),
        reverse("admin:campaigns_campaign_change", args=[convention.campaign_id]),
    ]
    page = agent.get(file).text
    assert [url for url in around if f'href="{url}"' not in page] == []
    assert f'href="{file}"' in agent.get(around[0]).text
    assert f'href="{file}"' in agent.get(around[1]).text
    assert f'href="{around[0]}"' in agent.get(around[2]).text


def test_the_first_button_is_the_agents_own_act(agent, convention):
    page = reverse("admin:conventions_convention_change", args=[convention.pk])
    first = agent.get(page).context
    assert (first["own_verb"], first["transitions"][0].verb) == ("send", "send")
    convention.send(by=None)
    just_sent = agent.get(page).context
    assert "Relancer la collectivité" in [label for label, why in just_sent["not_today"]]
    assert "remind" not in [rule.verb for rule in just_sent["transitions"]]
    convention.abandon(by=None, comment="Erreur.")
    assert agent.get(page).context["own_verb"] == ""


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_the_count_of_every_list_is_said_in_french(model):
    def counted(number):
        changelist = SimpleNamespace(result_count=number, opts=model._meta)
        context = {"cl": changelist, "pagination_required": False, "show_all_url": ""}
        return render_to_string("admin/pagination.html", context).split(">", 1)[1].split()[:2]

    (_, one), (_, many) = counted(1), counted(2)
    assert counted(0) == ["0", one]
    assert many in {f"{one}s", f"{one}x"}


# --- Words, where Django has signs ------------------------------------------------------
def test_a_list_says_in_words_what_can_be_done(agent, convention):
    page = agent.get(reverse(LIST)).text
    assert ">Choisissez…</option>" in page
    assert f'aria-label="Choisir : {convention}"' in page
    assert "---------" not in page
    adding = agent.get(reverse("admin:communes_collectivity_changelist")).text
    assert re.search(r'class="addlink">Ajouter</a>', adding)


def test_a_count_of_several_says_its_state_in_the_plural(agent, convention):
    campaign = reverse("admin:campaigns_campaign_board", args=[convention.campaign_id])

    def states():
        page = agent.get(campaign).text
        return re.findall(r'class="count">(\d+)</span> <span class="[^"]+">([^<]+)<', page)

    assert ("1", "préparée") in states()
    ConventionFactory(campaign=convention.campaign)
    assert ("2", "préparées") in states()
