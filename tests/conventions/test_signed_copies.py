"""Signed copies of a file: what is kept, what is said of their signatures, on both sides."""

import io

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from accounts.roles import Role
from conventions.correspondence import post_message
from conventions.models import Piece, attach, issue_documents, latest_piece
from documents.models import Signature
from documents.received import drawing
from documents.received.uploads import read_copy
from documents.received.verdicts import Later, Verdict
from incoming import confined
from tests.documents.certificates import authority, mayor, rector, sign
from tests.documents.test_photographs import photograph
from tests.documents.test_signatures import add_page, add_unsigned_box, replace_page, updated
from tests.documents.test_uploads import pdf_of
from tests.factories import ConventionFactory, UserFactory


@pytest.fixture(autouse=True)
def trusted(settings, tmp_path):
    """The tests' authority is one that the site recognises."""
    settings.TRUSTED_CERTIFICATES_DIR = tmp_path / "certificates"
    settings.TRUSTED_CERTIFICATES_DIR.mkdir()
    (settings.TRUSTED_CERTIFICATES_DIR / "autorité.pem").write_bytes(authority().pem)


@pytest.fixture
def confirmed(convention):
    """A convention whose PDF to sign is there."""
    convention.send(by=None)
    convention.accept(by=None)
    issue_documents(convention, by=None)
    return convention


def to_sign(convention) -> bytes:
    return kept(latest_piece(convention, Piece.Kind.CONVENTION))


