"""Who signs and pays for which schools: cities, syndicats, communes with two payers, mergers."""

import datetime
import io
from decimal import Decimal

import pikepdf
import pytest
from django.contrib import admin
from django.urls import reverse

from communes.imports import import_communes
from communes.models import Collectivity, Commune
from communes.territory import load_territory
from conventions.campaigns.models import Campaign
from conventions.enrolment.enrolling import enrol
from conventions.enrolment.preparation import prepare
from conventions.enrolment.takeovers import consequences
from conventions.models import Convention, Piece
from conventions.printing import act_context
from documents.rendering import render
from documents.wording.texts import load_texts
from lifecycle.rereading import fingerprint
from schools.imports import import_schools
from schools.models import School
from schools.takeover import give_back, take_over
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    GroupingFactory,
    SchoolFactory,
    UserFactory,
    sign_by_both,
)

pytestmark = pytest.mark.django_db

FIRST_DAY = datetime.date(2022, 9, 1)


@pytest.fixture
def campaign():
    return CampaignFactory(convention_text=load_texts()["convention"])


def enrol_all(campaign, schools=None, by=None):
    schools = School.objects.all() if schools is None else schools
    return enrol(campaign, "\n".join(schools.values_list("uai", flat=True)), by=by)


def schools_of(convention):
    return set(convention.enrolments.values_list("uai", flat=True))


def test_the_schools_of_toulouse_make_one_convention(campaign, real_data):
    load_territory()
    for file, take in (
        ("communes_occitanie.csv", import_communes),
        ("annuaire-education_occitanie_2024-11-26.csv", import_schools),
    ):
        heads, *rows = (real_data / file).read_bytes().splitlines(keepends=True)
        take(heads + b"".join(row for row in rows if b"31555" in row))
    enrol_all(campaign, School.objects.filter(commune__name="Toulouse"))
    prepare(campaign, by=None)
    convention = Convention.objects.with_parties().get()
    assert (convention.collectivity.code, convention.school_count) == ("31555", 189)
    assert convention.amount == Decimal("8505.00")
    rendered = render(*convention.text_and_context(Piece.Kind.CONVENTION))
    assert 8 <= rendered.pages <= 16
    assert len(pikepdf.open(io.BytesIO(rendered.content)).pages) == rendered.pages


def test_a_syndicat_of_twelve_communes_signs_once_for_their_schools(campaign):
    lozere = DepartmentFactory(
        code="48",
        name="Lozère",
        of_name="de la Lozère",
        court="tribunal administratif de Nîmes",
    )
    communes = [
        CollectivityFactory(commune=CommuneFactory(code=f"48{n:03d}", department=lozere)).commune
        for n in range(1, 13)
    ]
    for commune in communes:
        SchoolFactory(commune=commune, payer=commune.collectivity)
    syndicat = GroupingFactory(
        name="Syndicat intercommunal scolaire des Vallées", department=lozere, members=communes
    )
    take_over(School.objects.all(), syndicat, FIRST_DAY, by=None)
    enrol_all(campaign)
    prepare(campaign, by=None)
    convention = sign_by_both(Convention.objects.with_parties().get())
    assert (convention.collectivity, convention.school_count) == (syndicat, 12)
    assert convention.collectivity_title == "Syndicat intercommunal scolaire des Vallées"
    assert set(convention.enrolments.values_list("commune_name", flat=True)) == {
        commune.name for commune in communes
    }
    printed = act_context(convention, convention.act)
    assert printed.collectivity.with_article == "le syndicat intercommunal scolaire des Vallées"
    assert printed.collectivity.council == "comité syndical"
    assert printed.collectivity.capacity_with_article == "Le Président"
    assert (printed.prefect, printed.court) == (
        "Préfet de la Lozère",
        "tribunal administratif de Nîmes",
    )


