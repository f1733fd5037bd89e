"""A pile of scans: read page by page, told apart, attached only where a person confirms it."""

import datetime
import io

import pypdfium2
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from PIL import Image

from accounts.roles import Role
from communes.models import Department
from conventions.models import Piece, hand_in, issue_documents, latest_piece
from conventions.piles import reading as piles
from conventions.piles.models import Pile, Sheaf
from conventions.piles.paper import Paper
from conventions.piles.tasks import read_pile, take_up
from documents.received import scans
from documents.received.scans import read_pages
from documents.received.uploads import UploadedPdf
from jobs import heartbeat
from lifecycle.errors import TransitionRefused
from tests.documents.papers import blank, noisy, pile, sheet, turned
from tests.documents.test_photographs import photograph
from tests.documents.test_scans import two_on_one
from tests.factories import (
    AcademyFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    DepartmentFactory,
    SchoolFactory,
    UserFactory,
    current_signed_convention,
    prepare_amendment,
)


@pytest.fixture(autouse=True)
def tasks(monkeypatch):
    """What was asked of the workers, instead of asking them."""
    asked = []
    monkeypatch.setattr("conventions.piles.reading.async_task", lambda *task: asked.append(task))
    monkeypatch.setattr("conventions.piles.tasks.async_task", lambda *task: asked.append(task))
    return asked


@pytest.fixture
def confirmed(convention):
    return issue(convention)


def issue(convention):
    convention.send(by=None)
    convention.accept(by=None)
    issue_documents(convention, by=None)
    return convention


@pytest.fixture
def elsewhere(confirmed):
    """A convention of another département."""
    gard = DepartmentFactory(code="30", name="Gard", academy=AcademyFactory())
    commune = CommuneFactory(code="30189", department=gard)
    collectivity = CollectivityFactory(commune=commune, department=gard)
    return issue(ConventionFactory(campaign=confirmed.campaign, collectivity=collectivity))


@pytest.fixture
def local_agent(confirmed):
    """An agent of the Hérault alone."""
    return UserFactory(role=Role.RECTORAT, departments=[Department.objects.get(code="34")])


def to_sign(convention) -> Piece:
    return latest_piece(convention, Piece.Kind.CONVENTION)


def printed(convention) -> list[Image.Image]:
    """The pages of the convention to sign, as a printer and a scanner leave them."""
    with to_sign(convention).document.file.open("rb") as stored:
        content = stored.read()
    document = pypdfium2.PdfDocument(content)
    try:
        return [
            page.render(scale=150 / 72, grayscale=True).to_pil().convert("L") for page in document
        ]
    finally:
        document.close()


def dropped(*pages, by) -> Pile:
    """A pile of these pages, read."""
    pdf = UploadedPdf(content=pile(*pages), pages=len(pages), name="pile.pdf")
    (received,) = piles.receive([pdf], by=by)
    assert piles.read(received) is False
    received.refresh_from_db()
    return received


# --- Reading ----------------------------------------------------------------
def test_real_documents_are_found_again_upside_down_skewed_and_between_blank_pages(
    confirmed, elsewhere, rectorat
):
    ours = [turned(page, 180) for page in printed(confirmed)]
    theirs = [noisy(turned(page, 2), 20) for page in printed(elsewhere)]
    received = dropped(*ours, blank(), theirs[0], blank(), *theirs[1:], by=rectorat)
    assert received.state == Pile.State.READ
    first, second = received.sheaves.all()
    assert (first.issued, second.issued) == (to_sign(confirmed), to_sign(elsewhere))
    assert not first.has_other_length
    assert not second.has_other_length
    assert {rotation for _, rotation in first.pages} == {180}


def test_a_reader_that_is_killed_resumes_and_reads_no_page_twice(confirmed, rectorat, tasks):
    pages = [*printed(confirmed), blank(), sheet()]
    pdf = UploadedPdf(content=pile(*pages), pages=len(pages), name="pile.pdf")
    (received,) = piles.receive([pdf], by=rectorat)
    assert piles.read(received, budget=-1) is True
    assert received.pages.count() == 1
    assert not received.sheaves.exists()
    piles.read(received)
    piles.read(received)  # A second worker that was given the same task.
    assert [page.number for page in received.pages.all()] == list(range(1, len(pages) + 1))
    assert received.sheaves.count() == 1


