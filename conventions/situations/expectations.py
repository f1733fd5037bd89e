"""What a file may wait for: the rules, in one order, each with its words for either side.

Each says the same thing twice, of a file and as a condition on conventions; a test holds
both to one another. `situation` reads them.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from conventions.acts.models import Act
from conventions.acts.troubles import DRAFT, NOT_EXECUTORY, WITHDRAWN, Trouble
from conventions.amendments.lifecycle import AmendmentState
from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.exchanges.models import Side
from conventions.lifecycle import REWORKABLE, State
from conventions.models import Convention, Piece, ended_before
from conventions.models.priced import has_same_tariff, same_tariff
from conventions.terminations.lifecycle import OPEN
from conventions.terminations.models import Termination, open_termination
from law import deadlines

Holds = Callable[[Convention, datetime.date], bool]
Condition = Callable[[datetime.date], Q]
Until = Callable[[Convention], datetime.date | None]

_UNSIGNED = (State.ACCEPTED, State.SIGNED_BY_REGION)
_HANDED = (State.SIGNED_BY_COLLECTIVITY, State.SIGNED)
_CONFIRMED = (*_UNSIGNED, *_HANDED)
_COPIES = (Piece.Kind.ACT_SIGNED, Piece.Kind.CONVENTION_SIGNED)


def _reply_by(convention: Convention) -> datetime.date | None:
    return convention.campaign.reply_by


def _nothing_due(convention: Convention) -> datetime.date | None:
    return None


@dataclass(frozen=True)
class Rule:
    """Something that a file may wait for.

    `of` is the side that does it (None: nobody), at `step` of the town hall's steps; `label`
    names it in lists, `town_hall` and `rectorat` tell each side. `reminds` tells whether
    the town hall is written to about it.
    """

    key: str
    label: str
    of: Side | None
    holds: Holds
    condition: Condition
    town_hall: str
    rectorat: str
    step: str = ""
    reminds: bool = True
    # Whether nothing else is expected of anybody then.
    closes: bool = False
    until: Until = _nothing_due

    def words(self, side: str) -> str:
        """Return what it tells one side (French)."""
        return self.town_hall if side == Side.TOWN_HALL else self.rectorat


# --- What the rules read -------------------------------------------------------
def _in_state(*states: str) -> tuple[Holds, Condition]:
    return (lambda c, today: c.state in states), (lambda today: Q(state__in=states))


def _both(*pairs: tuple[Holds, Condition]) -> tuple[Holds, Condition]:
    def condition(today: datetime.date) -> Q:
        whole = Q()
        for _, one in pairs:
            whole &= one(today)
        return whole

    return (lambda c, today: all(holds(c, today) for holds, _ in pairs)), condition


def _ended(convention: Convention, today: datetime.date) -> bool:
    return convention.ends_on < today


_ENDED = (_ended, ended_before)
_OVER = (
    lambda c, today: c.campaign.is_over,
    lambda today: Q(campaign__state__in=(Campaign.State.CLOSED, Campaign.State.ARCHIVED)),
)
_OTHER_FEE = (
    lambda c, today: not has_same_tariff(c, c.campaign),
    lambda today: ~same_tariff(),
)


def _ending_by(side: str) -> tuple[Holds, Condition]:
    def holds(convention: Convention, today: datetime.date) -> bool:
        termination = open_termination(convention)
        return termination is not None and termination.side == side

    under_way = Termination.objects.filter(convention=OuterRef("pk"), state__in=OPEN, side=side)
    return holds, lambda today: Q(state=State.SIGNED) & Q(Exists(under_way))


def _amended(*states: str) -> tuple[Holds, Condition]:
    def holds(convention: Convention, today: datetime.date) -> bool:
        amendments: Iterable[Amendment] = convention.amendments.all()
        return convention.state == State.SIGNED and any(a.state in states for a in amendments)

    amended = Amendment.objects.filter(convention=OuterRef("pk"), state__in=states)
    return holds, lambda today: Q(state=State.SIGNED) & Q(Exists(amended))


_NO_ACT = (lambda c, today: c.act is None, lambda today: Q(act__isnull=True))


def _with_act(trouble: Trouble) -> tuple[Holds, Condition]:
    return (
        lambda c, today: c.act is not None and trouble.holds(c.act),
        lambda today: trouble.condition("act__"),
    )


_NO_PAPER = (
    lambda c, today: not c.has_paper,
    lambda today: (
        ~Q(
            Exists(
                Piece.objects.without_blanks().filter(
                    convention=OuterRef("pk"),
                    part="",
                    kind__in=(Piece.Kind.CONVENTION, Piece.Kind.CONVENTION_SIGNED),
                )
            )
        )
    ),
)


def received(convention: Convention) -> set[str]:
    """Return the kinds of signed copies in a file: never the blank that came back unsigned.

    Of an act that was replaced since, the copy does not count.
    """
    fetched = convention._fetched_pieces
    pieces = Piece.objects.filter(convention=convention.pk) if fetched is None else fetched
    act = convention.act
    since = act.recorded_at if act and act.replaces_id else None
    return {
        piece.kind
        for piece in pieces
        if piece.part == ""
        and piece.kind in _COPIES
        and not piece.proves_nothing
        and not (since and piece.kind == Piece.Kind.ACT_SIGNED and piece.added_at < since)
    }


def _has_copy(today: datetime.date) -> Q:
    copies = Piece.objects.without_blanks().filter(convention=OuterRef("pk"), part="")
    act = copies.filter(kind=Piece.Kind.ACT_SIGNED)
    recent = act.filter(added_at__gte=OuterRef("act__recorded_at"))
    has_act = (Q(act__replaces__isnull=True) & Q(Exists(act))) | Q(Exists(recent))
    return has_act & Q(Exists(copies.filter(kind=Piece.Kind.CONVENTION_SIGNED)))


_LACKS_COPIES = (
    lambda c, today: not received(c).issuperset(_COPIES),
    lambda today: ~_has_copy(today),
)


def _is_unreported(convention: Convention, today: datetime.date) -> bool:
    act = convention.act
    return bool(act and act.is_decision and not act.reported_on)


_UNREPORTED = (
    _is_unreported,
    lambda today: Q(act__kind=Act.Kind.DECISION, act__reported_on__isnull=True),
)


def _report_due(convention: Convention) -> datetime.date | None:
    return convention.act.report_due_on if convention.act else None


def _is_report_overdue(convention: Convention, today: datetime.date) -> bool:
    due = _report_due(convention)
    return bool(due and due < today)


_REPORT_OVERDUE = (
    _is_report_overdue,
    lambda today: Q(
        act__dated_on__lte=deadlines.latest_start(
            today - datetime.timedelta(days=1), deadlines.COUNCIL_REPORT_MONTHS
        )
    ),
)


def _next_of_termination(convention: Convention) -> datetime.date | None:
    termination = open_termination(convention)
    return termination.standing.on if termination else None


_TRANSFERRED = (
    lambda c, today: c.is_transferred and c.state != State.ABANDONED,
    lambda today: Q(campaign__transferred_on__isnull=False) & ~Q(state=State.ABANDONED),
)


# --- The rules, in their order ---------------------------------------------------
RULES = (
    Rule(
        "transferred",
        "transférée aux archives",
        None,
        *_TRANSFERRED,
        closes=True,
        town_hall="Ce dossier est clos depuis des années : il se consulte seulement.",
        rectorat="Le dossier est aux archives : il se consulte seulement.",
    ),
    Rule(
        "to_prepare_again",
        "à préparer de nouveau",
        Side.RECTORAT,
        *_both(_in_state(*REWORKABLE), _OTHER_FEE),
        town_hall="Le rectorat corrige votre convention, puis vous la renvoie.",
        rectorat="La participation de la campagne a changé : préparez-la de nouveau, puis "
        "envoyez-la.",
    ),
    Rule(
        "to_send",
        "à envoyer",
        Side.RECTORAT,
        *_in_state(State.PREPARED),
        town_hall="",
        rectorat="Vérifiez les écoles, puis envoyez-la.",
    ),
    Rule(
        "to_answer",
        "correction à traiter",
        Side.RECTORAT,
        *_in_state(State.CORRECTION_REQUESTED),
        town_hall="Vous avez demandé une correction. Le rectorat vous répond et vous renvoie la "
        "convention.",
        rectorat="Lisez sa demande, corrigez s'il y a lieu, répondez, puis renvoyez la convention.",
    ),
    Rule(
        "overrun",
        "année passée sans signature",
        Side.RECTORAT,
        *_both(_in_state(State.SENT, *_UNSIGNED, State.SIGNED_BY_COLLECTIVITY), _OVER, _ENDED),
        closes=True,
        town_hall="L'année scolaire est passée et la campagne est close sans que les deux parties "
        "aient signé : il n'y a plus rien à signer. Écrivez au rectorat si c'est une erreur.",
        rectorat="L'année est passée sans les deux signatures. Enregistrez celles qui manquent si "
        "vous tenez les exemplaires, ou abandonnez le dossier.",
    ),
    Rule(
        "to_confirm",
        "à confirmer par la collectivité",
        Side.TOWN_HALL,
        *_in_state(State.SENT),
        step="identity",
        until=_reply_by,
        town_hall="Vérifiez les écoles et vos renseignements, puis confirmez-les.",
        rectorat="La collectivité doit confirmer ses renseignements.",
    ),
    Rule(
        "terminated",
        "résiliée",
        None,
        *_in_state(State.TERMINATED),
        closes=True,
        town_hall="La convention est résiliée. La participation de l'année reste due ; les sommes "
        "versées ne sont pas remboursées.",
        rectorat="La participation de l'année reste due.",
    ),
    Rule(
        "ended",
        "arrivée à son terme",
        None,
        *_both(_in_state(State.SIGNED), _ENDED),
        closes=True,
        town_hall="La convention est arrivée à son terme : il n'y a plus rien à faire.",
        rectorat="La convention est arrivée à son terme.",
    ),
    Rule(
        "ending_by_region",
        "résiliation engagée par la région",
        Side.RECTORAT,
        *_ending_by(Termination.Side.REGION),
        until=_next_of_termination,
        town_hall="La région académique a engagé une procédure de résiliation.",
        rectorat="Une procédure de résiliation est en cours : prenez l'étape suivante.",
    ),
    Rule(
        "ending_by_collectivity",
        "résiliation engagée par la collectivité",
        Side.TOWN_HALL,
        *_ending_by(Termination.Side.COLLECTIVITY),
        step="termination",
        reminds=False,
        until=_next_of_termination,
        town_hall="Vous avez engagé une procédure de résiliation : prenez l'étape suivante.",
        rectorat="La collectivité a engagé une procédure de résiliation.",
    ),
    Rule(
        "to_replace_act",
        "acte retiré, à reprendre",
        Side.TOWN_HALL,
        *_both(_in_state(*_CONFIRMED), _with_act(WITHDRAWN)),
        step="act",
        town_hall="L'acte a été retiré : prenez-en un nouveau.",
        rectorat="La collectivité a retiré son acte : elle doit en prendre un nouveau.",
    ),
    Rule(
        "to_take_act",
        "acte à préparer",
        Side.TOWN_HALL,
        *_both(_in_state(*_UNSIGNED), _NO_ACT),
        step="act",
        until=_reply_by,
        town_hall="Choisissez votre acte (décision ou délibération).",
        rectorat="La collectivité prépare son acte.",
    ),
    Rule(
        "to_adopt_act",
        "acte à prendre",
        Side.TOWN_HALL,
        *_both(_in_state(*_CONFIRMED), _with_act(DRAFT)),
        step="act",
        until=_reply_by,
        town_hall="Votre acte est un projet : une fois signé ou voté, donnez son numéro et sa date.",
        rectorat="La collectivité a préparé un projet d'acte : elle doit le prendre.",
    ),
    Rule(
        "to_print",
        "convention à produire",
        Side.TOWN_HALL,
        *_both(_in_state(*_UNSIGNED), _NO_PAPER),
        step="print",
        until=_reply_by,
        town_hall="La convention à signer n'a pas encore été produite : demandez-la.",
        rectorat="La convention à signer n'a pas encore été produite : demandez ses documents.",
    ),
    Rule(
        "to_sign_for_region",
        "à signer par la région",
        Side.RECTORAT,
        *_in_state(State.SIGNED_BY_COLLECTIVITY),
        town_hall="Votre collectivité a signé. La région académique doit signer à son tour.",
        rectorat="Enregistrez la signature de la région académique.",
    ),
    Rule(
        "to_send_amendment",
        "avenant à envoyer",
        Side.RECTORAT,
        *_amended(AmendmentState.PREPARED),
        town_hall="La convention est signée par les deux parties.",
        rectorat="Un avenant est prêt : relisez-le, puis envoyez-le.",
    ),
    Rule(
        "to_sign_amendment_for_region",
        "avenant à signer par la région",
        Side.RECTORAT,
        *_amended(AmendmentState.SIGNED_BY_COLLECTIVITY),
        town_hall="Votre collectivité a signé l'avenant. La région académique doit signer à son "
        "tour.",
        rectorat="La collectivité a signé l'avenant. Enregistrez la signature de la région "
        "académique.",
    ),
    Rule(
        "to_sign_amendment",
        "avenant à signer par la collectivité",
        Side.TOWN_HALL,
        *_amended(AmendmentState.SENT, AmendmentState.SIGNED_BY_REGION),
        step="amendment",
        town_hall="Un avenant vous a été envoyé : relisez-le, faites-le signer, puis enregistrez "
        "la date de signature.",
        rectorat="La collectivité doit signer l'avenant.",
    ),
    Rule(
        "to_transmit",
        "acte à déposer et publier",
        Side.TOWN_HALL,
        *_both(_in_state(*_CONFIRMED), _with_act(NOT_EXECUTORY)),
        step="transmission",
        until=_reply_by,
        town_hall="Déposez l'acte en préfecture et publiez-le.",
        rectorat="La collectivité doit déposer son acte en préfecture et le publier.",
    ),
    Rule(
        "to_sign",
        "à signer par la collectivité",
        Side.TOWN_HALL,
        *_in_state(*_UNSIGNED),
        step="signature",
        until=_reply_by,
        town_hall="Faites signer la convention, puis enregistrez la date.",
        rectorat="La collectivité doit signer la convention.",
    ),
    Rule(
        "report_overdue",
        "communication au conseil en retard",
        Side.TOWN_HALL,
        *_both(_in_state(*_HANDED), _UNREPORTED, _REPORT_OVERDUE),
        step="report",
        until=_report_due,
        town_hall="Rendez compte de la décision à l'assemblée, puis enregistrez la date.",
        rectorat="La décision n'a pas été communiquée à l'assemblée dans les trois mois.",
    ),
    Rule(
        "to_attach",
        "copies signées à joindre",
        Side.TOWN_HALL,
        *_both(_in_state(*_HANDED), _LACKS_COPIES),
        step="copies",
        reminds=False,
        town_hall="Joignez les copies signées.",
        rectorat="La collectivité doit joindre les copies signées, ou vous si vous les tenez.",
    ),
    Rule(
        "to_report",
        "décision à communiquer au conseil",
        Side.TOWN_HALL,
        *_both(_in_state(*_HANDED), _UNREPORTED),
        step="report",
        reminds=False,
        until=_report_due,
        town_hall="Rendez compte de la décision à l'assemblée, puis enregistrez la date.",
        rectorat="La collectivité doit rendre compte de sa décision à l'assemblée.",
    ),
    Rule(
        "in_force",
        "en vigueur, complète",
        None,
        *_in_state(State.SIGNED),
        town_hall="La convention est signée par les deux parties : elle a pris effet.",
        rectorat="La participation peut être mise en recouvrement.",
    ),
)
