"""Preparing a campaign's conventions from its enrolled schools, set by set."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q

from accounts.models import User
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.campaigns.tariffs import Counted
from conventions.lifecycle import REWORKABLE, State
from conventions.models import Convention, Enrolment
from conventions.models.priced import CHARGED, charged
from lifecycle.door import changes_of
from lifecycle.models import JournalEntry
from typography.counting import counted

_COPIED = ("uai", "name", "commune_name", "department_code", "number", "fee")
_WRITTEN = (*_COPIED, "convention_id")


@dataclass
class PreparationReport:
    """`left_out` pairs a collectivity with the reason (French).

    `changes` is what the journal says of those updated, by their key.
    """

    created: list[Convention] = field(default_factory=list)
    updated: list[Convention] = field(default_factory=list)
    changes: dict[int, dict[str, list[Any]]] = field(default_factory=dict)
    left_out: list[tuple[Collectivity, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Taken:
    """An enrolment brought up to date, unsaved, and its values as they were read."""

    enrolment: Enrolment
    before: dict[str, Any]

    def changed_fields(self) -> set[str]:
        return {name for name in _WRITTEN if getattr(self.enrolment, name) != self.before[name]}


_ByPayer = dict[Collectivity, list[_Taken]]


def prepare(
    campaign: Campaign, *, by: User | None, payers: Iterable[int] | None = None
) -> PreparationReport:
    """Give every payer of enrolled schools its convention, or bring it up to date.

    `payers` (primary keys of collectivities) leaves those and who exchanges schools with them.

    The payer is the one of the campaign's first day, even when a grouping takes a school
    over in the course of the year. Schools join their payer's convention as long as it
    has not been sent; printed names follow the annuaire until then. One transaction, some
    ten queries whatever the number of collectivities (plus one per batch). Raises
    TransitionRefused when the campaign is over, or to who is no agent.
    """
    report = PreparationReport()
    with transaction.atomic():
        campaign = Campaign.objects.held(campaign)
        campaign.refuse_work(by)
        chosen = None if payers is None else _with_exchanges(campaign, by, payers)
        taken_by_payer = _taken_by_payer(campaign, by, chosen)
        existing = _existing(campaign, by, chosen)
        given_up = _given_up(campaign)
        exceptions = campaign.exceptions([payer.pk for payer in taken_by_payer])
        refused = _refusals(campaign, existing, taken_by_payer)
        report.left_out = list(refused.items())
        for payer, taken in taken_by_payer.items():
            if payer in refused:
                continue
            convention = existing.get(payer.pk)
            lines = [row.enrolment for row in taken]
            values = charged(campaign, lines, exceptions.get(payer.pk))
            values["collectivity_title"] = payer.title
            if convention is None:
                before = given_up.get(payer.pk, 0)
                report.created.append(_new_convention(campaign, payer, values, before))
            else:
                _bring_up_to_date(report, convention, **values)
        _write(report, campaign, existing, taken_by_payer, by)
        campaign.note_preparation()
    return report


def to_prepare(
    campaign: Campaign, user: User, payers: Collection[int] | None = None
) -> dict[str, Any]:
    """Count what `prepare` would take up of what `user` may see, for all payers or for some.

    `waiting`: the `schools` in no convention and the `collectivities` that pay for them;
    `prepared`: the conventions that would be brought up to date.
    """
    enrolments = campaign.enrolments.payable(campaign, user).waiting()
    conventions = campaign.conventions.for_user(user).filter(state=State.PREPARED)
    if payers is not None:
        enrolments = enrolments.filter(Q(payer_id__in=payers))
        conventions = conventions.filter(collectivity__in=payers)
    waiting = enrolments.aggregate(
        schools=Count("pk"), collectivities=Count("payer_id", distinct=True)
    )
    return {"waiting": waiting, "prepared": conventions.count()}


def of_unknown_number(
    campaign: Campaign, user: User, payers: Collection[int] | None = None
) -> list[Enrolment]:
    """Return the enrolments that want a number of pupils or classes: their payer waits for it."""
    unit = campaign.rule.unit if campaign.rule.asks_numbers else ""
    if not unit:
        return []
    lines = campaign.enrolments.payable(campaign, user).to_prepare()
    name = {Counted.PUPIL: "pupils", Counted.CLASS: "classes"}[Counted(unit)]
    typed = Q(typed__unit=unit, typed__number__isnull=False)
    unknown = lines.filter(~typed, **{f"school__{name}__isnull": True})
    if payers is not None:
        unknown = unknown.filter(Q(payer_id__in=payers))
    return list(unknown.select_related("school"))


def payers_to_prepare(campaign: Campaign, user: User) -> set[int]:
    """Return the keys of the collectivities that `prepare` would look at for `user`."""
    payers = campaign.enrolments.payable(campaign, user).to_prepare().order_by()
    reworkable = campaign.conventions.for_user(user).filter(state__in=REWORKABLE).order_by()
    return {
        *payers.values_list(F("payer_id"), flat=True),
        *reworkable.values_list("collectivity", flat=True),
    }


def _with_exchanges(campaign: Campaign, by: User | None, payers: Iterable[int]) -> set[int]:
    """Add to `payers` those whose convention gives them a school, or takes one of theirs.

    Both conventions then change together: preparing one alone would leave the count of
    the other wrong.
    """
    moves = (
        campaign.enrolments.payable(campaign, by)
        .to_prepare()
        .filter(convention__isnull=False)
        .exclude(convention__collectivity=F("payer_id"))
        .values_list(F("payer_id"), "convention__collectivity")
    )
    pairs = {frozenset(pair) for pair in moves}
    chosen = set(payers)
    while joined := [pair for pair in pairs if pair & chosen and pair - chosen]:
        chosen = chosen.union(*joined)
    return chosen


def _taken_by_payer(campaign: Campaign, by: User | None, chosen: set[int] | None) -> _ByPayer:
    enrolments = campaign.enrolments.payable(campaign, by).to_prepare()
    if chosen is not None:
        enrolments = enrolments.filter(Q(payer_id__in=chosen))
    payers = {
        payer.pk: payer
        for payer in Collectivity.objects.filter(
            pk__in=enrolments.order_by().values(payer=F("payer_id"))
        ).select_related("commune__department")
    }
    grouped: _ByPayer = defaultdict(list)
    for enrolment in enrolments.select_related("school__commune__department", "typed"):
        before = {name: getattr(enrolment, name) for name in _WRITTEN}
        enrolment.campaign = campaign
        enrolment.copy_from_school()
        grouped[payers[enrolment.payer_id]].append(_Taken(enrolment, before))
    return grouped


def _existing(
    campaign: Campaign, by: User | None, chosen: set[int] | None
) -> dict[int, Convention]:
    scope = collectivity_scope(by, "collectivity") if by is not None else Q()
    conventions = (
        campaign.conventions.filter(scope).living().order_by("pk").select_related("relief")
    )
    conventions = conventions.select_for_update(no_key=True, of=("self",))
    if chosen is not None:
        conventions = conventions.filter(collectivity__in=chosen)
    return {convention.collectivity_id: convention for convention in conventions}


def _given_up(campaign: Campaign) -> dict[int, int]:
    """Count the files of each collectivity that were given up: the next has its own reference."""
    abandoned = campaign.conventions.filter(state=State.ABANDONED).order_by()
    return dict(abandoned.values_list("collectivity").annotate(Count("pk")))


def _refusals(
    campaign: Campaign, existing: dict[int, Convention], taken_by_payer: _ByPayer
) -> dict[Collectivity, str]:
    """Return why some are left out (French), and with them who exchanges schools with them."""
    refused = {}
    for payer, taken in taken_by_payer.items():
        convention = existing.get(payer.pk)
        if unknown := _unknown(campaign, [row.enrolment for row in taken]):
            refused[payer] = unknown
        elif convention and convention.state not in REWORKABLE:
            refused[payer] = _already_sent(convention, taken)
    owners = {convention.pk: convention for convention in existing.values()}
    moves = [
        (payer, owner.collectivity)
        for payer, taken in taken_by_payer.items()
        for row in taken
        if (owner := owners.get(row.before["convention_id"])) and owner.collectivity_id != payer.pk
    ]
    pairs = [*moves, *((giver, taker) for taker, giver in moves)]
    while joined := [pair for pair in pairs if pair[0] in refused and pair[1] not in refused]:
        for other, payer in joined:
            refused[payer] = (
                f"Une école passe de l'une à l'autre, et {other.name} est laissée de côté : les "
                "deux conventions ne changent qu'ensemble."
            )
    return refused


def _unknown(campaign: Campaign, lines: list[Enrolment]) -> str:
    """Return which schools lack the number that the tariff counts (French), "" when none does."""
    tariff = campaign.rule
    missing = [line.uai for line in lines if line.is_unknown_to(tariff)]
    if not missing:
        return ""
    noun = Counted(tariff.unit).label
    return (
        f"Effectif manquant ({noun}) pour {', '.join(missing)} : saisissez-le sur la page de "
        "l'inscription ou importez le fichier des effectifs, puis préparez de nouveau."
    )


def _new_convention(
    campaign: Campaign, payer: Collectivity, values: Mapping[str, Any], before: int
) -> Convention:
    return Convention(
        campaign=campaign,
        collectivity=payer,
        reference=campaign.reference_of(payer, before),
        **values,
    )


def _bring_up_to_date(report: PreparationReport, convention: Convention, **values: Any) -> None:
    """Set values on the instance; what changes of it goes to the report."""
    changes = changes_of(convention, values)
    if changes or convention.relief != values["relief"]:
        for name, value in values.items():
            setattr(convention, name, value)
        report.updated.append(convention)
        report.changes[convention.pk] = changes


def _already_sent(convention: Convention, taken: list[_Taken]) -> str:
    codes = ", ".join(row.enrolment.uai for row in taken)
    return (
        f"Sa convention est déjà {convention.get_state_display()} : "
        f"{codes} ne peut plus s'y ajouter."
    )


def _write(
    report: PreparationReport,
    campaign: Campaign,
    existing: dict[int, Convention],
    taken_by_payer: _ByPayer,
    by: User | None,
) -> None:
    Convention.objects.bulk_create(report.created, batch_size=500)
    _empty(report, campaign, existing, taken_by_payer)
    Convention.objects.bulk_update(
        report.updated,
        [*CHARGED, "collectivity_title"],
        batch_size=200,
    )
    Convention.objects.filter(pk__in=[c.pk for c in report.updated]).update(
        version=F("version") + 1
    )
    prepared = {c.collectivity_id: c for c in existing.values() if c.state in REWORKABLE}
    prepared |= {c.collectivity_id: c for c in report.created}
    joined: list[_Taken] = []
    left_out = {payer.pk for payer, _ in report.left_out}
    for payer, taken in taken_by_payer.items():
        if payer.pk in prepared and payer.pk not in left_out:
            for row in taken:
                row.enrolment.convention = prepared[payer.pk]
            joined += taken
    _write_enrolments(joined)
    JournalEntry.objects.bulk_create(
        [_entry(convention, by, "Convention préparée") for convention in report.created]
        + [
            _entry(convention, by, "Convention mise à jour", report.changes[convention.pk])
            for convention in report.updated
        ],
        batch_size=500,
    )


def _write_enrolments(taken: list[_Taken]) -> None:
    """Write the enrolments that changed, and of their fields those that changed in any.

    A first preparation only sets the convention: writing one field instead of six
    halves its time on a whole region.
    """
    changed = {row.enrolment: row.changed_fields() for row in taken}
    fields = set().union(*changed.values())
    if fields:
        Enrolment.objects.bulk_update(
            [enrolment for enrolment, names in changed.items() if names],
            [name.removesuffix("_id") for name in sorted(fields)],
            batch_size=200,
        )


def _empty(
    report: PreparationReport,
    campaign: Campaign,
    existing: dict[int, Convention],
    taken_by_payer: _ByPayer,
) -> None:
    """A prepared convention whose last school left keeps existing, with none."""
    payers = {payer.pk for payer in taken_by_payer}
    payers |= {payer.pk for payer, _ in report.left_out}
    for convention in existing.values():
        if convention.state in REWORKABLE and convention.collectivity_id not in payers:
            _bring_up_to_date(report, convention, **charged(campaign, (), convention.relief))


def _entry(
    convention: Convention,
    by: User | None,
    done: str,
    changes: dict[str, list[Any]] | None = None,
) -> JournalEntry:
    return JournalEntry.about(
        convention.journal_subject,
        by=by,
        verb="prepare",
        summary=f"{done} : {counted(convention.school_count, 'école')}",
        from_state="" if done == "Convention préparée" else convention.state,
        to_state=convention.state,
        changes=changes or {},
    )