def test_a_long_pile_is_read_by_one_task_after_another(
    confirmed, rectorat, tasks, django_capture_on_commit_callbacks, monkeypatch
):
    pdf = UploadedPdf(content=pile(sheet(), sheet()), pages=2, name="pile.pdf")
    with django_capture_on_commit_callbacks(execute=True):
        (received,) = piles.receive([pdf], by=rectorat)
    assert tasks == [("conventions.piles.tasks.read_pile", received.pk)]
    monkeypatch.setattr("conventions.piles.tasks.read", lambda pile: True)
    read_pile(received.pk)
    assert tasks == [("conventions.piles.tasks.read_pile", received.pk)] * 2


def test_a_pile_whose_task_was_given_up_is_read_on(rectorat, tasks):
    pdf = UploadedPdf(content=pile(sheet()), pages=1, name="pile.pdf")
    (received,) = piles.receive([pdf], by=rectorat)
    waiting = OrmQ.objects.create(key="conventions", payload="", lock=timezone.now())
    take_up()
    assert not tasks  # It may be its own.
    waiting.delete()
    take_up()
    assert tasks == [("conventions.piles.tasks.read_pile", received.pk)]
    read_pile(received.pk)
    take_up()
    assert len(tasks) == 1


def test_a_file_that_cannot_be_read_is_said_to_be(rectorat):
    (received,) = piles.receive([UploadedPdf(content=b"%PDF-", pages=1)], by=rectorat)
    piles.read(received)
    received.refresh_from_db()
    assert received.state == Pile.State.UNREADABLE


def test_a_document_of_another_territory_is_not_recognised(confirmed, elsewhere, local_agent):
    received = dropped(printed(elsewhere)[0], printed(confirmed)[0], by=local_agent)
    outside, inside = received.sheaves.all()
    assert outside.issued is None
    assert inside.issued == to_sign(confirmed)


# --- Attaching --------------------------------------------------------------
def test_a_sheaf_becomes_a_new_version_of_the_signed_copy_upright(confirmed, rectorat):
    received = dropped(*[turned(page, 180) for page in printed(confirmed)], by=rectorat)
    sheaf = received.sheaves.get()
    assert latest_piece(confirmed, Piece.Kind.CONVENTION_SIGNED) is None  # Nothing counts yet.
    piece = sheaf.attach(to=confirmed, kind=Piece.Kind.CONVENTION_SIGNED, by=rectorat)
    assert latest_piece(confirmed, Piece.Kind.CONVENTION_SIGNED) == piece
    assert piece.document.pages == len(sheaf.pages)
    with piece.document.file.open("rb") as stored:
        page = next(read_pages(stored.read(), [1]))
    assert (page.reference, page.rotation) == (to_sign(confirmed).document.reference, 0)


def test_a_sheaf_is_attached_once(confirmed, rectorat):
    received = dropped(printed(confirmed)[0], by=rectorat)
    sheaf, same = received.sheaves.get(), received.sheaves.get()
    sheaf.attach(to=confirmed, kind=Piece.Kind.CONVENTION_SIGNED, by=rectorat)
    confirmed.refresh_from_db()
    for again in (
        lambda: same.attach(to=confirmed, kind=Piece.Kind.CONVENTION_SIGNED, by=rectorat),
        lambda: same.discard(by=rectorat),
    ):
        with pytest.raises(TransitionRefused):
            again()
    assert confirmed.pieces.filter(kind=Piece.Kind.CONVENTION_SIGNED).count() == 1


def test_nothing_is_attached_outside_the_agents_territory(confirmed, elsewhere, local_agent):
    sheaf = dropped(sheet(), by=local_agent).sheaves.get()
    with pytest.raises(TransitionRefused, match="territoire"):
        sheaf.attach(to=elsewhere, kind=Piece.Kind.CONVENTION_SIGNED, by=local_agent)


def test_the_paper_of_an_avenant_goes_to_the_avenant(agent):
    convention = current_signed_convention()
    opened = SchoolFactory(payer=convention.collectivity)
    amendment = prepare_amendment(convention, add=[opened])
    amendment.send(by=None)
    issue_documents(amendment, by=None)
    issued = latest_piece(amendment, Piece.Kind.AMENDMENT)
    received = dropped(sheet(issued.document.reference), by=UserFactory(role=Role.RECTORAT))
    sheaf = received.sheaves.get()
    assert sheaf.issued == issued
    agent.post(page_of(received), decide(sheaf, "attach", reference=issued.document.reference))
    assert latest_piece(amendment, Piece.Kind.AMENDMENT_SIGNED) is not None
    assert latest_piece(convention, Piece.Kind.AMENDMENT_SIGNED) is None


