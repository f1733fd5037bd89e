"""The real file of 2022 and a region of small ones, signed through the verbs; batches of them."""

import datetime
from decimal import Decimal

import pypdfium2
import pytest
from django.utils import timezone

from billing.batches import files
from billing.batches.confirming import confirm
from billing.batches.preparing import Choice, prepare_list
from billing.models.entry import EntryKind
from billing.recording import Fact, record
from billing.recovery.contestations import at_places, queue
from conventions.models import Enrolment, Piece, attach
from documents.received.uploads import UploadedPdf
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    CommuneFactory,
    ConventionFactory,
    SchoolFactory,
    prepare_amendment,
    sign_amendment,
    sign_by_both,
)

SCAN = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")
DAY = datetime.date(2022, 10, 10)


def sign_in_order(convention, on=None):
    """Sign a convention, in October, so that nothing stands in the way of its titre."""
    on = on or DAY.replace(year=convention.campaign.start_year)
    sign_by_both(convention, on=on, published_on=on)
    attach(convention, kind=Piece.Kind.CONVENTION_SIGNED, pdf=SCAN, by=None)
    convention.refresh_from_db()
    return convention


def amend(convention, *, add=0, remove=0, on=None):
    """Sign an avenant of so many schools added and removed, its copy on file."""
    schools = SchoolFactory.create_batch(add, payer=convention.collectivity)
    lines = list(convention.enrolments.enrolled()[:remove])
    convention.refresh_from_db()
    amendment = sign_amendment(prepare_amendment(convention, add=schools, remove=lines), on=on)
    attach(amendment, kind=Piece.Kind.AMENDMENT_SIGNED, pdf=SCAN, by=None)
    convention.refresh_from_db()
    return amendment


def prepared(campaign, by, **choice):
    """A list of a campaign, with a reason for whatever wants one."""
    preparation = prepare_list(Choice(campaign, **choice), by=by)
    preparation.lines.possible().update(is_ticked=True, reason="Vérifié.")
    return preparation


def request(campaign, by, **choice):
    """Request everything that can be, and write the files as the worker does."""
    batch = confirm(prepared(campaign, by, **choice), by=by)
    files.write_files(batch)
    return batch


def tell(titre, kind, on=None, amount=0, **facts):
    """Write an entry; what the kind wants is filled in."""
    if kind == EntryKind.ISSUED:
        facts.setdefault("chorus_number", f"C{titre.pk}")
    if kind in (EntryKind.WRITTEN_OFF, EntryKind.REMITTED):
        facts = {"decision": "Décision n° 1", "author": "L'ordonnateur"} | facts
    facts.setdefault("reason", "Motif.")
    on = on or timezone.localdate()
    return record(titre, Fact(kind, on, Decimal(amount), **facts), by=None)


def issue(titre, on=None, **facts):
    return tell(titre, EntryKind.ISSUED, on, **facts)


def contestations(user, as_at=None):
    """All those that a person may see, in the order of their queue."""
    as_at = as_at or timezone.localdate()
    return at_places(queue(user, as_at), as_at)


def text_of(pdf):
    """The words of a PDF, a plain space between them."""
    pages = pypdfium2.PdfDocument(pdf)
    text = " ".join(page.get_textpage().get_text_bounded() for page in pages)
    return " ".join(text.replace("\u00a0", " ").split())


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def as_finance(client, finance):
    client.force_login(finance)
    return client


@pytest.fixture
def villeneuve(db):
    """The signed convention of Villeneuve-lès-Maguelone: two schools, 90,00 €."""
    collectivity = CollectivityFactory(
        commune=CommuneFactory(
            code="34337", name="Villeneuve-lès-Maguelone", siren="213403371", population=9500
        ),
        siret="21340337100015",
        address_line_1="Place Porte Saint-Laurent",
        postcode="34750",
        city="Villeneuve-lès-Maguelone",
        representative_first_name="Véronique",
        representative_last_name="NEGRET",
    )
    convention = ConventionFactory(collectivity=collectivity, schools_count=0)
    schools = [
        SchoolFactory(payer=collectivity, uai="0341255E", name="Pierre Bouissinet"),
        SchoolFactory(payer=collectivity, uai="0342026T", name="Françoise Dolto"),
    ]
    for school in schools:
        line = Enrolment(campaign=convention.campaign, school=school, convention=convention)
        line.copy_from_school()
        line.save()
    convention.school_count = len(schools)
    convention.amount = len(schools) * convention.unit_fee
    convention.save()
    return sign_by_both(convention)


@pytest.fixture
def current(db):
    """A convention of two schools of the year under way, signed a month ago, its copy on file."""
    today = timezone.localdate()
    year = today.year if today.month >= 9 else today.year - 1
    convention = ConventionFactory(campaign=CampaignFactory(start_year=year))
    return sign_in_order(convention, on=today - datetime.timedelta(days=30))


@pytest.fixture
def sign_many(db):
    """Return a function that signs `count` more conventions of one campaign."""

    def sign(count: int, start_year: int = 2022, **fields):
        campaign = CampaignFactory(start_year=start_year)
        return [
            sign_by_both(ConventionFactory(campaign=campaign, schools_count=1 + n % 3, **fields))
            for n in range(count)
        ]

    return sign
