"""What agents of the rectorat do for a whole campaign in the admin site."""

import datetime
import re

import pytest
from django.contrib.admin import helpers
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from conventions.campaigns.models import PRINTED, Campaign, VatRate
from conventions.enrolment.enrolling import enrol
from conventions.enrolment.long_actions import start_enrolling
from conventions.enrolment.preparation import prepare
from conventions.lifecycle import State
from conventions.models import Convention, Enrolment
from jobs.models import Job
from lifecycle.rereading import fingerprint
from rectorat.boards.board import build_board
from schools.models import School
from schools.takeover import take_over
from tests.access import SignedInClient
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    GroupingFactory,
    RegionFactory,
    SchoolFactory,
    TextModelFactory,
    UserFactory,
    sign_by_both,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


@pytest.fixture
def campaign():
    return CampaignFactory()


def url(step, campaign):
    return reverse(f"admin:campaigns_campaign_{step}", args=[campaign.pk])


def form_data(campaign, **changes):
    names = (
        "start_year",
        "tariff_basis",
        "vat_on_top",
        "tariff",
        "signatory_civility",
        "signatory_first_name",
    )
    names += ("signatory_last_name", "signatory_titles", "reminder_interval", "reminder_cap")
    data = {name: getattr(campaign, name) for name in names}
    data["read_at"] = fingerprint(Campaign.objects.get(pk=campaign.pk))
    data |= {"region": campaign.region_id, "ends_on": "01/09/2023", "reply_by": ""}
    for text in ("decision_text", "deliberation_text", "convention_text"):
        data[text] = getattr(campaign, f"{text}_id")
    return data | changes


# --- Create, edit, open, close ----------------------------------------------
def test_a_new_campaign_proposes_the_newest_texts_and_the_only_region(agent, campaign):
    newest = TextModelFactory(kind="decision", version=2)
    initial = agent.get(reverse("admin:campaigns_campaign_add")).context["adminform"].form.initial
    assert initial["decision_text"] == newest
    assert initial["region"] == campaign.region
    assert initial["start_year"] == campaign.start_year + 1
    assert initial["signatory_last_name"] == "BÉJEAN"


def test_a_campaign_points_to_published_texts_only(agent, campaign):
    draft = TextModelFactory(kind="decision", version=3, state="draft", published_at=None)
    page = reverse("admin:campaigns_campaign_add")
    form = agent.get(page).context["adminform"].form
    assert form.initial["decision_text"].version == 1
    labels = [label for _, label in form.fields["decision_text"].choices]
    assert labels == ["---------", "Version 1 – Texte decision"]
    data = form_data(campaign, start_year=2026, ends_on="01/09/2027", decision_text=draft.pk)
    assert agent.post(page, data).context["errors"]
    campaign.decision_text = draft
    with pytest.raises(ValidationError, match="version publiée"):
        campaign.full_clean()


def test_a_campaign_is_created_in_preparation_then_opened(agent, campaign, rectorat):
    data = form_data(campaign, start_year=2026, ends_on="01/09/2027")
    agent.post(reverse("admin:campaigns_campaign_add"), data)
    created = Campaign.objects.get(start_year=2026)
    assert created.state == Campaign.State.PREPARATION
    agent.post(url("open", created))
    assert not created.journal.exists()
    Campaign.objects.filter(pk=created.pk).update(
        contact_name="Jeanne Durand",
        contact_phone="04 67 91 00 00",
        contact_email="dane@example.org",
    )
    agent.get(url("open", created))
    assert not created.journal.exists()
    agent.post(url("open", created))
    assert created.journal.get().by == rectorat


