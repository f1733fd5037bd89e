"""What a document was made from, as somebody reads it: each value under its French name.

Read from the JSON that was frozen with the document, whatever version it was written under.
"""

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.text import capfirst

from documents.wording.typography import euros

# Each value that a context has, or had (`documents.contexts`).
LABELS = {
    "version": "version de ces valeurs",
    "reference": "référence",
    "school_year": "année scolaire",
    "number": "numéro",
    "dated_on": "daté du",
    "signed_on": "dernière signature le",
    "ends_on": "fin le",
    "unit_fee": "tarif par école",
    "amount": "montant",
    "school_count": "nombre d'écoles",
    "authorised_by": "habilitation",
    # The act.
    "delegation_item": "alinéa de la délégation",
    "delegation_reference": "délibération de délégation",
    "executor": "chargé de l'exécution",
    "prefect": "préfet",
    "court": "tribunal administratif",
    "website": "site internet",
    "publication_mode": "publication",
    "deposited_on": "déposé en préfecture le",
    "published_on": "publié le",
    "deposit_reference": "accusé de réception",
    "certified_on": "certifié le",
    "certified_by": "certifié par",
    "certified_capacity": "qualité de qui certifie",
    "adapted_text": "texte de la collectivité",
    "letterhead": "en-tête",
    "signatory": "signataire",
    "signatory_capacity": "qualité du signataire",
    "signatory_delegation": "délégation du signataire",
    # A letter.
    "from_region": "écrite par la région académique",
    "effective_on": "prise d'effet le",
    "statement": "exposé",
    "notice_on": "mise en demeure du",
    "conciliation_by": "conciliation avant le",
    "conciliation_on": "conciliation le",
    "terminates_on": "résiliation le",
    "amicable_until": "règlement amiable jusqu'au",
    # An avenant.
    "amendment": "avenant",
    "convention_reference": "convention",
    "convention_signed_on": "convention signée le",
    "reason": "motif",
    "added": "écoles ajoutées",
    "removed": "écoles retirées",
    "amount_before": "montant avant l'avenant",
    "amount_change": "effet sur le montant",
    "new_end_on": "nouvelle fin le",
    "states_party": "nomme la collectivité",
    # The parties.
    "region": "région académique",
    "full_name": "nom complet",
    "address_line": "adresse",
    "postcode": "code postal",
    "city": "ville",
    "place": "lieu de signature",
    "litigation_court": "tribunal compétent",
    "signatory_civility": "civilité du signataire",
    "signatory_titles": "titres du signataire",
    "collectivity": "collectivité",
    "title": "nom",
    "with_article": "nom, précédé de l'article",
    "of_article": "nom, précédé de « de »",
    "siret": "SIRET",
    "address": "adresse",
    "representative": "représentant",
    "civility": "civilité",
    "capacity": "qualité",
    "capacity_with_article": "qualité, précédée de l'article",
    "council": "assemblée",
    "made_at": "fait",
    # The schools and the tariff.
    "schools": "écoles",
    "uai": "code UAI",
    "name": "école",
    "commune": "commune",
    "department": "département",
    "fee": "montant",
    "tariff": "tarif",
    "price": "prix",
    "price_with_mention": "prix, avec sa mention",
    "base": "base",
    "calculation": "calcul",
    "is_free": "gratuit",
    # The council's meeting.
    "sitting": "séance de l'assemblée",
    "convened_on": "convoquée le",
    "members": "membres en exercice",
    "present": "présents",
    "represented": "représentés",
    "absent": "absents",
    "proxies": "procurations",
    "secretary": "secrétaire de séance",
    "votes_for": "pour",
    "votes_against": "contre",
    "abstentions": "abstentions",
    "not_voting": "n'ont pas pris part au vote",
}
_AMOUNTS = {"amount", "amount_before", "amount_change", "fee", "unit_fee"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Section:
    """A part of what was printed: `columns` head its rows; none where each is a name and a value."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def sections(context: Mapping[str, Any]) -> Iterator[Section]:
    """Return what a document's context (`contexts.to_json`) says, in French; blanks left out."""
    return _sections("Document", context)


def _sections(title: str, values: Mapping[str, Any]) -> Iterator[Section]:
    said = [(_label(name), _in_words(name, value)) for name, value in values.items()]
    if rows := [(label, words) for label, words in said if words]:
        yield Section(title, (), rows)
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _sections(_label(name), value)
        elif _is_table(value):
            yield _table(_label(name), value)


def _table(title: str, lines: Sequence[Mapping[str, Any]]) -> Section:
    names = list(lines[0])
    rows = [tuple(_in_words(name, line.get(name)) for name in names) for line in lines]
    return Section(title, tuple(map(_label, names)), rows)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _label(name: str) -> str:
    return capfirst(LABELS.get(name, name))


def _in_words(name: str, value: Any) -> str:
    """Say one value; "" for nothing, and for what has rows of its own."""
    if value is None or isinstance(value, dict) or _is_table(value):
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if name in _AMOUNTS:
        return euros(Decimal(value))
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date_format(datetime.date.fromisoformat(value), "SHORT_DATE_FORMAT")
    return str(value)