def test_a_commune_with_two_payers_has_its_schools_in_two_conventions(campaign):
    own = CollectivityFactory()
    schools = SchoolFactory.create_batch(3, payer=own)
    syndicat = GroupingFactory(members=[own.commune])
    take_over(School.objects.filter(pk=schools[0].pk), syndicat, FIRST_DAY, by=None)
    enrol_all(campaign)
    prepare(campaign, by=None)
    found = {c.collectivity: schools_of(c) for c in Convention.objects.all()}
    assert found == {
        syndicat: {schools[0].uai},
        own: {schools[1].uai, schools[2].uai},
    }


def test_a_campaign_follows_the_payer_of_its_first_day(campaign):
    school = SchoolFactory()
    syndicat = GroupingFactory(members=[school.commune])
    take_over(School.objects.all(), syndicat, FIRST_DAY + datetime.timedelta(days=1), by=None)
    later = CampaignFactory(start_year=2023)
    for year in (campaign, later):
        enrol_all(year)
        prepare(year, by=None)
    payers = dict(Convention.objects.values_list("campaign__start_year", "collectivity"))
    assert payers == {2022: school.commune.collectivity.pk, 2023: syndicat.pk}


def test_preparing_for_some_touches_no_other_convention(campaign):
    chosen, other = SchoolFactory(), SchoolFactory()
    enrol_all(campaign)
    prepare(campaign, by=None)
    campaign.enrolments.update(name="Renommée")
    report = prepare(campaign, by=None, payers=[chosen.payer_id])
    assert (report.created, report.left_out) == ([], [])
    counts = dict(Convention.objects.values_list("collectivity", "school_count"))
    assert counts == {chosen.payer_id: 1, other.payer_id: 1}
    assert campaign.enrolments.get(school=chosen).name == chosen.name
    assert campaign.enrolments.get(school=other).name == "Renommée"


def test_preparing_for_a_payer_brings_along_the_one_its_schools_come_from(campaign):
    own = CollectivityFactory()
    schools = SchoolFactory.create_batch(3, payer=own)
    enrol_all(campaign)
    prepare(campaign, by=None)
    syndicat = GroupingFactory(members=[own.commune])
    take_over(School.objects.filter(pk=schools[0].pk), syndicat, FIRST_DAY, by=None)
    prepare(campaign, by=None, payers=[syndicat.pk])
    counts = dict(Convention.objects.values_list("collectivity", "school_count"))
    assert counts == {own.pk: 2, syndicat.pk: 1}


def test_a_school_taken_over_leaves_the_prepared_convention_of_its_commune(campaign):
    own = CollectivityFactory()
    school, kept = SchoolFactory.create_batch(2, payer=own)
    enrol_all(campaign)
    prepare(campaign, by=None)
    syndicat = GroupingFactory(members=[own.commune])
    take_over(School.objects.filter(pk=school.pk), syndicat, FIRST_DAY, by=None)
    prepare(campaign, by=None)
    found = {c.collectivity: (schools_of(c), c.amount) for c in Convention.objects.all()}
    assert found == {syndicat: ({school.uai}, 45), own: ({kept.uai}, 45)}


def test_a_school_whose_convention_was_sent_stays_in_it(campaign):
    own = CollectivityFactory()
    school = SchoolFactory(payer=own)
    enrol_all(campaign)
    prepare(campaign, by=None)
    convention = Convention.objects.get()
    convention.send(by=None)
    syndicat = GroupingFactory(members=[own.commune])
    take_over(School.objects.all(), syndicat, FIRST_DAY, by=None)
    prepare(campaign, by=None)
    assert schools_of(Convention.objects.get()) == {school.uai}


def test_an_agent_prepares_what_the_payers_of_its_departements_pay_for(campaign):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    school = SchoolFactory()
    syndicat = GroupingFactory(department=gard, members=[school.commune])
    take_over(School.objects.all(), syndicat, FIRST_DAY, by=None)
    of_gard = UserFactory(role="rectorat", departments=[gard])
    of_herault = UserFactory(role="rectorat", departments=[school.commune.department])
    assert enrol_all(campaign, by=of_herault).refused
    assert enrol_all(campaign, by=of_gard).enrolled
    assert prepare(campaign, by=of_herault).created == []
    assert [c.collectivity for c in prepare(campaign, by=of_gard).created] == [syndicat]


