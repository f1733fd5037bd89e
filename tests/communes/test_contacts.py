"""Contacts imported from the lists that agents keep, and whom an e-mail reaches."""

from io import BytesIO

import pytest
import xlsxwriter
from django.urls import reverse

from communes.contacts.imports import import_contacts
from communes.contacts.models import Secretary
from communes.models import Collectivity, FormerCode
from rectorat.territory.reach import Reach, reach_by_department
from tabular.reading import UnreadableFile
from tests.factories import (
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
)
from tests.importing import accept, confirm, held, upload

pytestmark = pytest.mark.django_db


def town(code, name, **values):
    commune = CommuneFactory(code=code, name=name)
    return CollectivityFactory(commune=commune, name=name, email="", phone="", **values)


@pytest.fixture
def agde():
    return town("34003", "Agde")


def csv(*lines):
    return "\r\n".join(lines).encode()


def reread(collectivity):
    return Collectivity.objects.get(pk=collectivity.pk)


def test_a_row_is_of_the_collectivity_of_its_code_or_siren(agde, rectorat):
    other = town("34337", "Villeneuve")
    content = csv(
        "Code INSEE;SIREN;Courriel;Tél;Secrétaire de mairie",
        "34003;;Mairie@Agde.example;0467000001;Mme Roux",
        f";{other.siren};accueil@villeneuve.example;;",
    )
    report = import_contacts(content, by=rectorat)
    assert [change.identifier for change in report.changed] == ["34003", "34337"]
    assert (reread(agde).email, reread(agde).phone) == ("mairie@agde.example", "04 67 00 00 01")
    assert Secretary.objects.get(collectivity=agde).name == "Mme Roux"
    assert reread(other).email == "accueil@villeneuve.example"
    assert agde.history.first().history_user == rectorat


def test_importing_the_same_again_changes_nothing(agde):
    content = csv("insee;mail;telephone;contact", "34003;a@b.example;04.67.00.00.01;Mme Roux")
    import_contacts(content)
    again = import_contacts(content)
    assert (len(again.changed), again.unchanged) == (0, 1)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("467000001", "04 67 00 00 01"),
        ("33467000001", "04 67 00 00 01"),
        ("+33 (0)4 67 00 00 01", "04 67 00 00 01"),
        ("Tél : 04.67.00.00.01", "04 67 00 00 01"),
    ],
)
def test_a_telephone_is_kept_as_one_that_is_typed(agde, sent, kept):
    import_contacts(csv("insee;telephone", f"34003;{sent}"))
    assert reread(agde).phone == kept


@pytest.mark.parametrize("sent", ["04 67 00 00", "4,67E+08", "04 67 00 00 01 / 06 00 00 00 01"])
def test_what_is_no_telephone_is_told_and_the_rest_of_its_row_is_taken(agde, sent):
    import_contacts(csv("insee;telephone", "34003;0467000001"))
    report = import_contacts(csv("insee;telephone;mail", f"34003;{sent};a@b.example"))
    assert (reread(agde).phone, reread(agde).email) == ("04 67 00 00 01", "a@b.example")
    assert f"laissé de côté, téléphone « {sent} »" in report.remarks[0].reason


def test_a_word_in_place_of_a_telephone_takes_nothing_away(agde):
    import_contacts(csv("insee;telephone", "34003;0467000001"))
    assert import_contacts(csv("insee;telephone", "34003;néant")).changed == []


def test_an_empty_cell_takes_nothing_away(agde):
    import_contacts(csv("insee;mail;telephone", "34003;a@b.example;0467000001"))
    import_contacts(csv("insee;mail;telephone", "34003;;0467000002"))
    assert (reread(agde).email, reread(agde).phone) == ("a@b.example", "04 67 00 00 02")


def test_nothing_is_written_by_a_preview(agde):
    report = import_contacts(csv("insee;mail", "34003;a@b.example"), dry_run=True)
    assert "adresse électronique (rien jusqu'ici) : a@b.example" in report.changed[0].details
    assert reread(agde).email == ""


@pytest.mark.parametrize(
    "name", ["Saint-Jean-de-Védas", "Mairie de St Jean de Vedas", "ST-JEAN DE VEDAS"]
)
def test_a_name_alone_is_recognised_and_waits_for_a_confirmation(name):
    saint = town("34270", "Saint-Jean-de-Védas")
    content = csv("Commune;Mail", f"{name};a@b.example")
    report = import_contacts(content)
    assert "une à une" in held(report)["by_name"]
    assert (report.changed, reread(saint).email) == ([], "")
    accept(import_contacts, content)
    assert reread(saint).email == "a@b.example"


