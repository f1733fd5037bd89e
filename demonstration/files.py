"""Demonstration data: the real file of 2022, and a campaign under way.

Communes are the official ones; people, addresses and schools are made up and say so,
except the two schools and the signatories of the published file of 2022.
"""

import datetime
import random
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import DEMONSTRATION_DOMAIN, User
from communes.models import Collectivity, Region
from conventions.acts.models import Act
from conventions.amendments.preparing import prepare_amendment
from conventions.authority import record_act, record_act_dates
from conventions.campaigns.models import Campaign
from conventions.enrolment.enrolling import enrol
from conventions.enrolment.preparation import prepare
from conventions.exchanges.models import Message
from conventions.lifecycle import COLLECTIVITY_SIGNED, REGION_SIGNED, State
from conventions.models import Convention, Enrolment, issue_documents
from conventions.terminations.models import Termination, give_formal_notice
from demonstration.places import (
    SEED,
    create_syndicat,
    describe,
    describe_villeneuve,
    made_up_school,
    made_up_schools,
    villeneuve_schools,
)
from demonstration.sittings import made_up_sitting
from documents.wording.texts import load_texts
from schools.models import School

VILLENEUVE = "34337"
# Where the files that docs/visite.md names stand: one in every state. The names try the
# grammar, too: d'Agde, de La Grande-Motte, des Matelles, du Vigan, d'Hérépian.
NAMED = {
    "34003": State.SENT,  # Agde, asked and answered
    "34344": State.ACCEPTED,  # La Grande-Motte
    "34153": State.CORRECTION_REQUESTED,  # Les Matelles
    "30350": State.SIGNED_BY_COLLECTIVITY,  # Le Vigan
    "34119": State.PREPARED,  # Hérépian
    "48095": State.SIGNED_BY_REGION,  # Mende
    "65440": State.SIGNED,  # Tarbes
    "82121": State.TERMINATED,  # Montauban
    "46042": State.ABANDONED,  # Cahors
}
# Its schools wait to be enrolled: Foix.
TO_ENROL = "09122"
_OTHERS = 142

# How many of a hundred of the other files stand in each state.
_STATES = (
    (State.PREPARED, 10),
    (State.SENT, 32),
    (State.ACCEPTED, 20),
    (State.SIGNED_BY_COLLECTIVITY, 14),
    (State.SIGNED_BY_REGION, 5),
    (State.SIGNED, 16),
    (State.ABANDONED, 3),
)


# Somebody to call: a number that the regulator keeps for fiction.
_CONTACT = {
    "contact_name": "Jeanne Exemple",
    "contact_phone": "04 65 71 00 00",
    "contact_email": f"ent-ecole@{DEMONSTRATION_DOMAIN}",
}


def load_2022(*, by: User | None) -> Convention:
    """Create the campaign 2022-2023 and the published file of Villeneuve-lès-Maguelone."""
    campaign = _campaign(
        2022,
        signatory_civility="F",
        signatory_first_name="Sophie",
        signatory_last_name="BÉJEAN",
        signatory_titles="Rectrice de la région académique Occitanie\n"
        "Rectrice de l'académie de Montpellier\nChancelière des universités",
        **_CONTACT,
        reply_by=None,
    )
    campaign.open(by=by)
    collectivity = Collectivity.objects.get(code=VILLENEUVE)
    describe_villeneuve(collectivity)
    schools = villeneuve_schools(collectivity)
    enrol(campaign, "\n".join(school.uai for school in schools), by=by)
    prepare(campaign, by=by)
    convention = Convention.objects.with_parties().get(campaign=campaign, collectivity=collectivity)
    signed = datetime.date(2022, 10, 10)
    published = datetime.date(2022, 10, 13)
    convention.send(by=by, on=signed)
    convention.accept(by=by, on=signed)
    record_act(
        convention,
        by=by,
        kind=Act.Kind.DECISION,
        number="2022DECAD076",
        dated_on=signed,
        executor="Madame la Directrice générale des services",
    )
    issue_documents(convention, by=by)
    convention.sign_for_collectivity(by=by, on=signed)
    convention.sign_for_region(by=by, on=signed)
    record_act_dates(
        convention,
        by=by,
        deposited_on=published,
        published_on=published,
        publication_mode=Act.PublicationMode.ELECTRONIC,
    )
    issue_documents(convention, by=by)
    campaign.close(by=by)
    return convention


