"""Pupils or classes typed for one campaign: before preparation, kept with who, when and why."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from billing.claims.due import claimable
from billing.claims.proposals import proposals
from conventions.amendments.printing import amendment_act_context, amendment_context
from conventions.campaigns.models import TypedNumber
from conventions.campaigns.tariffs import Tariff
from conventions.enrolment.enrolling import enrol, withdraw
from conventions.enrolment.numbers import type_number
from conventions.enrolment.preparation import of_unknown_number, prepare
from conventions.models import Convention
from conventions.printing import convention_context
from lifecycle.errors import TransitionRefused
from schools.headcounts import import_headcounts
from schools.models import School
from tests.factories import (
    DepartmentFactory,
    SchoolFactory,
    UserFactory,
    prepare_amendment,
    sign_amendment,
    sign_by_both,
)
from tests.schools.test_headcounts import csv, row

from .test_tariffs import campaign_at, prepared_at

pytestmark = pytest.mark.django_db

BY_PUPIL = Tariff("pupil", Decimal("0.50"))
# Between both signatures and the end.
NOVEMBER = datetime.date(2022, 11, 2)
WHY = "Rentrée comptée par l'inspection."


@pytest.fixture
def campaign():
    return campaign_at(BY_PUPIL)


@pytest.fixture
def enrolled(campaign):
    """A school of the campaign whose number nobody knows."""
    enrol(campaign, SchoolFactory(pupils=None, classes=None).uai, by=None)
    return campaign.enrolments.get()


@pytest.fixture
def by_pupil():
    """A convention prepared for schools of 100 and 50 pupils: 75,00 €."""
    return prepared_at(BY_PUPIL, [100, 50])


def now(convention):
    return Convention.objects.with_parties().get(pk=convention.pk)


def test_what_lacks_a_number_is_left_out_by_name_until_it_is_typed(campaign, enrolled, rectorat):
    ((payer, reason),) = prepare(campaign, by=None).left_out
    assert "Effectif manquant (élèves)" in reason
    assert enrolled.uai in reason
    assert "saisissez-le" in reason
    assert of_unknown_number(campaign, rectorat) == [enrolled]
    type_number(enrolled, by=rectorat, number=45, reason=WHY)
    assert of_unknown_number(campaign, rectorat) == []
    assert prepare(campaign, by=None).left_out == []
    assert Convention.objects.get(collectivity=payer).amount == Decimal("22.50")


def test_who_when_and_why_are_kept_of_each(enrolled, campaign, rectorat, move_to):
    type_number(enrolled, by=rectorat, number=45, reason=WHY)
    type_number(enrolled, by=rectorat, number=46, reason="Une élève de plus.")
    kept = list(campaign.typed_numbers.values_list("number", "reason", "by"))
    assert kept == [(46, "Une élève de plus.", rectorat.pk), (45, WHY, rectorat.pk)]
    entry = campaign.journal.filter(verb="type_number").latest("pk")
    assert (entry.by, entry.comment) == (rectorat, "Une élève de plus.")
    assert f"{enrolled.uai} : 46 élèves" in entry.summary


def test_a_prepared_convention_takes_it_at_once_and_the_journal_tells(by_pupil, rectorat):
    type_number(by_pupil.enrolments.get(number=50), by=rectorat, number=20, reason=WHY)
    assert (now(by_pupil).number, now(by_pupil).amount) == (120, 60)
    assert by_pupil.journal.get(verb="recount").changes["number"] == [150, 120]
    now(by_pupil).send(by=None)
    assert now(by_pupil).amount == 60


def test_one_school_is_typed_though_another_has_no_number_yet(by_pupil, rectorat):
    """Otherwise the convention would leave with the old number of the first."""
    enrol(by_pupil.campaign, SchoolFactory(payer=by_pupil.collectivity, pupils=None).uai, by=None)
    type_number(by_pupil.enrolments.get(number=50), by=rectorat, number=20, reason=WHY)
    assert now(by_pupil).amount == 60


def test_papers_and_screens_say_it_in_words_after_the_calculation(by_pupil, rectorat):
    line = by_pupil.enrolments.get(number=50)
    type_number(line, by=rectorat, number=20, reason=WHY)
    said = f"(nombre retenu pour l'année : 20 élèves à {line.name}, {line.uai})"
    convention = now(by_pupil)
    for words in (convention_context(convention).tariff.calculation, convention.sum_in_words):
        assert f"120 élèves × 0,50\xa0€ soit 60\xa0€ {said}" in words


def test_an_avenant_and_the_titres_name_it_too(by_pupil, rectorat, move_to):
    move_to(NOVEMBER)
    line = by_pupil.enrolments.get(number=50)
    type_number(line, by=rectorat, number=20, reason=WHY)
    convention = sign_by_both(now(by_pupil))
    school = SchoolFactory(payer=convention.collectivity, pupils=70)
    enrol(convention.campaign, school.uai, by=None)
    to_come = convention.campaign.enrolments.get(school=school)
    type_number(to_come, by=rectorat, number=30, reason=WHY)
    amendment = sign_amendment(prepare_amendment(convention, add=[school]))
    (new,) = amendment.added
    kept = f"20 élèves à {line.name}, {line.uai}"
    added = f"30 élèves à {new.name}, {new.uai}"
    for context in (amendment_context(amendment), amendment_act_context(amendment, convention.act)):
        assert context.tariff.calculation.endswith(
            f"150 élèves × 0,50\xa0€ soit 75\xa0€ (nombres retenus pour l'année : {kept} ; {added})"
        )
    (proposed,) = proposals(claimable())
    basis = proposed.titre.basis.replace("\xa0", " ")
    assert f"120 élèves × 0,50 € = 60,00 € (nombre retenu pour l'année : {kept}) ;" in basis
    assert f"= 15,00 € (nombre retenu pour l'année : {added}) ; soit 75,00 €" in basis


def test_a_school_taken_out_is_named_no_more(by_pupil, rectorat, move_to):
    move_to(NOVEMBER)
    line = by_pupil.enrolments.get(number=50)
    type_number(line, by=rectorat, number=20, reason=WHY)
    convention = sign_by_both(now(by_pupil))
    amendment = prepare_amendment(convention, remove=[line])
    assert "nombre" not in amendment_context(amendment).tariff.calculation


def test_of_many_three_are_named(rectorat):
    convention = prepared_at(BY_PUPIL, [10, 20, 30, 40, 50])
    for line in convention.enrolments.order_by("pk"):
        type_number(line, by=rectorat, number=1, reason=WHY)
    words = now(convention).calculation
    assert words.count("1 élève à") == 3
    assert words.endswith("; 2 autres)")


def test_no_import_changes_it_and_no_other_campaign_knows_it(by_pupil, rectorat):
    line = by_pupil.enrolments.get(number=50)
    type_number(line, by=rectorat, number=20, reason=WHY)
    import_headcounts(csv(row(uai=line.uai, pupils="77")))
    assert School.objects.get(pk=line.school_id).pupils == 77
    prepare(by_pupil.campaign, by=None)
    assert now(by_pupil).amount == 60
    later = campaign_at(BY_PUPIL, start_year=by_pupil.campaign.start_year + 1)
    enrol(later, line.uai, by=None)
    assert later.enrolments.get().number == 77


def test_the_annuaire_has_its_say_again(by_pupil, rectorat):
    line = by_pupil.enrolments.get(number=50)
    type_number(line, by=rectorat, number=20, reason=WHY)
    type_number(line, by=rectorat, number=None, reason="C'était l'autre école.")
    assert now(by_pupil).amount == 75
    assert "nombre retenu" not in now(by_pupil).calculation


def test_not_where_it_knows_none_and_a_convention_is_prepared(enrolled, campaign, rectorat):
    type_number(enrolled, by=rectorat, number=45, reason=WHY)
    prepare(campaign, by=None)
    with pytest.raises(TransitionRefused, match="saisissez-le"):
        type_number(enrolled, by=rectorat, number=None, reason=WHY)
    assert campaign.typed_numbers.get().number == 45


def test_a_school_taken_out_and_enrolled_again_keeps_it(by_pupil, rectorat):
    line = by_pupil.enrolments.get(number=50)
    type_number(line, by=rectorat, number=20, reason=WHY)
    withdraw(line, by=None)
    enrol(by_pupil.campaign, line.uai, by=None)
    prepare(by_pupil.campaign, by=None)
    assert now(by_pupil).amount == 60


def test_what_counts_otherwise_is_not_counted_by_it(enrolled, campaign, rectorat):
    type_number(enrolled, by=rectorat, number=45, reason=WHY)
    enrolled.refresh_from_db()
    enrolled.count_by(Tariff("class", Decimal(10)))
    assert enrolled.number is None


def test_once_sent_it_is_refused(by_pupil, rectorat):
    by_pupil.send(by=None)
    with pytest.raises(TransitionRefused, match="déjà envoyée"):
        type_number(by_pupil.enrolments.first(), by=rectorat, number=20, reason=WHY)


def test_it_is_refused_where_the_tariff_counts_schools(rectorat):
    convention = prepared_at(Tariff(price=Decimal(45)), [10])
    with pytest.raises(TransitionRefused, match="ne compte ni"):
        type_number(convention.enrolments.first(), by=rectorat, number=20, reason=WHY)


def test_outside_of_their_departements_an_agent_types_nothing(enrolled):
    agent = UserFactory(role="rectorat", departments=[DepartmentFactory(code="48")])
    with pytest.raises(TransitionRefused, match="hors de vos"):
        type_number(enrolled, by=agent, number=20, reason=WHY)


@pytest.mark.parametrize(("number", "reason"), [(20, " "), (5000, WHY), (-1, WHY)])
def test_a_number_or_a_reason_that_is_none_is_refused_by_the_database_too(
    enrolled, rectorat, number, reason
):
    with pytest.raises(ValidationError):
        type_number(enrolled, by=rectorat, number=number, reason=reason)
    given = {"campaign": enrolled.campaign, "school": enrolled.school, "unit": "pupil"}
    with pytest.raises(IntegrityError), transaction.atomic():
        TypedNumber.objects.create(**given, number=number, reason=reason.strip())


def test_an_agent_types_it_on_the_enrolment(client, enrolled, campaign, rectorat):
    client.force_login(rectorat)
    number = reverse("admin:conventions_enrolment_number", args=[enrolled.pk])
    change = reverse("admin:conventions_enrolment_change", args=[enrolled.pk])
    prepare_page = client.get(reverse("admin:campaigns_campaign_prepare", args=[campaign.pk]))
    assert f'href="{number}"' in prepare_page.content.decode()
    assert "effectif manquant" in client.get(change).content.decode()
    refused = client.post(number, {"number": "45", "reason": ""})
    assert (refused.status_code, campaign.typed_numbers.count()) == (422, 0)
    told = client.post(number, {"number": "45", "reason": WHY}, follow=True).content.decode()
    assert "45 élèves (saisi le 24/11/2026" in told
    page = client.get(number).content.decode()
    assert str(rectorat) in page
    assert "Rentrée comptée par l&#x27;inspection" in page
