"""What agents do to many files at once: each action described here, done by a job.

The page that asks (`rectorat.admin.bulk`) and the report (`rectorat.admin.job`) read this
table: how many, what is left out and why, whom nothing reaches.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.roles import ADMIN_SITE_ROLES, Role
from conventions.dossiers import archive, bulk, print_run, verbs
from conventions.dossiers.parts import PARTS, parts_of
from conventions.dossiers.sending import send_all
from conventions.exchanges.models import Side
from conventions.lifecycle import TRANSITIONS
from conventions.models import Convention, file_facts, issue_documents, still_to_issue
from conventions.models.convention import ConventionQuerySet
from jobs.actions import Action, Outcome, one_by_one

NO_ADDRESS = "Ni adresse électronique ni compte : personne n'est prévenu."
_NOTHING = "Rien à produire dans son état actuel : il faut des renseignements confirmés ou un acte."
_NO_PIECE = "Aucune pièce dans ce dossier."
_NOT_PRINTED = (
    "Aucune convention ni aucun avenant à signer en PDF : produisez d'abord ses documents."
)
# One transaction: files of a few queries each, held no longer than a second.
_SOME = 20
_MANY = 200


@dataclass(frozen=True, kw_only=True)
class FileAction(Action):
    """An action on conventions.

    `explanation` says what it does. `preview` tells what it would take of a queryset, and
    leave out and why; `writes_to_town_hall` whether an e-mail tells the town hall of a file.
    """

    explanation: str
    preview: Callable[[ConventionQuerySet], bulk.BulkReport]
    roles: frozenset[Role] = ADMIN_SITE_ROLES
    writes_to_town_hall: Callable[[Convention], bool] = lambda convention: False

    def unreached(self, conventions: Sequence[Convention]) -> list[Convention]:
        """Return those whose town hall would not be told, for want of an address."""
        return [c for c in conventions if self.writes_to_town_hall(c) and not is_reachable(c)]


def is_reachable(convention: Convention) -> bool:
    """Tell whether an e-mail to the town hall goes to anybody."""
    return bool(file_facts(convention).addresses(Side.TOWN_HALL))


# --- Verbs ----------------------------------------------------------------------
def _send(keys: Sequence[int], *, by: User, facts: Mapping[str, Any]) -> dict[int, Outcome]:
    """Send, all in a few queries; those that reach nobody only when they are wanted too."""
    left: dict[int, Outcome] = {}
    if facts.get("only_reached"):
        chosen = Convention.objects.filter(pk__in=keys).select_related("campaign", "collectivity")
        left = {
            convention.pk: Outcome(left_out=NO_ADDRESS)
            for convention in chosen.prefetch_related("collectivity__users")
            if not is_reachable(convention)
        }
    done = send_all([key for key in keys if key not in left], by=by)
    return (
        left
        | {key: Outcome(left_out=" ".join(why.messages)) for key, why in done.refused.items()}
        | {convention.pk: Outcome() for convention in done.sent}
        | {key: Outcome(remark=NO_ADDRESS) for key in done.unreached}
    )


def _does(verb: str) -> Callable[[int, User, Mapping[str, Any]], Outcome]:
    def do(key: int, by: User, facts: Mapping[str, Any]) -> Outcome:
        files = Convention.objects.with_parties().prefetch_related("collectivity__users", *PARTS)
        convention = files.get(pk=key)
        if refusal := verbs.refusal_of(convention, verb):
            return Outcome(left_out=refusal)  # As the page that asked has announced it.
        tells = ACTIONS[verb].writes_to_town_hall(convention)
        verbs.do(convention, verb, by=by, **_typed(facts))
        return Outcome(remark=NO_ADDRESS if tells and not is_reachable(convention) else "")

    return do


def _typed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed as a verb takes it: days were kept as text."""
    days = {"on": datetime.date.fromisoformat}
    return {name: days.get(name, lambda value: value)(value) for name, value in facts.items()}


def _print_missing(keys: Sequence[int], by: User) -> None:
    verbs.print_first(Convention.objects.filter(pk__in=keys), "sign_for_region", by=by)


def _verb(verb: str, explanation: str, done: str, **how: Any) -> FileAction:
    described: dict[str, Any] = {
        "do": one_by_one(_does(verb)),
        "at_once": _SOME,
        "is_atomic": True,
        "roles": TRANSITIONS[verb].roles & ADMIN_SITE_ROLES,
        "preview": lambda conventions: verbs.preview(conventions, verb),
        "writes_to_town_hall": lambda convention: True,
    }
    return _on_files(TRANSITIONS[verb].label, explanation, done, **described | how)


# --- Documents ------------------------------------------------------------------
def _issue(key: int, by: User, facts: Mapping[str, Any]) -> Outcome:
    """Issue the documents of a file, those of its avenants and letters included."""
    convention = Convention.objects.with_parties().get(pk=key)
    parts = parts_of(convention)
    if not any(map(still_to_issue, parts)):
        return Outcome(left_out=_NOTHING)
    for part in parts:
        issue_documents(part, by=by)
    return Outcome()


