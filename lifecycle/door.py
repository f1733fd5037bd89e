"""The one door for a change of state: a table of transitions, a version, the journal."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from lifecycle.errors import StaleFile, TransitionRefused
from lifecycle.insertion import insertion_of
from lifecycle.models import JournalEntry, Subject
from lifecycle.transition import Table, Transition

# Keys in one query.
_AT_ONCE = 500


@dataclass(frozen=True)
class Missing:
    """Something a step still waits for: what it is, and the page where it is given."""

    label: str
    page: str = ""


class Stateful(models.Model):
    """Something whose state changes by a table of transitions, with a journal.

    A subclass has a `state`, its table in `TRANSITIONS`, its name in a sentence in `noun`,
    says in `journal_subject` where its journal is, and answers `missing_for(verb)`. Its
    verbs call `_transition`; nothing else assigns a state.
    """

    TRANSITIONS: ClassVar[Table] = {}
    noun: ClassVar[str] = ""

    state: "models.CharField[str, str]"
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def get_state_display(self) -> str:  # Django's own, of each subclass.
        raise NotImplementedError

    @property
    def journal_subject(self) -> Subject:
        """What its entries in the journal are about."""
        raise NotImplementedError

    def missing_for(self, verb: str) -> list[Missing]:
        """Return what the transition `verb` still waits for, empty when it may be done."""
        return []

    def _transition(
        self,
        verb: str,
        by: User | None,
        *,
        comment: str = "",
        summary: str = "",
        beside: dict[str, list[Any]] | None = None,
        **facts: Any,
    ) -> None:
        """Change state by the table, with `facts`, and write the journal, all or nothing.

        `beside` ({name: [old, new]}) is what changes of a row that a fact points to.
        Raises TransitionRefused (not from this state, not this role, something
        missing) or StaleFile (changed by somebody else since it was read).
        """
        self._refuse_transition(verb, by, comment)
        rule = self.TRANSITIONS[verb]
        before = self.state
        after = rule.targets[before]
        changes = changes_of(self, facts) | (beside or {})
        with transaction.atomic():
            compare_and_swap(self, state=after, **facts)
            write_journal(
                self,
                by,
                verb,
                summary or rule.done,
                from_state=before,
                to_state=after,
                comment=comment.strip(),
                changes=changes,
            )

    @classmethod
    def _transition_all(
        cls, targets: Sequence[Self], verb: str, by: User | None, **facts: Any
    ) -> dict[int, TransitionRefused]:
        """Do as `_transition` for many, all with the same `facts`, in a few queries.

        Return why some are refused, by their keys; the others are done, all or nothing.
        Raises StaleFile, and does nothing, when any has changed since it was read.
        """
        rule = cls.TRANSITIONS[verb]
        refused, alike = {}, defaultdict(list)
        for target in targets:
            if not_now := refusal_of(target, verb):
                refused[target.pk] = TransitionRefused(not_now)  # The same words for all.
                continue
            try:
                target._refuse_transition(verb, by, "")
            except TransitionRefused as refusal:
                refused[target.pk] = refusal
            else:
                alike[target.state, target.version].append(target)
        with transaction.atomic():
            entries = [
                journal_entry(
                    target,
                    by,
                    verb,
                    rule.done,
                    from_state=before,
                    to_state=rule.targets[before],
                    changes=changes_of(target, facts),
                )
                for (before, _), group in alike.items()
                for target in group
            ]
            for (before, _), group in alike.items():
                compare_and_swap_all(group, state=rule.targets[before], **facts)
            insertion_of(JournalEntry, entries).execute()
        return refused

    def _refuse_transition(self, verb: str, by: User | None, comment: str) -> None:
        """Raise TransitionRefused unless the table allows `verb` to `by` today."""
        rule = self.TRANSITIONS[verb]
        if self.state not in rule.targets:
            raise TransitionRefused(
                f"« {rule.label} » est impossible : {self.noun} est "
                f"{self.get_state_display()}{self._since()}."
            )
        self._refuse_person(rule, by)
        if rule.comment_required and not comment.strip():
            raise TransitionRefused({"comment": "Indiquez le motif."})
        if missing := self.missing_for(verb):
            wanted = ", ".join(item.label for item in missing)
            raise TransitionRefused(f"« {rule.label} » attend encore : {wanted}.")

    def _refuse_person(self, rule: Transition, by: User | None) -> None:
        """Raise TransitionRefused unless a rule is open to `by`: before what is missing is said."""
        if by is not None and by.role not in rule.roles:
            raise TransitionRefused(f"« {rule.label} » n'est pas ouvert à votre compte.")

    def _since(self) -> str:
        """Who brought it to its state and when, for whoever comes second."""
        entries = _entries_about(self.journal_subject).filter(part=self.journal_subject.part)
        entry = entries.filter(to_state=self.state, verb__in=self.TRANSITIONS).first()
        return f" ({entry.by_name}, le {_moment(entry)})" if entry else ""


def refusal_of(target: Stateful, verb: str) -> str:
    """Return why today's state does not allow `verb` (French), "" when it does."""
    if target.state in target.TRANSITIONS[verb].targets:
        return ""
    return f"{target.noun.capitalize()} est {target.get_state_display()}."