def test_a_new_campaign_proposes_every_setting_of_the_last_a_year_later(agent, campaign):
    settings = {"contact_email": "dane@example.org", "reminder_schedule": "30, 10", "tariff": 50}
    dates = {"opens_on": datetime.date(2022, 9, 1), "reply_by": datetime.date(2024, 2, 29)}
    Campaign.objects.update(**settings, **dates, reminder_interval=5, reminder_cap=2)
    initial = agent.get(reverse("admin:campaigns_campaign_add")).context["adminform"].form.initial
    assert {name: initial[name] for name in settings} == settings
    assert (initial["reminder_interval"], initial["reminder_cap"]) == (5, 2)
    assert initial["opens_on"] == datetime.date(2023, 9, 1)
    assert initial["reply_by"] == datetime.date(2025, 2, 28)
    assert initial["ends_on"] == datetime.date(2024, 9, 1)


def test_only_a_closed_campaign_is_archived_and_it_opens_no_more(agent, campaign):
    agent.post(url("archive", campaign))
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.OPEN
    agent.post(url("close", campaign))
    agent.post(url("archive", campaign))
    response = agent.post(url("open", campaign), follow=True)
    assert (
        "« Ouvrir la campagne » est impossible : la campagne est archivée"
        in response.content.decode()
    )
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.ARCHIVED


def test_an_archived_campaign_enrols_nothing_more(agent, campaign):
    Campaign.objects.update(state=Campaign.State.ARCHIVED)
    agent.post(url("enrol", campaign), {"text": SchoolFactory().uai})
    assert not Enrolment.objects.exists()


def test_opening_twice_is_refused_in_words(agent, campaign):
    response = agent.post(url("open", campaign), follow=True)
    assert (
        "« Ouvrir la campagne » est impossible : la campagne est ouverte"
        in response.content.decode()
    )


def test_a_closed_campaign_enrols_nothing_more(agent, campaign):
    school = SchoolFactory()
    agent.post(url("close", campaign))
    response = agent.post(url("enrol", campaign), {"text": school.uai})
    assert "est close" in str(response.context["form"].errors)
    assert not Enrolment.objects.exists()


def test_what_conventions_print_changes_until_the_first_is_sent_and_no_longer(agent, convention):
    campaign = convention.campaign
    change = url("change", campaign)
    agent.post(change, form_data(campaign, signatory_last_name="DURAND"))
    campaign.refresh_from_db()
    assert campaign.signatory_last_name == "DURAND"
    convention.send(by=None)
    agent.post(change, form_data(campaign, signatory_last_name="MARTIN", tariff="50.00"))
    campaign.refresh_from_db()
    assert (campaign.signatory_last_name, campaign.tariff) == ("DURAND", 45)
    assert "ne change plus" in agent.get(change).content.decode()


def test_a_new_tariff_asks_for_a_new_preparation(agent, convention):
    campaign = convention.campaign
    response = agent.post(url("change", campaign), form_data(campaign, tariff="50"), follow=True)
    assert "préparez de nouveau" in response.content.decode()


# --- Enrol, prepare, send ---------------------------------------------------
def test_pasted_codes_are_enrolled_and_the_others_refused_with_line_and_reason(
    agent, campaign, worked
):
    school, already = SchoolFactory.create_batch(2)
    enrol(campaign, already.uai, by=None)
    listed = f"{school.uai}\n{already.uai}\n0341255F\n{school.uai}\nTOTAL 4"
    asked = agent.post(url("enrol", campaign), {"text": listed})
    job = worked()
    assert asked.url == reverse("admin:jobs_job_change", args=[job.pk])
    rows = {item.name: item.reason for item in job.items.all()}
    assert rows[f"{school.uai} (ligne 1)"] == ""
    assert rows[f"{already.uai} (ligne 2)"] == "Déjà inscrite."
    assert "lettre finale" in rows["0341255F (ligne 3)"]
    assert rows[f"{school.uai} (ligne 4)"] == "Déjà inscrite."
    assert "(ligne 5)" in [*rows][4]
    assert campaign.enrolments.count() == 2
    assert "Écoles inscrites" in agent.get(asked.url).text


