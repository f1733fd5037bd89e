"""The columns of a batch's files, declared once: for CSV, XLSX and the screen's notice.

Each names the field of `Titre` that it is read from: files come from the stored rows alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from billing.models import Batch, Titre
from billing.models.titre import TitreQuerySet
from tabular.writing import Column, Kind

# Rows fetched at a time: bounds the memory of a file, whole region included.
CHUNK = 2000


def _nothing(row: Any) -> None:
    return None


def _label(kind: str) -> str:
    return str(Titre.Kind(kind).label)


def _uais(schools: list[dict]) -> str:
    return ", ".join(school["uai"] for school in schools)


@dataclass(frozen=True)
class Stored:
    """A column, the field it is read from ("" for one left to the accountant), how it shows."""

    column: Column
    field: str = ""
    show: Callable[[Any], Any] | None = None


def _text(
    header: str, field: str, meaning: str, width: int = 16, show: Callable | None = None
) -> Stored:
    return Stored(Column(header, Kind.TEXT, _nothing, meaning, width), field, show)


def _prose(
    header: str, field: str, meaning: str, width: int = 28, show: Callable | None = None
) -> Stored:
    return Stored(Column(header, Kind.PROSE, _nothing, meaning, width), field, show)


def _date(header: str, field: str, meaning: str) -> Stored:
    return Stored(Column(header, Kind.DATE, _nothing, meaning), field)


def _code(header: str, field: str) -> Stored:
    return _text(header, field, "De l'exercice du lot, page « Réglages des titres ».")


STORED = (
    _text("Référence interne", "reference", "Propre à cette application, unique."),
    _prose(
        "Nature",
        "kind",
        "« titre initial », ou ce qu'il y change : « complément », « réduction », « annulation ».",
        show=_label,
    ),
    _text("Titre corrigé", "corrects__reference", "Référence interne du titre complété ou réduit."),
    _text("Année scolaire", "school_year", "De la campagne."),
    Stored(
        Column("Exercice", Kind.INTEGER, _nothing, "Vide : année de l'émission, connue au retour.")
    ),
    _prose("Débiteur", "debtor_name", "Nom imprimé sur la convention, ou débiteur substitué.", 36),
    _text("SIRET", "siret", "Celui que la collectivité a confirmé avant de signer."),
    _text("Code tiers Chorus", "third_party_code", "Enregistré par les finances."),
    _text("Code service Chorus", "service_code", "Enregistré par les finances."),
    _prose("Adresse", "address", "Imprimée sur la convention.", 36),
    _text("Code postal", "postcode", "Imprimé sur la convention."),
    _prose("Commune", "city", "Imprimée sur la convention.", 28),
    _text("Code INSEE", "insee_code", "Du débiteur ; vide pour un EPCI ou un syndicat."),
    _text("Référence de la convention", "convention_reference", "Imprimée sur elle.", 20),
    _date("Date de la dernière signature", "signed_on", "La convention prend effet ce jour-là."),
    _prose(
        "Référence de l'acte", "act_reference", "Qui autorise la signature de la collectivité.", 44
    ),
    _date(
        "Date exécutoire de l'acte",
        "act_executory_on",
        "La plus tardive du dépôt en préfecture et de la publication ; vide si l'un manque.",
    ),
    Stored(
        Column(
            "Nombre d'écoles",
            Kind.INTEGER,
            _nothing,
            "Du titre ; négatif pour une réduction.",
            is_totalled=True,
        ),
        "school_count",
    ),
    _prose("Codes UAI", "schools", "Des écoles, séparés par des virgules.", 24, show=_uais),
    _prose("Tarif", "tariff", "De la campagne, tel que la convention l'applique.", 24),
    Stored(
        Column("Montant", Kind.MONEY, _nothing, "Toujours positif : la nature dit le sens."),
        "amount",
    ),
    _prose("Base de liquidation", "basis", "Le calcul en toutes lettres.", 60),
    _prose("Objet", "subject", "À reprendre sur le titre.", 60),
    _prose("Période", "period", "De la rentrée à la fin des conventions de la campagne.", 28),
    _prose("Ordonnateur", "author_name", "Nom de l'auteur du titre (CRPA, L212-1).", 28),
    _prose("Qualité de l'ordonnateur", "author_capacity", "Qualité de l'auteur du titre.", 36),
    _code("Nature de recette", "nature_de_recette"),
    _code("Fonds", "fonds"),
    _code("Centre financier", "centre_financier"),
    _code("Domaine fonctionnel", "domaine_fonctionnel"),
    _code("Centre de coûts", "centre_de_couts"),
    _code("Compte PCE", "compte_pce"),
    _code("Activité", "activite"),
    Stored(Column("Numéro du titre Chorus", Kind.TEXT, _nothing, "Vide : donné par Chorus.")),
    Stored(Column("Date du titre Chorus", Kind.DATE, _nothing, "Vide : donnée par Chorus.")),
)
COLUMNS = tuple(stored.column for stored in STORED)
_FIELDS = tuple(dict.fromkeys(stored.field for stored in STORED if stored.field))

SCHOOL_COLUMNS = tuple(
    Column(header, kind, _nothing, width=width)
    for header, kind, width in (
        ("Référence interne", Kind.TEXT, 16),
        ("Débiteur", Kind.PROSE, 36),
        ("Code UAI", Kind.TEXT, 12),
        ("École", Kind.PROSE, 40),
        ("Commune", Kind.PROSE, 28),
        ("Département", Kind.TEXT, 12),
        ("En plus ou en moins", Kind.INTEGER, 12),
    )
)
TOTAL_COLUMNS = tuple(
    Column(header, kind, _nothing, width=width)
    for header, kind, width in (
        ("Nature", Kind.PROSE, 24),
        ("Titres", Kind.INTEGER, 12),
        ("Écoles", Kind.INTEGER, 12),
        ("Montant net", Kind.MONEY, 18),
    )
)


def titre_rows(titres: TitreQuerySet) -> Iterator[list[Any]]:
    """Yield the values of each titre in the order of COLUMNS, read from its own columns."""
    places = [
        (_FIELDS.index(stored.field) if stored.field else None, stored.show) for stored in STORED
    ]
    for row in titres.values_list(*_FIELDS).iterator(chunk_size=CHUNK):
        yield [
            None if place is None else show(row[place]) if show else row[place]
            for place, show in places
        ]


def school_rows(titres: TitreQuerySet) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each school of each titre, in the order of SCHOOL_COLUMNS."""
    rows = titres.values_list("reference", "debtor_name", "schools")
    for reference, debtor, schools in rows.iterator(chunk_size=CHUNK):
        for school in schools:
            yield (
                reference,
                debtor,
                school["uai"],
                school["name"],
                school["commune"],
                school["department"],
                school["change"],
            )


def of_batch(batch: Batch) -> TitreQuerySet:
    """Return the titres of a batch in the order of its files."""
    return Titre.objects.filter(batch=batch).order_by("pk")
