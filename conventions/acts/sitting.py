"""The sitting that voted a délibération: facts that the law has it state, each optional.

Sources: CGCT L2121-10 to L2121-23, which L5211-1 makes those of groupings too.
"""

from copy import copy
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

# What a délibération should say of its sitting, as it is named when it is missing.
EXPECTED = {
    "convened_on": "la date de la convocation",
    "members": "le nombre de membres en exercice",
    "present": "les présents",
    "represented": "les représentés",
    "absent": "les absents",
    "secretary": "le secrétaire de séance",
    "votes_for": "les voix pour",
    "votes_against": "les voix contre",
    "abstentions": "les abstentions",
}
# No assembly is as large: the largest syndicats have several hundred delegates.
_MOST = MaxValueValidator(2000, "%(limit_value)s au plus : vérifiez ce nombre.")


def _count(name: str, help_text: str = "") -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        name, null=True, blank=True, validators=[_MOST], help_text=help_text
    )


class Sitting(models.Model):
    """A meeting of the council, held on the day of the act. What is known of it agrees."""

    FIELDS = (
        "convened_on",
        "members",
        "present",
        "represented",
        "absent",
        "proxies",
        "secretary",
        "votes_for",
        "votes_against",
        "abstentions",
    )

    COUNTS = (
        *("members", "present", "represented", "absent"),
        *("votes_for", "votes_against", "abstentions"),
    )

    convened_on = models.DateField("date de la convocation", null=True, blank=True)
    members = _count("membres en exercice")
    present = _count("présents")
    represented = _count("représentés", "Absents qui ont donné pouvoir.")
    absent = _count("absents", "Sans pouvoir, excusés ou non.")
    proxies = models.TextField(
        "pouvoirs",
        max_length=1500,
        blank=True,
        help_text="Un par ligne, par exemple « Claude ROUX à Camille MARTIN ».",
    )
    secretary = models.CharField(
        "secrétaire de séance",
        max_length=160,
        blank=True,
        help_text="Prénom et nom ; signe la délibération avec le maire (article L2121-23).",
    )
    votes_for = _count("voix pour")
    votes_against = _count("voix contre")
    abstentions = _count("abstentions")

    class Meta:
        verbose_name = "séance"
        # An unknown number makes the comparison unknown, which a constraint lets through.
        constraints = [
            models.CheckConstraint(
                name="sitting_members_are_all_counted",
                condition=Q(members=F("present") + F("represented") + F("absent")),
                violation_error_message="Présents, représentés et absents font ensemble les "
                "membres en exercice.",
            ),
            models.CheckConstraint(
                name="sitting_votes_are_those_of_members",
                # Who has an interest in the matter takes no part in the vote (L2131-11).
                condition=Q(
                    votes_for__lte=F("present")
                    + F("represented")
                    - F("votes_against")
                    - F("abstentions")
                ),
                violation_error_message="Il n'y a pas plus de voix et d'abstentions que de membres "
                "présents ou représentés.",
            ),
        ]

    def __str__(self) -> str:
        return f"séance convoquée le {self.convened_on:%d/%m/%Y}" if self.convened_on else "séance"

    def clean(self) -> None:
        """Say at a field what the constraints would say of the whole."""
        super().clean()
        errors = {}
        if self._has_other_members:
            errors["absent"] = (
                f"Présents, représentés et absents font {_known(*self._counted)}, pour "
                f"{self.members} membres en exercice : vérifiez ces nombres."
            )
        there = _sum(self.present, self.represented)
        most = self.members if there is None else there
        if most is not None and _known(*self._votes) > most:
            errors["abstentions"] = (
                "Il y a plus de voix et d'abstentions que de membres présents ou représentés "
                f"({most}) : vérifiez ces nombres."
            )
        if errors:
            raise ValidationError(errors)

    @property
    def _counted(self) -> tuple[int | None, ...]:
        return self.present, self.represented, self.absent

    @property
    def _votes(self) -> tuple[int | None, ...]:
        return self.votes_for, self.votes_against, self.abstentions

    @property
    def _has_other_members(self) -> bool:
        """Tell whether those counted are not its members: more of them or, all told, fewer."""
        if self.members is None:
            return False
        return _known(*self._counted) > self.members or (
            _sum(*self._counted) not in (None, self.members)
        )

    @property
    def not_voting(self) -> int | None:
        """Members there, or represented, who took no part in the vote; None if unknown."""
        there = _sum(self.present, self.represented)
        voted = _sum(*self._votes)
        return None if there is None or voted is None else there - voted

    def with_facts(self, facts: dict[str, Any]) -> "Sitting":
        """Return a copy that says `facts`; it is not saved."""
        sitting = copy(self)
        for name, value in facts.items():
            setattr(sitting, name, value)
        return sitting

    @property
    def is_blank(self) -> bool:
        return all(getattr(self, name) in (None, "") for name in self.FIELDS)


def missing_facts(sitting: Sitting | None) -> list[str]:
    """Return what a délibération does not say of its sitting, in words (French)."""
    return [
        words
        for name, words in EXPECTED.items()
        if sitting is None or getattr(sitting, name) in (None, "")
    ]


def _sum(*numbers: int | None) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _known(*numbers: int | None) -> int:
    return sum(number or 0 for number in numbers)