def _issuable(conventions: ConventionQuerySet) -> bulk.BulkReport:
    def refusal(convention: Convention) -> str:
        return "" if any(map(still_to_issue, parts_of(convention))) else _NOTHING

    return bulk.preview(conventions, refusal)


def _with_pieces(
    pieces: Callable[[ConventionQuerySet], Any], refusal: str
) -> tuple[Any, Callable[[ConventionQuerySet], bulk.BulkReport]]:
    """Return how a job notes the files that have such pieces, and how a page announces them."""

    def having(keys: Sequence[int]) -> set[int]:
        found = pieces(Convention.objects.filter(pk__in=keys)).order_by()
        return set(found.values_list("convention", flat=True))

    def note(keys: Sequence[int], *, by: User, facts: Mapping[str, Any]) -> dict[int, Outcome]:
        there = having(keys)
        return {key: Outcome(left_out="" if key in there else refusal) for key in keys}

    def preview(conventions: ConventionQuerySet) -> bulk.BulkReport:
        there = having(list(conventions.order_by().values_list("pk", flat=True)))
        return bulk.preview(conventions, lambda c: "" if c.pk in there else refusal)

    return note, preview


def _on_files(label: str, explanation: str, done: str, **how: Any) -> FileAction:
    return FileAction(
        label=label,
        explanation=explanation,
        done=done,
        names=_names,
        page="admin:conventions_convention_change",
        visible=Convention.objects.for_user,
        **how,
    )


def _names(keys: Sequence[int]) -> dict[int, str]:
    found = Convention.objects.filter(pk__in=keys).order_by()
    rows = found.values_list("pk", "reference", "collectivity_title")
    return {key: f"{reference} — {title}" for key, reference, title in rows}


_note_archived, _preview_archived = _with_pieces(archive.latest_pieces, _NO_PIECE)
_note_printed, _preview_printed = _with_pieces(print_run.to_print, _NOT_PRINTED)

ACTIONS: dict[str, FileAction] = {
    "send": _verb(
        "send",
        "La collectivité verra sa convention. Ses écoles et son montant ne changeront plus.",
        "Conventions envoyées",
        do=_send,
        at_once=_MANY,
    ),
    "remind": _verb(
        "remind",
        "La collectivité recevra un courriel qui lui rappelle ce que son dossier attend d'elle.",
        "Collectivités relancées",
    ),
    "accept": _verb(
        "accept",
        "Les renseignements de la fiche de chaque collectivité seront recopiés dans sa convention. "
        "D'ordinaire, c'est la mairie qui les confirme : ne le faites à sa place que si elle vous "
        "l'a demandé, ou si vous tenez la convention qu'elle a signée.",
        "Renseignements confirmés",
    ),
    "sign_for_collectivity": _verb(
        "sign_for_collectivity",
        "La date de signature de la collectivité sera enregistrée, la même dans chaque convention "
        "retenue. D'ordinaire, c'est la mairie qui l'enregistre : ne le faites à sa place que si "
        "vous tenez les conventions signées.",
        "Signatures de collectivités enregistrées",
    ),
    "sign_for_region": _verb(
        "sign_for_region",
        "La date de signature sera enregistrée, la même dans chaque convention retenue. Ce que la "
        "collectivité a déjà signé prendra effet.",
        "Signatures de la région académique enregistrées",
        prepare=_print_missing,
    ),
    "abandon": _verb(
        "abandon",
        "L'abandon est définitif. Les écoles pourront être inscrites de nouveau.",
        "Conventions abandonnées",
        writes_to_town_hall=lambda convention: convention.sent_on is not None,
    ),
    "issue": _on_files(
        "Produire les documents",
        "Les documents qui manquent ou qui ne sont plus à jour seront produits : la convention et "
        "l'acte à signer, l'acte avec sa mention exécutoire. Ce qui est déjà à jour ne change pas.",
        "Dossiers dont les documents sont à jour",
        do=one_by_one(_issue),
        preview=_issuable,
    ),
    "pieces": _on_files(
        "Télécharger les pièces (ZIP)",
        "La dernière version de chaque pièce sera réunie dans une archive, un dossier par "
        "collectivité.",
        "Dossiers dans l'archive",
        do=_note_archived,
        preview=_preview_archived,
        at_once=_MANY,
        gather=archive.gather,
        file_name="pieces.zip",
    ),
    "print_run": _on_files(
        "Un seul PDF à imprimer, recto verso",
        "Les conventions et les avenants à signer seront mis bout à bout dans un seul PDF, chacun "
        "sur ses propres feuilles.",
        "Dossiers dans le PDF",
        do=_note_printed,
        preview=_preview_printed,
        at_once=_MANY,
        gather=print_run.gather,
        file_name="a-imprimer.pdf",
    ),
}
