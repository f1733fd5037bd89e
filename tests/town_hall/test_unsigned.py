"""The paper that comes back as it was printed: said, asked, kept meanwhile, never a signed copy."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conventions.authority import can_adapt_act, record_act
from conventions.models import (
    Piece,
    UnsignedCopy,
    attach,
    issue_documents,
    latest_piece,
    outdated_pieces,
)
from documents.received.uploads import read_pdf
from drafts.models import Draft
from tests.town_hall.test_files import pdf, url

pytestmark = pytest.mark.django_db

ASKED = "Exemplaire non signé"
ANYWAY = {"even_unsigned": "1"}


@pytest.fixture
def printed(accepted, town_hall):
    """Confirmed, with the draft of a decision; both papers are there."""
    record_act(accepted, by=town_hall, kind="decision")
    issue_documents(accepted, by=town_hall)
    return accepted


def unsigned(convention, kind=Piece.Kind.CONVENTION, name="a.pdf"):
    """The file that was generated, as it is sent back."""
    with latest_piece(convention, kind).document.file.open("rb") as file:
        return SimpleUploadedFile(name, file.read(), "application/pdf")


def received(convention):
    return convention.pieces.filter(kind__in=Piece.UPLOADED)


# --- The rule -----------------------------------------------------------------
def test_the_unsigned_original_is_refused_until_its_sender_insists(printed, town_hall):
    paper = read_pdf(unsigned(printed))
    with pytest.raises(UnsignedCopy):
        attach(printed, kind="convention_signed", pdf=paper, by=town_hall)
    assert not received(printed).exists()
    piece = attach(printed, kind="convention_signed", pdf=paper, by=town_hall, even_unsigned=True)
    assert piece.is_unsigned


def test_kept_it_is_no_signed_copy(printed, town_hall):
    for kind in (Piece.Kind.ACT, Piece.Kind.CONVENTION):
        attach(
            printed,
            kind=Piece.SIGNED_AS[kind],
            pdf=read_pdf(unsigned(printed, kind)),
            by=town_hall,
            even_unsigned=True,
        )
    assert can_adapt_act(printed)
    assert latest_piece(printed, "convention_signed") is None
    printed.collectivity.representative_last_name = "NOUVELLE"
    printed.collectivity.save()
    printed.accept(by=town_hall)
    # What is still to be signed is printed anew, as if nothing had come back.
    assert {piece.kind for piece in outdated_pieces(printed)} >= {Piece.Kind.CONVENTION}


def test_it_does_not_hide_the_signed_copy_that_came_before(printed, town_hall):
    signed = attach(printed, kind="convention_signed", pdf=read_pdf(pdf()), by=town_hall)
    paper = read_pdf(unsigned(printed))
    attach(printed, kind="convention_signed", pdf=paper, by=town_hall, even_unsigned=True)
    assert latest_piece(printed, "convention_signed") == signed


# --- « Joindre une pièce » ------------------------------------------------------
@pytest.mark.parametrize("account", ["town_hall", "rectorat"])
def test_adding_a_piece_asks_and_keeps_the_file(client, request, printed, account):
    client.force_login(request.getfixturevalue(account))
    page = url("convention_piece", printed)
    values = {"version": printed.version, "kind": "convention_signed"}
    asked = client.post(page, {**values, "file": unsigned(printed, name="scan.pdf")})
    html = asked.content.decode()
    assert asked.status_code == 422
    assert ASKED in html
    assert "scan.pdf" in html
    assert not received(printed).exists()
    done = client.post(page, values | ANYWAY)
    assert done.status_code == 302
    assert received(printed).get().is_unsigned
    assert not Draft.objects.exists()


def test_the_signed_copy_chosen_in_its_place_is_what_is_added(mairie, printed):
    page = url("convention_piece", printed)
    values = {"version": printed.version, "kind": "convention_signed"}
    mairie.post(page, {**values, "file": unsigned(printed)})
    mairie.post(page, {**values, "file": pdf("signée.pdf")})
    piece = received(printed).get()
    assert (piece.document.original_name, piece.is_unsigned) == ("signée.pdf", False)


# --- « Retour » -------------------------------------------------------------------
def test_the_plain_form_asks_of_both_papers_at_once(mairie, printed):
    page = url("convention_return", printed)
    values = {"version": printed.version, "number": "2022D01", "dated_on": "2026-11-20"}
    papers = {
        "act_signed": unsigned(printed, Piece.Kind.ACT),
        "convention_signed": unsigned(printed, name="b.pdf"),
    }
    asked = mairie.post(page, values | papers)
    errors = asked.context["form"].non_field_errors()
    assert [words.split(" : ")[0] for words in errors] == [
        "« Acte signé »",
        "« Convention signée »",
    ]
    assert "b.pdf" in asked.content.decode()
    assert not received(printed).exists()
    mairie.post(page, values | ANYWAY)
    assert received(printed).filter(is_unsigned=True).count() == 2
    printed.refresh_from_db()
    assert printed.act.number == "2022D01"


def test_a_dropped_one_is_asked_of_with_what_it_is(mairie, printed):
    page = url("convention_receive", printed)
    answer = mairie.post(page, {"file": unsigned(printed, Piece.Kind.ACT)})
    assert answer.status_code == 200
    assert "n’est pas signé" in answer.json()["unsigned"]
    assert answer.json()["kind"] == "act_signed"
    assert not received(printed).exists()
    told = {"kind": "act_signed", "file": unsigned(printed, Piece.Kind.ACT)}
    assert mairie.post(page, told | ANYWAY).json()["label"] == "Acte signé"
    assert received(printed).get().is_unsigned


# --- The other pages that take a paper --------------------------------------------
@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("convention_signature", "convention_signed"),
        ("convention_dates", "deposit_receipt"),
    ],
)
def test_each_page_that_takes_a_paper_asks(mairie, with_act, town_hall, page, field):
    issue_documents(with_act, by=town_hall)
    today = with_act.act.dated_on.isoformat()
    values = {"version": with_act.version, "on": today, "deposited_on": today}
    asked = mairie.post(url(page, with_act), {**values, field: unsigned(with_act)})
    assert asked.status_code == 422
    assert ASKED in asked.content.decode()
    assert not received(with_act).exists()


def test_added_all_the_same_it_is_something_new_though_nothing_else_is(mairie, with_act, town_hall):
    issue_documents(with_act, by=town_hall)
    signed_on = with_act.act.dated_on
    with_act.sign_for_collectivity(by=town_hall, on=signed_on)
    page, values = (
        url("convention_signature", with_act),
        {"version": with_act.version, "on": signed_on},
    )
    assert mairie.post(page, {**values, "convention_signed": unsigned(with_act)}).status_code == 422
    mairie.post(page, values | ANYWAY)
    assert received(with_act).get().is_unsigned