def load_2026(*, by: User | None) -> Campaign:
    """Create the campaign 2026-2027, open, with some 150 collectivities in every state.

    Villeneuve-lès-Maguelone, whose file of 2022 is there too, has just been sent its own.
    """
    chance = random.Random(SEED)  # noqa: S311 (made-up data, not a secret)
    campaign = _campaign(
        2026,
        signatory_civility="F",
        signatory_first_name="Dominique",
        signatory_last_name="EXEMPLE",
        signatory_titles="Rectrice de la région académique Occitanie\n"
        "Rectrice de l'académie de Montpellier\nChancelière des universités",
        **_CONTACT,
        reply_by=datetime.date(2026, 12, 31),
    )
    campaign.open(by=by)
    collectivities = _chosen(chance)
    for number, collectivity in enumerate(collectivities):
        describe(collectivity, chance)
        made_up_schools(collectivity, {0: 6, 1: 45}.get(number), chance)
    syndicat = create_syndicat(by=by)
    villeneuve = Collectivity.objects.get(code=VILLENEUVE)
    payers = [*collectivities, syndicat, villeneuve]
    codes = School.objects.filter(payer__in=payers).values_list("uai", flat=True)
    enrol(campaign, "\n".join(codes), by=by)
    prepare(campaign, by=by)
    for collectivity in (syndicat, villeneuve):
        campaign.conventions.with_parties().get(collectivity=collectivity).send(by=by)
    _live(campaign, collectivities, chance, by)
    _correspond(campaign, by)
    # A few schools enrolled since: the next preparation takes them in.
    late = _chosen(chance, skip=len(collectivities), count=4)
    for collectivity in late:
        describe(collectivity, chance)
        made_up_schools(collectivity, None, chance)
    codes = School.objects.filter(payer__in=late).values_list("uai", flat=True)
    enrol(campaign, "\n".join(codes), by=by)
    to_enrol = Collectivity.objects.select_related("department").get(code=TO_ENROL)
    describe(to_enrol, chance)
    made_up_schools(to_enrol, 2, chance)
    return campaign


def _campaign(start_year: int, **fields: Any) -> Campaign:
    texts = load_texts()
    return Campaign.objects.create(
        start_year=start_year,
        region=Region.objects.get(),
        tariff=Decimal("45.00"),
        ends_on=datetime.date(start_year + 1, 9, 1),
        decision_text=texts["decision"],
        deliberation_text=texts["deliberation"],
        convention_text=texts["convention"],
        **fields,
    )


def _chosen(chance: random.Random, *, skip: int = 0, count: int = _OTHERS) -> list[Collectivity]:
    """The named communes first, then others of the region, always the same ones."""
    communes = Collectivity.objects.select_related("commune__department", "department")
    others = list(
        communes.filter(commune__population__gte=400)
        .exclude(code__in=[VILLENEUVE, TO_ENROL, *NAMED])
        .order_by("code")
    )
    random.Random(SEED).shuffle(others)  # noqa: S311
    if skip:
        return others[skip : skip + count]
    named = sorted(communes.filter(code__in=NAMED), key=lambda c: [*NAMED].index(c.code))
    return named + others[:count]


def _live(
    campaign: Campaign,
    collectivities: list[Collectivity],
    chance: random.Random,
    by: User | None,
) -> None:
    """Bring each convention to its state, named or given by chance, through the verbs."""
    conventions = {
        convention.collectivity_id: convention for convention in campaign.conventions.with_parties()
    }
    states = [state for state, weight in _STATES for _ in range(weight)]
    for number, collectivity in enumerate(collectivities):
        goal = NAMED.get(collectivity.code) or chance.choice(states)
        _bring_to(conventions[collectivity.pk], goal, number, chance, by)
    signed = campaign.conventions.with_parties().filter(state=State.SIGNED)
    signed = signed.exclude(collectivity__code__in=NAMED)
    _put_on_notice(signed[0], by)
    # Avenants are prepared during the year only.
    if timezone.localdate() <= campaign.ends_on:
        for convention, is_signed in zip(signed[1:3], (False, True), strict=True):
            _amend(convention, is_signed, by)


def _amend(convention: Convention, is_signed: bool, by: User | None) -> None:
    """An avenant for a school that opens: in the town hall's hands, or signed by both."""
    school = made_up_school(convention.collectivity, "École primaire Simone Veil (fictive)")
    amendment = prepare_amendment(
        convention,
        by=by,
        reason=f"Ouverture de l'{school.name[:1].lower()}{school.name[1:]}.",
        add=[school],
    )
    sent = max(convention.effective_on, timezone.localdate() - datetime.timedelta(days=5))
    amendment.send(by=by, on=sent)
    issue_documents(amendment, by=by)
    if is_signed:
        amendment.sign_for_collectivity(by=by, on=sent)
        amendment.sign_for_region(by=by, on=timezone.localdate())


def _put_on_notice(convention: Convention, by: User | None) -> None:
    """One procedure of article 11 under way, its month of conciliation running."""
    termination = give_formal_notice(
        convention,
        by=by,
        side=Termination.Side.REGION,
        on=max(convention.effective_on, timezone.localdate() - datetime.timedelta(days=6)),
        grievances="La collectivité n'a pas équipé les écoles inscrites d'un accès à internet "
        "(exemple).",
    )
    issue_documents(termination, by=by)


