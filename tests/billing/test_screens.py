"""Claims, titres and settings on screen, for who follows the money."""

import csv
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.roles import Role
from billing import pages
from billing.coding.models import BillingSettings, BudgetYear, Coding, ThirdParty
from billing.models import Claim, Entry, Titre
from billing.models.entry import EntryKind
from tabular.models import SavedView
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

from .conftest import amend, issue, request, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def auch(villeneuve):
    """A signed convention of the same campaign in another académie."""
    gers = DepartmentFactory(
        code="32", name="Gers", academy=AcademyFactory(code="16", name="Toulouse")
    )
    there = CollectivityFactory(commune=CommuneFactory(code="32013", name="Auch", department=gers))
    return sign_by_both(ConventionFactory(campaign=villeneuve.campaign, collectivity=there))


def shown(response):
    return [due.convention.reference for due, _ in response.context["rows"]]


def exported(client, query=""):
    response = client.get(f"{reverse('claims_export', args=['csv'])}?{query}")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=";"))


def euros(text):
    return Decimal(text.replace(",", "."))


class TestAccess:
    @pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMINISTRATOR, Role.RECTORAT])
    @pytest.mark.parametrize("url", ["/titres/", "/titres/export.csv", "/titres/export.xlsx"])
    def test_who_follows_the_money_reads_claims(self, client, role, url, villeneuve):
        client.force_login(UserFactory(role=role))
        response = client.get(url)
        response.getvalue()
        assert response.status_code == 200

    @pytest.mark.parametrize("url", ["/titres/", "/titres/export.csv", "/titres/reglages/"])
    def test_a_town_hall_is_refused(self, client, town_hall, url):
        client.force_login(town_hall)
        assert client.get(url).status_code == 403

    def test_the_rectorat_changes_no_setting(self, client, rectorat):
        client.force_login(rectorat)
        assert client.post(reverse("billing_general"), {"due_days": 30}).status_code == 403
        assert not BillingSettings.objects.exists()

    def test_an_agent_of_one_departement_neither_sees_nor_exports_the_others(
        self, client, villeneuve, auch, finance
    ):
        request(villeneuve.campaign, finance)
        agent = UserFactory(role=Role.RECTORAT, departments=[auch.collectivity.department])
        client.force_login(agent)
        response = client.get(reverse("claims"))
        assert shown(response) == [auch.reference]
        assert response.context["totals"].claims == 1
        assert [row["Convention"] for row in exported(client)] == [auch.reference]
        theirs = Titre.objects.get(claim__convention=villeneuve)
        assert client.get(reverse("titre", args=[theirs.pk])).status_code == 404
        assert client.get("/titres/creances/2022-2023/34337/").status_code == 404