def test_preparing_takes_the_same_queries_whatever_the_number_of_takeovers(
    campaign, django_assert_max_num_queries
):
    for _ in range(12):
        school = SchoolFactory()
        syndicat = GroupingFactory(members=[school.commune])
        take_over(School.objects.filter(pk=school.pk), syndicat, FIRST_DAY, by=None)
    enrol_all(campaign)
    with django_assert_max_num_queries(14):
        assert len(prepare(campaign, by=None).created) == 12


def test_what_a_takeover_does_to_each_campaign_is_told(campaign):
    moved, sent = ConventionFactory.create_batch(2, campaign=campaign)
    sent.send(by=None)
    schools = School.objects.filter(enrolments__convention__in=[moved, sent])
    (told,) = consequences(schools, FIRST_DAY)
    assert {line.convention for line in told.moved} == {moved}
    assert {line.convention for line in told.settled} == {sent}
    (told,) = consequences(schools, FIRST_DAY + datetime.timedelta(days=1))
    assert (len(told.unchanged), told.moved, told.settled) == (4, [], [])
    Campaign.objects.update(state=Campaign.State.CLOSED)
    assert consequences(schools, FIRST_DAY) == []


def test_giving_a_school_back_prepares_it_for_its_commune(campaign):
    school = SchoolFactory()
    syndicat = GroupingFactory(members=[school.commune])
    take_over(School.objects.all(), syndicat, datetime.date(2020, 9, 1), by=None)
    give_back(School.objects.all(), FIRST_DAY, by=None)
    enrol_all(campaign)
    prepare(campaign, by=None)
    assert Convention.objects.get().collectivity == school.commune.collectivity


# --- Mergers --------------------------------------------------------------------
HEADER = "code_insee;nom;departement;siren;anciens_codes\n"
CONQUES = HEADER + "12076;Conques;12;211200761;\n12173;Noailhac;12;211201736;\n"
MERGED = HEADER + "12218;Conques-en-Rouergue;12;200055929;12076 12173\n"


@pytest.fixture
def conques():
    """Conques in 2022 with its file, then merged into Conques-en-Rouergue."""
    DepartmentFactory(code="12", name="Aveyron", of_name="de l'Aveyron")
    import_communes(CONQUES.encode())
    old = Collectivity.objects.get(code="12076")
    convention = ConventionFactory(collectivity=old)
    convention.send(by=None)
    import_communes(MERGED.encode())
    old.refresh_from_db()
    return convention


@pytest.fixture
def heir(conques):
    """The file of the year after, of the collectivity that took Conques in."""
    convention = ConventionFactory(
        campaign=CampaignFactory(start_year=2023),
        collectivity=Collectivity.objects.get(code="12218"),
    )
    convention.send(by=None)
    return convention


def test_both_town_halls_read_the_files_from_before_and_after_a_merger(client, conques, heir):
    for code in ("12076", "12218"):
        user = UserFactory(collectivities=[Collectivity.objects.get(code=code)])
        client.force_login(user)
        for convention in (conques, heir):
            assert client.get(convention.get_absolute_url()).status_code == 200