def test_a_sheaf_is_split_where_a_first_page_was_missed(confirmed, rectorat):
    received = dropped(*printed(confirmed)[:2], sheet(), sheet(), by=rectorat)
    sheaf = received.sheaves.get()
    assert sheaf.has_other_length
    with pytest.raises(TransitionRefused):
        sheaf.split(1)
    sheaf.split(3)
    first, second = received.sheaves.all()
    assert [[n for n, _ in s.pages] for s in (first, second)] == [[1, 2], [3, 4]]
    assert second.issued is None


def test_a_pile_that_no_worker_reads_is_told(agent, rectorat):
    OrmQ.objects.create(key="conventions", payload="", lock=timezone.now())
    (received,) = piles.receive([UploadedPdf(content=pile(sheet()), pages=1)], by=rectorat)
    said = "1 tâche attend"
    assert said not in agent.get(page_of(received)).content.decode()
    OrmQ.objects.update(lock=timezone.now() - datetime.timedelta(minutes=3))
    assert said in agent.get(page_of(received)).content.decode()
    heartbeat.begin(timezone.now())
    assert said not in agent.get(page_of(received)).content.decode()


# --- On screen --------------------------------------------------------------
@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def page_of(received) -> str:
    return reverse("admin:piles_pile_change", args=[received.pk])


def decide(sheaf, decision, **fields):
    prefix = f"sheaf-{sheaf.pk}"
    return {"sheaf": [sheaf.pk], f"{prefix}-decision": decision} | {
        f"{prefix}-{name}": value for name, value in fields.items()
    }


def test_pdfs_make_a_pile_each_and_photographs_one_together(agent):
    url = reverse("admin:piles_pile_add")
    pdfs = [SimpleUploadedFile(f"{n}.pdf", pile(blank(), blank())) for n in range(2)]
    agent.post(url, {"papers": pdfs})
    photographs = [SimpleUploadedFile(f"{n}.jpg", photograph()) for n in range(3)]
    agent.post(url, {"papers": photographs})
    assert sorted(Pile.objects.values_list("page_count", flat=True)) == [2, 2, 3]


def test_a_pile_is_kept_byte_for_byte(agent):
    content = pile(blank())
    file = SimpleUploadedFile("pile.pdf", content)
    agent.post(reverse("admin:piles_pile_add"), {"papers": [file]})
    assert Pile.objects.get().content == content


def test_a_damaged_file_among_others_is_named_and_nothing_is_kept(agent):
    files = [
        SimpleUploadedFile("bon.pdf", pile(blank())),
        SimpleUploadedFile("abîmé.pdf", pile(blank())[:900]),
    ]
    page = agent.post(reverse("admin:piles_pile_add"), {"papers": files})
    assert "« abîmé.pdf »" in page.content.decode()
    assert not Pile.objects.exists()


def test_one_screen_shows_the_pages_and_the_file_and_one_click_confirms(agent, confirmed, rectorat):
    received = dropped(*printed(confirmed), by=rectorat)
    sheaf = received.sheaves.get()
    page = agent.get(page_of(received)).content.decode()
    assert str(confirmed) in page
    assert page.count("<img ") == len(sheaf.pages)
    reference = to_sign(confirmed).document.reference
    assert f'value="{reference}"' in page
    agent.post(page_of(received), decide(sheaf, "attach", reference=reference))
    assert latest_piece(confirmed, Piece.Kind.CONVENTION_SIGNED).version == 1
    page = agent.get(page_of(received)).content.decode()
    assert "Tout est traité" in page


def test_what_was_not_recognised_waits_until_a_person_tells_whose_it_is(agent, confirmed, rectorat):
    received = dropped(sheet(), by=rectorat)
    sheaf = received.sheaves.get()
    assert "non reconnu" in agent.get(page_of(received)).content.decode()
    refused = agent.post(page_of(received), decide(sheaf, "attach", reference="ENT-2022-99999"))
    assert "Aucun document de votre territoire" in refused.content.decode()
    refused = agent.post(page_of(received), decide(sheaf, "attach", reference=confirmed.reference))
    assert "Choisissez la nature" in refused.content.decode()
    agent.post(
        page_of(received),
        decide(sheaf, "attach", reference=confirmed.reference.lower(), kind="deposit_receipt"),
    )
    assert latest_piece(confirmed, Piece.Kind.DEPOSIT_RECEIPT) is not None


def test_a_sheaf_of_another_length_is_not_ticked_in_advance(agent, confirmed, rectorat):
    received = dropped(printed(confirmed)[0], by=rectorat)
    page = agent.get(page_of(received))
    (form,) = page.context["decisions"]
    assert form["decision"].value() == "wait"
    assert "Vérifiez qu'il n'en manque pas" in page.content.decode()