class TestClaims:
    def test_villeneuve_is_one_row_that_leads_to_its_claim(self, as_finance, villeneuve):
        page = as_finance.get(reverse("claims")).content.decode()
        assert 'href="/titres/creances/2022-2023/34337/"' in page
        assert "90,00\u00a0€" in page
        assert "Fragile" in page

    def test_columns_chosen_are_remembered_for_whoever_chose_them(self, client, villeneuve):
        mine, other = UserFactory(role=Role.FINANCE), UserFactory(role=Role.FINANCE)
        client.force_login(mine)
        address = reverse("claims_columns")
        back = client.post(
            address, {"columns": ["number", "balance", "rien"], "query": "etat=emises"}
        )
        assert back.url == "/titres/?etat=emises"
        page = client.get(reverse("claims"))
        assert [column.header for column in page.context["columns"]] == [
            "Reste dû",
            "Numéro Chorus",
        ]
        assert "90,00\u00a0€" in page.content.decode()
        client.force_login(other)
        headers = [column.header for column in client.get(reverse("claims")).context["columns"]]
        assert headers == ["Dernière signature", "Dû", "Demandé", "À demander"]

    @pytest.mark.parametrize("page", ["claims", "owed"])
    def test_a_view_is_ones_own_unless_it_is_shared(self, client, villeneuve, page):
        finance = UserFactory(role=Role.FINANCE)
        limited = UserFactory(role=Role.RECTORAT, departments=[villeneuve.collectivity.department])
        client.force_login(finance)
        for name, more in (("À moi", {}), ("À tous", {"is_shared": "on"})):
            posted = {"name": name, "query": "departement=34", **more}
            assert client.post(reverse(f"{page}_views"), posted).status_code == 302
        assert "?departement=34" in client.get(reverse(page)).content.decode()
        client.force_login(limited)
        assert [str(view) for view in client.get(reverse(page)).context["views"]] == ["À tous"]
        for view in SavedView.objects.all():
            client.post(reverse(f"{page}_forget"), {"view": view.pk})
        assert SavedView.objects.count() == 2

    def test_views_of_one_list_are_not_those_of_another(self, as_finance, villeneuve):
        as_finance.post(reverse("owed_views"), {"name": "Échus", "query": "jour=2026-11-01"})
        assert [*as_finance.get(reverse("claims")).context["views"]] == []

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

    def test_a_claim_is_found_by_the_number_that_chorus_gave_its_titre(
        self, as_finance, villeneuve, auch, finance
    ):
        request(villeneuve.campaign, finance)
        issue(Titre.objects.get(claim__convention=auch), chorus_number="abc-77")
        assert shown(as_finance.get("/titres/?recherche=ABC-77")) == [auch.reference]

    def test_each_state_leaves_its_own(self, as_finance, villeneuve, auch, finance):
        def of(state):
            return shown(as_finance.get(f"/titres/?campagne=2022&etat={state}"))

        both = {villeneuve.reference, auch.reference}
        assert set(of("a-demander")) == both
        request(villeneuve.campaign, finance)
        issue(Titre.objects.get(claim__convention=auch))
        assert of("a-demander") == []
        assert set(of("demandees")) == both
        assert of("en-attente") == [villeneuve.reference]
        assert of("emises") == [auch.reference]
        assert of("exonerees") == []

    def test_totals_and_exports_are_of_what_the_filters_show(self, as_finance, sign_many, auch):
        sign_many(4)
        query = "campagne=2022&departement=34"
        totals = as_finance.get(f"/titres/?{query}").context["totals"]
        rows = exported(as_finance, query)
        assert (len(rows), sum(euros(row["Dû"]) for row in rows)) == (totals.claims, totals.due)

        workbook = as_finance.get(f"/titres/export.xlsx?{query}").getvalue()
        last = [cell.value for cell in list(load_workbook(BytesIO(workbook)).active)[-1]]
        assert totals.due in last

    def test_the_export_links_carry_the_filters(self, as_finance, villeneuve):
        page = as_finance.get("/titres/?departement=34&page=1").content.decode()
        assert "/titres/export.csv?departement=34&amp;campagne=2022" in page

    def test_a_departement_that_does_not_exist_is_said_at_its_field(self, as_finance, villeneuve):
        response = as_finance.get("/titres/?departement=99")
        assert "Choisissez un département de la liste." in response.content.decode()
        assert response.context["rows"] == []

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
        self, as_finance, sign_many, sample, finance
    ):
        def queries():
            with CaptureQueriesContext(connection) as captured:
                as_finance.get(reverse("claims"))
            return len(captured)

        request(sign_many(3)[0].campaign, finance)
        few = queries()
        request(sign_many(sample(4, 27))[0].campaign, finance)
        assert queries() == few

    def test_the_list_has_pages_and_the_next_keeps_the_filters(
        self, as_finance, sign_many, monkeypatch
    ):
        monkeypatch.setattr(pages, "PER_PAGE", 2)
        sign_many(3)
        response = as_finance.get("/titres/?departement=34")
        assert len(response.context["rows"]) == 2
        assert "?departement=34&amp;page=2" in response.content.decode()


class TestClaim:
    def test_an_avenant_stands_in_its_calculation(self, as_finance, current):
        amend(current, remove=1)
        page = as_finance.get(
            reverse("claim", args=[current.campaign.school_year, current.collectivity.code])
        ).content.decode()
        assert "Avenant n° 1" in page
        assert "1 école retirée" in page
        assert "−45,00\u00a0€" in page
        assert "<strong>45,00\u00a0€</strong>" in page

    def test_another_debtor_is_named_by_its_code(self, as_finance, villeneuve):
        heir = CollectivityFactory(commune=CommuneFactory(code="34999", name="Nouvelle"))
        url = "/titres/creances/2022-2023/34337/debiteur/"
        wrong = as_finance.post(url, {"collectivity": "99999", "reason": "Fusion."})
        assert "Aucune collectivité ne porte ce code." in wrong.content.decode()
        done = as_finance.post(url, {"collectivity": "34999", "reason": "Fusion."}, follow=True)
        assert f"adressés à {heir.title}" in done.content.decode()
        assert Claim.objects.get().debtor_changes.get().collectivity == heir

    def test_chorus_codes_go_with_the_next_titres_only(self, as_finance, villeneuve, finance):
        request(villeneuve.campaign, finance)
        url = "/titres/creances/2022-2023/34337/tiers/"
        as_finance.post(url, {"code": "0012345", "service_code": "FACT"})
        assert ThirdParty.objects.get().code == "0012345"
        first = Titre.objects.get()
        assert first.third_party_code == ""
        tell(first, EntryKind.REJECTED, reason="Tiers inconnu.")
        request(villeneuve.campaign, finance)
        assert Titre.objects.order_by("pk").last().third_party_code == "0012345"


