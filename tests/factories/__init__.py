"""One factory per model, flat: `from tests.factories import ConventionFactory`."""

import datetime
from decimal import Decimal
from unittest import mock

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory
from stdnum import luhn

from accounts.invitations.models import VALID_FOR, Invitation
from accounts.models import User
from accounts.roles import Role
from communes.models import Academy, Collectivity, Commune, Department, Region
from conventions.amendments import preparing
from conventions.authority import record_act, record_act_dates
from conventions.campaigns.models import Campaign
from conventions.models import (
    Convention,
    Dossier,
    Enrolment,
    dossier,
    issue_documents,
)
from documents.contexts import to_json
from documents.models import TextModel
from documents.references import reference_of
from documents.rendering import Rendered
from schools import uai
from schools.models import School

PASSWORD = "un mot de passe assez long"


def siren_of(commune_code: str) -> str:
    """Return a SIREN with a right key, in the form most communes have."""
    body = f"21{commune_code[:2]}0{commune_code[2:]}"
    return body + luhn.calc_check_digit(body)


def siret_of(siren: str) -> str:
    """Return the SIRET of the seat of `siren`, with a right key."""
    body = f"{siren}0001"
    return body + luhn.calc_check_digit(body)


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = "76"
    name = "Occitanie"
    full_name = "Région académique Occitanie"
    address_line = "31, rue de l'Université"
    postcode = "34064"
    city = "Montpellier Cedex 2"
    place = "Montpellier"
    litigation_court = "tribunal administratif de Montpellier"


class AcademyFactory(DjangoModelFactory):
    class Meta:
        model = Academy
        django_get_or_create = ("code",)

    code = "11"
    name = "Montpellier"
    region = factory.SubFactory(RegionFactory)


class DepartmentFactory(DjangoModelFactory):
    class Meta:
        model = Department
        django_get_or_create = ("code",)

    code = "34"
    name = "Hérault"
    academy = factory.SubFactory(AcademyFactory)
    of_name = "de l'Hérault"
    court = "tribunal administratif de Montpellier"


class CommuneFactory(DjangoModelFactory):
    class Meta:
        model = Commune

    code = factory.Sequence(lambda n: f"34{400 + n % 590}")
    name = factory.Sequence(lambda n: f"Bourg-{n}")
    department = factory.SubFactory(DepartmentFactory)
    siren = factory.LazyAttribute(lambda commune: siren_of(commune.code))
    postcodes = "34750"
    population = 5000


class CollectivityFactory(DjangoModelFactory):
    """A commune's own collectivity, with every detail confirmed."""

    class Meta:
        model = Collectivity

    commune = factory.SubFactory(CommuneFactory)
    name = factory.SelfAttribute("commune.name")
    department = factory.SelfAttribute("commune.department")
    siren = factory.SelfAttribute("commune.siren")
    siret = factory.LazyAttribute(lambda collectivity: siret_of(collectivity.siren))
    address_line_1 = "1, place de la Mairie"
    postcode = "34750"
    city = factory.SelfAttribute("name")
    representative_civility = "F"
    representative_first_name = "Camille"
    representative_last_name = "MARTIN"
    representative_capacity = "Maire"
    capacity_gender = "F"


class GroupingFactory(DjangoModelFactory):
    """A syndicat with its details; `members=[commune, …]` are in it since 2015."""

    class Meta:
        model = Collectivity
        skip_postgeneration_save = True

    kind = Collectivity.Kind.SYNDICAT
    name = factory.Sequence(lambda n: f"Syndicat intercommunal n° {n}")
    department = factory.SubFactory(DepartmentFactory)
    siren = factory.Sequence(lambda n: siren_of(f"99{n:03d}"))
    siret = factory.LazyAttribute(lambda collectivity: siret_of(collectivity.siren))
    address_line_1 = "2, rue des Écoles"
    postcode = "34750"
    city = "Bourg"
    representative_civility = "M"
    representative_first_name = "Claude"
    representative_last_name = "ROUX"
    representative_capacity = "Président"
    capacity_gender = "M"

    @factory.post_generation
    def members(self, create, extracted, **kwargs):
        for commune in extracted or ():
            self.memberships.create(commune=commune, since=datetime.date(2015, 1, 1))


class SchoolFactory(DjangoModelFactory):
    class Meta:
        model = School

    uai = factory.Sequence(lambda n: f"{349000 + n:07d}{uai.key(f'{349000 + n:07d}')}")
    name = factory.Sequence(lambda n: f"École primaire n° {n}")
    nature = School.Nature.ELEMENTAIRE
    payer = factory.SubFactory(CollectivityFactory)
    commune = factory.SelfAttribute("payer.commune")
    # As an import of the annuaire makes them.
    listed_since = datetime.date(2020, 9, 1)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"personne{n}@example.org")
    first_name = "Dominique"
    last_name = factory.Sequence(lambda n: f"Durand {n}")
    role = Role.TOWN_HALL
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def collectivities(self, create, extracted, **kwargs):
        if extracted:
            self.collectivities.set(extracted)

    @factory.post_generation
    def departments(self, create, extracted, **kwargs):
        if extracted:
            self.departments.set(extracted)


