"""A town hall's file, from its first look to the executory date."""

import datetime
from io import BytesIO

import docx
import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from communes.models import Collectivity
from conventions.authority import record_act, record_act_dates
from conventions.dossiers import progress
from conventions.lifecycle import State
from conventions.models import attach, issue_documents
from conventions.situations import warnings
from documents.received.uploads import UploadedPdf
from lifecycle.rereading import fingerprint
from tests.factories import ConventionFactory, UserFactory, print_quickly

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate


def url(name, convention):
    return reverse(name, args=[convention.campaign.school_year, convention.collectivity.code])


def pdf(name="scan.pdf"):
    document = pikepdf.new()
    document.add_blank_page()
    buffer = BytesIO()
    document.save(buffer)
    return SimpleUploadedFile(name, buffer.getvalue(), "application/pdf")


def identity(convention, **changes):
    party = convention.collectivity
    values = {
        name: getattr(party, name)
        for name in [
            "siret",
            "address_line_1",
            "postcode",
            "city",
            "representative_civility",
            "representative_first_name",
            "representative_last_name",
            "representative_capacity",
            "capacity_gender",
        ]
    }
    read_at = fingerprint(Collectivity.objects.get(pk=party.pk))
    return {**values, "version": convention.version, "read_at": read_at, **changes}


def test_home_leads_to_the_convention_of_the_year(mairie, sent):
    response = mairie.get("/", follow=True)
    assert response.redirect_chain[-1][0] == sent.get_absolute_url()
    assert f"{sent.get_absolute_url()}renseignements/" in response.content.decode()


def test_a_convention_not_yet_sent_is_announced_but_not_shown(mairie, convention):
    response = mairie.get("/", follow=True)
    assert "Elle ne vous a pas encore été envoyée" in response.content.decode()
    assert mairie.get(convention.get_absolute_url()).status_code == 404


def test_another_communes_file_is_not_found(mairie, sent, rectorat):
    other = ConventionFactory()
    other.send(by=rectorat)
    for name in (
        "convention",
        "convention_preview",
        "convention_identity",
        "convention_act",
        "convention_dates",
        "convention_signature",
        "convention_piece",
    ):
        assert mairie.get(url(name, other)).status_code == 404, name


def test_confirming_the_details_copies_them_and_issues_the_convention(mairie, sent):
    response = mairie.post(
        url("convention_identity", sent), identity(sent, siret="", address_line_1="2, Grand-Rue")
    )
    assert response.status_code == 422
    siret = sent.collectivity.siret
    spaced = f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}"
    mairie.post(url("convention_identity", sent), identity(sent, siret=spaced, city="Bourg"))
    sent.refresh_from_db()
    assert sent.state == State.ACCEPTED
    assert (sent.party.siret, sent.party.city) == (siret, "Bourg")
    assert [piece.kind for piece in sent.pieces.all()] == ["convention"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("siret", "21340337100016", "La clé de ce numéro SIRET est fausse"),
        ("siret", "2134033710001", "compte 14 chiffres"),
        ("siret", "35600000000048", "pas celui de votre collectivité"),
        ("postcode", "347", "cinq chiffres"),
        ("representative_last_name", "", "obligatoire"),
    ],
)
def test_a_wrong_detail_is_said_at_its_field_and_what_was_typed_is_kept(
    mairie, sent, field, value, message
):
    typed = identity(sent, address_line_1="Adresse saisie", **{field: value})
    response = mairie.post(url("convention_identity", sent), typed)
    assert response.status_code == 422
    assert message in response.context["form"].errors[field][0]
    assert "Adresse saisie" in response.content.decode()
    sent.collectivity.refresh_from_db()
    assert sent.collectivity.address_line_1 != "Adresse saisie"


def test_preparing_the_act_issues_both_documents(mairie, accepted):
    mairie.post(
        url("convention_act", accepted),
        {
            "kind": "deliberation",
            "number": "2022-12",
            "dated_on": TODAY().isoformat(),
            "version": accepted.version,
        },
    )
    accepted.refresh_from_db()
    assert accepted.act.number == "2022-12"
    assert {piece.kind for piece in accepted.pieces.all()} == {"act", "convention"}


