"""What a collectivity confirmed of itself, on a day: what its convention prints."""

import datetime

from django.db import models
from django.db.models import Q

from communes.models import Collectivity, Party
from lifecycle.door import Missing
from lifecycle.frozen import Frozen

# What must be known of the collectivity before it confirms, in a sentence.
_IDENTITY = {
    "siret": "le SIRET",
    "address_line_1": "l'adresse",
    "postcode": "le code postal",
    "city": "la ville",
    "representative_civility": "la civilité du représentant",
    "representative_first_name": "le prénom du représentant",
    "representative_last_name": "le nom du représentant",
    "representative_capacity": "la qualité du représentant",
}


def missing_details(collectivity: Collectivity) -> list[Missing]:
    """Return what a collectivity still has to tell of itself before it confirms."""
    return [
        Missing(label, "convention_identity")
        for field, label in _IDENTITY.items()
        if not getattr(collectivity, field)
    ]


class ConfirmedParty(Frozen, Party):
    """A copy of the collectivity's details, made when the town hall confirmed them.

    Confirmed anew, it is another row: papers already printed keep theirs.
    """

    frozen_message = "Ce qui a été confirmé ne change plus : une autre confirmation le remplace."

    collectivity = models.ForeignKey(
        Collectivity, on_delete=models.PROTECT, related_name="+", verbose_name="collectivité"
    )
    confirmed_at = models.DateTimeField("confirmé le", auto_now_add=True)

    class Meta:
        verbose_name = "renseignements confirmés"
        verbose_name_plural = "renseignements confirmés"
        constraints = [
            models.CheckConstraint(
                name="confirmed_party_has_siret",
                condition=~Q(siret=""),
                violation_error_message="Des renseignements confirmés portent le SIRET de la "
                "collectivité.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.collectivity}, {self.representative}"

    @classmethod
    def copy_of(
        cls, collectivity: Collectivity, on: datetime.date | None = None
    ) -> "ConfirmedParty":
        """Return a row with today's details, unsaved, and who represented it `on` that day."""
        details = {name: getattr(collectivity, name) for name in Party.party_fields()}
        represented = collectivity.represented_on(on) if on else collectivity
        details |= {name: getattr(represented, name) for name in Party.representative_fields()}
        return cls(collectivity=collectivity, **details)

    def changes_since(self, before: "ConfirmedParty | None") -> dict[str, list[str]]:
        """Return what was confirmed otherwise before, as the journal keeps it: {name: [old, new]}."""
        return {
            name: [old, new]
            for name in Party.party_fields()
            if (old := getattr(before, name, "")) != (new := getattr(self, name))
        }
