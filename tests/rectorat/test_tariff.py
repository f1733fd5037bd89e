"""The tariff of a campaign on its pages: tried, chosen, its exceptions, numbers that are missing."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from conventions.campaigns.models import Campaign, TariffException, VatRate
from conventions.campaigns.vat import give_rate
from conventions.enrolment.enrolling import enrol
from conventions.enrolment.exceptions import decide_exception
from conventions.models import Convention
from documents.wording.texts import load_texts
from lifecycle.errors import TransitionRefused
from lifecycle.frozen import FrozenError
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    DepartmentFactory,
    SchoolFactory,
    TextModelFactory,
    UserFactory,
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


def rule(**values):
    return {
        "tariff_basis": "school",
        "tariff": "45",
        "tariff_counted": "",
        "tariff_brackets": "",
        "vat_on_top": "False",
    } | values


def text_of(page):
    return page.content.decode().replace("\xa0", " ").replace("\u202f", " ")


def test_a_rule_is_tried_on_real_collectivities_and_changes_nothing(agent, campaign):
    agde = CollectivityFactory()
    codes = [SchoolFactory(payer=agde, pupils=n).uai for n in (100, 51)]
    enrol(campaign, "\n".join([*codes, SchoolFactory(pupils=None).uai]), by=None)
    page = text_of(agent.post(url("tariff", campaign), rule(tariff_basis="pupil", tariff="0.50")))
    assert "À l’essai : 0,50 € par élève et par an" in page
    assert "151 élèves × 0,50 € soit 75,50 €" in page
    assert "90,00 € au tarif de la campagne" in page
    assert "Sans compter 1 dont" in page
    campaign.refresh_from_db()
    assert (campaign.tariff_basis, campaign.tariff) == ("school", 45)


def test_the_rule_that_was_tried_is_chosen_and_journalled(agent, campaign):
    typed = rule(
        tariff_basis="brackets",
        tariff="45",
        tariff_counted="school",
        tariff_brackets="5 : 100\nau-delà : 250",
        choose="1",
    )
    agent.post(url("tariff", campaign), typed)
    campaign.refresh_from_db()
    assert (campaign.tariff_basis, campaign.tariff) == ("brackets", 0)
    assert campaign.tariff_brackets == "jusqu’à 5 : 100,00\nau-delà : 250,00"
    entry = campaign.journal.get(verb="tariff")
    assert "jusqu'à 5 écoles" in entry.summary


def test_no_rule_is_chosen_without_its_journal(agent, campaign, monkeypatch):
    monkeypatch.setattr("conventions.campaigns.models.write_journal", lambda *entry: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        agent.post(url("tariff", campaign), rule(tariff="50", choose="1"))
    campaign.refresh_from_db()
    assert campaign.tariff == 45


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"tariff": ""}, "supérieure à zéro"),
        ({"tariff_basis": "brackets"}, "ce que comptent les tranches"),
        (
            {"tariff_basis": "brackets", "tariff_counted": "school", "tariff_brackets": "5 : 10"},
            "au moins deux tranches",
        ),
        ({"vat_on_top": "True"}, "Aucun taux de TVA"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_its_field(agent, campaign, typed, said):
    if typed.get("tariff_brackets") == "5 : 10":
        said = "écrivez « au-delà"
    page = text_of(agent.post(url("tariff", campaign), rule(**typed, choose="1")))
    assert said.replace("'", "’") in page.replace("'", "’")
    campaign.refresh_from_db()
    assert campaign.tariff_basis == "school"


def test_vat_on_top_takes_the_rate_of_the_first_day(agent, campaign):
    for since, value in (("01/01/2014", "20"), ("01/01/2023", "25")):
        agent.post(url("tariff", campaign), {"rate": value, "since": since, "add_rate": "1"})
    agent.post(url("tariff", campaign), rule(vat_on_top="True", choose="1"))
    campaign.refresh_from_db()
    assert campaign.vat_rate == 20
    with pytest.raises(FrozenError):
        VatRate.objects.first().delete()


@pytest.mark.parametrize("since", [datetime.date(14, 1, 1), datetime.date(2062, 1, 1)])
def test_a_rate_is_kept_from_a_day_that_can_be_and_told(agent, limited, campaign, since):
    page = agent.post(
        url("tariff", campaign), {"rate": "20", "since": since.isoformat(), "add_rate": "1"}
    )
    assert page.status_code == 422
    given = {"rate": Decimal(20), "since": since}
    with pytest.raises(TransitionRefused):
        give_rate(campaign, by=None, **given)
    given["since"] = datetime.date(2014, 1, 1)
    with pytest.raises(TransitionRefused, match="limité"):
        give_rate(campaign, by=limited, **given)
    assert not VatRate.objects.exists()
    give_rate(campaign, by=None, **given)
    assert campaign.journal.get(verb="vat_rate").summary.startswith("Taux de TVA : 20")


def test_a_text_that_prints_a_fee_per_school_goes_with_no_other_rule(agent, campaign):
    campaign.convention_text = TextModelFactory(
        kind="convention", version=2, body="{{ participation_par_ecole }}"
    )
    campaign.save()
    page = text_of(agent.post(url("tariff", campaign), rule(tariff_basis="flat", choose="1")))
    assert "cette version imprime une participation par école" in page


@pytest.fixture
def limited():
    return UserFactory(role="rectorat", departments=[DepartmentFactory(code="48")])


TERMS = {
    "tariff_basis": "school",
    "tariff": Decimal(50),
    "tariff_counted": "",
    "tariff_brackets": "",
    "vat_on_top": False,
}


def test_the_tariff_is_not_chosen_by_who_follows_some_departements(campaign, limited):
    with pytest.raises(TransitionRefused, match="limité"):
        campaign.choose_tariff(by=limited, **TERMS)


def test_the_verb_itself_refuses_a_tariff_that_was_sent(convention):
    campaign = convention.campaign
    convention.send(by=None)
    with pytest.raises(ValidationError, match="ne change plus"):
        campaign.choose_tariff(by=None, **TERMS)
    assert Campaign.objects.get().tariff == 45


def test_choosing_writes_nothing_else_of_the_campaign(campaign):
    """What was read before, and changed by somebody meanwhile, does not come back."""
    Campaign.objects.update(contact_name="Changée depuis")
    campaign.choose_tariff(by=None, **TERMS)
    campaign.refresh_from_db()
    assert (campaign.contact_name, campaign.tariff) == ("Changée depuis", 50)


def test_a_campaign_whose_text_has_no_words_for_it_is_not_free(agent, campaign):
    campaign.convention_text = TextModelFactory(kind="convention", version=2, body="{{ calcul }}")
    campaign.save()
    answer = agent.post(url("tariff", campaign), rule(tariff_basis="free", choose="1"))
    assert "si_gratuit" in text_of(answer)
    assert Campaign.objects.get().tariff_basis == "school"


def test_once_a_convention_was_sent_the_tariff_stays(agent, convention):
    convention.send(by=None)
    page = text_of(agent.get(url("tariff", convention.campaign)))
    assert "elle ne change plus" in page
    agent.post(url("tariff", convention.campaign), rule(tariff="50", choose="1"))
    assert Campaign.objects.get().tariff == 45


# --- Exceptions -----------------------------------------------------------------
def exception(**values):
    return {
        "kind": "percent",
        "value": "10",
        "reason": "petite commune",
        "decided_on": "01/10/2022",
    } | values


def test_an_exception_is_recorded_and_a_prepared_convention_takes_it(agent, rectorat, convention):
    code = convention.collectivity.code
    agent.post(url("exceptions", convention.campaign), exception(code=code))
    convention.refresh_from_db()
    assert (convention.amount, convention.reduction) == (81, 9)
    kept = TariffException.objects.get()
    assert (kept.by, kept.decided_on) == (rectorat, datetime.date(2022, 10, 1))
    page = text_of(agent.get(url("exceptions", convention.campaign)))
    assert "petite commune" in page
    assert "pourcentage : 10 %" in page


@pytest.mark.parametrize("day", [(22, 10, 1), (2000, 1, 1), (2030, 1, 1)])
def test_an_exception_is_decided_on_a_day_that_can_be(agent, convention, day):
    """It is kept for ever: a slip of the finger would be too."""
    decided_on = datetime.date(*day)
    typed = exception(code=convention.collectivity.code, decided_on=decided_on.isoformat())
    page = agent.post(url("exceptions", convention.campaign), typed)
    assert page.status_code == 422
    assert page.context["form"].errors["decided_on"]
    with pytest.raises(TransitionRefused):
        decide(convention, decided_on=decided_on)
    assert not TariffException.objects.exists()


def test_the_end_of_an_exception_is_one_more(agent, convention):
    code = convention.collectivity.code
    agent.post(url("exceptions", convention.campaign), exception(code=code))
    agent.post(url("exceptions", convention.campaign), exception(code=code, kind="none"))
    convention.refresh_from_db()
    assert (convention.amount, convention.reduction) == (90, 0)
    assert TariffException.objects.count() == 2
    with pytest.raises(FrozenError):
        TariffException.objects.all().delete()


def test_a_collectivity_made_exempt_owes_nothing(convention):
    convention.campaign.convention_text = load_texts()["convention"]
    convention.campaign.save()
    decide(convention, kind="free", value=Decimal(0))
    convention.refresh_from_db()
    assert (convention.amount, convention.is_free) == (0, True)


def decide(convention, **values):
    given = {
        "by": None,
        "kind": "percent",
        "value": Decimal(10),
        "reason": "petite commune",
        "decided_on": datetime.date(2022, 10, 1),
    }
    return decide_exception(convention.campaign, convention.collectivity, **given | values)


def test_an_exception_is_not_decided_by_who_follows_some_departements(convention, limited):
    with pytest.raises(TransitionRefused, match="limité"):
        decide(convention, by=limited)


def test_an_exception_that_the_convention_cannot_take_at_once_is_refused(convention):
    """It would be sent at the amount of before, with nothing left to tell."""
    Campaign.objects.update(tariff_basis="pupil")
    school = SchoolFactory(payer=convention.collectivity, pupils=None)
    enrol(convention.campaign, school.uai, by=None)
    with pytest.raises(TransitionRefused, match=school.uai):
        decide(convention)
    assert not TariffException.objects.exists()


def test_a_text_without_words_for_it_cannot_be_free(convention):
    with pytest.raises(TransitionRefused, match="si_gratuit"):
        decide(convention, kind="free", value=Decimal(0))


def test_a_convention_that_was_sent_takes_no_exception(convention):
    convention.send(by=None)
    with pytest.raises(TransitionRefused, match="ne change plus"):
        decide(convention)
    assert Convention.objects.get().amount == 90


# --- Numbers that are missing ---------------------------------------------------
def test_a_missing_number_is_named_before_preparing(agent, campaign):
    Campaign.objects.update(tariff_basis="class")
    school = SchoolFactory(classes=None)
    enrol(campaign, school.uai, by=None)
    page = text_of(agent.get(url("prepare", campaign)))
    assert "Nombres manquants : 1" in page
    line = campaign.enrolments.get()
    assert reverse("admin:conventions_enrolment_number", args=[line.pk]) in page