def _bring_to(
    convention: Convention, goal: State, number: int, chance: random.Random, by: User | None
) -> None:
    today = timezone.localdate()
    # What has been terminated since began a month before the others.
    ahead = 30 if goal == State.TERMINATED else 0
    sent = today - datetime.timedelta(days=ahead + chance.randint(45, 60))
    if goal == State.PREPARED:
        return
    convention.send(by=by, on=sent)
    if goal == State.ABANDONED:
        convention.abandon(by=by, comment="École inscrite par erreur (exemple).")
    # A correction is asked for later on, with its words: _correspond.
    if goal in (State.SENT, State.CORRECTION_REQUESTED, State.ABANDONED):
        return
    accepted = sent + datetime.timedelta(days=chance.randint(2, 12))
    convention.accept(by=by, on=accepted)
    is_named = convention.collectivity.code in NAMED
    if goal == State.ACCEPTED and not is_named and chance.random() < 0.4:
        return
    dated = accepted + datetime.timedelta(days=chance.randint(1, 12))
    decision = chance.random() < 0.6
    record_act(
        convention,
        by=by,
        kind=Act.Kind.DECISION if decision else Act.Kind.DELIBERATION,
        number=f"{dated.year}{'DEC' if decision else 'DEL'}{number:03d}",
        dated_on=dated,
        delegation_item="24°" if decision and chance.random() < 0.7 else "",
        delegation_reference="délibération n° 2026-014 du 28/03/2026"
        if decision and chance.random() < 0.7
        else "",
        **({} if decision else made_up_sitting(dated, number)),
    )
    issue_documents(convention, by=by)
    if is_named or chance.random() < 0.7:
        deposited = dated + datetime.timedelta(days=chance.randint(0, 6))
        record_act_dates(
            convention,
            by=by,
            deposited_on=deposited,
            published_on=deposited + datetime.timedelta(days=chance.randint(0, 2)),
            publication_mode=Act.PublicationMode.ELECTRONIC,
            reported_on=None,
        )
    signed = dated + datetime.timedelta(days=chance.randint(0, 10))
    if goal in COLLECTIVITY_SIGNED:
        convention.sign_for_collectivity(by=by, on=signed)
    if goal in REGION_SIGNED:
        convention.sign_for_region(by=by, on=signed + datetime.timedelta(days=2))
    if goal == State.TERMINATED:
        _terminate(convention, by)


def _terminate(convention: Convention, by: User | None) -> None:
    """The procedure of article 11, as short as it may be: a conciliation that fails at once."""
    # Read again: the database computes the day on which it takes effect.
    convention = Convention.objects.with_parties().get(pk=convention.pk)
    notice = convention.effective_on
    termination = give_formal_notice(
        convention,
        by=by,
        side=Termination.Side.COLLECTIVITY,
        on=notice,
        grievances="Les écoles n'ont pas eu d'accès à l'ENT depuis la rentrée (exemple).",
    )
    issue_documents(termination, by=by)
    termination.record_conciliation(by=by, on=notice)
    termination.send_second_letter(
        by=by, on=notice, reasons="Aucun accord n'a été trouvé (exemple)."
    )
    issue_documents(termination, by=by)
    termination.terminate(by=by, on=notice + datetime.timedelta(days=15))


def _correspond(campaign: Campaign, by: User | None) -> None:
    """One request answered, for the account that comes back to it, and two that wait."""
    files = campaign.conventions.with_parties()
    answered = files.get(collectivity__code="34003")
    answered.request_correction(
        by=User.objects.demonstration().filter(collectivities=answered.collectivity).first(),
        subject=Message.Subject.SCHOOLS,
        comment="L'école Les Oliviers figure-t-elle bien dans la liste de cette année ?\n"
        "Nous pensions qu'elle rejoignait le groupe scolaire voisin (exemple).",
    )
    answered.send(
        by=by, comment="Oui : la fusion n'a lieu qu'à la prochaine rentrée (réponse d'exemple)."
    )
    files.get(collectivity__code="34153").request_correction(
        by=by,
        subject=Message.Subject.SCHOOLS,
        comment="Reçu par téléphone : une école a fermé en juillet (exemple).",
    )
    waiting = files.filter(state=State.SENT)
    other = waiting.exclude(collectivity__code__in=[VILLENEUVE, *NAMED]).order_by("reference")[0]
    other.request_correction(
        by=by,
        subject=Message.Subject.COLLECTIVITY,
        comment="Reçu par courrier : le maire a changé (exemple).",
    )


def is_loaded() -> bool:
    """Tell whether the demonstration data is there."""
    return Campaign.objects.filter(start_year=2026).exists() and (
        Enrolment.objects.filter(campaign__start_year=2022).exists()
    )
