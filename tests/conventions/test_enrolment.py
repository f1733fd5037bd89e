import io

import openpyxl
import pytest

from conventions.enrolment.codes import read_codes, text_of
from conventions.enrolment.enrolling import enrol, withdraw
from conventions.enrolment.preparation import prepare
from conventions.models import Convention, Enrolment
from conventions.printing import convention_context
from lifecycle.errors import TransitionRefused
from lifecycle.models import JournalEntry
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    DepartmentFactory,
    SchoolFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return CampaignFactory()


def test_codes_are_found_whatever_separates_them():
    codes, refused = read_codes("UAI;Nom\n0341255E;Bouissinet\n0342026t 0341255E,0340825M\n\n")
    assert codes == [(2, "0341255E"), (3, "0342026T"), (3, "0341255E"), (3, "0340825M")]
    assert refused == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0341255F", "la lettre finale"),
        ("2,17003E+13", "tableur"),
        ("Ecole 12", "n'est pas un code UAI"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_reason(line, reason):
    codes, refused = read_codes(f"0341255E\n{line}")
    assert codes == [(1, "0341255E")]
    assert refused[0].line == 2
    assert reason in refused[0].reason


def test_enrolling_copies_what_will_be_printed(campaign, rectorat):
    school = SchoolFactory(name="École Bouissinet")
    report = enrol(campaign, school.uai, by=rectorat)
    line = Enrolment.objects.get()
    assert [enrolled.pk for enrolled in report.enrolled] == [line.pk]
    assert (line.uai, line.name, line.fee) == (school.uai, "École Bouissinet", campaign.tariff)
    assert campaign.journal.get().changes == {"uai": [school.uai]}


def test_a_school_enrolled_twice_is_counted_once(campaign, rectorat):
    school = SchoolFactory()
    enrol(campaign, school.uai, by=rectorat)
    report = enrol(campaign, f"{school.uai}\n{school.uai}", by=rectorat)
    assert report.enrolled == []
    assert report.already == [school.uai, school.uai]
    assert Enrolment.objects.count() == 1


def test_unknown_closed_and_foreign_schools_are_refused(campaign):
    closed = SchoolFactory(state="closed")
    elsewhere = SchoolFactory()
    agent = UserFactory(
        role="rectorat", departments=[DepartmentFactory(code="30", name="Gard", of_name="du Gard")]
    )
    report = enrol(campaign, f"0341255E\n{closed.uai}\n{elsewhere.uai}", by=agent)
    assert [refusal.reason.split(".")[0] for refusal in report.refused] == [
        "Aucune école connue ne porte ce code",
        "Cette école est fermée",
        "Cette école est hors de vos départements",
    ]


def test_preparing_gives_each_payer_one_convention(campaign, rectorat):
    payer = CollectivityFactory()
    schools = [SchoolFactory(payer=payer), SchoolFactory(payer=payer), SchoolFactory()]
    enrol(campaign, " ".join(school.uai for school in schools), by=rectorat)
    report = prepare(campaign, by=rectorat)
    assert len(report.created) == 2
    convention = Convention.objects.get(collectivity=payer)
    assert (convention.school_count, convention.amount) == (2, 90)
    assert convention.enrolments.count() == 2
    assert convention.journal.get().verb == "prepare"


def test_preparing_again_changes_nothing(campaign, rectorat):
    enrol(campaign, SchoolFactory().uai, by=rectorat)
    prepare(campaign, by=rectorat)
    report = prepare(campaign, by=rectorat)
    assert (report.created, report.updated, report.left_out) == ([], [], [])


def test_a_school_enrolled_later_joins_a_convention_not_yet_sent(campaign, rectorat):
    payer = CollectivityFactory()
    enrol(campaign, SchoolFactory(payer=payer).uai, by=rectorat)
    prepare(campaign, by=rectorat)
    enrol(campaign, SchoolFactory(payer=payer).uai, by=rectorat)
    report = prepare(campaign, by=rectorat)
    assert [convention.amount for convention in report.updated] == [90]


def test_a_school_enrolled_after_sending_is_left_out_with_the_reason(campaign, rectorat):
    payer = CollectivityFactory()
    enrol(campaign, SchoolFactory(payer=payer).uai, by=rectorat)
    prepare(campaign, by=rectorat)
    Convention.objects.get().send(by=rectorat)
    enrol(campaign, SchoolFactory(payer=payer).uai, by=rectorat)
    report = prepare(campaign, by=rectorat)
    assert [(payer.pk, "déjà envoyée" in reason) for payer, reason in report.left_out] == [
        (payer.pk, True)
    ]
    assert Convention.objects.get().amount == 45


def test_printed_names_follow_the_annuaire_until_sending_and_no_longer(campaign, rectorat):
    school = SchoolFactory(name="Avant")
    enrol(campaign, school.uai, by=rectorat)
    prepare(campaign, by=rectorat)
    school.name = "Pendant"
    school.save()
    prepare(campaign, by=rectorat)
    line = Enrolment.objects.get()
    assert line.name == "Pendant"
    line.convention.send(by=rectorat)
    school.name = "Après"
    school.save()
    prepare(campaign, by=rectorat)
    line.refresh_from_db()
    assert line.name == "Pendant"


def test_the_number_of_queries_does_not_grow_with_the_collectivities(
    campaign, rectorat, django_assert_max_num_queries
):
    schools = SchoolFactory.create_batch(30)
    enrol(campaign, " ".join(school.uai for school in schools), by=rectorat)
    with django_assert_max_num_queries(14):
        prepare(campaign, by=rectorat)


def test_a_withdrawn_school_leaves_its_convention_and_the_amount(campaign, rectorat):
    payer = CollectivityFactory()
    schools = SchoolFactory.create_batch(2, payer=payer)
    enrol(campaign, " ".join(school.uai for school in schools), by=rectorat)
    prepare(campaign, by=rectorat)
    withdraw(Enrolment.objects.get(uai=schools[0].uai), by=rectorat)
    convention = Convention.objects.with_parties().get()
    assert convention.amount == 45
    assert [line.uai for line in convention_context(convention).schools] == [schools[1].uai]


def test_a_school_of_a_sent_convention_cannot_be_withdrawn(campaign, rectorat):
    enrol(campaign, SchoolFactory().uai, by=rectorat)
    prepare(campaign, by=rectorat)
    Convention.objects.get().send(by=rectorat)
    with pytest.raises(TransitionRefused, match="déjà envoyée"):
        withdraw(Enrolment.objects.get(), by=rectorat)


def test_an_abandoned_convention_frees_its_schools(campaign, rectorat):
    school = SchoolFactory()
    enrol(campaign, school.uai, by=rectorat)
    prepare(campaign, by=rectorat)
    Convention.objects.get().abandon(by=rectorat, comment="Inscrite par erreur")
    report = enrol(campaign, school.uai, by=rectorat)
    assert len(report.enrolled) == 1
    assert len(prepare(campaign, by=rectorat).created) == 1


@pytest.fixture
def gard_agent():
    return UserFactory(
        role="rectorat", departments=[DepartmentFactory(code="30", name="Gard", of_name="du Gard")]
    )


@pytest.fixture
def enrolled(campaign):
    """A school enrolled and in its convention, and how both stand in the database."""
    enrol(campaign, SchoolFactory().uai, by=None)
    prepare(campaign, by=None)
    return Enrolment.objects.get()


def standing():
    return [list(model.objects.values()) for model in (Enrolment, Convention, JournalEntry)]


def refused_to_all_three(campaign, enrolled, by, message):
    """Check that nobody enrols, prepares or withdraws as `by`, and that nothing moved."""
    before, other = standing(), SchoolFactory()
    for call in (
        lambda: enrol(campaign, other.uai, by=by),
        lambda: prepare(campaign, by=by),
        lambda: withdraw(enrolled, by=by),
    ):
        with pytest.raises(TransitionRefused, match=message):
            call()
    assert standing() == before


@pytest.mark.parametrize("role", ["town_hall", "finance"])
def test_only_agents_enrol_prepare_and_withdraw(campaign, enrolled, role):
    payer = enrolled.convention.collectivity
    person = UserFactory(role=role, collectivities=[payer])
    refused_to_all_three(campaign, enrolled, person, "Seul le rectorat")


@pytest.mark.parametrize("steps", [["close"], ["close", "archive"]])
def test_nothing_is_enrolled_prepared_or_withdrawn_once_the_campaign_is_over(
    campaign, enrolled, rectorat, steps
):
    for step in steps:
        getattr(campaign, step)(by=rectorat)
    enrolled.refresh_from_db()
    for by in (rectorat, None):
        refused_to_all_three(campaign, enrolled, by, f"est {campaign.get_state_display()}")


def test_a_school_outside_of_the_agents_departements_is_not_withdrawn(
    campaign, enrolled, gard_agent
):
    before = standing()
    with pytest.raises(TransitionRefused, match="hors de vos départements"):
        withdraw(enrolled, by=gard_agent)
    assert standing() == before


def test_an_agent_limited_to_a_departement_leaves_the_others_alone(campaign, rectorat):
    enrol(campaign, SchoolFactory().uai, by=rectorat)
    prepare(campaign, by=rectorat)
    gard = UserFactory(
        role="rectorat", departments=[DepartmentFactory(code="30", name="Gard", of_name="du Gard")]
    )
    prepare(campaign, by=gard)
    assert Convention.objects.get().school_count == 1


def test_codes_in_e_mail_addresses_are_not_read():
    """An address often names another school than its row."""
    codes, refused = read_codes("UAI;mail\n0341255E;ce.0340010B@ac-montpellier.fr\n")
    assert (codes, refused) == ([(2, "0341255E")], [])


def test_a_workbook_of_schools_is_read_under_its_title_each_code_at_its_row():
    workbook = openpyxl.Workbook()
    for row in (["Écoles à inscrire"], [], ["RNE", "Élèves"], ["341255E", 55]):
        workbook.active.append(row)
    target = io.BytesIO()
    workbook.save(target)
    assert read_codes(text_of(target.getvalue())) == ([(4, "0341255E")], [])
