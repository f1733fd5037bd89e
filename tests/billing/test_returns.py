"""A return of the accountant: read whatever its form, shown, applied once; the rest in a tray."""

import datetime
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO

import pytest
import xlsxwriter
from django.db import IntegrityError, transaction
from django.db.models import DateField
from django.urls import reverse

from billing import recording
from billing.ledger import Status, account_of
from billing.models import Entry, Titre
from billing.models.entry import EntryKind
from billing.recording import EntryRefused
from billing.returns import applying
from billing.returns.layouts import Layout, guess, known_layout, remember, signature_of
from billing.returns.models import Finding, ReturnFile, ReturnImport, ReturnRow
from billing.returns.settling import dismiss
from documents.templatetags.french import plural
from lifecycle.insertion import Insertion, insertion_of
from tabular.reading import UnreadableFile
from tests.factories import CollectivityFactory, CommuneFactory, ConventionFactory

from .conftest import issue, request, sign_in_order, tell

pytestmark = pytest.mark.django_db

HEADERS = "Référence interne;Numéro du titre;SIRET;État;Date;Montant;Motif"
NAMES = ("reference", "chorus_number", "siret", "state", "on", "amount", "reason")
LAYOUT = Layout(
    columns={name: place for place, name in enumerate(NAMES)},
    states={
        "emis": "issued",
        "rejete": "rejected",
        "pris en charge": "taken",
        "encaisse": "received",
        "a ignorer": "",
    },
)


@pytest.fixture
def titre(current, finance):
    request(current.campaign, finance)
    return Titre.objects.get()


@pytest.fixture
def today_fr(today):
    return f"{today:%d/%m/%Y}"


def csv_of(*rows, headers=HEADERS, encoding="utf-8"):
    return "\r\n".join([headers, *rows]).encode(encoding)


def receive(content, finance, name="retour.csv"):
    return applying.receive(name, content, by=finance)[0]


def seen(content, finance, layout=LAYOUT):
    """What would be made of each row."""
    return applying.preview(receive(content, finance), layout).rows


def apply(content, finance, layout=LAYOUT):
    return applying.apply(receive(content, finance), layout, by=finance).rows


def now(titre):
    return account_of(Titre.objects.in_full().get(pk=titre.pk))


def row(titre, state, day, amount="", number="", reason=""):
    return f"{titre.reference};{number};;{state};{day};{amount};{reason}"


class TestReading:
    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("1 234,50", "1234.50"),
            ("1234.5", "1234.50"),
            ("1\u202f234,50 €", "1234.50"),
            ("1.234,50", "1234.50"),
        ],
    )
    def test_amounts_are_read_as_people_write_them(self, titre, finance, today_fr, text, amount):
        issue(titre)
        (outcome,) = seen(csv_of(row(titre, "Encaissé", today_fr, text)), finance)
        assert outcome.entry.amount == Decimal(amount)
        assert "Trop-perçu" in outcome.explanation

    def test_an_amount_below_zero_is_a_payment_reversed(self, titre, finance, today_fr):
        issue(titre)
        tell(titre, EntryKind.RECEIVED, amount=90)
        (outcome,) = seen(csv_of(row(titre, "Encaissé", today_fr, "(45,00)")), finance)
        assert (outcome.entry.kind, outcome.entry.amount) == (EntryKind.PAYMENT_REVERSED, 45)

    def test_a_year_of_two_digits_is_of_this_century(self, titre, finance, today):
        """So a spreadsheet writes in a CSV what it took for a date."""
        (outcome,) = seen(csv_of(row(titre, "émis", f"{today:%d/%m/%y}", "90,00", "X1")), finance)
        assert outcome.entry.on == today

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
    def test_any_encoding_and_iso_dates(self, titre, finance, today, encoding):
        content = csv_of(row(titre, "émis", today.isoformat(), "90,00", "X1"), encoding=encoding)
        (outcome,) = seen(content, finance)
        assert (outcome.finding, outcome.entry.on) == (Finding.APPLIED, today)

    def test_a_workbook_keeps_codes_and_dates(self, titre, finance, today):
        target = BytesIO()
        with xlsxwriter.Workbook(target) as workbook:
            sheet = workbook.add_worksheet()
            sheet.write_row(0, 0, HEADERS.split(";"))
            sheet.write_row(1, 0, [titre.reference, "0001234", "", "émis"])
            day = workbook.add_format({"num_format": "dd/mm/yyyy"})
            sheet.write_datetime(1, 4, datetime.datetime.combine(today, datetime.time()), day)
            sheet.write_number(1, 5, 90)
        (outcome,) = seen(target.getvalue(), finance)
        assert (outcome.finding, outcome.entry.chorus_number) == (Finding.APPLIED, "0001234")
        assert outcome.entry.on == today

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "vide"),
            (b"a;b;c\r\n", "aucune ligne"),
            (b"PK\x03\x04 not a workbook", "illisible"),
            (b"%PDF-1.7", "PDF"),
        ],
    )
    def test_a_file_of_which_nothing_can_be_made_is_refused_whole(self, finance, content, words):
        with pytest.raises(UnreadableFile, match=words):
            receive(content, finance)
        assert not ReturnFile.objects.exists()

    def test_a_layout_is_guessed_then_remembered(self, finance):
        guessed = guess(HEADERS.split(";"), ["Émis", "Rejeté", "Encaissé"])
        assert guessed.columns == LAYOUT.columns
        assert guessed.states == {"emis": "issued", "rejete": "rejected", "encaisse": "received"}
        remember(HEADERS.split(";"), LAYOUT, by=finance)
        assert known_layout(signature_of(HEADERS.upper().split(";"))) == LAYOUT


