"""The files of one request have one deadline: what does not fit in is said, the rest is kept."""

from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from conventions.piles.models import Pile
from documents.received.uploads import read_copy, read_piles
from drafts.models import DraftFile
from incoming import confined, deadline
from incoming.deadline import MAX_SECONDS, OutOfTime, seconds_left, together
from tests.incoming.test_antivirus import photograph
from tests.town_hall.test_files import pdf, url


@pytest.fixture
def each_takes(monkeypatch):
    """Function that says how many seconds each file takes, of a clock that stands still else."""
    now = [0.0]
    run = confined._run

    def takes(seconds: float) -> None:
        def slow(*args, **kwargs):
            done = run(*args, **kwargs)
            now[0] += seconds
            return done

        monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: now[0]))
        monkeypatch.setattr(confined, "_run", slow)

    return takes


def photographs(count: int) -> list[SimpleUploadedFile]:
    return [photograph(f"page {number}.jpg") for number in range(1, count + 1)]


def test_time_counts_from_the_first_file_on_and_only_where_somebody_waits():
    assert seconds_left() is None
    with together():
        assert seconds_left() == pytest.approx(MAX_SECONDS, abs=1)
    assert seconds_left() is None


def test_a_paper_whose_photographs_take_too_long_together_is_refused_at_the_first_too_late(
    each_takes,
):
    each_takes(MAX_SECONDS / 2)
    with together(), pytest.raises(ValidationError) as refused:
        read_copy(photographs(4))
    assert refused.value.code == "out_of_time"
    assert "« page 3.jpg »" in refused.value.message
    assert "au format PDF" in refused.value.message


def test_photographs_that_a_worker_reads_have_no_such_deadline(each_takes):
    each_takes(MAX_SECONDS)
    assert read_copy(photographs(3)).pages == 3


def test_of_a_pile_of_photographs_those_read_in_time_are_kept(each_takes):
    each_takes(MAX_SECONDS / 2)
    with together():
        piles = read_piles(photographs(4))
    (kept,) = piles.read
    assert (kept.pages, kept.name) == (2, "page 1.jpg, page 2.jpg")
    assert piles.left_out == ["page 3.jpg", "page 4.jpg"]


def test_of_several_piles_those_read_in_time_are_kept(each_takes):
    each_takes(MAX_SECONDS / 2)
    with together():
        piles = read_piles([pdf("a.pdf"), pdf("b.pdf"), pdf("c.pdf")])
    assert [kept.name for kept in piles.read] == ["a.pdf", "b.pdf"]
    assert piles.left_out == ["c.pdf"]


def test_waiting_for_a_place_counts_too(monkeypatch):
    monkeypatch.setattr(deadline, "MAX_SECONDS", 0.05)
    for _ in range(confined.AT_ONCE):
        assert confined._places.acquire(timeout=5)
    try:
        with together(), pytest.raises(OutOfTime):
            confined.run_on(b"", "any")
    finally:
        confined._places.release(confined.AT_ONCE)


@pytest.mark.django_db
def test_on_a_page_with_several_papers_the_one_too_late_says_so_and_the_others_are_kept(
    client, town_hall, convention, rectorat, each_takes
):
    convention.send(by=rectorat)
    convention.accept(by=None)
    client.force_login(town_hall)
    page, values = url("convention_return", convention), {"version": convention.version}
    each_takes(MAX_SECONDS)
    refused = client.post(
        page, {**values, "act_signed": pdf("acte.pdf"), "convention_signed": pdf("conv.pdf")}
    )
    assert refused.status_code == 422
    errors = refused.context["form"].errors
    assert list(errors) == ["convention_signed"]
    assert "pas eu le temps" in errors["convention_signed"][0]
    assert [file.name for file in DraftFile.objects.all()] == ["acte.pdf"]
    # Another request has its own time.
    assert client.post(page, values).status_code == 302
    assert convention.pieces.filter(kind="act_signed").exists()


@pytest.mark.django_db
def test_an_agent_is_told_which_files_of_a_pile_were_not_read(client, rectorat, each_takes):
    client.force_login(rectorat)
    each_takes(MAX_SECONDS)
    page = client.post(
        reverse("admin:piles_pile_add"),
        {"papers": [pdf("matin.pdf"), pdf("midi.pdf"), pdf("soir.pdf")]},
        follow=True,
    )
    assert Pile.objects.get().name == "matin.pdf"
    assert "« midi.pdf », « soir.pdf » ne sont pas gardés" in page.text