def test_a_sheaf_with_a_page_that_nothing_was_read_of_is_not_ticked_in_advance(
    agent, confirmed, rectorat
):
    """As long as it should be: its last page may be lacking, and this one somebody else's first."""
    received = dropped(*printed(confirmed), by=rectorat)
    last = received.page_count
    received.pages.filter(number=last).update(is_unreadable=True, reference="")
    assert not received.sheaves.get().has_other_length
    page = agent.get(page_of(received))
    (form,) = page.context["decisions"]
    assert form["decision"].value() == "wait"
    assert f"la page {last} : vérifiez qu'elle est de ce document" in page.content.decode()


def test_a_page_of_two_documents_is_attached_to_neither_until_a_person_says_which(
    agent, confirmed, elsewhere, rectorat
):
    ours, theirs = (to_sign(c).document.reference for c in (confirmed, elsewhere))
    received = dropped(two_on_one(ours, theirs), by=rectorat)
    sheaf = received.sheaves.get()
    assert sheaf.issued is None
    assert set(sheaf.candidates) == {ours, theirs}
    page = agent.get(page_of(received))
    (form,) = page.context["decisions"]
    assert (form["decision"].value(), form["reference"].value()) == ("wait", "")
    for convention, reference in ((confirmed, ours), (elsewhere, theirs)):
        assert (
            f"{reference} : convention à signer, version 1, {convention}" in page.content.decode()
        )
    agent.post(page_of(received), decide(sheaf, "attach", reference=theirs))
    assert latest_piece(elsewhere, Piece.Kind.CONVENTION_SIGNED) is not None
    assert latest_piece(confirmed, Piece.Kind.CONVENTION_SIGNED) is None


def test_of_two_documents_on_a_page_the_one_outside_the_territory_is_not_told(
    client, confirmed, elsewhere, local_agent
):
    ours, theirs = (to_sign(c).document.reference for c in (confirmed, elsewhere))
    received = dropped(two_on_one(ours, theirs), by=local_agent)
    assert received.sheaves.get().issued is None
    client.force_login(local_agent)
    page = client.get(page_of(received)).content.decode()
    assert str(confirmed) in page
    assert str(elsewhere) not in page
    assert f"{theirs} : inconnue dans votre territoire" in page


def test_decisions_on_several_sheaves_stand_even_if_one_is_refused(
    agent, confirmed, elsewhere, rectorat
):
    received = dropped(sheet(), printed(confirmed)[0], printed(elsewhere)[0], by=rectorat)
    unknown, ours, theirs = received.sheaves.all()
    data = (
        decide(unknown, "attach")
        | decide(ours, "attach", reference=to_sign(confirmed).document.reference)
        | decide(theirs, "discard")
        | {"sheaf": [unknown.pk, ours.pk, theirs.pk]}
    )
    page = agent.post(page_of(received), data)
    assert [form.sheaf for form in page.context["decisions"]] == [unknown]
    states = [s.state for s in received.sheaves.all()]
    assert states == [Sheaf.State.WAITING, Sheaf.State.ATTACHED, Sheaf.State.DISCARDED]


def test_the_papers_of_a_file_are_told_to_its_town_hall_by_one_email(agent, confirmed, rectorat):
    received = dropped(*printed(confirmed), by=rectorat)
    whole = received.sheaves.get()
    whole.split(2)
    first, second = received.sheaves.all()
    before = confirmed.notifications.count()
    data = (
        decide(first, "attach", reference=to_sign(confirmed).document.reference)
        | decide(second, "attach", reference=confirmed.reference, kind="deposit_receipt")
        | {"sheaf": [first.pk, second.pk]}
    )
    agent.post(page_of(received), data)
    assert confirmed.notifications.count() == before + 1
    told = confirmed.notifications.latest("pk")
    assert (told.kind, told.side) == ("in_your_place", "town_hall")
    body = told.email.body.replace("\u00a0", " ")
    assert "convention signée (version 1)" in body
    assert "accusé de réception" in body


def test_what_was_attached_before_a_failure_is_told_all_the_same(
    agent, confirmed, elsewhere, rectorat, monkeypatch
):
    received = dropped(printed(confirmed)[0], printed(elsewhere)[0], by=rectorat)
    first, second = received.sheaves.all()
    before = [each.notifications.count() for each in (confirmed, elsewhere)]

    def extract(content, pages):
        if pages == second.pages:
            raise OSError("No space left on device")
        return extracted(content, pages)

    extracted = scans.extract
    monkeypatch.setattr(scans, "extract", extract)
    data = (
        decide(first, "attach", reference=to_sign(confirmed).document.reference)
        | decide(second, "attach", reference=to_sign(elsewhere).document.reference)
        | {"sheaf": [first.pk, second.pk]}
    )
    with pytest.raises(OSError, match="No space"):
        agent.post(page_of(received), data)
    assert received.sheaves.filter(state=Sheaf.State.ATTACHED).get() == first
    after = [each.notifications.count() for each in (confirmed, elsewhere)]
    assert after == [before[0] + 1, before[1]]


