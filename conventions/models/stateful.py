"""The one door for a change of state, shared by conventions and their amendments."""

from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from conventions.lifecycle import Transition
from conventions.models.errors import StaleFile, TransitionRefused
from conventions.models.journal import JournalEntry


class Stateful(models.Model):
    """Something whose state changes by a table of transitions, with a journal.

    A subclass has a `state`, its table in `TRANSITIONS`, the convention whose journal
    it writes in `file`, its name in a sentence in `noun`, and answers `missing_for(verb)`.
    """

    TRANSITIONS: dict[str, Transition] = {}
    noun = ""
    # What the journal says before each verb.
    verb_prefix = ""

    if TYPE_CHECKING:
        state: Any
        get_state_display: Any

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    @property
    def file(self):
        raise NotImplementedError

    @property
    def journal_prefix(self) -> str:
        """What the journal says before each summary ("Avenant n° 1")."""
        return ""

    def missing_for(self, verb: str) -> list:
        """Return what the transition `verb` still waits for, empty when it may be done."""
        return []

    @classmethod
    def sources_of(cls, verb: str) -> list[str]:
        """Return the states that the transition `verb` may start from."""
        return list(cls.TRANSITIONS[verb].targets)

    def refusal_of(self, verb: str) -> str:
        """Return why today's state does not allow `verb` (French), "" when it does."""
        if self.state in self.TRANSITIONS[verb].targets:
            return ""
        return f"{self.noun.capitalize()} est {self.get_state_display()}."

    def expect_version(self, version: int):
        """Make the next change fail (StaleFile) unless the file is still at `version`.

        A form carries the version that its reader saw: the back button, a second tab or
        a colleague then cannot overwrite what was written meanwhile.
        """
        self.version = version

    def _transition(self, verb, by, *, comment="", summary="", **facts):
        """Change state by the table, with `facts`, and write the journal, all or nothing.

        Raises TransitionRefused (not from this state, not this role, something
        missing) or StaleFile (changed by somebody else since it was read).
        """
        self._refuse_transition(verb, by, comment)
        rule = self.TRANSITIONS[verb]
        before = self.state
        after = rule.targets[before]
        changes = self._changes(facts)
        with transaction.atomic():
            self._compare_and_swap(state=after, **facts)
            self._write_journal(
                by,
                verb,
                summary or rule.done,
                from_state=before,
                to_state=after,
                comment=comment.strip(),
                changes=changes,
            )

    def _refuse_transition(self, verb, by, comment):
        """Raise TransitionRefused unless the table allows `verb` to `by` today."""
        rule = self.TRANSITIONS[verb]
        if self.state not in rule.targets:
            raise TransitionRefused(
                f"« {rule.label} » est impossible : {self.noun} est "
                f"{self.get_state_display()}{self._since()}."
            )
        if by is not None and by.role not in rule.roles:
            raise TransitionRefused(f"« {rule.label} » n'est pas ouvert à votre compte.")
        if rule.comment_required and not comment.strip():
            raise TransitionRefused({"comment": "Indiquez le motif."})
        if missing := self.missing_for(verb):
            wanted = ", ".join(item.label for item in missing)
            raise TransitionRefused(f"« {rule.label} » attend encore : {wanted}.")

    def _since(self) -> str:
        """Who brought it to its state and when, for whoever comes second."""
        verbs = [f"{self.verb_prefix}{verb}" for verb in self.TRANSITIONS]
        entry = self.file.journal.filter(
            to_state=self.state, verb__in=verbs, summary__startswith=self.journal_prefix
        ).first()
        return f" ({entry.by_name}, le {_moment(entry)})" if entry else ""

    @staticmethod
    def _refuse_future(day, field):
        if day and day > timezone.localdate():
            raise TransitionRefused(
                {field: "Cette date est dans le futur : enregistrez-la une fois le fait accompli."}
            )

    def _write_journal(self, by, verb, summary, **fields):
        if self.journal_prefix:
            summary = f"{self.journal_prefix} : {summary[:1].lower()}{summary[1:]}"
        verb = f"{self.verb_prefix}{verb}"
        JournalEntry.about(self.file, by=by, verb=verb, summary=summary, **fields).save()

    def _changes(self, facts):
        return {
            name: [getattr(self, name), value]
            for name, value in facts.items()
            if getattr(self, name) != value
        }

    def _compare_and_swap(self, **values):
        """Write `values` if nobody has written since this instance was read."""
        updated = (
            type(self)
            .objects.filter(pk=self.pk, state=self.state, version=self.version)
            .update(version=F("version") + 1, **values)
        )
        if not updated:
            raise StaleFile(_who_was_first(self.file.journal.first()))
        self.version += 1
        for name, value in values.items():
            setattr(self, name, value)


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