class TestMatching:
    def test_by_our_reference_then_by_the_number_of_chorus(self, titre, finance, today_fr):
        content = csv_of(
            row(titre, "émis", today_fr, "90,00", "X1"),
            f";X1;;Encaissé;{today_fr};40,00;",
            f";X1;;Encaissé;{today_fr};50,00;",
        )
        apply(content, finance)
        assert (now(titre).status, now(titre).balance) == (Status.RECEIVED, 0)

    def test_siret_and_amount_only_propose(self, titre, finance, today_fr):
        issue(titre)
        content = csv_of(f";;{titre.siret};Encaissé;{today_fr};90,00;")
        (outcome,) = apply(content, finance)
        assert outcome.finding == Finding.PROPOSED
        assert titre.reference in outcome.explanation
        assert now(titre).received == 0

    def test_a_siret_that_a_spreadsheet_took_for_a_number_still_proposes(self, finance, today_fr):
        commune = CommuneFactory(siren="005520176")
        convention = ConventionFactory(collectivity=CollectivityFactory(commune=commune))
        request(sign_in_order(convention).campaign, finance)
        issue(Titre.objects.get())
        content = csv_of(f";;5520176{convention.collectivity.siret[9:]};Encaissé;{today_fr};90,00;")
        (outcome,) = apply(content, finance)
        assert outcome.finding == Finding.PROPOSED

    def test_a_return_for_another_region_changes_nothing(self, titre, finance, today_fr):
        rows = [f"TP-2022-{n};{n};;émis;{today_fr};90,00;" for n in range(75000, 75005)]
        assert {o.finding for o in apply(csv_of(*rows), finance)} == {Finding.UNMATCHED}
        assert not Entry.objects.exists()

    @pytest.mark.parametrize(
        ("line", "finding"),
        [
            ("{ref};X1;;émis;{day};91,00;", Finding.CONTRADICTORY),
            ("{ref};;;Encaissé;{day};10,00;", Finding.CONTRADICTORY),
            ("{ref};X1;;émis;01/01/2099;90,00;", Finding.FUTURE),
            ("{ref};X1;;émis;31/02/2026;90,00;", Finding.UNREADABLE),
            ("{ref};X1;;émis;;90,00;", Finding.UNREADABLE),
            ("{ref};X1;;émis;{day};beaucoup;", Finding.UNREADABLE),
            ("{ref};X1;;perdu;{day};90,00;", Finding.UNREADABLE),
            (";;2,13E+13;émis;{day};90,00;", Finding.UNREADABLE),
            ("{ref};" + "9" * 51 + ";;émis;{day};90,00;", Finding.TOO_LONG),
            ("{ref};;;rejeté;{day};;", Finding.CONTRADICTORY),
            ("{ref};;;à ignorer;{day};;", Finding.KNOWN),
        ],
    )
    def test_a_row_that_cannot_be_applied_says_why_and_never_stops_the_others(
        self, titre, finance, today_fr, line, finding
    ):
        other = sign_in_order(ConventionFactory(campaign=titre.batch.campaign))
        request(other.campaign, finance)
        fine = Titre.objects.get(claim__convention=other)
        content = csv_of(
            line.format(ref=titre.reference, day=today_fr),
            row(fine, "émis", today_fr, "90,00", "X2"),
        )
        first, second = apply(content, finance)
        assert (first.finding, second.finding) == (finding, Finding.APPLIED)
        assert first.explanation
        assert now(fine).chorus_number == "X2"
        assert now(titre).status == Status.REQUESTED

    def test_the_same_number_for_two_titres_is_contradictory(self, titre, finance, today_fr):
        other = sign_in_order(ConventionFactory(campaign=titre.batch.campaign))
        request(other.campaign, finance)
        content = csv_of(
            *(row(t, "émis", today_fr, "90,00", "X1") for t in Titre.objects.order_by("pk"))
        )
        assert [o.finding for o in apply(content, finance)] == ["applied", "contradictory"]

    def test_a_line_twice_in_a_file_is_for_a_person_to_settle(self, titre, finance, today_fr):
        issue(titre)
        line = row(titre, "Encaissé", today_fr, "45,00")
        assert [o.finding for o in apply(csv_of(line, line), finance)] == ["applied", "double"]
        assert now(titre).received == 45


