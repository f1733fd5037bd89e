"""Mayors of the directory of elected people: proposed, then applied or refused by an agent."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from communes.contacts.mayors import apply, import_mayors, pending, refuse
from communes.contacts.models import ProposedMayor
from communes.mandates import represent
from communes.models import Collectivity
from jobs import running
from jobs.models import Job
from tabular.reading import UnreadableFile
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 11, 24)
HEADERS = (
    "Code du département",
    "Libellé du département",
    "Code de la commune",
    "Libellé de la commune",
    "Nom de l'élu",
    "Prénom de l'élu",
    "Code sexe",
    "Date de début du mandat",
    "Date de début de la fonction",
)
LIST = "admin:contacts_proposedmayor_changelist"


def directory(*mayors, sign=";", encoding="latin-1", above=()):
    """A file of the directory; a mayor: code, last name, first name, sex, day."""
    rows = [
        (code[:2], "Hérault", code, "Ville", last, first, sex, "20/03/2026", day)
        for code, last, first, sex, day in mayors
    ]
    lines = [*above, *(sign.join(row) for row in (HEADERS, *rows))]
    return "\r\n".join(lines).encode(encoding)


NEW = ("34003", "FRÊCHE", "Hélène", "F", "28/03/2026")


@pytest.fixture
def agde():
    commune = CommuneFactory(code="34003", name="Agde")
    return CollectivityFactory(
        commune=commune,
        name="Agde",
        representative_first_name="Camille",
        representative_last_name="MARTIN",
        representative_capacity="Maire",
    )


@pytest.mark.parametrize("sign", [";", "\t"], ids=["semicolon", "tab"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
@pytest.mark.parametrize("above", [(), ("Titre du rapport, Liste des maires, France", "")])
def test_the_file_is_read_as_it_is_published(agde, sign, encoding, above):
    content = directory(NEW, sign=sign, encoding=encoding, above=above)
    report = import_mayors(content, today=TODAY)
    assert [change.identifier for change in report.created] == ["34003"]
    (mayor,) = pending()
    assert mayor.representative == "Hélène FRÊCHE"
    assert (mayor.representative_civility, mayor.representative_capacity) == ("F", "Maire")
    assert (mayor.since, mayor.proposed_on) == (datetime.date(2026, 3, 28), TODAY)


def test_the_import_changes_nobody_and_its_preview_writes_nothing(agde):
    report = import_mayors(directory(NEW), today=TODAY, dry_run=True)
    assert report.created[0].details == ("Camille MARTIN → Hélène FRÊCHE, depuis le 28/03/2026",)
    assert not ProposedMayor.objects.exists()
    import_mayors(directory(NEW), today=TODAY)
    assert Collectivity.objects.get(pk=agde.pk).representative == "Camille MARTIN"


def test_the_same_person_written_otherwise_is_not_proposed(agde):
    same = ("34003", "Martin", "CAMILLE", "M", "28/03/2026")
    report = import_mayors(directory(same), today=TODAY)
    assert (report.unchanged, pending().count()) == (1, 0)


@pytest.mark.parametrize(
    "day", ["2026-03-28", "28/03/2026 00:00", "2026-03-28 00:00:00", "28-03-2026", "46109"]
)
def test_a_day_is_read_however_a_spreadsheet_has_left_it(agde, day):
    import_mayors(directory((*NEW[:4], day)), today=TODAY)
    assert ProposedMayor.objects.get().since == datetime.date(2026, 3, 28)


@pytest.mark.parametrize(
    ("mayor", "said"),
    [
        (("34003", "FRÊCHE", "Hélène", "F", "28/11/2026"), "est dans le futur"),
        (("34003", "FRÊCHE", "Hélène", "F", "28/03/0026"), "Vouliez-vous dire 2026"),
        (("34003", "FRÊCHE", "Hélène", "F", "mars"), "n'est pas une date"),
        (("34003", "FRÊCHE", "", "F", "28/03/2026"), "manque"),
        (("34999", "FRÊCHE", "Hélène", "F", "28/03/2026"), "Aucune commune"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_reason(agde, mayor, said):
    report = import_mayors(directory(mayor), today=TODAY)
    assert said in report.refused[0].reason
    assert not ProposedMayor.objects.exists()


def test_other_functions_and_other_regions_are_passed_over(agde):
    content = "\n".join(
        (
            "Code de la commune;Nom;Prénom;Civilité;Fonction;Date de début",
            "34003;ROUX;Paul;M.;1er adjoint au Maire;2026-03-28",
            "34003;BLANC;Anne;Mme;Maire délégué;2026-03-28",
            "75056;ROUX;Paul;M.;Maire;2026-03-28",
            "34003;FRÊCHE;Hélène;Mme;Maire;2026-03-28",
        )
    ).encode()
    report = import_mayors(content, today=TODAY)
    assert dict(report.ignored_reasons) == {
        "autre fonction que maire": 2,
        "hors des départements de la région": 1,
    }
    assert pending().get().representative == "Hélène FRÊCHE"


def test_a_file_without_the_columns_needed_says_which(agde):
    with pytest.raises(UnreadableFile, match="Date de début"):
        import_mayors(b"Code de la commune;Nom;Prenom\n34003;A;B", today=TODAY)


def test_applied_it_begins_a_mandate_signed_by_the_agent(agde, rectorat):
    import_mayors(directory(NEW), today=TODAY)
    apply(pending().get(), by=rectorat, today=TODAY)
    agde = Collectivity.objects.get(pk=agde.pk)
    assert agde.representative == "Hélène FRÊCHE"
    assert agde.mandate.since == datetime.date(2026, 3, 28)
    assert agde.represented_on(datetime.date(2026, 3, 1)).representative == "Camille MARTIN"
    assert agde.history.first().history_user == rectorat
    assert not pending().exists()


def test_an_older_file_does_not_undo_a_later_mandate(agde, rectorat):
    import_mayors(directory(NEW), today=TODAY)
    apply(pending().get(), by=rectorat, today=TODAY)
    import_mayors(directory(("34003", "MARTIN", "Camille", "M", "25/05/2020")), today=TODAY)
    with pytest.raises(ValidationError, match="celui-ci le suit"):
        apply(pending().get(), by=rectorat, today=TODAY)


def test_a_refused_proposal_comes_back_for_somebody_else_only(agde):
    import_mayors(directory(NEW), today=TODAY)
    assert refuse(pending(), today=TODAY) == 1
    import_mayors(directory(NEW), today=TODAY)
    assert not pending().exists()
    import_mayors(directory(("34003", "ROUX", "Paul", "M", "28/05/2026")), today=TODAY)
    assert pending().get().representative == "Paul ROUX"


def confirmed(asked):
    return {"confirmed": "oui", "shown": asked.context["shown"]}


def test_an_agent_imports_sees_the_difference_and_applies_it_by_a_job(client, rectorat, agde):
    client.force_login(rectorat)
    file = SimpleUploadedFile("maires.csv", directory(NEW))
    url = reverse("admin:contacts_proposedmayor_import")
    preview = client.post(url, {"file": file})
    assert "Hélène FRÊCHE" in preview.text
    client.post(url, {"digest": preview.context["confirm_form"].initial["digest"]})
    page = client.get(reverse(LIST)).text
    assert "Camille MARTIN, Maire" in page
    assert "Madame Hélène FRÊCHE" in page
    (mayor,) = pending()
    chosen = {"action": "apply_proposals", "_selected_action": mayor.pk}
    asked = client.post(reverse(LIST), chosen)
    assert "Agde (34003)" in asked.text
    assert "Hélène FRÊCHE" in asked.text
    assert not Job.objects.exists()
    client.post(reverse(LIST), chosen | confirmed(asked))
    job = Job.objects.get()
    running.work(job)
    assert Collectivity.objects.get(pk=agde.pk).representative == "Hélène FRÊCHE"
    assert "Agde" in job.items.get().name
    running.retry(job, by=job.by)
    assert "Agde" not in client.get(reverse(LIST)).text.partition('id="result_list"')[2]


def test_an_agent_refuses_what_is_proposed(client, rectorat, agde):
    import_mayors(directory(NEW), today=TODAY)
    client.force_login(rectorat)
    mayor = pending().get()
    chosen = {"action": "refuse_proposals", "_selected_action": mayor.pk}
    asked = client.post(reverse(LIST), chosen)
    assert "Le représentant actuel reste." in asked.text
    assert pending().exists()
    client.post(reverse(LIST), chosen | confirmed(asked))
    assert not pending().exists()
    assert Collectivity.objects.get(pk=agde.pk).representative == "Camille MARTIN"


@pytest.mark.parametrize("action", ["apply_proposals", "refuse_proposals"])
def test_what_an_import_proposes_after_the_page_that_asked_is_not_taken(
    client, rectorat, agde, action
):
    import_mayors(directory(NEW), today=TODAY)
    client.force_login(rectorat)
    mayor = pending().get()
    chosen = {"action": action, "select_across": "1", "_selected_action": mayor.pk}
    asked = client.post(reverse(LIST), chosen)
    CollectivityFactory(
        commune=CommuneFactory(code="34032", department=agde.department),
        representative_last_name="MARTIN",
    )
    others = (
        ("34003", "ROUX", "Paul", "M", "28/03/2026"),
        ("34032", "PETIT", "Luc", "M", "28/03/2026"),
    )
    import_mayors(directory(*others), today=TODAY)
    answer = client.post(reverse(LIST), chosen | confirmed(asked), follow=True)
    assert "changées depuis la page précédente : 1." in answer.text.replace("\u00a0", " ")
    assert not Job.objects.exists()
    assert pending().count() == 2


def test_what_an_import_proposes_before_the_work_begins_is_not_taken(client, rectorat, agde):
    import_mayors(directory(NEW), today=TODAY)
    client.force_login(rectorat)
    chosen = {"action": "apply_proposals", "_selected_action": pending().get().pk}
    client.post(reverse(LIST), chosen | confirmed(client.post(reverse(LIST), chosen)))
    import_mayors(directory(("34003", "ROUX", "Paul", "M", "28/03/2026")), today=TODAY)
    job = Job.objects.get()
    running.work(job)
    assert "quelqu'un d'autre" in job.items.get().reason
    assert Collectivity.objects.get(pk=agde.pk).representative == "Camille MARTIN"


def test_an_agent_of_another_departement_sees_and_applies_nothing(client, agde):
    import_mayors(directory(NEW), today=TODAY)
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    client.force_login(UserFactory(role="rectorat", departments=[gard]))
    assert client.get(reverse(LIST)).context["cl"].result_count == 0
    mayor = pending().get()
    chosen = {"action": "apply_proposals", "_selected_action": mayor.pk, "confirmed": "oui"}
    client.post(reverse(LIST), chosen)
    assert not Job.objects.exists()
    assert client.get(reverse("admin:contacts_proposedmayor_import")).status_code == 403


class TestOnTheCollectivitysPage:
    @pytest.fixture
    def page(self, agde):
        import_mayors(directory(NEW), today=TODAY)
        return reverse("admin:communes_collectivity_change", args=[agde.pk])

    def settle(self, client, agde, **posted):
        url = reverse("admin:communes_collectivity_mayor", args=[agde.pk])
        shown = {"proposed": str(ProposedMayor.objects.get())}
        return client.post(url, shown | posted, follow=True)

    def test_who_is_proposed_is_said_and_applied(self, client, rectorat, agde, page):
        client.force_login(rectorat)
        assert "Hélène FRÊCHE, maire depuis le 28/03/2026" in client.get(page).text
        done = self.settle(client, agde, apply="")
        assert "Hélène FRÊCHE représente maintenant Agde." in done.text
        assert "Un maire est proposé" not in done.text
        assert Collectivity.objects.get(pk=agde.pk).representative == "Hélène FRÊCHE"
        assert agde.history.first().history_user == rectorat

    def test_or_set_aside(self, client, rectorat, agde, page):
        client.force_login(rectorat)
        done = self.settle(client, agde, refuse="")
        assert "Un maire est proposé" not in done.text
        assert Collectivity.objects.get(pk=agde.pk).representative == "Camille MARTIN"

    def test_applying_goes_through_the_documents_to_be_signed(
        self, client, rectorat, agde, page, monkeypatch
    ):
        convention, reviewed = ConventionFactory(collectivity=agde), []
        ConventionFactory()
        monkeypatch.setattr("rectorat.territory.mayors.review", reviewed.extend)
        client.force_login(rectorat)
        self.settle(client, agde, apply="")
        assert reviewed == [convention]

    def test_nobody_changes_whose_documents_could_not_be_gone_through(
        self, client, rectorat, agde, page, monkeypatch
    ):
        monkeypatch.setattr("rectorat.territory.mayors.review", lambda files: 1 / 0)
        client.force_login(rectorat)
        with pytest.raises(ZeroDivisionError):
            self.settle(client, agde, apply="")
        assert Collectivity.objects.get(pk=agde.pk).representative == "Camille MARTIN"

    def test_another_proposal_than_the_one_shown_is_not_applied(self, client, rectorat, agde, page):
        client.force_login(rectorat)
        done = self.settle(client, agde, apply="", proposed="Paul ROUX, maire depuis le 28/03/2026")
        assert "attend plus" in done.text
        assert Collectivity.objects.get(pk=agde.pk).representative == "Camille MARTIN"

    def test_what_cannot_be_is_said_and_changes_nothing(self, client, rectorat, agde, page):
        later = {"representative_first_name": "Anne", "representative_last_name": "ROUX"}
        represent(agde, later, since=datetime.date(2026, 6, 1), today=TODAY)
        client.force_login(rectorat)
        done = self.settle(client, agde, apply="")
        assert "celui-ci le suit" in done.text
        assert Collectivity.objects.get(pk=agde.pk).representative == "Anne ROUX"

    def test_it_is_nobodys_of_another_departement(self, client, agde, page):
        gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
        client.force_login(UserFactory(role="rectorat", departments=[gard]))
        assert self.settle(client, agde, apply="").status_code == 404
        assert Collectivity.objects.get(pk=agde.pk).representative == "Camille MARTIN"