def test_what_was_refused_is_corrected_from_the_report(agent, campaign, worked):
    school = SchoolFactory()
    agent.post(url("enrol", campaign), {"text": f"{school.uai}\n0341255F"})
    report = agent.get(reverse("admin:jobs_job_change", args=[worked().pk]))
    assert "Corriger ce qui est refusé" in report.text
    assert "0341255F</textarea>" in agent.get(report.context["back"]).text


def test_a_school_unknown_at_first_is_enrolled_when_the_list_is_done_again(agent, campaign, worked):
    agent.post(url("enrol", campaign), {"text": "0341255E"})
    job = worked()
    assert "Aucune école connue" in job.items.get().reason
    SchoolFactory(uai="0341255E")
    agent.post(reverse("admin:jobs_job_retry", args=[job.pk]))
    assert worked().items.get().state == "done"
    assert campaign.enrolments.count() == 1


def test_the_list_of_another_agent_is_not_shown(agent, campaign, worked):
    other = UserFactory(role="rectorat")
    start_enrolling(campaign, "0341255E", by=other)
    page = agent.get(url("enrol", campaign), {"report": worked().pk})
    assert "0341255E" not in page.text


def test_a_cp1252_file_is_read(agent, campaign, worked):
    school = SchoolFactory()
    content = f"École;UAI\r\nÉcole élémentaire;{school.uai}\r\n".encode("cp1252")
    upload = SimpleUploadedFile("écoles.csv", content, "text/csv")
    agent.post(url("enrol", campaign), {"upload": upload})
    worked()
    assert Enrolment.objects.get().school == school


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 a workbook", "CSV"),
        (b"\x00\x01\x02", "fichier texte"),
        (b"", "vide"),
    ],
)
def test_a_file_that_is_no_list_is_refused_at_its_field(agent, campaign, content, reason):
    upload = SimpleUploadedFile("ecoles.xlsx", content)
    form = agent.post(url("enrol", campaign), {"upload": upload}).context["form"]
    assert reason in form.errors["upload"][0]


def test_an_oversized_file_is_refused_at_its_field(agent, campaign, settings):
    settings.UPLOAD_MAX_BYTES = 10
    upload = SimpleUploadedFile("ecoles.csv", b"0341255E\n" * 2)
    form = agent.post(url("enrol", campaign), {"upload": upload}).context["form"]
    assert "dépasse" in form.errors["upload"][0]


def test_nothing_typed_is_said_at_the_field(agent, campaign):
    page = agent.post(url("enrol", campaign), {"text": " "})
    assert page.status_code == 422
    assert "au moins un code" in page.context["form"].errors["text"][0]


def test_a_school_is_found_without_accents_and_enrolled_by_ticking_it(agent, campaign, worked):
    school = SchoolFactory(name="École Françoise-Dolto")
    SchoolFactory(name="École Jean-Moulin")
    search = f"{url('enrol', campaign)}?q=dolto+francoise"
    assert agent.get(search).context["found"] == [(school, school.payer, False)]
    agent.post(search, {"ticked": [school.uai]})
    worked()
    page = agent.get(search)
    assert page.context["found"] == [(school, school.payer, True)]


def test_an_agent_finds_only_schools_of_their_departements(client, campaign):
    SchoolFactory(name="École Dolto")
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    assert client.get(f"{url('enrol', campaign)}?q=dolto").context["found"] == []


def test_preparing_announces_the_numbers_then_reports(agent, campaign, worked):
    payer = CollectivityFactory()
    schools = [*SchoolFactory.create_batch(2, payer=payer), SchoolFactory()]
    enrol(campaign, " ".join(school.uai for school in schools), by=None)
    page = agent.get(url("prepare", campaign))
    assert page.context["waiting"] == {"schools": 3, "collectivities": 2}
    assert not Convention.objects.exists()
    agent.post(url("prepare", campaign))
    assert worked().items.filter(state="done").count() == 2
    assert Convention.objects.count() == 2


