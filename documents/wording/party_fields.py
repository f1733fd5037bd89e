"""The fields of the head, of the parties and of the signatures of a convention or an avenant."""

from communes import french
from documents.wording import values
from documents.wording.kinds import BETWEEN_PARTIES
from documents.wording.merge_field import FieldType, MergeField
from documents.wording.typography import BLANK

PARTY_FIELDS = (
    MergeField(
        "nom_region",
        "Région académique, sans article",
        "Région académique Occitanie",
        lambda c: c.region.full_name,
        BETWEEN_PARTIES,
    ),
    MergeField(
        "region_representee",
        "« représentée », accordé avec la région académique",
        "représentée",
        lambda c: values.represented(c.region.full_name),
        BETWEEN_PARTIES,
    ),
    MergeField(
        "signataire_region",
        "Signataire de la région académique",
        "Sophie BÉJEAN",
        lambda c: c.region.signatory,
        BETWEEN_PARTIES,
    ),
    MergeField(
        "titres_region",
        "Titres du signataire de la région académique, à la suite",
        "Rectrice de la région académique Occitanie, Chancelière des universités",
        lambda c: ", ".join(c.region.signatory_titles),
        BETWEEN_PARTIES,
    ),
    MergeField(
        "titres_region_en_lignes",
        "Les mêmes, un par ligne",
        "Rectrice de la région académique Occitanie",
        values.titles_in_lines,
        BETWEEN_PARTIES,
    ),
    MergeField(
        "nom_collectivite",
        "Collectivité, sans article",
        "Commune d'Agde",
        lambda c: c.collectivity.title,
        BETWEEN_PARTIES,
    ),
    MergeField(
        "siret",
        "SIRET de la collectivité",
        "213 403 371 00015",
        values.siret_or_blank,
        BETWEEN_PARTIES,
    ),
    MergeField(
        "adresse_collectivite",
        "Adresse de la collectivité",
        "Place de l'Hôtel de Ville, 34300 Agde",
        lambda c: ", ".join(c.collectivity.address) or BLANK,
        BETWEEN_PARTIES,
    ),
    MergeField(
        "collectivite_representee",
        "« représentée » ou « représenté », accordé avec la collectivité",
        "représentée",
        lambda c: values.represented(c.collectivity.title),
        BETWEEN_PARTIES,
    ),
    MergeField(
        "nom_representant",
        "Représentant de la collectivité, avec sa civilité",
        "Madame Camille MARTIN",
        lambda c: f"{c.collectivity.civility} {c.collectivity.representative or BLANK}".strip(),
        BETWEEN_PARTIES,
    ),
    MergeField(
        "qualite_representant",
        "Qualité du représentant, sans article",
        "Maire",
        lambda c: c.collectivity.capacity or BLANK,
        BETWEEN_PARTIES,
    ),
    MergeField(
        "lieu_de_signature",
        "Lieu de signature, précédé de « à »",
        "à Montpellier",
        lambda c: french.at(c.region.place),
        BETWEEN_PARTIES,
    ),
    MergeField(
        "date_de_signature",
        "Jour de la dernière signature, à remplir tant qu'elle manque",
        "10 octobre 2022",
        lambda c: values.day_or_blank(c.signed_on),
        BETWEEN_PARTIES,
        type=FieldType.DATE,
    ),
)
