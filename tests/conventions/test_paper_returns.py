"""A pile of papers signed by hand: each copy joined, its act and its signature recorded."""

import pytest
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act
from conventions.lifecycle import State
from conventions.models import Convention, Piece, latest_piece
from conventions.piles.models import Pile, Sheaf
from documents.models import Document
from documents.received.uploads import UploadedPdf
from tests.documents.papers import pile, sheet
from tests.factories import ConventionFactory, print_quickly

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate
DAY = "2022-10-12"


@pytest.fixture
def agent(client, rectorat):
    client.force_login(rectorat)
    return client


def printed():
    convention = ConventionFactory()
    convention.send(by=None)
    convention.accept(by=None)
    print_quickly(convention)
    return convention


@pytest.fixture
def received(rectorat):
    """Function that makes a pile of one sheet for each convention, told apart already."""

    def receive(*conventions):
        content = pile(*(sheet() for _ in conventions))
        pdf = UploadedPdf(content=content, pages=len(conventions), name="pile.pdf")
        found = Pile.keep(pdf, by=rectorat)
        Pile.objects.update(state=Pile.State.READ)
        for number, convention in enumerate(conventions, start=1):
            issued = latest_piece(convention, Piece.Kind.CONVENTION)
            found.sheaves.create(
                pages=[[number, 0]],
                first_page=number,
                issued=issued,
                reference=issued.document.reference,
            )
        return found

    return receive


def page_of(pile_):
    return reverse("admin:piles_pile_change", args=[pile_.pk])


def decide(sheaf, **fields):
    fields = {"decision": "attach", "reference": sheaf.reference} | fields
    return {f"sheaf-{sheaf.pk}-{name}": value for name, value in fields.items()}


def post(agent, pile_, *decisions, **for_all):
    data = {"sheaf": [sheaf.pk for sheaf in pile_.sheaves.all()]}
    data |= {f"all-{name}": value for name, value in for_all.items()}
    for decision in decisions:
        data |= decision
    return agent.post(page_of(pile_), data, follow=True)


def reread(convention):
    return Convention.objects.select_related("act").get(pk=convention.pk)


def test_a_date_typed_once_signs_every_paper_each_with_its_act(agent, received, day):
    files = [printed(), printed()]
    found = received(*files)
    first, second = found.sheaves.all()
    page = post(
        agent,
        found,
        decide(first, act_number="2022-01", act_dated_on="2022-10-10"),
        decide(second, act_number="2022-02", act_dated_on="2022-10-11", signed_on="2022-10-13"),
        signed_on=DAY,
        act_kind="deliberation",
    )
    assert "2 signatures de collectivités enregistrées" in page.content.decode()
    signed = [reread(convention) for convention in files]
    assert [c.state for c in signed] == [State.SIGNED_BY_COLLECTIVITY] * 2
    assert [c.collectivity_signed_on for c in signed] == [day("12/10/2022"), day("13/10/2022")]
    assert [(c.act.kind, c.act.number) for c in signed] == [
        ("deliberation", "2022-01"),
        ("deliberation", "2022-02"),
    ]


def test_the_day_of_an_act_that_is_known_serves_when_wanted_and_its_number_is_not_asked_again(
    agent, received, day
):
    convention = printed()
    record_act(convention, by=None, kind="decision", number="7", dated_on=day("10/10/2022"))
    found = received(convention)
    page = agent.get(page_of(found))
    (form,) = page.context["decisions"]
    assert form["signed_on"].value() is None  # Nothing is signed that nobody asked for.
    assert "Acte du 10/10/2022" in page.content.decode()
    assert "act_number" not in page.content.decode()
    post(agent, found, decide(found.sheaves.get()), use_act_day="on")
    assert reread(convention).collectivity_signed_on == day("10/10/2022")


def test_without_a_date_only_the_copy_is_joined(agent, received):
    convention = printed()
    found = received(convention)
    post(agent, found, decide(found.sheaves.get()))
    assert reread(convention).state == State.ACCEPTED
    assert latest_piece(convention, Piece.Kind.CONVENTION_SIGNED)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"signed_on": DAY}, None),  # No act is known, and none is typed.
        ({"signed_on": DAY, "act_number": "1"}, "act_dated_on"),
        ({"act_number": "1", "act_dated_on": DAY}, "signed_on"),
        ({"signed_on": DAY, "act_number": "1", "act_dated_on": "2022-10-13"}, "signed_on"),
    ],
)
def test_what_is_missing_or_wrong_is_said_at_its_field_and_nothing_is_kept(
    agent, received, typed, field
):
    convention = printed()
    found = received(convention)
    page = post(agent, found, decide(found.sheaves.get(), **typed))
    (form,) = page.context["decisions"]
    assert list(form.errors) == [field or "__all__"]
    assert found.sheaves.get().state == Sheaf.State.WAITING
    assert not latest_piece(convention, Piece.Kind.CONVENTION_SIGNED)
    assert reread(convention).state == State.ACCEPTED


def test_a_convention_that_was_not_confirmed_is_by_its_signed_copy(agent, received, rectorat):
    convention = ConventionFactory()
    convention.send(by=None)
    document = Document.freeze(b"%PDF", pages=1, by=None, reference="ENT-2022-X-C-AAAA")
    Piece.objects.create(
        convention=convention, kind=Piece.Kind.CONVENTION, version=1, document=document
    )
    found = received(convention)
    sheaf = found.sheaves.get()
    act = {"act_number": "1", "act_dated_on": DAY}
    post(agent, found, decide(sheaf, reference=document.reference, signed_on=DAY, **act))
    signed = reread(convention)
    assert signed.state == State.SIGNED_BY_COLLECTIVITY
    assert signed.party is not None
    verbs = list(signed.journal.order_by("pk").values_list("verb", flat=True))
    assert verbs[-3:] == ["accept", "record_act", "sign_for_collectivity"]