def test_the_list_of_schools_is_in_the_order_of_its_index(agent, campaign):
    """Of ten years, a page of it is then read without sorting every row."""
    page = agent.get(f"{reverse('admin:conventions_enrolment_changelist')}?campaign=all")
    ordering = [name.replace("pk", "id") for name in page.context["cl"].queryset.query.order_by]
    assert ordering in [index.fields for index in Enrolment._meta.indexes]


def prepare_ticked(agent, *schools):
    keys = [school.enrolments.get().pk for school in schools]
    return agent.post(
        f"{reverse('admin:conventions_enrolment_changelist')}?campaign=all",
        {"action": "prepare_conventions", helpers.ACTION_CHECKBOX_NAME: keys},
        follow=True,
    )


def test_conventions_are_prepared_for_the_schools_that_are_ticked(agent, campaign, worked):
    payer = CollectivityFactory()
    ticked, sibling, other = *SchoolFactory.create_batch(2, payer=payer), SchoolFactory()
    enrol(campaign, f"{ticked.uai} {sibling.uai} {other.uai}", by=None)
    page = prepare_ticked(agent, ticked)
    # A convention is of all its payer's schools.
    assert page.context["waiting"] == {"schools": 2, "collectivities": 1}
    assert not Convention.objects.exists()
    agent.post(url("prepare", campaign), {"payers": page.context["payers"]})
    assert [item.key for item in worked().items.all()] == [payer.pk]
    assert Convention.objects.get().school_count == 2


def test_what_cannot_be_prepared_is_left_out_with_the_reason(agent, convention, worked):
    late = SchoolFactory(payer=convention.collectivity)
    enrol(convention.campaign, late.uai, by=None)
    convention.send(by=None)
    agent.post(url("prepare", convention.campaign))
    assert f"{late.uai} ne peut plus s'y ajouter" in worked().items.get().reason


def test_a_campaign_without_anything_to_prepare_asks_no_worker(agent, convention):
    convention.send(by=None)
    page = agent.post(url("prepare", convention.campaign), follow=True)
    assert "Aucune convention à préparer" in page.content.decode()
    assert not Job.objects.exists()


def test_a_campaign_with_nothing_to_prepare_or_to_send_says_so(agent, convention):
    convention.send(by=None)
    page = agent.get(url("prepare", convention.campaign))
    assert "Rien à préparer" in page.text
    assert 'type="submit" class="default"' not in page.text
    campaign = reverse("admin:campaigns_campaign_change", args=[convention.campaign.pk])
    sending = agent.get(url("send", convention.campaign), follow=True)
    assert sending.redirect_chain == [(campaign, 302)]
    assert "Aucune convention à traiter" in sending.text


def test_schools_of_two_campaigns_or_already_sent_are_not_prepared(agent, convention):
    later = ConventionFactory(campaign=CampaignFactory(start_year=2023))
    first, second = (c.enrolments.first().school for c in (convention, later))
    assert "une seule campagne" in prepare_ticked(agent, first, second).content.decode()
    convention.send(by=None)
    assert "déjà envoyées" in prepare_ticked(agent, first).content.decode()


def test_all_prepared_conventions_of_the_campaign_are_sent(agent, convention):
    ConventionFactory(campaign=CampaignFactory(start_year=2023))
    page = agent.get(url("send", convention.campaign))
    assert page.context["keys"] == str(convention.pk)


# --- What conventions print of it -------------------------------------------
def another(name, campaign):
    """Another value for a field of a campaign."""
    if name.endswith("_text"):
        return TextModelFactory(kind=name.removesuffix("_text"), version=2)
    values = {
        "start_year": 2021,
        "region": lambda: RegionFactory(code="93", name="Provence"),
        "tariff": campaign.tariff + 1,
        "tariff_basis": "pupil",
        "tariff_counted": "pupil",
        "vat_on_top": lambda: bool(
            VatRate.objects.get_or_create(since=datetime.date(2014, 1, 1), rate=20)
        ),
        "ends_on": campaign.ends_on + datetime.timedelta(days=1),
        "signatory_civility": "M",
    }
    value = values.get(name, "Autre")
    return value() if callable(value) else value


