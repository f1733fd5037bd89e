import csv
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.roles import Role
from billing import views
from billing.models import ChorusSettings
from tests.factories import (
    AcademyFactory,
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    UserFactory,
    sign_by_both,
)

pytestmark = pytest.mark.django_db

CODING = {
    "nature_de_recette": "",
    "fonds": "0140",
    "centre_financier": "",
    "domaine_fonctionnel": "",
    "centre_de_couts": "",
    "compte_pce": "",
    "activite": "",
}


@pytest.fixture
def as_finance(client, finance):
    client.force_login(finance)
    return client


@pytest.fixture
def auch(villeneuve):
    """A signed convention of the same campaign in another académie."""
    gers = DepartmentFactory(
        code="32", name="Gers", academy=AcademyFactory(code="16", name="Toulouse")
    )
    there = CollectivityFactory(commune=CommuneFactory(code="32013", name="Auch", department=gers))
    return sign_by_both(ConventionFactory(campaign=villeneuve.campaign, collectivity=there))


def shown(response):
    return [claim.convention_reference for claim in response.context["claims"]]


def exported(client, query=""):
    response = client.get(f"{reverse('claims_export', args=['csv'])}?{query}")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=";"))


class TestAccess:
    @pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMINISTRATOR, Role.RECTORAT])
    @pytest.mark.parametrize("url", ["/titres/", "/titres/export.csv", "/titres/export.xlsx"])
    def test_who_follows_the_money_reads_claims(self, client, role, url, villeneuve):
        client.force_login(UserFactory(role=role))
        assert client.get(url).status_code == 200

    @pytest.mark.parametrize("url", ["/titres/", "/titres/export.csv", "/titres/codification/"])
    def test_a_town_hall_is_refused(self, client, town_hall, url):
        client.force_login(town_hall)
        assert client.get(url).status_code == 403

    def test_the_rectorat_does_not_change_the_coding(self, client, rectorat):
        client.force_login(rectorat)
        assert client.post(reverse("chorus_settings"), CODING).status_code == 403
        assert not ChorusSettings.objects.exists()

    def test_an_agent_of_one_departement_neither_sees_nor_exports_the_others(
        self, client, villeneuve, auch
    ):
        agent = UserFactory(role=Role.RECTORAT, departments=[auch.collectivity.department])
        client.force_login(agent)
        response = client.get(reverse("claims"))
        assert shown(response) == [auch.reference]
        assert response.context["totals"].claims == 1
        assert [row["Code INSEE"] for row in exported(client)] == ["32013"]


class TestClaims:
    def test_villeneuve_is_one_row_that_leads_to_its_convention(self, as_finance, villeneuve):
        page = as_finance.get(reverse("claims")).content.decode()
        assert f'href="{villeneuve.get_absolute_url()}"' in page
        assert "90,00\u00a0€" in page
        assert "Signée avant l&#x27;acte exécutoire" in page

    def test_the_newest_campaign_with_claims_is_shown_first(self, as_finance, villeneuve):
        CampaignFactory(start_year=2026)
        assert as_finance.get(reverse("claims")).context["campaign"] == villeneuve.campaign

    def test_without_any_campaign_the_page_says_so(self, as_finance):
        assert "aucune campagne" in as_finance.get(reverse("claims")).content.decode()

    @pytest.mark.parametrize(
        "query",
        [
            "departement=34",
            "academie=11",
            "recherche=villeneuve+les+mag",
            "recherche=ENT-2022-34337",
            "recherche=tp-2022-34337",
            "recherche=213+403+371+00015",
        ],
    )
    def test_each_filter_leaves_what_it_names(self, as_finance, villeneuve, auch, query):
        assert shown(as_finance.get(f"/titres/?{query}")) == [villeneuve.reference]

    def test_totals_and_exports_are_of_what_the_filters_show(self, as_finance, sign_many, auch):
        sign_many(4)
        query = "campagne=2022&departement=34"
        totals = as_finance.get(f"/titres/?{query}").context["totals"]
        rows = exported(as_finance, query)
        amounts = [Decimal(row["Montant"].replace(",", ".")) for row in rows]
        assert (len(rows), sum(amounts)) == (totals.claims, totals.amount)

        workbook = as_finance.get(f"/titres/export.xlsx?{query}").content
        last = [cell.value for cell in list(load_workbook(BytesIO(workbook)).active)[-1]]
        assert totals.amount in last

    def test_the_export_links_carry_the_filters(self, as_finance, villeneuve):
        page = as_finance.get("/titres/?departement=34&page=1").content.decode()
        assert "/titres/export.csv?departement=34&amp;campagne=2022" in page

    def test_a_departement_that_does_not_exist_is_said_at_its_field(self, as_finance, villeneuve):
        response = as_finance.get("/titres/?departement=99")
        assert "Choisissez un département de la liste." in response.content.decode()
        assert response.context["claims"] == []

    def test_an_export_of_a_wrong_choice_leads_back_to_the_page(self, as_finance, villeneuve):
        response = as_finance.get("/titres/export.csv?departement=99")
        assert response.url.startswith("/titres/?departement=99")

    @pytest.mark.parametrize(
        "query", ["departement=%00", "campagne=-1", "campagne=9e99", "page=zz", "recherche=%25_"]
    )
    def test_an_address_typed_by_hand_never_breaks_the_page(self, as_finance, villeneuve, query):
        assert as_finance.get(f"/titres/?{query}").status_code == 200

    def test_an_unknown_format_is_not_found(self, as_finance, villeneuve):
        assert as_finance.get("/titres/export.ods").status_code == 404

    def test_the_page_takes_as_many_queries_for_many_conventions_as_for_few(
        self, as_finance, sign_many, sample
    ):
        def queries():
            with CaptureQueriesContext(
                connection,
            ) as captured:
                as_finance.get(reverse("claims"))
            return len(captured)

        sign_many(3)
        few = queries()
        sign_many(sample(4, 27))
        assert queries() == few

    def test_the_list_has_pages_and_the_next_keeps_the_filters(
        self, as_finance, sign_many, monkeypatch
    ):
        monkeypatch.setattr(views, "PER_PAGE", 2)
        sign_many(3)
        response = as_finance.get("/titres/?departement=34")
        assert len(response.context["claims"]) == 2
        assert "?departement=34&amp;page=2" in response.content.decode()


class TestCoding:
    def test_finance_fills_it_in(self, as_finance):
        response = as_finance.post(reverse("chorus_settings"), CODING, follow=True)
        assert ChorusSettings.current().fonds == "0140"
        assert "La codification est enregistrée" in response.content.decode()

    def test_a_code_too_long_is_said_and_kept_on_screen(self, as_finance):
        long = "9" * 51
        response = as_finance.post(reverse("chorus_settings"), CODING | {"fonds": long})
        assert "fonds" in response.context["form"].errors
        assert long in response.content.decode()
        assert not ChorusSettings.objects.exists()