def test_papers_of_a_file_come_back_with_what_is_told_of_them_or_not_at_all(
    agent, confirmed, rectorat, monkeypatch
):
    """A process killed between two of them: the first would be there, and nobody told."""
    received = dropped(*printed(confirmed), by=rectorat)
    received.sheaves.get().split(2)
    first, second = received.sheaves.all()
    before = confirmed.notifications.count()

    def killed(dossier, papers, *, by):
        if "deposit_receipt" in papers:
            raise KeyboardInterrupt
        return hand_in(dossier, papers, by=by)

    monkeypatch.setattr("conventions.piles.models.hand_in", killed)
    data = (
        decide(first, "attach", reference=to_sign(confirmed).document.reference)
        | decide(second, "attach", reference=confirmed.reference, kind="deposit_receipt")
        | {"sheaf": [first.pk, second.pk]}
    )
    with pytest.raises(KeyboardInterrupt):
        agent.post(page_of(received), data)
    assert {sheaf.state for sheaf in received.sheaves.all()} == {Sheaf.State.WAITING}
    assert latest_piece(confirmed, Piece.Kind.CONVENTION_SIGNED) is None
    assert confirmed.notifications.count() == before


def test_pages_that_cannot_be_taken_out_are_refused_and_the_others_go_on(
    agent, confirmed, elsewhere, rectorat, monkeypatch
):
    received = dropped(printed(confirmed)[0], printed(elsewhere)[0], by=rectorat)
    first, second = received.sheaves.all()

    def extract(content, pages):
        if pages == first.pages:
            raise scans.UnreadablePile("killed")
        return extracted(content, pages)

    extracted = scans.extract
    monkeypatch.setattr(scans, "extract", extract)
    data = (
        decide(first, "attach", reference=to_sign(confirmed).document.reference)
        | decide(second, "attach", reference=to_sign(elsewhere).document.reference)
        | {"sheaf": [first.pk, second.pk]}
    )
    page = agent.post(page_of(received), data)
    assert "numérisez-les à nouveau" in page.content.decode()
    assert [form.sheaf for form in page.context["decisions"]] == [first]
    assert latest_piece(elsewhere, Piece.Kind.CONVENTION_SIGNED) is not None


def test_a_paper_that_stays_in_its_pile_is_told_to_nobody(confirmed, rectorat):
    sheaf = dropped(*printed(confirmed), by=rectorat).sheaves.get()
    before = confirmed.notifications.count()
    paper = Paper(datetime.date(1999, 1, 1))
    with pytest.raises(ValidationError):
        sheaf.attach(to=confirmed, kind=Piece.Kind.CONVENTION_SIGNED, by=rectorat, paper=paper)
    assert confirmed.notifications.count() == before


def test_an_agent_of_some_departements_sees_their_own_piles_only(
    client, confirmed, local_agent, rectorat
):
    theirs, others = dropped(sheet(), by=local_agent), dropped(sheet(), by=rectorat)
    client.force_login(local_agent)
    assert client.get(page_of(theirs)).status_code == 200
    assert client.get(page_of(others)).status_code == 404
    thumbnail = reverse("admin:piles_pile_thumbnail", args=[others.pk, 1, 0])
    assert client.get(thumbnail).status_code == 404


def test_a_thumbnail_is_drawn_for_each_page_of_the_pile(agent, rectorat):
    received = dropped(sheet(), by=rectorat)
    url = reverse("admin:piles_pile_thumbnail", args=[received.pk, 1, 90])
    drawn = agent.get(url)
    assert Image.open(io.BytesIO(drawn.content)).width > 100
    for number, rotation in ((0, 0), (2, 0), (1, 45)):
        url = reverse("admin:piles_pile_thumbnail", args=[received.pk, number, rotation])
        assert agent.get(url).status_code == 404


def test_a_page_that_follows_the_reading_asks_again_by_itself(agent, rectorat):
    pdf = UploadedPdf(content=pile(sheet()), pages=1, name="pile.pdf")
    (received,) = piles.receive([pdf], by=rectorat)
    assert "every 3s" in agent.get(page_of(received)).content.decode()
    piles.read(received)
    assert "every 3s" not in agent.get(page_of(received)).content.decode()