class TestApplying:
    def test_the_same_row_in_a_later_file_changes_nothing_and_says_so(
        self, titre, finance, today_fr
    ):
        issued = row(titre, "émis", today_fr, "90,00", "X1")
        paid = row(titre, "Encaissé", today_fr, "40,00")
        apply(csv_of(issued, paid), finance)
        again = apply(csv_of(issued, paid, row(titre, "Encaissé", today_fr, "50,00")), finance)
        assert [o.finding for o in again] == ["known", "known", "applied"]
        assert now(titre).balance == 0

    def test_the_same_file_is_kept_once_and_applied_once(self, titre, finance, today_fr):
        content = csv_of(row(titre, "émis", today_fr, "90,00", "X1"))
        apply(content, finance)
        received, is_new = applying.receive("autre.csv", content, by=finance)
        assert not is_new
        with pytest.raises(EntryRefused, match="déjà été appliqué"):
            applying.apply(received, LAYOUT, by=finance)
        assert Entry.objects.count() == 1

    def test_raw_rows_stay_with_what_was_found_of_them(self, titre, finance, today_fr):
        apply(csv_of(row(titre, "émis", today_fr, "90,00", "X1"), ";;;émis;;;"), finance)
        kept = list(ReturnRow.objects.order_by("line"))
        assert [r.line for r in kept] == [2, 3]
        assert kept[0].cells[:2] == [titre.reference, "X1"]
        assert kept[0].entries.get().chorus_number == "X1"

    def test_somebody_writing_meanwhile_makes_it_be_read_again(
        self, titre, finance, today_fr, monkeypatch
    ):
        """As when a person records by hand, between the reading and the writing."""
        read = applying.outcomes
        calls = []

        def outcomes(lines, layout):
            found = read(lines, layout)
            if not calls:
                issue(titre, chorus_number="A-LA-MAIN")
            calls.append(1)
            return found

        monkeypatch.setattr(applying, "outcomes", outcomes)
        (outcome,) = apply(csv_of(row(titre, "émis", today_fr, "90,00", "X1")), finance)
        assert len(calls) == 2
        assert outcome.finding == Finding.CONTRADICTORY
        assert now(titre).chorus_number == "A-LA-MAIN"

    def test_a_fault_half_way_leaves_nothing_written(self, titre, finance, today_fr, monkeypatch):
        def insert(insertion):
            if any(
                Entry._meta.db_table in words.split(" (")[0] for words, _ in insertion.statements
            ):
                raise RuntimeError
            execute(insertion)

        execute = Insertion.execute
        monkeypatch.setattr(Insertion, "execute", insert)
        with pytest.raises(RuntimeError):
            apply(csv_of(row(titre, "émis", today_fr, "90,00", "X1")), finance)
        assert not ReturnImport.objects.exists()
        assert not ReturnRow.objects.exists()

    def test_rows_that_go_together_in_a_statement_are_each_written_once(
        self, titre, finance, today_fr
    ):
        issue(titre)
        amounts = [Decimal(cents) / 100 for cents in range(1, 122)]
        rows = [row(titre, "encaissé", today_fr, f"{amount}") for amount in amounts]
        apply(csv_of(*rows), finance)
        kept = ReturnRow.objects.order_by("line").values_list("line", "cells")
        assert [(line, Decimal(cells[5])) for line, cells in kept] == list(enumerate(amounts, 2))
        entries = Entry.objects.filter(kind=EntryKind.RECEIVED).order_by("pk")
        told = entries.values_list("source__line", "amount", "effect")
        assert list(told) == [(line, a, -a * 100) for line, a in enumerate(amounts, 2)]

    def test_the_database_refuses_what_one_statement_says_twice(self, titre, today):
        twice = [
            Entry(
                titre=titre,
                account=titre,
                kind=EntryKind.ISSUED,
                on=today,
                amount=titre.amount,
                effect=titre.amount * 100,
                chorus_number=number,
            )
            for number in ("X1", "X2")
        ]
        with pytest.raises(IntegrityError, match="déjà sa réponse"), transaction.atomic():
            insertion_of(Entry, twice).execute()
        assert not Entry.objects.exists()

    def test_what_is_written_is_made_ready_before_others_have_to_wait(
        self, titre, finance, today_fr, monkeypatch
    ):
        held = []

        @contextmanager
        def writing(seen):
            with recording.writing(seen):
                held.append(True)
                yield
                held.append(False)

        def converted(field, value, connection, prepared=False):
            made_ready.append(bool(held) and held[-1])
            return convert(field, value, connection, prepared)

        made_ready, convert = [], DateField.get_db_prep_value
        monkeypatch.setattr(applying, "writing", writing)
        monkeypatch.setattr(DateField, "get_db_prep_value", converted)
        apply(csv_of(row(titre, "émis", today_fr, "90,00", "X1")), finance)
        assert held == [True, False]
        assert made_ready
        assert not any(made_ready)

    def test_it_takes_as_many_queries_for_many_rows_as_for_few(
        self, sign_many, finance, today_fr, django_assert_num_queries, sample
    ):
        few = request(sign_many(3)[0].campaign, finance)
        many = request(sign_many(sample(6, 40), 2023)[0].campaign, finance)
        for batch in (few, many):
            content = csv_of(
                *(
                    row(titre, "émis", today_fr, "", f"{batch.pk}-{titre.pk}")
                    for titre in batch.titres.order_by("pk")
                )
            )
            received = receive(content, finance, f"{batch.pk}.csv")
            with django_assert_num_queries(6):
                applying.preview(received, LAYOUT)


