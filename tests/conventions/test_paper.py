"""A signature rests on a paper: printed here, or come back signed."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act
from conventions.dossiers import verbs
from conventions.lifecycle import State
from conventions.models import Convention, Piece, attach, dossier, latest_piece
from documents.received.uploads import UploadedPdf
from jobs import running
from lifecycle.errors import TransitionRefused
from tests.factories import (
    ConventionFactory,
    SchoolFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
)

TODAY = timezone.localdate
SCAN = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")


def accepted():
    convention = ConventionFactory()
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=None, kind="decision", number="1", dated_on=TODAY())
    return convention


def sent_amendment():
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    amendment.send(by=None)
    return amendment


def forget_papers(convention):
    """A file of before the rule: its signatures were recorded, nothing was printed."""
    convention.pieces.all().delete()


@pytest.mark.django_db
@pytest.mark.parametrize("make", [accepted, sent_amendment])
@pytest.mark.parametrize("verb", ["sign_for_region", "sign_for_collectivity"])
def test_nothing_is_signed_that_does_not_exist(make, verb):
    signed = make()
    with pytest.raises(TransitionRefused, match="produisez les documents"):
        getattr(signed, verb)(by=None, on=TODAY())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "kind"), [(accepted, "convention_signed"), (sent_amendment, "amendment_signed")]
)
def test_a_copy_on_file_is_enough(make, kind):
    signed = make()
    attach(signed, kind=kind, pdf=SCAN, by=None)
    signed.sign_for_collectivity(by=None, on=TODAY())
    assert signed.collectivity_signed_on == TODAY()


@pytest.mark.django_db
@pytest.mark.parametrize("make", [accepted, sent_amendment])
def test_what_was_signed_without_paper_can_still_be_printed_and_only_then(make):
    signed = make()
    print_quickly(signed)
    signed.sign_for_region(by=None, on=TODAY())
    assert signed.PAPER not in signed.kinds_to_issue()
    forget_papers(getattr(signed, "convention", signed))
    assert signed.PAPER in signed.kinds_to_issue()
    print_quickly(signed)
    assert latest_piece(signed, signed.PAPER)
    assert signed.PAPER not in signed.kinds_to_issue()


@pytest.mark.django_db
def test_the_region_signs_in_bulk_what_is_printed_first(rectorat, client, worked):
    unprinted, printed, prepared = accepted(), accepted(), ConventionFactory()
    print_quickly(printed)
    client.force_login(rectorat)
    keys = ",".join(str(c.pk) for c in (unprinted, printed, prepared))
    url = reverse("admin:conventions_convention_verb", args=["sign_for_region"])
    page = client.get(url, {"conventions": keys}).content.decode()
    assert "pas encore produites : <strong>1</strong>" in page
    assert "attend encore" not in page
    client.post(url, {"conventions": keys, "on": f"{TODAY()}"})
    job = worked()
    assert "est préparée" in job.items.get(key=prepared.pk).reason
    assert latest_piece(unprinted, Piece.Kind.CONVENTION)
    signed = Convention.objects.filter(state=State.SIGNED_BY_REGION)
    assert set(signed) == {unprinted, printed}


@pytest.mark.django_db
def test_in_bulk_what_could_not_be_printed_is_left_out_and_said(rectorat, monkeypatch, worked):
    file = accepted()

    def refuse(part, *, by):
        raise TransitionRefused("Pas aujourd'hui.")

    monkeypatch.setattr(verbs, "issue_documents", refuse)
    running.start("sign_for_region", [file.pk], by=rectorat, facts={"on": TODAY()})
    assert "produisez les documents" in worked().items.get().reason


@pytest.mark.django_db
def test_a_command_finds_what_was_signed_without_paper_and_prints_it():
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    amendment.send(by=None)
    print_quickly(amendment)
    amendment.sign_for_region(by=None, on=TODAY())
    forget_papers(convention)
    said = StringIO()
    call_command("print_missing_papers", dry_run=True, stdout=said)
    assert f"{convention} : à produire" in said.getvalue()
    assert f"{amendment} : à produire" in said.getvalue()
    assert not convention.pieces.exists()
    call_command("print_missing_papers", stdout=said)
    assert latest_piece(convention, Piece.Kind.CONVENTION)
    assert latest_piece(amendment, Piece.Kind.AMENDMENT)
    again = StringIO()
    call_command("print_missing_papers", stdout=again)
    assert again.getvalue() == "Signés sans exemplaire au dossier : 0\n"


# --- Printing fails, the change stands --------------------------------------
def write_meanwhile(monkeypatch):
    """Somebody writes to the file while each of its PDFs renders."""
    issue = dossier._issue

    def issue_late(part, *args):
        type(part).objects.filter(pk=part.pk).update(version=part.version + 1)
        return issue(part, *args)

    monkeypatch.setattr(dossier, "_issue", issue_late)


@pytest.mark.django_db
def test_a_town_hall_whose_pdf_came_too_late_is_told_and_its_act_is_kept(
    client, town_hall, convention, monkeypatch
):
    convention.send(by=None)
    convention.accept(by=None)
    write_meanwhile(monkeypatch)
    client.force_login(town_hall)
    year, code = convention.campaign.school_year, convention.collectivity.code
    data = {
        "version": convention.version,
        "kind": "decision",
        "number": "2022D01",
        "dated_on": "2022-10-10",
    }
    page = client.post(reverse("convention_act", args=[year, code]), data, follow=True)
    text = page.content.decode()
    assert "L&#x27;acte est enregistré." in text
    assert "Le dossier a changé pendant la production du PDF" in text
    convention.refresh_from_db()
    assert convention.act.number == "2022D01"
    page = client.post(reverse("convention_issue", args=[year, code]), follow=True)
    assert "Le dossier a changé pendant la production du PDF" in page.content.decode()


@pytest.mark.django_db
def test_an_agent_whose_pdf_came_too_late_is_told_and_the_avenant_is_sent(
    client, rectorat, monkeypatch
):
    convention = current_signed_convention()
    amendment = prepare_amendment(convention, add=[SchoolFactory(payer=convention.collectivity)])
    client.force_login(rectorat)
    write_meanwhile(monkeypatch)
    url = reverse("admin:conventions_convention_amendment", args=[convention.pk, 1, "send"])
    page = client.post(url, follow=True).content.decode()
    assert "Le dossier a changé pendant la production du PDF" in page
    amendment.refresh_from_db()
    assert amendment.sent_on == TODAY()
