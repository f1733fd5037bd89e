"""Who closes a school or imports a file is told of the living files it touches, and what to do."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from conventions.campaigns.models import Campaign
from conventions.enrolment import touched
from conventions.enrolment.enrolling import enrol
from conventions.enrolment.resuming import resume
from conventions.lifecycle import State
from conventions.models import Convention, Enrolment
from lifecycle.errors import TransitionRefused
from schools.models import School
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    ConventionFactory,
    SchoolFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
)
from tests.importing import confirm

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
SCHOOLS = "admin:schools_school_changelist"


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def living(**fields):
    convention = ConventionFactory(**fields)
    Campaign.objects.update(ends_on=TODAY() + datetime.timedelta(days=200))
    return Convention.objects.with_parties().get(pk=convention.pk)


def merge(collectivity, heir):
    collectivity.merged_into, collectivity.merged_on = heir, TODAY()
    collectivity.save()


def first_school(convention):
    school = convention.enrolments.order_by("uai").first().school
    School.objects.filter(pk=school.pk).update(closure_proposed_on=TODAY())
    return school


def prepared():
    return living()


def sent():
    convention = living()
    convention.send(by=None)
    return convention


def half_signed():
    convention = sent()
    convention.accept(by=None)
    print_quickly(convention)
    convention.sign_for_region(by=None, on=TODAY())
    return convention


@pytest.mark.parametrize(
    ("make", "act", "page"),
    [
        (prepared, "Retirez-la avant l'envoi", "admin:conventions_enrolment_withdraw"),
        (sent, "Demandez une correction", "admin:conventions_convention_change"),
        (half_signed, "quand les deux parties auront signé", "admin:conventions_convention_change"),
        (
            current_signed_convention,
            "Préparez un avenant qui la retire",
            "admin:conventions_convention_amend",
        ),
    ],
)
def test_confirming_a_closure_says_what_is_to_be_done_in_each_file(agent, make, act, page, worked):
    convention = make()
    school = first_school(convention)
    enrolment = convention.enrolments.get(school=school)
    key = enrolment.pk if "withdraw" in page else convention.pk
    chosen = {"action": "confirm_closures", "_selected_action": [school.pk]}
    asked = agent.post(reverse(SCHOOLS), chosen)
    (line,) = asked.context["touched"]
    assert (line.convention, line.page, line.key) == (convention, page, key)
    assert act in line.act
    url = reverse(page, args=[key])
    assert f'href="{url}"' in asked.text
    assert agent.get(url).status_code == 200
    carried = {name: asked.context[name] for name in ("keys", "selection")}
    agent.post(asked.context["do_url"], carried)
    remark = worked().items.get().reason
    assert convention.reference in remark
    assert act.lower() in remark.lower()


def test_keeping_a_school_open_touches_no_file(agent):
    school = first_school(prepared())
    asked = agent.post(reverse(SCHOOLS), {"action": "keep_open", "_selected_action": [school.pk]})
    assert not asked.context["touched"]


def test_a_school_that_an_avenant_adds_leaves_with_it():
    convention = current_signed_convention()
    school = SchoolFactory(payer=convention.collectivity)
    prepare_amendment(convention, add=[school])
    (line,) = touched.by_closures([school.uai])
    assert line.convention == convention
    assert "Abandonnez l'avenant" in line.act


def test_what_is_over_is_not_touched():
    convention = prepared()
    school = first_school(convention)
    Campaign.objects.update(ends_on=TODAY() - datetime.timedelta(days=1))
    assert touched.by_closures([school.uai]) == []
    Campaign.objects.update(ends_on=TODAY())
    assert len(touched.by_closures([school.uai])) == 1
    convention.abandon(by=None, comment="Motif.")
    assert touched.by_closures([school.uai]) == []


def annuaire(*schools, **changes):
    lines = [
        f"{s.uai};{changes.get('name', s.name)};Public;{s.nature};"
        f"{changes.get('commune', s.commune).code};{changes.get('state', 'OUVERT')}\n"
        for s in schools
    ]
    header = "numero_uai;nom_etablissement;secteur;code_nature;code_commune;etat\n"
    return SimpleUploadedFile("ecoles.csv", (header + "".join(lines)).encode())


def imported(agent, file):
    """What the preview lists, held to what the import lists once it is done."""
    url = reverse("admin:schools_school_import")
    preview = agent.post(url, {"file": file, "partial": "on"})
    done = confirm(agent, url, preview, "closure")
    assert done.context["touched"] == preview.context["touched"]
    return done.context["touched"]


def test_an_import_tells_of_a_school_that_closes(agent):
    convention = prepared()
    school = convention.enrolments.order_by("uai").first().school
    (line,) = imported(agent, annuaire(school, state="FERME"))
    assert (line.convention, line.act) == (convention, "Retirez-la avant l'envoi")


def test_an_import_tells_of_a_new_payer_and_of_a_new_name(agent):
    convention = sent()
    school = convention.enrolments.order_by("uai").first().school
    (line,) = imported(agent, annuaire(school, name="École Rosa Parks"))
    assert "préparez de nouveau, puis renvoyez" in line.act
    elsewhere = CollectivityFactory().commune
    (line,) = imported(agent, annuaire(School.objects.get(pk=school.pk), commune=elsewhere))
    assert "Demandez une correction, retirez-la" in line.act


def test_before_sending_a_new_payer_is_a_matter_of_preparing_again(agent):
    convention = prepared()
    school = convention.enrolments.order_by("uai").first().school
    elsewhere = CollectivityFactory().commune
    (line,) = imported(agent, annuaire(school, commune=elsewhere))
    assert line.page == "admin:campaigns_campaign_prepare"
    assert agent.get(reverse(line.page, args=[line.key])).status_code == 200


@pytest.mark.parametrize(
    ("make", "act"),
    [
        (prepared, "Préparez de nouveau"),
        (sent, "Reprenez le dossier"),
        (current_signed_convention, "Rien à faire"),
    ],
)
def test_an_import_of_communes_tells_of_the_files_of_who_merged(agent, make, act):
    convention = make()
    heir = CollectivityFactory().commune
    merged = convention.collectivity.commune
    content = (
        "code_insee;nom;departement;siren;anciens_codes\n"
        f"{heir.code};{heir.name};{heir.department.code};{heir.siren};{merged.code}\n"
    ).encode()
    preview = agent.post(
        reverse("admin:communes_commune_import"),
        {"file": SimpleUploadedFile("communes.csv", content)},
    )
    (line,) = preview.context["touched"]
    assert line.convention == convention
    assert act in line.act
    assert reverse("admin:conventions_convention_change", args=[convention.pk]) in preview.text


def test_a_file_of_who_merged_is_begun_again_in_the_name_of_its_successor(rectorat):
    convention = half_signed()
    heir = CollectivityFactory(name="Neuville")
    merge(convention.collectivity, heir)
    following = resume(convention, by=rectorat, comment="Fusion.")
    assert following.collectivity == heir
    assert following.school_count == 2


def test_it_is_not_when_its_successor_was_sent_a_file_already(rectorat):
    convention = half_signed()
    heir = CollectivityFactory(name="Neuville")
    other = living(collectivity=heir, campaign=convention.campaign)
    other.send(by=None)
    merge(convention.collectivity, heir)
    with pytest.raises(TransitionRefused, match="par un avenant"):
        resume(convention, by=rectorat, comment="Fusion.")
    assert Convention.objects.get(pk=convention.pk).state == State.SIGNED_BY_REGION


def test_a_school_that_the_annuaire_says_to_close_is_not_enrolled_in_silence():
    school, other = SchoolFactory(state=School.State.TO_CLOSE), SchoolFactory()
    report = enrol(CampaignFactory(), f"{school.uai} {other.uai}", by=None)
    assert [line.uai for line in report.closing] == [school.uai]
    assert Enrolment.objects.count() == 2


def test_nor_is_it_added_by_an_avenant(agent):
    convention = current_signed_convention()
    school = SchoolFactory(payer=convention.collectivity, closure_proposed_on=TODAY())
    url = reverse("admin:conventions_convention_amend", args=[convention.pk])
    assert f"{school.name}, {school.commune.name} (fermeture annoncée" in str(
        agent.get(url).context["form"]["ticked"]
    ).replace("&#x27;", "'")
    done = agent.post(url, {"reason": "Ouverture.", "ticked": [school.pk]}, follow=True)
    assert f"Fermeture annoncée par l'annuaire : {school.uai}" in str(
        [str(message) for message in done.context["messages"]]
    )