def file(content: bytes, name="convention.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def send_back(convention, *contents, kind=Piece.Kind.CONVENTION_SIGNED) -> Piece:
    copy = read_copy([file(content) for content in contents])
    return attach(convention, kind=kind, pdf=copy, by=None, even_unsigned=True)


def kept(piece) -> bytes:
    with piece.document.file.open("rb") as stored:
        return stored.read()


def test_the_signed_file_is_kept_and_known_to_be_the_issued_one(confirmed):
    signed = sign(to_sign(confirmed), mayor())
    piece = send_back(confirmed, signed)
    assert kept(piece) == signed
    (signature,) = piece.document.signatures.all()
    assert signature.signer == "Camille MARTIN"
    assert signature.verdict == Verdict.REVOCATION_UNKNOWN
    assert signature.later == Later.NOTHING
    assert signature.issued == latest_piece(confirmed, Piece.Kind.CONVENTION).document


def test_both_parties_sign_the_same_file_one_after_the_other(confirmed):
    once = sign(to_sign(confirmed), mayor())
    send_back(confirmed, once)
    piece = send_back(confirmed, sign(once, rector(), field="Région"))
    assert piece.version == 2
    signatures = piece.document.signatures.all()
    assert [s.signer for s in signatures] == ["Camille MARTIN", "Sophie BÉJEAN"]
    assert all(s.issued for s in signatures)


def test_an_older_version_that_was_signed_is_named_as_such(confirmed):
    first = to_sign(confirmed)
    issued = latest_piece(confirmed, Piece.Kind.CONVENTION).document
    confirmed.collectivity.representative_last_name = "AUTRE"
    confirmed.collectivity.save()
    confirmed.accept(by=None)
    issue_documents(confirmed, by=None)
    assert latest_piece(confirmed, Piece.Kind.CONVENTION).version == 2
    piece = send_back(confirmed, sign(first, mayor()))
    assert piece.document.signatures.get().issued == issued


def test_the_signed_document_of_another_file_is_not_taken_for_this_ones(confirmed):
    other = ConventionFactory(campaign=confirmed.campaign)
    other.send(by=None)
    other.accept(by=None)
    issue_documents(other, by=None)
    piece = send_back(confirmed, sign(to_sign(other), mayor()))
    assert piece.document.signatures.get().issued is None


def test_a_tampered_file_is_kept_all_the_same_and_said_to_be(confirmed):
    signed = sign(to_sign(confirmed), mayor())
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        pdf.pages[0].rotate(90, relative=True)
        saved = io.BytesIO()
        pdf.save(saved)
    signature = send_back(confirmed, saved.getvalue()).document.signatures.first()
    assert signature.weight == "error" or signature.verdict == Verdict.UNVERIFIABLE
    assert signature.issued is None


def test_a_file_that_was_repaired_is_said_to_be_on_both_sides(confirmed, pages):
    send_back(confirmed, pdf_of(2) + 3000 * b"\0")
    for page in pages():
        assert "il a été réparé à son arrivée" in page
    send_back(confirmed, pdf_of(2))
    assert not latest_piece(confirmed, Piece.Kind.CONVENTION_SIGNED).document.is_repaired


def test_what_is_attached_to_a_message_is_repaired_as_well(confirmed, town_hall):
    message = post_message(
        confirmed,
        by=town_hall,
        subject="other",
        body="Voici.",
        attachment=read_copy([file(pdf_of(1) + 3000 * b"\0")]),
    )
    assert message.attachment.is_repaired


def test_a_scan_has_no_signature_to_verify(confirmed):
    send_back(confirmed, photograph(), photograph())
    assert not Signature.objects.exists()


# --- On both sides ----------------------------------------------------------
@pytest.fixture
def pages(client, confirmed, town_hall):
    """What the town hall and the rectorat read about the file."""

    def read():
        client.force_login(town_hall)
        town_halls = client.get(confirmed.get_absolute_url()).content.decode()
        client.force_login(UserFactory(role=Role.RECTORAT))
        url = reverse("admin:conventions_convention_change", args=[confirmed.pk])
        return [town_halls, client.get(url).content.decode()]

    return read


def test_each_side_reads_who_signed_and_what_it_means(confirmed, pages):
    send_back(confirmed, sign(to_sign(confirmed), mayor()))
    for page in pages():
        assert "Signature électronique au nom de Camille MARTIN" in page
        assert "révocation non vérifiée" in page
        assert "Autorité d&#x27;essai" in page
        assert "convention à signer, version 1" in page


def test_each_side_is_warned_when_the_signed_document_was_not_issued_here(confirmed, pages):
    other = pikepdf.new()
    other.add_blank_page()
    content = io.BytesIO()
    other.save(content)
    send_back(confirmed, sign(content.getvalue(), mayor()))
    for page in pages():
        assert "relisez-le avant de l’accepter" in page


def test_each_side_is_warned_when_the_file_to_sign_came_back_unsigned(confirmed, pages):
    send_back(confirmed, to_sign(confirmed))
    for page in pages():
        assert "il ne porte aucune signature électronique" in page


# --- What was signed, beside what the file has become --------------------------
@pytest.fixture
def completed(confirmed):
    """A copy that was signed, then completed: a box with a picture was added."""
    return send_back(confirmed, updated(sign(to_sign(confirmed), mayor()), add_unsigned_box))


def comparison(piece, name="piece_comparison", **more) -> str:
    return reverse(name, kwargs={"pk": piece.pk, "position": 1, **more})


def test_each_side_is_led_to_the_comparison_of_a_file_that_was_completed(completed, pages):
    for page in pages():
        assert "fichier complété après la signature" in page
        assert "signature-success" not in page
        assert comparison(completed) in page


def test_a_file_that_nothing_came_after_is_not_compared(client, confirmed, town_hall, pages):
    piece = send_back(confirmed, sign(to_sign(confirmed), mayor()))
    for page in pages():
        assert comparison(piece) not in page
    client.force_login(town_hall)
    assert client.get(comparison(piece)).status_code == 404


def test_the_pages_that_changed_are_shown_in_both_states(client, confirmed, town_hall):
    changed = updated(sign(to_sign(confirmed), mayor()), replace_page)
    piece = send_back(confirmed, updated(changed, add_page))
    client.force_login(town_hall)
    page = client.get(comparison(piece))
    total = latest_piece(confirmed, Piece.Kind.CONVENTION).document.pages
    assert page.context["differences"].pages == (1, total + 1)
    content = page.content.decode()
    for number, moments in ((1, ("signee", "recue")), (total + 1, ("recue",))):
        for moment in ("signee", "recue"):
            url = comparison(piece, "piece_compared_page", moment=moment, number=number)
            assert (url in content) == (moment in moments)
            drawn = client.get(url)
            assert drawn.status_code == (200 if moment in moments else 404)
    assert Image.open(io.BytesIO(drawn.content)).width > 500
    assert "n’existait pas quand le fichier a été signé" in content


def test_the_bytes_that_were_signed_can_be_taken_away(client, confirmed, town_hall):
    signed = sign(to_sign(confirmed), mayor())
    piece = send_back(confirmed, updated(signed, replace_page))
    client.force_login(town_hall)
    sent = client.get(comparison(piece, "piece_as_signed"))
    assert sent.content == signed
    assert sent["Content-Disposition"].endswith('_signature-1.pdf"')


def test_another_signature_changes_no_page_that_is_seen(client, confirmed, town_hall):
    piece = send_back(confirmed, sign(sign(to_sign(confirmed), mayor()), rector(), field="Deux"))
    client.force_login(town_hall)
    assert "Aucune différence ne se voit" in client.get(comparison(piece)).content.decode()


def test_pages_that_cannot_be_drawn_are_said_to_be_and_the_files_are_offered(
    client, completed, town_hall, monkeypatch
):
    monkeypatch.setattr(confined, "MAX_SECONDS", 0.001)
    client.force_login(town_hall)
    page = client.get(comparison(completed)).content.decode()
    assert "ne peuvent pas être dessinées ici" in page
    assert comparison(completed, "piece_as_signed") in page


def test_both_states_are_drawn_once_a_day(client, completed, town_hall, settings, monkeypatch):
    settings.CACHES = {"files": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    client.force_login(town_hall)
    first = client.get(comparison(completed)).context["differences"]
    monkeypatch.setattr(drawing, "find_differences", None)
    assert client.get(comparison(completed)).context["differences"] == first


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("piece_compared_page", {"moment": "signee", "number": 0}),
        ("piece_compared_page", {"moment": "signee", "number": 10**12}),
        ("piece_compared_page", {"moment": "autre", "number": 1}),
        ("piece_comparison", {"position": 2}),
        ("piece_as_signed", {"position": 10**30}),
    ],
)
def test_what_is_not_there_is_not_found(client, completed, town_hall, name, more):
    client.force_login(town_hall)
    url = reverse(name, kwargs={"pk": completed.pk, "position": 1} | more)
    assert client.get(url).status_code == 404


