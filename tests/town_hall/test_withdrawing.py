"""A file sent by mistake is taken back with a reason, kept, and counts no more."""

from contextlib import closing

import pytest
from django.urls import reverse

from conventions.dossiers.archive import latest_pieces
from conventions.lifecycle import State
from conventions.models import Convention, Piece, attach, latest_piece, withdraw
from conventions.situations.expectations import received
from documents.received.uploads import read_pdf
from lifecycle.errors import TransitionRefused
from tests.factories import ConventionFactory, print_quickly, sign_by_both
from tests.town_hall.test_files import pdf, url

pytestmark = pytest.mark.django_db

SIGNED = Piece.Kind.CONVENTION_SIGNED


def send(convention, by, kind=SIGNED):
    return attach(convention, kind=kind, pdf=read_pdf(pdf()), by=by)


def withdrawal(piece):
    convention = piece.convention
    place = [convention.campaign.school_year, convention.collectivity.code, piece.pk]
    return reverse("piece_withdrawal", args=place)


def take_back(mairie, piece, reason="Mauvais fichier"):
    version = Convention.objects.get().version
    return mairie.post(withdrawal(piece), {"version": version, "reason": reason})


def test_it_is_kept_struck_out_with_its_reason_and_counts_no_more(mairie, with_act, town_hall):
    piece = send(with_act, town_hall)
    assert SIGNED in received(Convention.objects.get())
    assert take_back(mairie, piece).status_code == 302
    file = Convention.objects.get()
    page = mairie.get(file.get_absolute_url()).text
    assert "Mauvais fichier" in page
    assert 'class="withdrawn"' in page
    assert SIGNED not in received(file)
    assert latest_piece(file, SIGNED) is None
    assert not latest_pieces(Convention.objects.all()).filter(kind=SIGNED).exists()
    with closing(mairie.get(reverse("piece", args=[piece.pk]))) as kept:
        assert kept.getvalue().startswith(b"%PDF")


def test_another_takes_the_next_version(mairie, with_act, town_hall):
    piece = send(with_act, town_hall)
    take_back(mairie, piece)
    assert send(Convention.objects.get(), town_hall).version == 2


def test_a_reason_is_asked_for(mairie, with_act, town_hall):
    piece = send(with_act, town_hall)
    assert take_back(mairie, piece, reason=" ").status_code == 422
    assert not Piece.objects.exclude(withdrawn_at=None).exists()


def test_what_both_have_signed_on_is_taken_back_no_more(mairie, convention, town_hall):
    sign_by_both(convention)
    piece = send(Convention.objects.get(), town_hall)
    assert withdrawal(piece) not in mairie.get(convention.get_absolute_url()).text
    take_back(mairie, piece)
    assert not Piece.objects.exclude(withdrawn_at=None).exists()


def test_a_signed_copy_stays_once_the_convention_was_terminated(convention, town_hall):
    sign_by_both(convention)
    piece = send(Convention.objects.get(), town_hall)
    Convention.objects.update(state=State.TERMINATED)
    with pytest.raises(TransitionRefused, match="ne se retire plus"):
        withdraw(Convention.objects.get(), piece, by=town_hall, reason="Mauvais fichier")


def test_a_piece_is_taken_back_from_its_own_file_alone(with_act, town_hall):
    piece = send(with_act, town_hall)
    other = ConventionFactory(state=State.SENT, sent_on=with_act.sent_on)
    with pytest.raises(TransitionRefused):
        withdraw(other, piece, by=None, reason="Mauvais fichier")
    assert not other.journal.filter(verb="withdraw_piece").exists()


def test_what_the_site_has_made_is_not_taken_back(mairie, with_act, town_hall):
    print_quickly(with_act)
    made = Piece.objects.get(kind=Piece.Kind.CONVENTION)
    assert withdrawal(made) not in mairie.get(url("convention", with_act)).text
    take_back(mairie, made)
    assert not Piece.objects.exclude(withdrawn_at=None).exists()


def test_the_same_file_sent_twice_is_one_version(with_act, town_hall):
    paper = read_pdf(pdf())
    for _ in range(2):
        attach(with_act, kind=SIGNED, pdf=paper, by=town_hall)
    assert Piece.objects.filter(kind=SIGNED).count() == 1