def refused_fields(campaign, name):
    """The fields at which the model refuses that `name` changes."""
    campaign = Campaign.objects.get(pk=campaign.pk)
    setattr(campaign, name, another(name, campaign))
    try:
        campaign.full_clean()
    except ValidationError as refusal:
        return list(refusal.error_dict)
    return []


@pytest.mark.parametrize("name", PRINTED)
def test_what_conventions_print_changes_until_the_first_is_sent(convention, name):
    campaign = convention.campaign
    assert refused_fields(campaign, name) == []
    convention.send(by=None)
    assert refused_fields(campaign, name) == [name]


def test_its_year_changes_until_conventions_are_prepared(campaign):
    enrol(campaign, SchoolFactory().uai, by=None)
    assert refused_fields(campaign, "start_year") == []
    prepare(campaign, by=None)
    assert refused_fields(campaign, "start_year") == ["start_year"]
    assert refused_fields(campaign, "tariff") == []


@pytest.mark.parametrize("name", ["contact_email", "reply_by", "opens_on"])
def test_what_nothing_prints_changes_at_any_time(convention, name):
    convention.send(by=None)
    value = "dane@example.org" if name == "contact_email" else datetime.date(2022, 12, 1)
    campaign = Campaign.objects.get()
    setattr(campaign, name, value)
    campaign.full_clean()


# --- The board --------------------------------------------------------------
def test_board_counts_schools_conventions_and_amounts(campaign, rectorat):
    sign_by_both(ConventionFactory(campaign=campaign, schools_count=2))
    ConventionFactory(campaign=campaign, schools_count=3)
    abandoned = ConventionFactory(campaign=campaign)
    abandoned.abandon(by=None, comment="Essai")
    board = build_board(campaign, rectorat)
    assert board.total.schools == 5
    assert board.total.conventions == 2
    assert dict(board.total.states)[State.ABANDONED] == 1
    assert (board.total.expected, board.total.signed) == (225, 90)
    assert [lines.academy.name for lines in board.academies] == ["Montpellier"]


def test_board_of_an_agent_keeps_to_their_departements(convention):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    commune = CommuneFactory(code="30350", department=gard)
    ConventionFactory(collectivity=CollectivityFactory(commune=commune), schools_count=1)
    user = UserFactory(role="rectorat", departments=[gard])
    assert build_board(convention.campaign, user).total.schools == 1


def test_board_counts_the_late_by_territory(campaign, rectorat):
    Campaign.objects.update(reply_by=datetime.date(2022, 10, 1))
    ConventionFactory(campaign=campaign).send(by=None)
    ConventionFactory(campaign=campaign)
    board = build_board(campaign, rectorat)
    ((_, tally),) = board.academies[0].departments
    assert (tally.late, board.total.late) == (1, 1)


def test_every_figure_of_the_curve_opens_the_list_that_makes_it(agent, campaign, day):
    for on in ("03/10/2022", "10/10/2022"):
        sign_by_both(ConventionFactory(campaign=campaign), on=day(on))
    page = agent.get(url("board", campaign)).content.decode()
    for query, count in (
        ("accepted_on__lte=2022-10-03", 1),
        ("effective_on__lte=2022-10-10", 2),
    ):
        address = re.search(f'href="([^"]*{query})"', page)[1].replace("&amp;", "&")
        assert agent.get(address).context["cl"].result_count == count


