"""A document whose printed facts changed since is said to be outdated, until it is made anew."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act, record_act_dates
from conventions.dossiers import outdating, tasks
from conventions.models import (
    Convention,
    Piece,
    attach,
    issue_documents,
    latest_piece,
    outdated_pieces,
    withdraw,
)
from documents.contexts import to_json
from documents.models import TextModel
from documents.received.uploads import UploadedPdf
from documents.references import reference_of
from documents.rendering import Rendered
from rectorat.boards.board import build_board
from tests.factories import (
    ConventionFactory,
    SchoolFactory,
    TextModelFactory,
    current_signed_convention,
    prepare_amendment,
    sign_by_both,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate
SCAN = UploadedPdf(content=b"%PDF-1.4 scan", pages=1, name="scan.pdf")


@pytest.fixture(autouse=True)
def quick_rendering(monkeypatch):
    """Lay nothing out: the text and the values are the document."""

    def render(text, context):
        reference = reference_of(text, to_json(context))
        return Rendered(content=f"%PDF {text.pk} {context}".encode(), pages=1, reference=reference)

    monkeypatch.setattr("conventions.models.dossier.render", render)


@pytest.fixture
def with_act(convention):
    """Confirmed, its act entered, both documents issued."""
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=None, kind="decision", number="2022D01", dated_on=TODAY())
    issue_documents(convention, by=None)
    return reread(convention)


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def reread(convention) -> Convention:
    return Convention.objects.with_parties().get(pk=convention.pk)


def outdated(dossier) -> list[str]:
    return [piece.kind for piece in outdated_pieces(dossier)]


def marked() -> list[str]:
    return list(Piece.objects.filter(outdated=True).order_by("kind").values_list("kind", flat=True))


def test_what_has_just_been_issued_is_up_to_date(with_act):
    assert outdated(with_act) == []
    assert marked() == []


def test_an_act_corrected_after_issue_outdates_it_and_the_convention_that_names_it(with_act):
    record_act(with_act, by=None, kind="decision", number="2022D02", dated_on=TODAY())
    assert sorted(outdated(with_act)) == marked() == ["act", "convention"]


def test_what_only_the_act_prints_outdates_the_act_alone(with_act):
    same = {"kind": "decision", "number": "2022D01", "dated_on": TODAY()}
    record_act(with_act, by=None, **same, executor="Madame la Directrice générale des services")
    assert outdated(with_act) == marked() == ["act"]


def test_details_confirmed_again_outdate_every_document(with_act):
    with_act.collectivity.address_line_1 = "Ailleurs"
    with_act.accept(by=None)
    assert sorted(outdated(with_act)) == marked() == ["act", "convention"]


def test_a_new_version_is_made_by_a_person_and_is_up_to_date(with_act, town_hall):
    record_act(with_act, by=None, kind="decision", number="2022D02", dated_on=TODAY())
    _, piece = issue_documents(with_act, by=town_hall)
    assert (piece.kind, piece.version, piece.added_by) == ("act", 2, town_hall)
    assert outdated(with_act) == marked() == []


def test_facts_that_come_back_bring_back_the_document_they_had(with_act):
    first = latest_piece(with_act, "act").document
    record_act(with_act, by=None, kind="decision", number="2022D02", dated_on=TODAY())
    issue_documents(with_act, by=None)
    record_act(with_act, by=None, kind="decision", number="2022D01", dated_on=TODAY())
    issue_documents(with_act, by=None)
    latest = latest_piece(with_act, "act")
    assert (latest.version, latest.document) == (3, first)


def test_what_somebody_signed_is_never_outdated(with_act):
    record_act(with_act, by=None, kind="decision", number="2022D02", dated_on=TODAY())
    with_act.sign_for_collectivity(by=None, on=TODAY())
    with_act.campaign.region.place = "Toulouse"
    with_act.campaign.region.save()
    outdating.review(Convention.objects.all())
    assert outdated(reread(with_act)) == marked() == []
    assert issue_documents(reread(with_act), by=None) == []


def test_a_document_is_not_made_anew_once_its_signed_copy_came_back(with_act):
    record_act(with_act, by=None, kind="decision", number="2022D02", dated_on=TODAY())
    attach(with_act, kind=Piece.Kind.ACT_SIGNED, pdf=SCAN, by=None)
    assert outdated(with_act) == marked() == ["convention"]
    attach(with_act, kind=Piece.Kind.CONVENTION_SIGNED, pdf=SCAN, by=None)
    assert outdated(with_act) == marked() == []
    assert issue_documents(with_act, by=None) == []


def test_a_copy_that_is_withdrawn_leaves_a_paper_that_is_out_of_date_again(with_act):
    record_act(with_act, by=None, kind="decision", number="2022D02", dated_on=TODAY())
    copy = attach(with_act, kind=Piece.Kind.CONVENTION_SIGNED, pdf=SCAN, by=None)
    assert outdated(with_act) == marked() == ["act"]
    withdraw(with_act, copy, by=None, reason="Mauvais fichier.")
    assert sorted(outdated(with_act)) == marked() == ["act", "convention"]


def test_a_signed_act_keeps_what_it_printed_but_for_its_dates(convention, day):
    sign_by_both(convention)
    issue_documents(convention, by=None)
    department = convention.collectivity.department
    department.court = "tribunal administratif de Nîmes"
    department.save()
    assert outdated(reread(convention)) == []
    record_act_dates(convention, by=None, published_on=day("14/10/2022"))
    assert outdated(convention) == marked() == ["act_executory"]


def test_an_executory_act_is_signed_as_it_was_printed(with_act):
    record_act_dates(with_act, by=None, deposited_on=TODAY(), published_on=TODAY())
    issue_documents(with_act, by=None)
    department = with_act.collectivity.department
    department.court = "tribunal administratif de Nîmes"
    department.save()
    outdating.review(Convention.objects.all())
    assert marked() == ["act", "act_executory"]
    signed = reread(with_act)
    signed.sign_for_collectivity(by=None, on=TODAY())
    assert outdated(signed) == marked() == []


def test_an_abandoned_file_has_nothing_outdated(with_act):
    record_act(with_act, by=None, kind="decision", number="2022D02", dated_on=TODAY())
    with_act.abandon(by=None, comment="Erreur")
    assert marked() == []


def test_an_amendment_has_outdated_documents_of_its_own():
    convention = current_signed_convention()
    school = SchoolFactory(payer=convention.collectivity)
    amendment = prepare_amendment(convention, add=[school])
    amendment.send(by=None)
    issue_documents(amendment, by=None)
    region = amendment.convention.campaign.region
    region.address_line = "1, rue Neuve"
    region.save()
    assert outdated(amendment) == ["amendment"]
    outdating.review(Convention.objects.all())
    assert marked() == ["amendment"]
    assert list(Convention.objects.outdated()) == [convention]
    # Terminated, there is no avenant to sign any more.
    earlier = TODAY() - datetime.timedelta(days=20)
    reread(convention).terminate(by=None, on=TODAY(), second_letter_on=earlier)
    assert marked() == []


class TestReview:
    def test_a_fact_of_the_region_outdates_what_is_to_be_signed(self, with_act):
        region = with_act.campaign.region
        region.address_line = "1, rue Neuve"
        region.save()
        tasks.review_documents()
        assert marked() == ["act", "convention"]

    def test_a_fact_put_back_makes_documents_current_again(self, with_act):
        region = with_act.campaign.region
        address, region.address_line = region.address_line, "1, rue Neuve"
        region.save()
        tasks.review_documents()
        region.address_line = address
        region.save()
        tasks.review_documents()
        assert marked() == []

    def test_a_long_review_goes_on_from_where_it_stopped(self, with_act):
        everything = Convention.objects.all()
        assert outdating.review(everything, budget=0) == with_act.pk
        assert outdating.review(everything, after=with_act.pk) is None

    @pytest.fixture
    def change(self, client, administrator):
        """Function that changes one field of a row on its page in the admin site."""
        client.force_login(administrator)

        def post(row, **values):
            page = reverse(f"admin:communes_{row._meta.model_name}_change", args=[row.pk])
            form = client.get(page).context["adminform"].form
            current = {name: form[name].value() or "" for name in form.fields}
            members = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
            response = client.post(page, {**current, **members, **values})
            assert response.status_code == 302, response.context["errors"]

        return post

    def test_a_change_of_region_or_department_has_every_file_reviewed(
        self, change, with_act, monkeypatch, django_capture_on_commit_callbacks
    ):
        asked = []
        monkeypatch.setattr("conventions.dossiers.tasks.async_task", asked.append)
        with django_capture_on_commit_callbacks(execute=True):
            change(with_act.campaign.region, place="Toulouse")
            change(with_act.collectivity.department, court="tribunal administratif de Nîmes")
        assert asked == ["conventions.dossiers.tasks.review_documents"] * 2

    def test_an_import_of_communes_has_every_file_reviewed_once_it_is_done(
        self, agent, with_act, monkeypatch, django_capture_on_commit_callbacks
    ):
        asked = []
        monkeypatch.setattr("conventions.dossiers.tasks.async_task", asked.append)
        commune, page = with_act.collectivity.commune, reverse("admin:communes_commune_import")
        content = (
            "code_insee;nom;departement;siren;population\n"
            f"{commune.code};{commune.name};{commune.department.code};{commune.siren};3499\n"
        ).encode()
        with django_capture_on_commit_callbacks(execute=True):
            preview = agent.post(page, {"file": SimpleUploadedFile("communes.csv", content)})
        assert asked == []
        form = preview.context["confirm_form"]
        tokens = [kind.token for kind in preview.context["report"].kinds]
        with django_capture_on_commit_callbacks(execute=True):
            agent.post(page, {**form.initial, "accepted": tokens})
        commune.refresh_from_db()
        assert commune.population == 3499
        assert asked == ["conventions.dossiers.tasks.review_documents"]

    def test_a_change_of_collectivity_marks_its_files_at_once(self, change, with_act):
        change(with_act.collectivity, website="https://www.example.fr")
        assert marked() == ["act"]


class TestScreens:
    @pytest.fixture
    def stale(self, with_act):
        record_act(with_act, by=None, kind="decision", number="2022D02", dated_on=TODAY())
        return reread(with_act)

    def test_the_town_hall_is_told_and_makes_the_new_version(self, client, town_hall, stale):
        client.force_login(town_hall)
        page = client.get(stale.get_absolute_url()).content.decode()
        assert "Un document n’est plus à jour" in page
        assert page.count("N’est plus à jour") == 2
        year, code = stale.campaign.school_year, stale.collectivity.code
        client.post(reverse("convention_issue", args=[year, code]))
        page = client.get(stale.get_absolute_url()).content.decode()
        assert "plus à jour" not in page
        # The first version stays, and is not to be signed any more.
        assert page.count("Remplacé</p>") == 2

    def test_the_agent_is_told_and_asks_for_the_new_version(self, agent, stale, worked):
        change = reverse("admin:conventions_convention_change", args=[stale.pk])
        page = agent.get(change).content.decode()
        assert "Produire une nouvelle version" in page
        assert page.count('class="state state-outdated"') == 2
        issue = reverse("admin:conventions_convention_verb", args=["issue"])
        agent.post(issue, {"conventions": stale.pk})
        worked()
        assert "plus à jour" not in agent.get(change).content.decode()

    def test_the_list_of_conventions_is_filtered(self, agent, stale):
        ConventionFactory(campaign=stale.campaign)
        url = reverse("admin:conventions_convention_changelist")
        found = agent.get(url, {"campaign": "all", "papers": "outdated"}).context["cl"].queryset
        assert list(found) == [stale]

    def test_the_campaign_counts_them(self, rectorat, stale):
        assert build_board(stale.campaign, rectorat).total.outdated == 1

    def test_the_count_leads_to_the_list(self, agent, stale):
        url = reverse("admin:campaigns_campaign_board", args=[stale.campaign.pk])
        page = agent.get(url).content.decode()
        assert "Documents à produire de nouveau : <strong>1</strong>" in page
        assert f"?campaign={stale.campaign.pk}&amp;papers=outdated" in page


def test_a_version_published_since_touches_nothing_that_was_issued():
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, remove=[convention.enrolments.first()])
    amendment.send(by=None)
    issue_documents(amendment, by=None)
    first = TextModel.objects.get(kind="amendment")
    TextModelFactory(kind="amendment", version=2, body=f"{first.body}\n\nUne phrase de plus.")
    assert outdated_pieces(amendment) == []
    assert issue_documents(amendment, by=None) == []