class TestTray:
    def in_tray(self, titre, finance, today_fr, amount="135,00"):
        issue(titre)
        apply(csv_of(f";;{titre.siret};Encaissé;{today_fr};{amount};"), finance)
        return ReturnRow.objects.in_tray().get()

    def test_one_transfer_pays_for_two_titres(self, as_finance, titre, finance, today, today_fr):
        other = sign_in_order(ConventionFactory(campaign=titre.batch.campaign))
        request(other.campaign, finance)
        second = Titre.objects.get(claim__convention=other)
        issue(second)
        waiting = self.in_tray(titre, finance, today_fr)
        assert "ligne 2" in as_finance.get(reverse("tray")).content.decode()
        typed = {
            "kind": "received",
            "on": today.isoformat(),
            "titres": f"{titre.reference} 90,00\n{second.reference} 45,00",
            "reason": "Un virement pour deux titres.",
        }
        as_finance.post(reverse("row_settle", args=[waiting.pk]), typed)
        assert (now(titre).balance, now(second).balance) == (0, Decimal("45.00"))
        assert {e.source_id for e in Entry.objects.filter(kind="received")} == {waiting.pk}
        assert not ReturnRow.objects.in_tray().exists()

    def test_what_the_ledger_refuses_is_said_and_the_row_waits_on(
        self, as_finance, titre, finance, today, today_fr
    ):
        waiting = self.in_tray(titre, finance, today_fr)
        typed = {"kind": "refunded", "on": today.isoformat(), "reason": "…"}
        url = reverse("row_settle", args=[waiting.pk])
        for titres, words in (
            (f"{titre.reference} 10,00", "encaissés"),
            ("TP-0000 10,00", "Aucun titre"),
            (f"{titre.reference} beaucoup", "pas un montant"),
        ):
            page = as_finance.post(url, typed | {"titres": titres}).content.decode()
            assert words in page
        assert ReturnRow.objects.in_tray().get() == waiting

    def test_a_proposal_stands_in_the_form_ready_to_be_confirmed(
        self, as_finance, titre, finance, today_fr
    ):
        waiting = self.in_tray(titre, finance, today_fr, amount="90,00")
        page = as_finance.get(reverse("row_settle", args=[waiting.pk])).content.decode()
        assert f"{titre.reference} 90,00" in page

    def test_one_is_set_aside_with_its_reason_once(self, titre, finance, today_fr):
        waiting = self.in_tray(titre, finance, today_fr)
        with pytest.raises(EntryRefused):
            dismiss(waiting, reason=" ", by=finance)
        dismiss(waiting, reason="Autre région.", by=finance)
        with pytest.raises(EntryRefused, match="déjà réglée"):
            dismiss(waiting, reason="Encore.", by=finance)