def test_another_commune_of_the_same_merger_does_not_read_them(client, conques):
    user = UserFactory(collectivities=[Collectivity.objects.get(code="12173")])
    client.force_login(user)
    assert client.get(conques.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_other_years_show_the_files_across_a_merger(client, conques, heir, newest_first):
    shown, other = (heir, conques) if newest_first else (conques, heir)
    client.force_login(UserFactory(collectivities=[heir.collectivity]))
    page = client.get(shown.get_absolute_url())
    assert list(page.context["other_years"]) == [other]
    assert other.collectivity_title in page.text


def test_the_schools_of_a_merged_commune_are_prepared_for_the_new_one(conques):
    next_year = CampaignFactory(start_year=2024)
    enrol_all(next_year)
    prepare(next_year, by=None)
    assert next_year.conventions.get().collectivity.code == "12218"


# --- The admin site ---------------------------------------------------------------
CHANGELIST = "admin:schools_school_changelist"


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def choose(schools, action="entrust", **values):
    chosen = {"action": action, "_selected_action": [school.pk for school in schools]}
    return chosen | values


def test_an_agent_is_told_what_a_takeover_changes_before_it_is_done(agent, campaign):
    school, outside = SchoolFactory(), SchoolFactory()
    syndicat = GroupingFactory(members=[school.commune])
    enrol_all(campaign)
    values = choose([school, outside])
    assert agent.post(reverse(CHANGELIST), values).context["form"].initial == {}
    values |= {"payer": syndicat.pk, "since": "01/09/2022"}
    page = agent.post(reverse(CHANGELIST), values)
    assert page.context["report"].changed == [school]
    assert "n&#x27;est pas membre" in page.text
    assert "la prochaine préparation la mettra" in " ".join(page.text.split())
    school.refresh_from_db()
    assert school.payer != syndicat
    agent.post(reverse(CHANGELIST), values | {"confirmed": "1"})
    school.refresh_from_db()
    assert school.payer == syndicat
    assert outside.takeovers.count() == 0


def test_a_takeover_warns_about_conventions_already_sent(agent, campaign):
    convention = ConventionFactory(campaign=campaign)
    convention.send(by=None)
    schools = School.objects.all()
    syndicat = GroupingFactory(members=[schools[0].commune])
    page = agent.post(reverse(CHANGELIST), choose(schools, payer=syndicat.pk, since="01/09/2022"))
    assert "figurent dans une convention déjà envoyée" in " ".join(page.text.split())
    assert convention.reference in page.text


@pytest.mark.parametrize(("values", "field"), [({"since": ""}, "since"), ({"payer": ""}, "payer")])
def test_what_is_missing_is_told_at_its_field(agent, values, field):
    school = SchoolFactory()
    syndicat = GroupingFactory(members=[school.commune])
    filled = {"payer": syndicat.pk, "since": "01/09/2022"} | values
    page = agent.post(reverse(CHANGELIST), choose([school], **filled))
    assert list(page.context["form"].errors) == [field]


def test_an_agent_of_some_departements_entrusts_their_schools_to_their_groupings_only(
    agent, rectorat
):
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    rectorat.departments.add(gard)
    of_gard = SchoolFactory(
        payer=CollectivityFactory(commune=CommuneFactory(code="30350", department=gard))
    )
    elsewhere = SchoolFactory()
    ours = GroupingFactory(department=gard, members=[of_gard.commune, elsewhere.commune])
    theirs = GroupingFactory(members=[of_gard.commune, elsewhere.commune])
    filled = choose([of_gard, elsewhere], since="01/09/2022", confirmed="1")
    page = agent.post(reverse(CHANGELIST), filled | {"payer": theirs.pk})
    assert list(page.context["form"].errors) == ["payer"]
    agent.post(reverse(CHANGELIST), filled | {"payer": ours.pk})
    assert (of_gard.takeovers.count(), elsewhere.takeovers.count()) == (1, 0)


def test_an_agent_gives_a_school_back_to_its_commune(agent):
    school = SchoolFactory()
    syndicat = GroupingFactory(members=[school.commune])
    take_over(School.objects.all(), syndicat, datetime.date(2020, 9, 1), by=None)
    agent.post(
        reverse(CHANGELIST), choose([school], "give_back", since="01/09/2022", confirmed="1")
    )
    school.refresh_from_db()
    assert school.payer == school.commune.collectivity


def test_the_page_of_a_grouping_lists_its_members_and_its_schools_with_their_dates(agent):
    school = SchoolFactory()
    syndicat = GroupingFactory(members=[school.commune])
    take_over(School.objects.all(), syndicat, FIRST_DAY, by=None)
    page = agent.get(reverse("admin:communes_collectivity_change", args=[syndicat.pk])).text
    assert "01/01/2015" in page
    assert f"{school}</a>, {school.commune.name}, depuis le 01/09/2022" in page


def test_members_typed_together_do_not_overlap(agent):
    syndicat, commune = GroupingFactory(), CommuneFactory()
    rows = {
        f"memberships-{number}-{name}": value
        for number, since in enumerate(["01/01/2015", "01/01/2018"])
        for name, value in {"commune": commune.pk, "since": since}.items()
    }
    page = agent.post(
        reverse("admin:communes_collectivity_change", args=[syndicat.pk]),
        {
            "read_at": fingerprint(Collectivity.objects.get(pk=syndicat.pk)),
            "name": syndicat.name,
            "siren": syndicat.siren,
            "memberships-TOTAL_FORMS": "2",
            "memberships-INITIAL_FORMS": "0",
            **rows,
        },
    )
    assert "figure deux fois" in page.text
    assert not syndicat.memberships.exists()


def test_the_payers_follow_an_import_of_communes_at_once(rectorat):
    DepartmentFactory(code="12", name="Aveyron", of_name="de l'Aveyron")
    import_communes(CONQUES.encode())
    school = SchoolFactory(payer=Collectivity.objects.get(code="12076"))
    communes = admin.site.get_model_admin(Commune)
    communes.run_import(MERGED.encode(), by=rectorat, dry_run=True)
    school.refresh_from_db()
    assert school.payer.code == "12076"
    communes.run_import(MERGED.encode(), by=rectorat, dry_run=False)
    school.refresh_from_db()
    assert school.payer.code == "12218"
    assert school.history.first().history_user == rectorat


# --- The list of enrolled schools: each year's own payer -----------------------------
def enrolled_list(client, user, **query):
    client.force_login(user)
    query = {"campaign": "all"} | query
    url = reverse("admin:conventions_enrolment_changelist", query=query)
    return [(e.uai, e.payer_name) for e in client.get(url).context["cl"].result_list]


def test_the_list_of_enrolled_schools_shows_and_scopes_by_the_payer_of_the_year(client, rectorat):
    old = CampaignFactory(start_year=2022)
    kept, moved = SchoolFactory(), SchoolFactory()
    enrol_all(old)
    prepare(old, by=None)
    former = moved.payer
    syndicat = GroupingFactory(
        members=[moved.commune], department=DepartmentFactory(code="48", name="Lozère")
    )
    take_over(School.objects.filter(pk=moved.pk), syndicat, datetime.date(2023, 9, 1), by=None)
    new = CampaignFactory(start_year=2023)
    enrol_all(new)

    shown = enrolled_list(client, rectorat, campaign=old.pk)
    assert sorted(shown) == sorted([(kept.uai, kept.payer.name), (moved.uai, former.name)])
    assert (moved.uai, syndicat.name) in enrolled_list(client, rectorat, campaign=new.pk)
    theirs = UserFactory(role="rectorat", departments=[syndicat.department])
    assert enrolled_list(client, theirs) == [(moved.uai, syndicat.name)]


def test_it_is_sorted_and_exported_by_that_payer(client, rectorat, campaign):
    SchoolFactory.create_batch(3)
    enrol_all(campaign)
    shown = enrolled_list(client, rectorat, o="4")
    assert [name for _, name in shown] == sorted(name for _, name in shown)
    url = reverse("admin:conventions_enrolment_export", args=["csv"])
    told = b"".join(client.get(url, {"campaign": "all"}).streaming_content).decode()
    assert all(name in told for _, name in shown)