def test_the_amounts_of_the_board_open_the_conventions_that_make_them(agent, campaign):
    sign_by_both(ConventionFactory(campaign=campaign))
    ConventionFactory(campaign=campaign)
    ConventionFactory(campaign=campaign).abandon(by=None, comment="Essai")
    page = agent.get(url("board", campaign)).content.decode()
    addresses = re.findall(r'href="([^"]*state__in=[^"]*)">(Conventions|Attendu|Signé)', page)
    counts = {
        name: agent.get(address.replace("&amp;", "&")).context["cl"].result_count
        for address, name in addresses
    }
    assert counts == {"Conventions": 2, "Attendu": 2, "Signé": 1}


def test_every_figure_of_the_board_opens_the_list_that_makes_it(agent, convention):
    page = agent.get(url("board", convention.campaign)).content.decode()
    link = (
        f"{reverse('admin:conventions_convention_changelist')}?campaign={convention.campaign_id}"
        "&amp;state__in=prepared&amp;department=34"
    )
    assert link in page


def test_the_schools_of_a_line_are_its_list_where_a_grouping_pays_across_the_border(campaign, day):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    herault = DepartmentFactory(code="34")
    across = SchoolFactory(payer__commune=CommuneFactory(code="30001", department=gard))
    late = SchoolFactory(payer__commune=CommuneFactory(code="30002", department=gard))
    at_home = SchoolFactory(payer__commune=CommuneFactory(code="34001", department=herault))
    members = [across.commune, late.commune]
    syndicat = GroupingFactory(department=herault, members=members)
    take_over(School.objects.filter(pk=across.pk), syndicat, day("01/09/2021"), by=None)
    enrol(campaign, "\n".join(school.uai for school in (across, late, at_home)), by=None)
    prepare(campaign, by=None)
    # Told once the convention is made: it keeps its school.
    take_over(School.objects.filter(pk=late.pk), syndicat, day("01/09/2021"), by=None)
    for user in (UserFactory(role="rectorat"), UserFactory(role="rectorat", departments=[gard])):
        client = SignedInClient()
        client.force_login(user)
        page = client.get(url("board", campaign)).text
        links = re.findall(r'<td class="number"><a href="([^"]*enrolled=yes[^"]*)">(\d+)<', page)
        counts = [(link.rpartition("=")[2], int(count)) for link, count in links]
        if user.departments.exists():
            assert ("30", 1) in counts
        else:
            assert {("30", 1), ("34", 2)} < set(counts)
        for link, count in links:
            listed = client.get(link.replace("&amp;", "&")).context["cl"]
            assert (link, listed.result_count) == (link, int(count))


@pytest.mark.parametrize("departments", [1, 5])
def test_board_takes_the_same_queries_whatever_the_territory(
    agent, campaign, departments, django_assert_max_num_queries
):
    for number in range(departments):
        department = DepartmentFactory(code=f"9{number}", name=f"D{number}", of_name="de D")
        commune = CommuneFactory(code=f"9{number}001", department=department)
        ConventionFactory(campaign=campaign, collectivity=CollectivityFactory(commune=commune))
    with django_assert_max_num_queries(12):
        agent.get(url("board", campaign))


def test_front_page_of_the_admin_site_shows_all_open_campaigns(agent, convention):
    newest = CampaignFactory(start_year=2024)
    CampaignFactory(start_year=2025, state=Campaign.State.CLOSED)
    shown = [s.campaign for s in agent.get(reverse("admin:index")).context["desk"].campaigns]
    assert shown == [newest, convention.campaign]


def test_front_page_stands_without_any_campaign(agent):
    assert agent.get(reverse("admin:index")).context["desk"].campaigns == []


def test_saving_a_campaign_lands_on_it_and_its_days_have_the_browsers_calendar(agent, campaign):
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    form = agent.get(page).context["adminform"].form
    assert 'type="date"' in str(form["reply_by"])
    posted = {
        name: form[name].value() if form[name].value() is not None else "" for name in form.fields
    }
    response = agent.post(page, posted | {"_save": "Enregistrer"})
    assert response.url == page