class TestScreens:
    def upload(self, client, content, name="retour.csv"):
        file = BytesIO(content)
        file.name = name
        return client.post(reverse("returns"), {"file": file}, follow=True)

    def test_a_new_layout_is_told_once_then_a_file_is_seen_and_applied(
        self, as_finance, titre, today_fr
    ):
        content = csv_of(row(titre, "Émis", today_fr, "90,00", "X1"))
        page = self.upload(as_finance, content)
        assert "Ce que dit chaque colonne" in page.content.decode()
        received = ReturnFile.objects.get()
        told = {name: str(place) for place, name in enumerate(NAMES)} | {"word-0": "issued"}
        url = reverse("return_layout", args=[received.pk])
        page = as_finance.post(url, told, follow=True).content.decode()
        assert "Rien n’est encore appliqué" in page
        assert "<strong>1</strong> ligne appliquée" in " ".join(page.split())
        assert not Entry.objects.exists()
        page = as_finance.post(reverse("return", args=[received.pk]), follow=True).content.decode()
        assert "Écritures enregistrées : 1." in page
        assert titre.reference in page
        other = csv_of(row(titre, "Émis", today_fr, "90,00", "X1"), ";;;Émis;;;")
        assert "Rien n’est encore appliqué" in self.upload(as_finance, other).content.decode()

    @pytest.mark.parametrize(
        ("finding", "one", "many"),
        [
            (Finding.APPLIED, "appliquée", "appliquées"),
            (Finding.CONTRADICTORY, "contraire à ce qui", "contraires à ce qui"),
            (Finding.PROPOSED, "à confirmer", "à confirmer"),
        ],
    )
    def test_what_becomes_of_many_lines_is_said_of_many(self, finding, one, many):
        assert plural(1, finding.both).startswith(one)
        assert plural(2, finding.both).startswith(many)

    def test_words_of_another_column_are_asked_for_before_they_count(
        self, as_finance, titre, today_fr
    ):
        self.upload(as_finance, csv_of(row(titre, "Émis", today_fr, "90,00", "X1")))
        url = reverse("return_layout", args=[ReturnFile.objects.get().pk])
        told = {"reference": "0", "state": "3", "on": "4"}
        page = as_finance.post(url, told).content.decode()
        assert "ce que veut dire chaque mot" in page
        assert "« Émis » veut dire" in page

    def test_a_layout_says_at_least_whom_and_when(self, as_finance, titre, today_fr):
        self.upload(as_finance, csv_of(row(titre, "Émis", today_fr)))
        url = reverse("return_layout", args=[ReturnFile.objects.get().pk])
        page = as_finance.post(url, {"default_kind": "issued"}).content.decode()
        assert "doit désigner le titre" in page
        assert "Désignez la colonne de la date" in page

    def test_a_file_that_cannot_be_read_is_said_at_its_field(self, as_finance):
        page = self.upload(as_finance, b"%PDF-1.7 ...", "retour.pdf")
        assert page.status_code == 422
        assert "PDF" in page.content.decode()

    def test_the_same_file_again_leads_to_the_first(self, as_finance, titre, today_fr):
        content = csv_of(row(titre, "Émis", today_fr))
        self.upload(as_finance, content)
        assert "déjà été déposé" in self.upload(as_finance, content).content.decode()
        assert ReturnFile.objects.count() == 1

    def test_the_original_is_given_back_as_it_came(self, as_finance, titre, finance, today_fr):
        content = csv_of(row(titre, "Émis", today_fr))
        received = receive(content, finance)
        answer = as_finance.get(reverse("return_original", args=[received.pk]))
        assert answer.getvalue() == content
