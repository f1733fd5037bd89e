"""The avenant's pages: the town hall's block and forms, the rectorat's in the admin site."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from conventions.amendments.lifecycle import AmendmentState
from conventions.amendments.models import Amendment
from conventions.models import Piece, latest_piece, own_pieces
from rectorat.admin.convention import ConventionAdmin
from tests.documents.test_uploads import pdf_of
from tests.factories import (
    ConventionFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
    sign_amendment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def convention():
    return current_signed_convention()


@pytest.fixture
def school(convention):
    return SchoolFactory(payer=convention.collectivity, name="École Simone Veil")


@pytest.fixture
def amendment(convention, school):
    return prepare_amendment(convention, add=[school])


@pytest.fixture
def sent(amendment):
    amendment.send(by=None)
    print_quickly(amendment)
    return amendment


@pytest.fixture
def mairie(client, town_hall):
    client.force_login(town_hall)
    return client


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def town_hall_url(page, amendment):
    convention = amendment.convention
    args = [convention.campaign.school_year, convention.collectivity.code, amendment.number]
    return reverse(page, args=args)


def admin_url(amendment, verb):
    args = [amendment.convention_id, amendment.number, verb]
    return reverse("admin:conventions_convention_amendment", args=args)


def text_of(response):
    return response.content.decode().replace("\u00a0", " ").replace("&nbsp;", " ")


# --- The town hall ----------------------------------------------------------
def test_an_avenant_that_was_not_sent_is_not_there_for_the_town_hall(mairie, convention, amendment):
    page = text_of(mairie.get(convention.get_absolute_url()))
    assert "Avenant n°" not in page
    assert mairie.get(town_hall_url("amendment_signature", amendment)).status_code == 404


def test_the_file_shows_what_the_avenant_changes_and_what_to_do(mairie, convention, sent):
    page = text_of(mairie.get(convention.get_absolute_url()))
    assert "À faire maintenant : signer l’avenant n° 1" in page
    assert "École Simone Veil" in page
    assert "90,00 € avant l’avenant, 135,00 € après" in page
    assert town_hall_url("amendment_signature", sent) in page


def test_the_file_says_the_current_amount_beside_the_signed_one(mairie, convention, sent):
    sign_amendment(sent)
    page = text_of(mairie.get(convention.get_absolute_url()))
    assert "2 écoles à 45,00 €, soit 90,00 €" in page
    assert "Avec les avenants signés : 3 écoles, soit 135,00 €." in page
    assert "135,00 €" in text_of(mairie.get(reverse("conventions")))


def test_the_signature_is_recorded_with_the_signed_copy(mairie, sent):
    scan = pdf_of(1)
    response = mairie.post(
        town_hall_url("amendment_signature", sent),
        {
            "version": sent.version,
            "is_representative": "on",
            "on": timezone.localdate().isoformat(),
            "amendment_signed": SimpleUploadedFile("signé.pdf", scan, "application/pdf"),
        },
    )
    assert response.status_code == 302
    sent.refresh_from_db()
    assert sent.state == AmendmentState.SIGNED_BY_COLLECTIVITY
    assert latest_piece(sent, Piece.Kind.AMENDMENT_SIGNED).document.original_name == "signé.pdf"


def test_a_wrong_date_is_refused_at_its_field_and_nothing_is_written(mairie, sent, convention):
    before = convention.effective_on - datetime.timedelta(days=1)
    response = mairie.post(
        town_hall_url("amendment_signature", sent),
        {"version": sent.version, "is_representative": "on", "on": before},
    )
    assert response.status_code == 422
    assert "précéder la prise d" in response.context["form"].errors["on"][0]
    assert Amendment.objects.get().state == AmendmentState.SENT


def test_the_back_button_does_not_overwrite_a_signature(mairie, sent):
    form = {"version": sent.version, "is_representative": "on", "on": f"{timezone.localdate()}"}
    mairie.post(town_hall_url("amendment_signature", sent), form)
    form["on"] = f"{timezone.localdate() - datetime.timedelta(days=1)}"
    response = mairie.post(town_hall_url("amendment_signature", sent), form)
    assert response.status_code == 422
    assert "modifié entre-temps" in text_of(response)


def test_its_act_is_entered_dated_and_printed(mairie, sent):
    today = timezone.localdate().isoformat()
    mairie.post(
        town_hall_url("amendment_act", sent),
        {"version": sent.version, "kind": "decision", "number": "2026-12", "dated_on": today},
    )
    sent.refresh_from_db()
    assert sent.act.number == "2026-12"
    assert latest_piece(sent, Piece.Kind.AMENDMENT_ACT)
    mairie.post(
        town_hall_url("amendment_dates", sent),
        {
            "version": sent.version,
            "deposited_on": today,
            "published_on": today,
            "publication_mode": "electronic",
        },
    )
    assert Amendment.objects.get().act.executory_on == timezone.localdate()
    assert latest_piece(sent, Piece.Kind.ACT_EXECUTORY)


def test_a_piece_is_added_to_the_avenant_and_not_to_the_convention(mairie, sent, convention):
    scan = pdf_of(1)
    response = mairie.post(
        town_hall_url("amendment_piece", sent),
        {
            "version": sent.version,
            "kind": "amendment_signed",
            "file": SimpleUploadedFile("copie.pdf", scan, "application/pdf"),
        },
    )
    assert response.status_code == 302
    kinds = own_pieces(sent).values_list("kind", flat=True)
    assert set(kinds) == {"amendment", "amendment_signed"}
    assert not own_pieces(convention).filter(kind__in=kinds).exists()


@pytest.mark.parametrize(
    "page", ["amendment_signature", "amendment_act", "amendment_dates", "amendment_piece"]
)
def test_the_avenant_of_another_commune_does_not_exist(client, sent, page):
    other = UserFactory(role=Role.TOWN_HALL, collectivities=[ConventionFactory().collectivity])
    client.force_login(other)
    assert client.get(town_hall_url(page, sent)).status_code == 404


def test_the_page_costs_the_same_number_of_queries_for_1_school_as_for_10(
    mairie, convention, django_assert_max_num_queries
):
    schools = SchoolFactory.create_batch(10, payer=convention.collectivity)
    prepare_amendment(convention, add=schools).send(by=None)
    with django_assert_max_num_queries(32):
        mairie.get(convention.get_absolute_url())


# --- The rectorat -----------------------------------------------------------
def amend_url(convention):
    return reverse("admin:conventions_convention_amend", args=[convention.pk])


def test_an_agent_prepares_an_avenant_by_ticking_schools(agent, convention, school):
    page = text_of(agent.get(reverse("admin:conventions_convention_change", args=[convention.pk])))
    assert amend_url(convention) in page
    removed = convention.enrolments.first()
    response = agent.post(
        amend_url(convention),
        {"reason": "Une école en remplace une autre.", "ticked": [school.pk], "remove": removed.pk},
    )
    assert response.status_code == 302
    amendment = convention.amendments.get()
    assert [line.school for line in amendment.added] == [school]
    assert amendment.removed == [removed]


def test_an_agent_prepares_an_avenant_by_codes(agent, convention, school):
    agent.post(amend_url(convention), {"reason": "Ouverture.", "add": f"UAI\n{school.uai}"})
    assert convention.amendments.get().added[0].school == school


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ("0341255A", "0341255A"),
        ("0341255E", "Aucune école connue ne porte le code 0341255E."),
    ],
)
def test_a_wrong_code_is_told_at_its_field(agent, convention, codes, message):
    response = agent.post(amend_url(convention), {"reason": "Ouverture.", "add": codes})
    assert message in " ".join(response.context["form"].errors["add"])
    assert not convention.amendments.exists()


def test_a_school_of_another_payer_is_told_at_its_field(agent, convention):
    foreign = SchoolFactory()
    response = agent.post(amend_url(convention), {"reason": "Ouverture.", "add": foreign.uai})
    assert "n'est pas à la charge" in response.context["form"].errors["add"][0]


def test_only_schools_that_may_come_in_are_offered(agent, convention, school):
    SchoolFactory()
    form = agent.get(amend_url(convention)).context["form"]
    assert list(form.fields["ticked"].queryset) == [school]
    assert set(form.fields["remove"].queryset) == set(convention.enrolments.all())


def test_a_convention_that_cannot_be_amended_says_so(agent):
    convention = ConventionFactory()
    response = agent.get(amend_url(convention), follow=True)
    assert "Un avenant se prépare pour une convention signée" in text_of(response)
    assert amend_url(convention) not in text_of(response)


def test_an_agent_sends_it_and_its_pdf_is_made(agent, amendment):
    page = text_of(agent.get(admin_url(amendment, "send")))
    assert "90,00 € avant, <strong>135,00 €</strong> après" in page
    agent.post(admin_url(amendment, "send"))
    amendment.refresh_from_db()
    assert amendment.state == AmendmentState.SENT
    assert own_pieces(amendment).get().kind == Piece.Kind.AMENDMENT


def test_the_last_signature_says_beforehand_that_it_takes_effect(agent, sent):
    url = admin_url(sent, "sign_for_region")
    assert "prendra effet" not in text_of(agent.get(url))
    sent.sign_for_collectivity(by=None, on=timezone.localdate())
    assert "prendra effet" in text_of(agent.get(url))
    agent.post(url, {"on": timezone.localdate().isoformat()})
    assert Amendment.objects.get().state == AmendmentState.SIGNED


def test_an_agent_abandons_it_with_a_reason(agent, sent, school):
    response = agent.post(admin_url(sent, "abandon"), {"comment": ""})
    assert "Indiquez le motif" in text_of(response)
    agent.post(admin_url(sent, "abandon"), {"comment": "Ouverture remise."})
    assert Amendment.objects.get().state == AmendmentState.ABANDONED
    assert school.enrolments.get().released_on is not None


def test_a_verb_that_is_none_is_not_found(agent, sent):
    assert agent.get(admin_url(sent, "delete")).status_code == 404


def test_the_list_and_the_export_say_the_current_amount(agent, convention, sent):
    sign_amendment(sent)
    campaign = {"campaign": convention.campaign_id}
    page = agent.get(reverse("admin:conventions_convention_changelist"), campaign)
    assert "135,00 €" in text_of(page)
    export = reverse("admin:conventions_convention_export", args=["csv"])
    content = b"".join(agent.get(export, campaign).streaming_content).decode()
    assert ";3;45,00;135,00;" in content


def test_the_list_sorts_by_what_it_shows(client, rectorat):
    """Two schools and an avenant that adds two come after three schools."""
    amended = current_signed_convention()
    three = ConventionFactory(campaign=amended.campaign, schools_count=3)
    schools = SchoolFactory.create_batch(2, payer=amended.collectivity)
    sign_amendment(prepare_amendment(amended, add=schools))
    client.force_login(rectorat)
    columns = ConventionAdmin.list_display
    for name in ("school_total", "euros"):
        page = client.get(
            reverse("admin:conventions_convention_changelist"),
            {"o": columns.index(name) + 1},
        )
        assert list(page.context["cl"].result_list) == [three, amended]