class TestTitre:
    @pytest.fixture
    def titre(self, current, finance):
        request(current.campaign, finance)
        return Titre.objects.get()

    def record(self, client, titre, kind, **typed):
        url = reverse("entry_new", args=[titre.pk, kind])
        return client.post(url, {"reason": "Relevé du comptable."} | typed, follow=True)

    def test_its_life_is_recorded_line_by_line(self, as_finance, titre, today):
        on = today.isoformat()
        self.record(as_finance, titre, "issued", on=on, chorus_number="X1", due_on=on)
        page = self.record(as_finance, titre, "received", on=on, amount="40,50").content.decode()
        assert "recouvré partiellement" in page
        assert "49,50\u00a0€" in page
        page = self.record(as_finance, titre, "received", on=on, amount="49.5").content.decode()
        assert "recouvré</p>" in page

    def test_what_the_ledger_refuses_is_said_at_its_field_and_kept(self, as_finance, titre, today):
        response = self.record(as_finance, titre, "issued", on="2099-01-01", chorus_number="X1")
        assert response.status_code == 422
        assert "dans le futur" in response.content.decode()
        assert 'value="X1"' in response.content.decode()
        assert not Entry.objects.exists()

    def test_what_the_ledger_would_refuse_is_not_offered(self, as_finance, titre, today):
        on = today.isoformat()

        def offered():
            return set(as_finance.get(reverse("titre", args=[titre.pk])).context["kinds"])

        self.record(as_finance, titre, "issued", on=on, chorus_number="X1")
        owing = {"taken", "received", "reminded", "contested", "remitted", "written_off"}
        assert offered() == owing
        self.record(as_finance, titre, "received", on=on, amount="90")
        assert offered() == {"taken", "received", "payment_reversed", "refunded"}

    def test_an_amount_that_is_none_is_said(self, as_finance, titre, today):
        issue(titre)
        response = self.record(
            as_finance, titre, "received", on=today.isoformat(), amount="2,13E+13"
        )
        assert "n&#x27;est pas un montant" in response.content.decode()

    def test_a_wrong_entry_is_undone_by_another_and_both_stay(self, as_finance, titre, today):
        issue(titre)
        paid = tell(titre, EntryKind.RECEIVED, amount=90)
        url = reverse("entry_reverse", args=[titre.pk, paid.pk])
        page = as_finance.post(
            url, {"on": today.isoformat(), "reason": "Erreur."}, follow=True
        ).content.decode()
        assert "annulée depuis" in page
        assert "Annule : encaissement" in page
        assert Entry.objects.count() == 3

    def test_a_titre_to_cancel_may_still_be_let_stand(self, as_finance, titre):
        issue(titre)
        as_finance.post(reverse("titre_cancel", args=[titre.pk]), {"reason": "Erreur."})
        claim = Claim.objects.get()
        assert claim.to_cancel == titre
        convention = claim.convention
        as_finance.post(
            reverse(
                "claim_keep_titre",
                args=[convention.campaign.school_year, convention.collectivity.code],
            )
        )
        claim.refresh_from_db()
        assert claim.to_cancel is None


class TestSettings:
    def test_a_coding_is_filled_in_for_its_year(self, as_finance):
        as_finance.post(reverse("budget_year_new"), {"year": 2026, "last_batch_on": "2026-12-11"})
        url = reverse("coding_new", args=[2026])
        page = as_finance.post(url, {"fonds": "0140"}, follow=True).content.decode()
        assert Coding.objects.get().fonds == "0140"
        assert "La codification est enregistrée" in page
        assert "11/12/2026" in page

    def test_a_year_has_one_general_coding(self, as_finance):
        Coding.objects.create(budget_year=BudgetYear.objects.create(year=2026))
        response = as_finance.post(reverse("coding_new", args=[2026]), {"fonds": "0140"})
        assert "déjà sa codification générale" in response.content.decode()
        assert Coding.objects.count() == 1

    def test_a_code_too_long_is_said_and_kept_on_screen(self, as_finance):
        BudgetYear.objects.create(year=2026)
        long = "9" * 51
        response = as_finance.post(reverse("coding_new", args=[2026]), {"fonds": long})
        assert "fonds" in response.context["form"].errors
        assert long in response.content.decode()
        assert not Coding.objects.exists()

    def test_a_new_year_rewrites_no_titre(self, as_finance, villeneuve, finance):
        year = BudgetYear.objects.create(year=2026)
        coding = Coding.objects.create(budget_year=year, fonds="0140")
        request(villeneuve.campaign, finance)
        as_finance.post(reverse("coding", args=[2026, coding.pk]), {"fonds": "0150"})
        assert Titre.objects.get().fonds == "0140"

    def test_author_and_minimum_are_those_of_the_next_titres(self, as_finance, villeneuve, finance):
        typed = {
            "author_name": "Jeanne Durand",
            "author_capacity": "Secrétaire générale",
            "minimum_amount": "30.00",
        }
        page = as_finance.post(reverse("billing_general"), typed, follow=True).content.decode()
        assert "Jeanne Durand, Secrétaire générale" in page
        request(villeneuve.campaign, finance)
        assert Titre.objects.get().author_name == "Jeanne Durand"