def test_photographs_are_sent_in_one_field(client, confirmed, town_hall):
    client.force_login(town_hall)
    url = reverse(
        "convention_piece", args=[confirmed.campaign.school_year, confirmed.collectivity.code]
    )
    photographs = [photograph(), photograph(kind="PNG")]
    sent = client.post(
        url,
        {
            "version": confirmed.version,
            "kind": "convention_signed",
            "file": [file(content, f"{n}.jpg") for n, content in enumerate(photographs)],
        },
    )
    assert sent.status_code == 302
    piece = latest_piece(confirmed, Piece.Kind.CONVENTION_SIGNED)
    assert piece.document.pages == 2
    pdf = pikepdf.open(io.BytesIO(kept(piece)))
    names = sorted(pdf.attachments)
    assert [pdf.attachments[n].get_file().read_bytes() for n in names] == photographs


def test_a_refused_photograph_is_said_at_its_field_and_nothing_is_kept(
    client, confirmed, town_hall
):
    client.force_login(town_hall)
    url = reverse(
        "convention_piece", args=[confirmed.campaign.school_year, confirmed.collectivity.code]
    )
    page = client.post(
        url,
        {
            "version": confirmed.version,
            "kind": "convention_signed",
            "file": [file(photograph(), "1.jpg"), file(photograph()[:500], "2.jpg")],
        },
    )
    assert page.status_code == 422
    assert "2.jpg" in page.content.decode()
    assert latest_piece(confirmed, Piece.Kind.CONVENTION_SIGNED) is None


def test_signatures_cost_no_query_per_piece(
    client, confirmed, town_hall, django_assert_max_num_queries
):
    client.force_login(town_hall)
    signed = sign(to_sign(confirmed), mayor())
    send_back(confirmed, signed)
    signed = sign(sign(to_sign(confirmed), mayor()), rector(), field="Région")
    send_back(confirmed, signed)
    with django_assert_max_num_queries(100) as one:
        client.get(confirmed.get_absolute_url())
    for _ in range(3):
        send_back(confirmed, signed)
    with django_assert_max_num_queries(len(one)):
        client.get(confirmed.get_absolute_url())
