"""An agent of some départements: the region's is not theirs, nor are the files of others."""

import pytest
from django.contrib.admin import site
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act
from conventions.correspondence import post_message
from conventions.enrolment.enrolling import enrol, withdraw
from conventions.enrolment.preparation import prepare
from conventions.models import Convention, attach
from conventions.terminations.models import give_formal_notice
from documents.received.uploads import UploadedPdf
from lifecycle.errors import TransitionRefused
from tabular.admin_import import FileImportMixin
from tests.factories import (
    CampaignFactory,
    ConventionFactory,
    DepartmentFactory,
    SchoolFactory,
    TextModelFactory,
    UserFactory,
    current_signed_convention,
)

pytestmark = pytest.mark.django_db
SCAN = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")
TODAY = timezone.localdate


@pytest.fixture
def limited():
    lozere = DepartmentFactory(code="48", name="Lozère", of_name="de la Lozère")
    return UserFactory(role="rectorat", departments=[lozere])


@pytest.mark.parametrize("verb", ["open", "close", "archive"])
def test_a_campaign_is_the_whole_regions(limited, verb):
    states = {"open": "preparation", "close": "open", "archive": "closed"}
    campaign = CampaignFactory(state=states[verb])
    with pytest.raises(TransitionRefused, match="toute la région"):
        getattr(campaign, verb)(by=limited)


def test_so_are_its_settings_and_its_texts(client, limited):
    campaign, text = (
        CampaignFactory(),
        TextModelFactory(version=7, state="draft", published_at=None),
    )
    client.force_login(limited)
    assert client.get(reverse("admin:campaigns_campaign_add")).status_code == 403
    page = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
    assert 'name="tariff"' not in page.content.decode()
    assert "Clore la campagne" not in page.content.decode()
    assert client.get(reverse("admin:documents_textmodel_add")).status_code == 403
    publish = reverse("admin:documents_textmodel_publish", args=[text.pk])
    assert client.post(publish).status_code == 403
    with pytest.raises(TransitionRefused, match="toute la région"):
        text.publish(by=limited)


IMPORTS = [
    pytest.param(pages.import_url_name, id=model._meta.label)
    for model, pages in site._registry.items()
    if isinstance(pages, FileImportMixin)
]


@pytest.mark.parametrize("address", IMPORTS)
def test_an_import_of_the_whole_region_says_who_makes_it(client, limited, rectorat, address):
    client.force_login(limited)
    page = client.get(reverse(f"admin:{address}"))
    if page.status_code == 200:  # A file of one département's people.
        assert address == "invitations_invitation_import"
    else:
        assert page.status_code == 403
        assert f"Adressez-vous à : {rectorat.get_full_name()}" in page.text.replace("\u00a0", " ")


def sent():
    convention = ConventionFactory()
    convention.send(by=None)
    return convention


def accepted():
    convention = sent()
    convention.accept(by=None)
    return convention


STEPS = [
    (ConventionFactory, lambda c, by: c.send(by=by)),
    (sent, lambda c, by: c.accept(by=by)),
    (sent, lambda c, by: c.abandon(by=by, comment="Erreur.")),
    (sent, lambda c, by: c.request_correction(by=by, subject="other", comment="Non.")),
    (sent, lambda c, by: post_message(c, by=by, subject="other", body="Bonjour")),
    (sent, lambda c, by: attach(c, kind="other", pdf=SCAN, by=by)),
    (
        accepted,
        lambda c, by: record_act(c, by=by, kind="decision", number="1", dated_on=TODAY()),
    ),
    (
        current_signed_convention,
        lambda c, by: give_formal_notice(
            c, by=by, side="collectivity", on=TODAY(), grievances="Non."
        ),
    ),
]


@pytest.mark.parametrize(("make", "verb"), STEPS)
def test_no_verb_touches_a_file_of_elsewhere(limited, make, verb):
    convention = make()
    before = Convention.objects.filter(pk=convention.pk).values().get()
    with pytest.raises(TransitionRefused, match="pas de ceux que suit votre compte"):
        verb(convention, limited)
    assert Convention.objects.filter(pk=convention.pk).values().get() == before


@pytest.mark.parametrize(("make", "verb"), STEPS[1:2] + STEPS[3:])
def test_nor_does_the_town_hall_next_door(make, verb):
    neighbour = UserFactory(collectivities=[ConventionFactory().collectivity])
    with pytest.raises(TransitionRefused, match="pas de ceux que suit votre compte"):
        verb(make(), neighbour)


def test_only_agents_enrol_withdraw_and_prepare_while_the_campaign_is_not_over(
    town_hall, finance, rectorat, convention
):
    campaign, school = convention.campaign, SchoolFactory()
    enrolment = convention.enrolments.first()
    steps = [
        lambda by: enrol(campaign, school.uai, by=by),
        lambda by: withdraw(enrolment, by=by),
        lambda by: prepare(campaign, by=by),
    ]
    for step in steps:
        for stranger in (town_hall, finance):
            with pytest.raises(TransitionRefused, match="Seul le rectorat"):
                step(stranger)
    campaign.close(by=None)
    for step in steps:
        with pytest.raises(TransitionRefused, match="est close"):
            step(rectorat)


def test_of_elsewhere_nothing_is_enrolled_withdrawn_or_prepared(limited, convention):
    campaign, school = convention.campaign, SchoolFactory()
    report = enrol(campaign, school.uai, by=limited)
    assert (report.enrolled, len(report.refused)) == ([], 1)
    with pytest.raises(TransitionRefused, match="hors de vos départements"):
        withdraw(convention.enrolments.first(), by=limited)
    enrol(campaign, school.uai, by=None)
    assert prepare(campaign, by=limited).created == []
