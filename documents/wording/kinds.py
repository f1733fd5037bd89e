"""The natures of text that the product prints."""

from django.db import models


class Kind(models.TextChoices):
    DECISION = "decision", "décision"
    DELIBERATION = "deliberation", "délibération"
    CONVENTION = "convention", "convention"
    FORMAL_NOTICE = "formal_notice", "mise en demeure"
    TERMINATION = "termination", "lettre de résiliation"
    AMENDMENT = "amendment", "avenant"
    AMENDMENT_DECISION = "amendment_decision", "décision du maire pour un avenant"
    AMENDMENT_DELIBERATION = "amendment_deliberation", "délibération pour un avenant"


EVERY_KIND = frozenset(Kind)
DECISIONS = frozenset({Kind.DECISION, Kind.AMENDMENT_DECISION})
DELIBERATIONS = frozenset({Kind.DELIBERATION, Kind.AMENDMENT_DELIBERATION})
ACTS = DECISIONS | DELIBERATIONS
AMENDMENTS = frozenset({Kind.AMENDMENT, Kind.AMENDMENT_DECISION, Kind.AMENDMENT_DELIBERATION})
BETWEEN_PARTIES = frozenset({Kind.CONVENTION, Kind.AMENDMENT})
LETTERS = frozenset({Kind.FORMAL_NOTICE, Kind.TERMINATION})
PRICED = EVERY_KIND - LETTERS