def test_no_new_pdf_is_announced_once_the_signed_one_came_back(mairie, with_act, town_hall):
    issue_documents(with_act, by=town_hall)
    scan = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")
    for kind in ("act_signed", "convention_signed"):
        attach(with_act, kind=kind, pdf=scan, by=town_hall)
    values = {"kind": "decision", "number": "2022D09", "dated_on": TODAY().isoformat()}
    page = mairie.post(
        url("convention_act", with_act), values | {"version": with_act.version}, follow=True
    ).content.decode()
    assert "L&#x27;acte est enregistré." in page
    assert "Les PDF sont prêts." not in page


def test_an_act_dated_tomorrow_is_refused_at_its_field(mairie, accepted):
    tomorrow = TODAY() + datetime.timedelta(days=1)
    response = mairie.post(
        url("convention_act", accepted),
        {
            "kind": "decision",
            "number": "1",
            "dated_on": tomorrow.isoformat(),
            "version": accepted.version,
        },
    )
    assert "dans le futur" in response.context["form"].errors["dated_on"][0]


def test_dates_before_the_act_are_refused_at_their_field(mairie, with_act):
    before = TODAY() - datetime.timedelta(days=1)
    response = mairie.post(
        url("convention_dates", with_act),
        {
            "deposited_on": before.isoformat(),
            "published_on": TODAY().isoformat(),
            "version": with_act.version,
        },
    )
    assert list(response.context["form"].errors) == ["deposited_on"]
    with_act.act.refresh_from_db()
    assert with_act.act.published_on is None


def test_both_dates_make_the_act_executory_and_issue_it_with_its_mention(mairie, with_act):
    today = TODAY().isoformat()
    mairie.post(
        url("convention_dates", with_act),
        {"deposited_on": today, "published_on": today, "version": with_act.version},
    )
    page = mairie.get(with_act.get_absolute_url()).content.decode()
    with_act.act.refresh_from_db()
    assert with_act.act.executory_on == TODAY()
    assert f"{with_act.act.appeal_ends_on:%d/%m/%Y}" in page
    assert "act_executory" in {piece.kind for piece in with_act.pieces.all()}


def test_a_recorded_date_is_kept_in_the_journal(with_act, town_hall):
    record_act_dates(with_act, by=town_hall, published_on=TODAY())
    assert with_act.journal.first().changes == {"published_on": [None, TODAY().isoformat()]}


def test_signing_with_both_copies(mairie, with_act):
    mairie.post(
        url("convention_signature", with_act),
        {
            "on": TODAY().isoformat(),
            "version": with_act.version,
            "convention_signed": pdf(),
            "act_signed": pdf(),
        },
    )
    with_act.refresh_from_db()
    assert with_act.state == State.SIGNED_BY_COLLECTIVITY
    kinds = {piece.kind for piece in with_act.pieces.all()}
    assert {"act_signed", "convention_signed"} <= kinds


def test_a_fake_pdf_is_refused_at_its_field_and_nothing_is_recorded(mairie, with_act):
    fake = SimpleUploadedFile("scan.pdf", b"GIF89a" + b"x" * 100, "application/pdf")
    response = mairie.post(
        url("convention_signature", with_act),
        {"on": TODAY().isoformat(), "version": with_act.version, "convention_signed": fake},
    )
    assert "convention_signed" in response.context["form"].errors
    with_act.refresh_from_db()
    assert with_act.state == State.ACCEPTED


def test_signing_before_the_act_is_refused_at_its_field(mairie, with_act):
    before = TODAY() - datetime.timedelta(days=1)
    response = mairie.post(
        url("convention_signature", with_act),
        {"on": before.isoformat(), "version": with_act.version},
    )
    assert "précéder l'acte" in response.context["form"].errors["on"][0]


def test_a_form_opened_before_a_colleague_saved_is_told_who_and_nothing_is_lost(
    mairie, accepted, rectorat
):
    stale = accepted.version
    record_act(accepted, by=rectorat, kind="decision", number="1", dated_on=TODAY())
    response = mairie.post(
        url("convention_act", accepted),
        {
            "kind": "deliberation",
            "number": "MON NUMÉRO",
            "dated_on": TODAY().isoformat(),
            "version": stale,
        },
    )
    page = response.content.decode()
    assert rectorat.get_full_name() in page
    assert "MON NUMÉRO" in page
    accepted.act.refresh_from_db()
    assert accepted.act.number == "1"


def test_documents_are_not_generated_again_when_nothing_changed(with_act, town_hall):
    assert len(issue_documents(with_act, by=town_hall)) == 2
    assert issue_documents(with_act, by=town_hall) == []