class InvitationFactory(DjangoModelFactory):
    class Meta:
        model = Invitation

    email = factory.Sequence(lambda n: f"invitee{n}@example.org")
    collectivity = factory.SubFactory(CollectivityFactory)
    invited_by_name = "Dominique Durand"
    expires_at = factory.LazyFunction(lambda: timezone.now() + VALID_FOR)


class TextModelFactory(DjangoModelFactory):
    class Meta:
        model = TextModel
        django_get_or_create = ("kind", "version")

    kind = TextModel.Kind.CONVENTION
    version = 1
    title = factory.LazyAttribute(lambda text: f"Texte {text.kind}")
    body = "## Article 1 – Objet\n\nTexte d'essai."
    state = TextModel.State.PUBLISHED
    published_at = factory.LazyFunction(timezone.now)


class CampaignFactory(DjangoModelFactory):
    class Meta:
        model = Campaign
        django_get_or_create = ("start_year",)

    start_year = 2022
    state = Campaign.State.OPEN
    region = factory.SubFactory(RegionFactory)
    tariff = Decimal("45.00")
    ends_on = factory.LazyAttribute(lambda c: datetime.date(c.start_year + 1, 9, 1))
    signatory_civility = "F"
    signatory_first_name = "Sophie"
    signatory_last_name = "BÉJEAN"
    signatory_titles = (
        "Rectrice de la région académique Occitanie\n"
        "Rectrice de l'académie de Montpellier\n"
        "Chancelière des universités"
    )
    contact_name = "Jeanne Durand"
    contact_phone = "04 67 91 00 00"
    decision_text = factory.SubFactory(TextModelFactory, kind="decision")
    deliberation_text = factory.SubFactory(TextModelFactory, kind="deliberation")
    convention_text = factory.SubFactory(TextModelFactory, kind="convention")


class ConventionFactory(DjangoModelFactory):
    """A prepared convention with its schools (`schools_count`) and its amount."""

    class Meta:
        model = Convention
        skip_postgeneration_save = True

    class Params:
        schools_count = 2

    campaign = factory.SubFactory(CampaignFactory)
    collectivity = factory.SubFactory(CollectivityFactory)
    collectivity_title = factory.SelfAttribute("collectivity.title")
    reference = factory.LazyAttribute(lambda c: c.campaign.reference_of(c.collectivity))
    school_count = factory.SelfAttribute("schools_count")
    unit_fee = factory.SelfAttribute("campaign.tariff")
    amount = factory.LazyAttribute(lambda c: c.school_count * c.unit_fee)

    @factory.post_generation
    def schools(self, create, extracted, **kwargs):
        for _ in range(self.school_count):
            school = SchoolFactory(payer=self.collectivity)
            line = Enrolment(campaign=self.campaign, school=school, convention=self)
            line.copy_from_school()
            line.save()


def print_quickly(part: Dossier) -> None:
    """Issue what there is to sign, each document a page that holds its context."""

    def render(text, context):
        return Rendered(
            repr(context).encode(), pages=1, reference=reference_of(text, to_json(context))
        )

    with mock.patch.object(dossier, "render", render):
        issue_documents(part, by=None)


def sign_by_both(
    convention: Convention,
    *,
    on: datetime.date = datetime.date(2022, 10, 10),
    act_number: str = "2022DECAD076",
    published_on: datetime.date | None = datetime.date(2022, 10, 13),
) -> Convention:
    """Take a prepared convention through the verbs to both signatures, all on day `on`.

    The act is a décision of the same day, deposited and published on `published_on`
    (left undone when None).
    """
    convention.send(by=None, on=on)
    convention.accept(by=None, on=on)
    record_act(convention, by=None, kind="decision", number=act_number, dated_on=on)
    print_quickly(convention)
    convention.sign_for_collectivity(by=None, on=on)
    convention.sign_for_region(by=None, on=on)
    if published_on:
        record_act_dates(
            convention,
            by=None,
            deposited_on=published_on,
            published_on=published_on,
            publication_mode="electronic",
        )
    convention.refresh_from_db()
    return convention


def current_signed_convention(**fields) -> Convention:
    """A convention of two schools of the school year under way, signed by both a month ago."""
    today = timezone.localdate()
    year = today.year if today.month >= 9 else today.year - 1
    convention = ConventionFactory(campaign=CampaignFactory(start_year=year), **fields)
    return sign_by_both(convention, on=today - datetime.timedelta(days=30), published_on=None)


def prepare_amendment(convention, *, add=(), remove=(), reason="Ouverture d'une école."):
    """An avenant of `convention`, prepared; the texts it prints are there."""
    for kind in ("amendment", "amendment_decision", "amendment_deliberation"):
        TextModelFactory(kind=kind)
    return preparing.prepare_amendment(convention, by=None, reason=reason, add=add, remove=remove)


def sign_amendment(amendment, *, on: datetime.date | None = None):
    """Send it if need be, and have both parties sign it on the same day (today if None)."""
    on = on or timezone.localdate()
    if amendment.sent_on is None:
        amendment.send(by=None, on=on)
    print_quickly(amendment)
    amendment.sign_for_collectivity(by=None, on=on)
    amendment.sign_for_region(by=None, on=on)
    return amendment
