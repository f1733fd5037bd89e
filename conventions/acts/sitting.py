"""The sitting that voted a délibération: facts that the law has it state, each optional.

Sources: CGCT L2121-10 to L2121-23, which L5211-1 makes those of groupings too.
"""

from copy import copy
from typing import Any

from django.core.exceptions import ValidationError
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

    convened_on = models.DateField("date de la convocation", null=True, blank=True)
    members = models.PositiveSmallIntegerField("membres en exercice", null=True, blank=True)
    present = models.PositiveSmallIntegerField("présents", null=True, blank=True)
    represented = models.PositiveSmallIntegerField(
        "représentés", null=True, blank=True, help_text="Absents qui ont donné pouvoir."
    )
    absent = models.PositiveSmallIntegerField(
        "absents", null=True, blank=True, help_text="Sans pouvoir, excusés ou non."
    )
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
    votes_for = models.PositiveSmallIntegerField("voix pour", null=True, blank=True)
    votes_against = models.PositiveSmallIntegerField("voix contre", null=True, blank=True)
    abstentions = models.PositiveSmallIntegerField("abstentions", null=True, blank=True)

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
        counted = _sum(self.present, self.represented, self.absent)
        if None not in (counted, self.members) and counted != self.members:
            errors["absent"] = (
                f"Présents, représentés et absents font {counted}, pour {self.members} membres en "
                "exercice : vérifiez ces nombres."
            )
        if self.not_voting is not None and self.not_voting < 0:
            errors["abstentions"] = (
                f"Il y a plus de voix et d'abstentions que de membres présents ou représentés "
                f"({_sum(self.present, self.represented)}) : vérifiez ces nombres."
            )
        if errors:
            raise ValidationError(errors)

    @property
    def not_voting(self) -> int | None:
        """Members there, or represented, who took no part in the vote; None if unknown."""
        there = _sum(self.present, self.represented)
        voted = _sum(self.votes_for, self.votes_against, self.abstentions)
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