def test_a_name_that_several_bear_is_refused_unless_the_department_tells():
    gard = DepartmentFactory(code="30", name="Gard", of_name="du Gard")
    ours = town("34001", "Aumes")
    commune = CommuneFactory(code="30001", name="Aumes", department=gard)
    CollectivityFactory(commune=commune, name="Aumes", email="")
    report = import_contacts(csv("commune;mail", "Aumes;a@b.example"))
    assert "Plusieurs collectivités" in report.refused[0].reason
    content = csv("commune;département;mail", "Aumes;34;a@b.example")
    accept(import_contacts, content)
    assert reread(ours).email == "a@b.example"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("34003;pas une adresse", "adresse électronique"),
        ("99999;a@b.example", "Aucune collectivité"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line_and_keeps_no_other_back(agde, row, reason):
    other = town("34337", "Villeneuve")
    report = import_contacts(csv("insee;mail", row, "34337;b@c.example"))
    assert (report.refused[0].line, reason in report.refused[0].reason) == (2, True)
    assert reread(other).email == "b@c.example"


def test_two_rows_of_one_collectivity_are_not_both_taken(agde):
    report = import_contacts(csv("insee;mail", "34003;a@b.example", "34003;b@c.example"))
    assert "déjà à la ligne 2" in report.refused[0].reason
    assert reread(agde).email == "a@b.example"


def test_a_workbook_with_a_title_lost_zeros_and_a_total_is_read(agde):
    ain = CommuneFactory(code="09001", name="Aigues-Juntes")
    small = CollectivityFactory(commune=ain, email="", phone="")
    target = BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet()
        rows = [
            ["Contacts des mairies"],
            [],
            ["Code INSEE", "Adresse e-mail", "Téléphone"],
            [34003, "a@b.example", 467000001],
            [9001, "c@d.example", "05 61 00 00 01"],
            ["", "", ""],
            ["TOTAL", "", ""],
        ]
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    report = import_contacts(target.getvalue())
    assert len(report.changed) == 2
    assert (reread(agde).phone, reread(small).email) == ("04 67 00 00 01", "c@d.example")


def test_a_file_without_a_useful_column_is_refused_with_what_to_add(agde):
    with pytest.raises(UnreadableFile, match="Code INSEE"):
        import_contacts(csv("mail;prénom", "a@b.example;Inès"))


def test_an_agent_sees_what_would_change_then_confirms(client, rectorat, agde):
    named = town("34270", "Saint-Jean-de-Védas")
    client.force_login(rectorat)
    url = reverse("admin:communes_collectivity_import")
    assert url in client.get(reverse("admin:communes_collectivity_changelist")).content.decode()
    content = csv("insee;commune;mail", "34003;;a@b.example", ";St Jean de Védas;c@d.example")
    preview = upload(client, url, content)
    assert reread(agde).email == ""
    assert "reconnue par son nom seulement : 1" in preview.text.replace("\u00a0", " ")
    confirm(client, url, preview, "by_name")
    assert (reread(agde).email, reread(named).email) == ("a@b.example", "c@d.example")


def test_an_agent_of_some_departements_does_not_import(client, agde):
    client.force_login(UserFactory(role="rectorat", departments=[agde.department]))
    assert client.get(reverse("admin:communes_collectivity_import")).status_code == 403


def test_the_rate_by_departement_counts_addresses_and_active_accounts(client, rectorat):
    by_address, by_account, by_closed, by_nothing = (ConventionFactory() for _ in range(4))
    Collectivity.objects.update(email="")
    Collectivity.objects.filter(pk=by_address.collectivity_id).update(email="a@b.example")
    UserFactory(collectivities=[by_account.collectivity])
    UserFactory(collectivities=[by_closed.collectivity], is_active=False)
    ((department, reach),) = reach_by_department(by_nothing.campaign, rectorat)
    assert (department, reach) == (by_nothing.collectivity.department, Reach(4, 1, 1, 2))
    assert reach.percent == 50
    client.force_login(rectorat)
    page = client.get(reverse("admin:communes_collectivity_reach")).content.decode()
    assert "2 collectivités sur 4" in page.replace("\u00a0", " ")


def test_addresses_replaced_in_series_are_held_back(agde):
    towns = [agde, *(town(f"3410{n}", f"Ville {n}") for n in range(9))]
    content = [f"{each.code};mairie{each.code}@b.example" for each in towns]
    assert held(import_contacts(csv("insee;mail", *content))) == {}
    others = csv("insee;mail", *(line.replace("mairie", "accueil") for line in content))
    assert set(held(import_contacts(others))) == {"email"}
    assert reread(agde).email == "mairie34003@b.example"
    accept(import_contacts, others)
    assert reread(agde).email == "accueil34003@b.example"


@pytest.mark.parametrize("known_code", [True, False])
def test_a_code_and_a_siren_that_disagree_are_told_and_their_row_is_not_taken(agde, known_code):
    other = town("34337", "Villeneuve")
    code = agde.code if known_code else "34999"
    report = import_contacts(csv("insee;siren;mail", f"{code};{other.siren};a@b.example"))
    assert f"Le code {code} est" in report.refused[0].reason
    assert "est celui de Villeneuve" in report.refused[0].reason
    assert (reread(agde).email, reread(other).email) == ("", "")


def test_a_siren_that_a_spreadsheet_broke_is_told_beside_the_code(agde):
    report = import_contacts(csv("insee;siren;mail", "34003;2,134E+08;a@b.example"))
    assert "le SIREN 2,134E+08 est inconnu" in report.refused[0].reason


def test_a_number_of_the_lists_own_beside_a_siren_is_no_disagreement(agde):
    import_contacts(csv("code;siren;mail", f"12;{agde.siren};a@b.example"))
    assert reread(agde).email == "a@b.example"


def test_a_former_code_leads_to_its_commune_and_says_so(agde):
    FormerCode.objects.create(code="34999", commune=agde.commune)
    report = import_contacts(csv("insee;mail", "34999;a@b.example"))
    assert reread(agde).email == "a@b.example"
    assert report.remarks[0].reason == "ancien code d'Agde (34003), qui est retenue"