def test_a_corrected_act_is_a_new_version(with_act, town_hall):
    issue_documents(with_act, by=town_hall)
    record_act(with_act, by=town_hall, kind="decision", number="2022D02", dated_on=TODAY())
    issued = issue_documents(with_act, by=town_hall)
    # The convention names the act that authorises it.
    assert [(piece.kind, piece.version) for piece in issued] == [("convention", 2), ("act", 2)]


def test_nothing_is_regenerated_once_signed(with_act, town_hall, rectorat):
    issue_documents(with_act, by=town_hall)
    with_act.sign_for_collectivity(by=town_hall, on=TODAY())
    with_act.sign_for_region(by=rectorat, on=TODAY())
    with_act.collectivity.address_line_1 = "Ailleurs"
    with_act.collectivity.save()
    assert issue_documents(with_act, by=town_hall) == []


def test_a_piece_is_downloaded_by_its_own_town_hall_only(mairie, with_act, client, town_hall):
    piece = issue_documents(with_act, by=town_hall)[0]
    response = mairie.get(reverse("piece", args=[piece.pk]))
    assert b"".join(response.streaming_content).startswith(b"%PDF-")
    assert ".pdf" in response["Content-Disposition"]
    client.force_login(UserFactory())
    assert client.get(reverse("piece", args=[piece.pk])).status_code == 404


def test_the_project_of_a_convention_can_be_read_before_confirming(mairie, sent):
    response = mairie.get(url("convention_preview", sent))
    assert response.content.startswith(b"%PDF-")
    assert not sent.pieces.exists()


def test_the_page_costs_the_same_number_of_queries_whatever_the_schools(
    mairie, rectorat, town_hall, django_assert_max_num_queries
):
    large = ConventionFactory(schools_count=40)
    large.send(by=rectorat)
    town_hall.collectivities.add(large.collectivity)
    with django_assert_max_num_queries(13):
        mairie.get(large.get_absolute_url())


def test_steps_follow_the_order_of_the_law(with_act):
    titles = [step.title for step in progress.steps(with_act)]
    assert titles.index("Déposer l'acte en préfecture et le publier") < titles.index(
        "Faire signer la convention"
    )


def test_a_deliberation_is_not_reported_to_the_council(accepted, town_hall):
    record_act(accepted, by=town_hall, kind="deliberation", number="1", dated_on=TODAY())
    assert "Communiquer la décision au conseil" not in [
        step.title for step in progress.steps(accepted)
    ]


def test_signing_before_the_act_is_executory_warns_and_does_not_block(with_act, town_hall):
    print_quickly(with_act)
    with_act.sign_for_collectivity(by=town_hall, on=TODAY())
    assert any("pas encore exécutoire" in warning for warning in warnings.found_on(with_act))


# --- The act as a text to be finished elsewhere -----------------------------------
def test_the_act_is_offered_as_a_text_in_the_scope_of_who_asks(client, with_act, town_hall):
    where = [with_act.campaign.school_year, with_act.collectivity.code]
    client.force_login(town_hall)
    page = reverse("act_text", args=where)
    assert page in client.get(with_act.get_absolute_url()).content.decode()
    response = client.get(page)
    assert response["Content-Disposition"].endswith(f'_{with_act.reference}.docx"')
    assert docx.Document(BytesIO(response.content)).paragraphs
    client.force_login(UserFactory())
    assert client.get(page).status_code == 404


def test_there_is_no_text_before_the_act_is_chosen(client, accepted, town_hall):
    client.force_login(town_hall)
    where = [accepted.campaign.school_year, accepted.collectivity.code]
    assert client.get(reverse("act_text", args=where)).status_code == 404


# --- What its page says, as it stands -------------------------------------------------
CORRECT = "Demandez une correction au rectorat avant de signer"


def test_a_file_given_up_promises_nothing(mairie, sent, rectorat):
    assert CORRECT in mairie.get(sent.get_absolute_url()).text
    sent.abandon(by=rectorat, comment="Erreur.")
    page = mairie.get(sent.get_absolute_url()).text
    for promise in (CORRECT, "apparaîtront ici", "à venir", "Lire le projet"):
        assert promise not in page


def test_no_correction_is_offered_once_the_collectivity_has_signed(mairie, with_act, town_hall):
    print_quickly(with_act)
    with_act.sign_for_collectivity(by=town_hall, on=TODAY())
    assert CORRECT not in mairie.get(with_act.get_absolute_url()).text
