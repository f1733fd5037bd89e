"""What a text of each nature may not do without, so that what is printed is complete."""

import re
from dataclasses import dataclass

from documents.wording.kinds import (
    ACTS,
    AMENDMENTS,
    BETWEEN_PARTIES,
    DECISIONS,
    DELIBERATIONS,
    Kind,
)
from documents.wording.sections import PARTIES, SIGNATURES


@dataclass(frozen=True)
class Requirement:
    """A part that texts of `kinds` must have.

    One of `fields`, or a heading that matches `heading`, or a paragraph that matches
    `paragraph` (both folded: lower case, without accents). `what` names the part in a
    sentence ("la liste des écoles"), `how` says what to type when no field does.
    With a `section` (`documents.wording.sections`), the field stands there, if the text has
    that section at all.
    """

    what: str
    kinds: frozenset[str]
    fields: tuple[str, ...] = ()
    heading: re.Pattern | None = None
    paragraph: re.Pattern | None = None
    how: str = ""
    section: str = ""

    @property
    def advice(self) -> str:
        if self.how:
            return self.how
        marks = " ou ".join(f"{{{{ {key} }}}}" for key in self.fields)
        place = f", sous « ## {self.section} »" if self.section else ""
        return f"ajoutez le champ {marks}{place}"


_ARTICLE = re.compile(r"article \d")

REQUIREMENTS = (
    Requirement(
        "les visas",
        ACTS,
        paragraph=re.compile(r"vus? "),
        how="commencez un paragraphe par « Vu »",
    ),
    Requirement(
        "le mot « Décide » qui précède les articles",
        DECISIONS,
        heading=re.compile(r".*\bdecide"),
        how="ajoutez la ligne « ## Décide »",
    ),
    Requirement(
        "le mot « Délibère » (ou « Décide ») qui précède les articles",
        DELIBERATIONS,
        heading=re.compile(r".*\b(delibere|decide)"),
        how="ajoutez la ligne « ## Délibère »",
    ),
    Requirement("la date de la séance", DELIBERATIONS, ("date_de_seance",)),
    Requirement("les membres présents", DELIBERATIONS, ("presents",)),
    Requirement("le résultat du vote", DELIBERATIONS, ("resultat_du_vote",)),
    Requirement(
        "les articles",
        ACTS,
        heading=_ARTICLE,
        how="ajoutez une ligne « ### Article 1 – Objet »",
    ),
    Requirement(
        "les mentions de publicité et de recours, au pied de l'acte",
        ACTS,
        heading=re.compile(r"mentions$"),
        how="ajoutez à la fin la ligne « ## Mentions », puis ces mentions",
    ),
    Requirement(
        "les articles",
        BETWEEN_PARTIES,
        heading=_ARTICLE,
        how="ajoutez une ligne « ## Article 1 – Objet »",
    ),
    Requirement(
        "la participation",
        frozenset({Kind.DECISION, Kind.DELIBERATION}),
        ("participation_par_ecole", "tarif", "montant"),
    ),
    Requirement(
        "la liste des écoles inscrites", frozenset({Kind.CONVENTION}), ("liste_des_ecoles",)
    ),
    Requirement(
        "la participation de la collectivité",
        frozenset({Kind.CONVENTION}),
        ("calcul", "montant"),
    ),
    Requirement("la fin de la convention", frozenset({Kind.CONVENTION}), ("date_de_fin",)),
    Requirement(
        "le nom de la collectivité parmi les parties",
        BETWEEN_PARTIES,
        ("nom_collectivite", "collectivite"),
        section=PARTIES,
    ),
    Requirement(
        "le représentant de la collectivité parmi les parties",
        BETWEEN_PARTIES,
        ("nom_representant",),
        section=PARTIES,
    ),
    Requirement(
        "l'acte qui habilite le représentant",
        BETWEEN_PARTIES,
        ("habilitation",),
        section=PARTIES,
    ),
    Requirement(
        "le signataire de l'État parmi les parties",
        BETWEEN_PARTIES,
        ("signataire_region",),
        section=PARTIES,
    ),
    Requirement(
        "la date au-dessus des signatures",
        BETWEEN_PARTIES,
        ("date_de_signature",),
        section=SIGNATURES,
    ),
    Requirement(
        "la signature de la collectivité",
        BETWEEN_PARTIES,
        ("nom_representant",),
        section=SIGNATURES,
    ),
    Requirement(
        "la signature de l'État", BETWEEN_PARTIES, ("signataire_region",), section=SIGNATURES
    ),
    Requirement("la convention que l'avenant modifie", AMENDMENTS, ("reference_convention",)),
    Requirement(
        "les écoles ajoutées et retirées",
        AMENDMENTS,
        ("tableaux_des_changements", "changement"),
    ),
    Requirement(
        "l'effet sur la participation",
        AMENDMENTS,
        ("effet_sur_le_montant", "montant", "calcul"),
    ),
    Requirement("les griefs", frozenset({Kind.FORMAL_NOTICE}), ("griefs",)),
    Requirement(
        "le dernier jour pour une conciliation",
        frozenset({Kind.FORMAL_NOTICE}),
        ("fin_de_conciliation",),
    ),
    Requirement("les motifs", frozenset({Kind.TERMINATION}), ("motifs",)),
    Requirement(
        "le jour de la résiliation", frozenset({Kind.TERMINATION}), ("date_de_resiliation",)
    ),
)


def requirements_of(kind: str) -> list[Requirement]:
    """Return the parts that a text of nature `kind` must have."""
    return [requirement for requirement in REQUIREMENTS if kind in requirement.kinds]
