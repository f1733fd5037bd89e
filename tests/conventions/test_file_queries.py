"""What a file's page asks of the database: as much for a rich file as for an ordinary one."""

import datetime

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act
from conventions.correspondence import post_message
from conventions.models import Convention, Piece, attach
from conventions.terminations.models import give_formal_notice
from documents.models import Signature
from documents.received.uploads import UploadedPdf
from documents.received.verdicts import Later, Verdict
from tests.factories import (
    SchoolFactory,
    current_signed_convention,
    prepare_amendment,
    print_quickly,
    sign_amendment,
)

pytestmark = pytest.mark.django_db

MOST_QUERIES = 15


def scan(name: str) -> UploadedPdf:
    return UploadedPdf(content=f"%PDF-1.7 {name}".encode(), pages=1, name=name)


@pytest.fixture
def ordinary(convention, town_hall):
    """A file that waits for its signature: confirmed, its act taken, both papers printed."""
    convention.send(by=None)
    convention.accept(by=None)
    record_act(convention, by=None, kind="decision", number="1", dated_on=timezone.localdate())
    print_quickly(convention)
    return convention


@pytest.fixture
def rich(town_hall):
    """Two avenants, acts, papers that came back signed, messages, a procedure, another year."""
    convention = current_signed_convention(
        collectivity=town_hall.collectivities.get(), schools_count=6
    )
    payer, campaign = convention.collectivity, convention.campaign
    for number in (1, 2):
        school = SchoolFactory(payer=payer)
        amendment = prepare_amendment(convention, add=[school])
        amendment.send(by=None)
        record_act(
            amendment,
            by=None,
            kind="decision",
            number=f"A{number}",
            dated_on=timezone.localdate(),
        )
        print_quickly(amendment)
        if number == 1:
            sign_amendment(amendment)
        attach(amendment, kind=Piece.Kind.AMENDMENT_SIGNED, pdf=scan(f"A{number}"), by=town_hall)
    for kind in Piece.RECEIVED:
        piece = attach(convention, kind=kind, pdf=scan(kind), by=town_hall)
        issued = convention.pieces.get(part="", kind=Piece.Kind.CONVENTION).document
        Signature.objects.create(
            document=piece.document,
            position=1,
            verdict=Verdict.VALID,
            issued=issued,
            later=Later.NOTHING,
        )
    for number in range(4):
        post_message(
            convention,
            by=town_hall,
            subject="other",
            body=f"{number}",
            attachment=scan(f"{number}"),
        )
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    notice = give_formal_notice(
        convention, by=None, side="region", on=yesterday, grievances="Rien n’a été versé."
    )
    print_quickly(notice)
    assert campaign.conventions.get().amendments.count() == 2
    return convention


def of_town_hall(convention: Convention) -> str:
    return convention.get_absolute_url()


def of_rectorat(convention: Convention) -> str:
    return reverse("admin:conventions_convention_change", args=[convention.pk])


@pytest.mark.parametrize("kind", ["ordinary", "rich"])
@pytest.mark.parametrize(
    ("role", "page"),
    [("town_hall", of_town_hall), ("rectorat", of_town_hall), ("rectorat", of_rectorat)],
)
def test_the_page_of_a_file_asks_little_of_the_database(client, request, kind, role, page):
    convention, person = request.getfixturevalue(kind), request.getfixturevalue(role)
    client.force_login(person)
    # What a process keeps from its first page on, whichever test comes first.
    ContentType.objects.get_for_model(Convention)

    with CaptureQueriesContext(connection) as asked:
        response = client.get(page(convention))

    assert response.status_code == 200
    assert len(asked) <= MOST_QUERIES, "\n".join(query["sql"][:200] for query in asked)


@pytest.mark.parametrize("page", [of_town_hall, lambda _: reverse("conventions")])
def test_no_part_is_looked_for_of_a_file_that_lacks_a_signature(client, ordinary, town_hall, page):
    client.force_login(town_hall)

    with CaptureQueriesContext(connection) as asked:
        client.get(page(ordinary))

    tables = ('FROM "amendments_amendment"', 'FROM "terminations_termination"')
    assert not [query["sql"] for query in asked if any(table in query["sql"] for table in tables)]