def expect_version(target: Stateful, version: int) -> None:
    """Make the next change fail (StaleFile) unless the row is still at `version`.

    A form carries the version that its reader saw: the back button, a second tab or
    a colleague then cannot overwrite what was written meanwhile.
    """
    target.version = version


def compare_and_swap(target: Stateful, **values: Any) -> None:
    """Write `values` if nobody has written since this instance was read.

    Raises StaleFile otherwise. Without values, it only takes the next version: what is
    written beside the row (a piece, an act, a school) changes the file as well.
    """
    updated = (
        type(target)
        ._default_manager.filter(pk=target.pk, version=target.version)
        .update(version=F("version") + 1, **values)
    )
    if not updated:
        last = _entries_about(target.journal_subject).first()
        raise StaleFile(_who_was_first(last), code="stale")
    target.version += 1
    for name, value in values.items():
        setattr(target, name, value)


def compare_and_swap_all(targets: Sequence[Stateful], **values: Any) -> None:
    """Do as `compare_and_swap` for rows of one table that were read at one version.

    Raises StaleFile when any has changed since, and then nothing may be kept of the
    transaction.
    """
    first = targets[0]
    for start in range(0, len(targets), _AT_ONCE):
        some = targets[start : start + _AT_ONCE]
        updated = (
            type(first)
            ._default_manager.filter(pk__in=[target.pk for target in some], version=first.version)
            .update(version=F("version") + 1, **values)
        )
        if updated != len(some):
            raise StaleFile("Des dossiers ont été modifiés entre-temps : recommencez.")
    for target in targets:
        target.version += 1
        for name, value in values.items():
            setattr(target, name, value)


def hold(target: models.Model) -> None:
    """Hold a row until the transaction ends, before what depends on it is written.

    Rows are taken in one order (docs/architecture.md), so that two people never wait for
    each other; without their keys, which the journal's entries refer to meanwhile.
    """
    rows = type(target)._default_manager.select_for_update(no_key=True)
    rows.order_by().values_list("pk").get(pk=target.pk)


def refuse_limited(by: User | None) -> None:
    """Raise TransitionRefused to an agent of some départements: what is the region's is not theirs."""
    if by is not None and by.limited_to_departments:
        raise TransitionRefused(
            "Ce qui concerne toute la région n'est pas ouvert à votre compte, limité à certains "
            "départements."
        )


def write_journal(
    target: Stateful, by: User | None, verb: str, summary: str, **fields: Any
) -> JournalEntry:
    """Write an entry about `target`: beside its state, what else was done to it."""
    entry = journal_entry(target, by, verb, summary, **fields)
    entry.save()
    return entry


def journal_entry(
    target: Stateful, by: User | None, verb: str, summary: str, **fields: Any
) -> JournalEntry:
    """Return an unsaved entry about `target`, for who writes many at once."""
    return JournalEntry.about(target.journal_subject, by=by, verb=verb, summary=summary, **fields)


def changes_of(target: models.Model, facts: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what `facts` change of a row, as the journal keeps it: {name: [old, new]}.

    Another row that it points to is left out: its key would tell a reader nothing.
    """
    return {
        name: [getattr(target, name), value]
        for name, value in facts.items()
        if not target._meta.get_field(name).is_relation and getattr(target, name) != value
    }


def _entries_about(subject: Subject) -> "models.QuerySet[JournalEntry]":
    """The journal of a file, all its parts; of a campaign itself."""
    return JournalEntry.objects.filter(
        campaign=subject.campaign_id, convention=subject.convention_id
    )


def _moment(entry: JournalEntry) -> str:
    return f"{timezone.localtime(entry.at):%d/%m/%Y à %H:%M}"


def _who_was_first(last: JournalEntry | None) -> str:
    again = "Relisez-le, puis recommencez si besoin."
    if last is None:
        return f"Ce dossier a été modifié entre-temps. {again}"
    return (
        f"Ce dossier a été modifié entre-temps par {last.by_name}, le {_moment(last)} "
        f"({last.summary}). {again}"
    )
