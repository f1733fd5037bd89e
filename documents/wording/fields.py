"""Merge fields: the values that a text may call for, `{{ key }}`, by nature of text."""

from communes import french
from documents.wording import values
from documents.wording.conditions import CONDITIONS
from documents.wording.kinds import (
    ACTS,
    AMENDMENTS,
    BETWEEN_PARTIES,
    DECISIONS,
    DELIBERATIONS,
    LETTERS,
    Kind,
)
from documents.wording.merge_field import FieldType, MergeField
from documents.wording.party_fields import PARTY_FIELDS
from documents.wording.tariff_fields import CALCULATION, TARIFF_FIELDS
from documents.wording.typography import BLANK, euros, long_date

FIELDS = (
    MergeField("annee_scolaire", "Année scolaire", "2022-2023", lambda c: c.school_year),
    MergeField("reference", "Référence de la convention", "ENT-2022-34337", lambda c: c.reference),
    MergeField(
        "region",
        "Région académique, précédée de l'article",
        "la région académique Occitanie",
        lambda c: french.with_article(c.region.full_name),
    ),
    MergeField(
        "adresse_region",
        "Adresse de la région académique",
        "31, rue de l'Université, 34064 Montpellier Cedex 2",
        values.region_address,
    ),
    MergeField(
        "collectivite",
        "Collectivité, précédée de l'article",
        "la commune d'Agde",
        lambda c: c.collectivity.with_article,
    ),
    MergeField(
        "de_la_collectivite",
        "Collectivité, précédée de « de »",
        "de la commune d'Agde",
        lambda c: c.collectivity.of_article,
    ),
    MergeField(
        "conseil", "Assemblée délibérante", "conseil municipal", lambda c: c.collectivity.council
    ),
    MergeField(
        "representant",
        "Qualité du représentant, précédée de l'article",
        "la Maire",
        lambda c: values.lower_article(c.collectivity.capacity_with_article),
    ),
    *TARIFF_FIELDS,
    MergeField(
        "article_delegation",
        "Article de la délégation, et son alinéa",
        "L. 2122-22 (4°)",
        values.delegation_article,
        DECISIONS,
    ),
    MergeField(
        "visa_delegation",
        "Visa de la délibération de délégation, s'il y en a une",
        "Vu la délibération n° 2020-14 du 10 juillet 2020…",
        values.delegation_visa,
        DECISIONS,
        type=FieldType.BLOCK,
    ),
    MergeField(
        "article_compte_rendu",
        "Article du compte rendu à l'assemblée",
        "L. 2122-23",
        lambda c: "L. 2122-23" if c.collectivity.is_commune else "L. 5211-10",
        DECISIONS,
    ),
    MergeField(
        "article_deliberation",
        "Article qui fonde la compétence de l'assemblée",
        "L. 2121-29",
        lambda c: "L. 2121-29" if c.collectivity.is_commune else "L. 5211-1",
        DELIBERATIONS,
    ),
    MergeField(
        "date_de_seance",
        "Date de la séance",
        "10 octobre 2022",
        lambda c: values.day_or_blank(c.dated_on),
        DELIBERATIONS,
        type=FieldType.DATE,
    ),
    MergeField(
        "date_de_convocation",
        "Date de la convocation",
        "3 octobre 2022",
        lambda c: values.day_or_blank(values.sitting_of(c).convened_on),
        DELIBERATIONS,
        type=FieldType.DATE,
    ),
    MergeField(
        "membres_en_exercice",
        "Nombre de membres en exercice",
        "15",
        lambda c: values.number_or_blank(values.sitting_of(c).members),
        DELIBERATIONS,
    ),
    MergeField(
        "presents",
        "Nombre de présents",
        "12",
        lambda c: values.number_or_blank(values.sitting_of(c).present),
        DELIBERATIONS,
    ),
    MergeField(
        "representes",
        "Nombre de représentés",
        "2",
        lambda c: values.number_or_blank(values.sitting_of(c).represented),
        DELIBERATIONS,
    ),
    MergeField(
        "absents",
        "Nombre d'absents",
        "1",
        lambda c: values.number_or_blank(values.sitting_of(c).absent),
        DELIBERATIONS,
    ),
    MergeField(
        "pouvoirs",
        "Pouvoirs, s'il y en a : qui est représenté, par qui",
        "Pouvoirs : Claude ROUX à Camille MARTIN.",
        values.proxies,
        DELIBERATIONS,
        type=FieldType.BLOCK,
    ),
    MergeField(
        "quorum",
        "Quorum, atteint ou non",
        "le quorum étant atteint",
        values.quorum,
        DELIBERATIONS,
    ),
    MergeField(
        "secretaire_de_seance",
        "Secrétaire de séance",
        "Claude ROUX",
        lambda c: values.sitting_of(c).secretary or BLANK,
        DELIBERATIONS,
    ),
    MergeField(
        "resultat_du_vote",
        "Résultat du vote, après « est »",
        "adoptée par 12 voix pour, 1 contre et 1 abstention",
        values.vote,
        DELIBERATIONS,
    ),
    MergeField(
        "executant",
        "Personne chargée de l'exécution (à défaut, le représentant)",
        "Madame la Directrice générale des services",
        lambda c: c.executor or c.collectivity.capacity_with_article,
        ACTS,
    ),
    MergeField(
        "prefet",
        "Préfet à qui l'acte est transmis",
        "Préfet de l'Hérault",
        lambda c: c.prefect,
        ACTS,
    ),
    MergeField(
        "publicite",
        "Comment l'acte est publié, après « publié »",
        "sur le site internet de la commune d'Agde",
        values.publicity,
        ACTS,
    ),
    MergeField(
        "tribunal_administratif",
        "Tribunal devant qui l'acte se conteste",
        "tribunal administratif de Montpellier",
        lambda c: c.court,
        ACTS,
    ),
    MergeField(
        "habilitation",
        "Acte qui habilite le représentant, après une virgule, une fois pris",
        ", habilitée par la décision n° 2022DECAD076 du 10 octobre 2022",
        values.authorisation,
        BETWEEN_PARTIES,
    ),
    CALCULATION,
    MergeField(
        "liste_des_ecoles",
        "Tableau des écoles inscrites",
        "code UAI, école, commune, département",
        values.schools_table,
        frozenset({Kind.CONVENTION}),
        type=FieldType.BLOCK,
    ),
    MergeField(
        "date_de_fin",
        "Fin de la convention",
        "1er septembre 2023",
        lambda c: values.unbroken(long_date(c.ends_on)),
        BETWEEN_PARTIES,
        type=FieldType.DATE,
    ),
    MergeField(
        "responsable_de_traitement",
        "Responsable du traitement des données",
        "la Rectrice de l'académie de Montpellier",
        lambda c: values.controller(c.region),
        frozenset({Kind.CONVENTION}),
    ),
    MergeField(
        "tribunal",
        "Tribunal compétent pour la convention",
        "tribunal administratif de Montpellier",
        lambda c: c.region.litigation_court,
        LETTERS | BETWEEN_PARTIES,
    ),
    MergeField(
        "date_d_effet",
        "Prise d'effet de la convention",
        "10 octobre 2022",
        lambda c: values.unbroken(long_date(c.effective_on)),
        LETTERS,
        type=FieldType.DATE,
    ),
    MergeField(
        "griefs",
        "Griefs exposés par l'expéditeur",
        "La liste des écoles…",
        values.statement,
        frozenset({Kind.FORMAL_NOTICE}),
        type=FieldType.BLOCK,
    ),
    MergeField(
        "fin_de_conciliation",
        "Dernier jour pour une conciliation",
        "10 décembre 2022",
        lambda c: values.unbroken(long_date(c.conciliation_by)),
        frozenset({Kind.FORMAL_NOTICE}),
        type=FieldType.DATE,
    ),
    MergeField(
        "motifs",
        "Motifs de la résiliation",
        "La conciliation n'a pas…",
        values.statement,
        frozenset({Kind.TERMINATION}),
        type=FieldType.BLOCK,
    ),
    MergeField(
        "date_mise_en_demeure",
        "Date de la mise en demeure",
        "10 novembre 2022",
        lambda c: values.unbroken(long_date(c.notice_on)),
        frozenset({Kind.TERMINATION}),
        type=FieldType.DATE,
    ),
    MergeField(
        "conciliation",
        "Ce qu'il en fut de la conciliation",
        "la conciliation du 1er décembre 2022 n'a pas abouti",
        values.conciliation,
        frozenset({Kind.TERMINATION}),
    ),
    MergeField(
        "date_de_resiliation",
        "Jour où la résiliation intervient",
        "28 décembre 2022",
        lambda c: values.unbroken(long_date(c.terminates_on)),
        frozenset({Kind.TERMINATION}),
        type=FieldType.DATE,
    ),
    MergeField(
        "fin_d_accord_amiable",
        "Dernier jour pour un accord amiable",
        "13 janvier 2023",
        lambda c: values.unbroken(long_date(c.amicable_until)),
        frozenset({Kind.TERMINATION}),
        type=FieldType.DATE,
    ),
    MergeField(
        "numero_avenant",
        "Numéro de l'avenant",
        "1",
        lambda c: str(c.amendment.number),
        AMENDMENTS,
    ),
    MergeField(
        "reference_convention",
        "Référence de la convention modifiée",
        "ENT-2022-34337",
        lambda c: c.amendment.convention_reference,
        AMENDMENTS,
    ),
    MergeField(
        "date_convention",
        "Prise d'effet de la convention modifiée",
        "10 octobre 2022",
        lambda c: values.unbroken(long_date(c.amendment.convention_signed_on)),
        AMENDMENTS,
        type=FieldType.DATE,
    ),
    MergeField(
        "objet_avenant",
        "Objet de l'avenant, tel que saisi",
        "Ouverture d'une école",
        lambda c: c.amendment.reason.rstrip(". "),
        AMENDMENTS,
    ),
    MergeField(
        "changement",
        "Ce que l'avenant change, en mots",
        "l'ajout de 2 écoles et le retrait d'une école",
        values.changes_in_words,
        AMENDMENTS,
    ),
    MergeField(
        "tableaux_des_changements",
        "Tableaux des écoles ajoutées et retirées",
        "code UAI, école, commune, département",
        values.changes_tables,
        AMENDMENTS,
        type=FieldType.BLOCK,
    ),
    MergeField(
        "effet_sur_le_montant",
        "Effet sur la participation, avec le verbe",
        "augmente de 45 €",
        values.amount_in_words,
        AMENDMENTS,
    ),
    MergeField(
        "montant_avant",
        "Montant avant l'avenant",
        "90 €",
        lambda c: euros(c.amendment.amount_before),
        AMENDMENTS,
        type=FieldType.AMOUNT,
    ),
    *PARTY_FIELDS,
    *CONDITIONS,
)


def fields_of(kind: str) -> dict[str, MergeField]:
    """Return the fields that a text of nature `kind` may use, by key; capitalised ones last."""
    fields = listed_fields(kind)
    capitalised = [field.capitalised for field in fields if field.type == FieldType.TEXT]
    return {field.key: field for field in (*fields, *capitalised)}


def listed_fields(kind: str) -> list[MergeField]:
    """Return them as they are shown to who writes a text, each once."""
    return [field for field in FIELDS if kind in field.kinds]


def plain_key(key: str) -> str:
    """Return the key of a field, whether it is capitalised or not."""
    return key[:1].lower() + key[1:]
