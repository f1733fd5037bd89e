"""The columns of an exported claim, declared once: for CSV, XLSX and the screen's notice."""

from tabular.writing import Column, Kind


def _coding(header: str, field: str) -> Column:
    return Column(
        header,
        Kind.TEXT,
        lambda claim: getattr(claim.coding, field),
        "Réglé une fois pour tous les titres, page « Codification Chorus ».",
    )


def _blank(header: str, kind: Kind, meaning: str) -> Column:
    return Column(header, kind, lambda claim: None, meaning)


COLUMNS = (
    Column(
        "Référence interne",
        Kind.TEXT,
        lambda claim: claim.reference,
        "Propre à cette application, unique.",
    ),
    Column(
        "Nature",
        Kind.TEXT,
        lambda claim: str(claim.nature),
        meaning="« convention », ou ce qu'un avenant y change : « complément », « réduction ».",
    ),
    Column("Année scolaire", Kind.TEXT, lambda claim: claim.school_year, "De la campagne."),
    Column(
        "Exercice budgétaire",
        Kind.INTEGER,
        lambda claim: claim.budget_year,
        "Année de la dernière signature : une proposition, à vérifier.",
    ),
    Column(
        "Débiteur",
        Kind.TEXT,
        lambda claim: claim.debtor,
        "Nom imprimé sur la convention.",
        width=36,
    ),
    Column(
        "SIRET",
        Kind.TEXT,
        lambda claim: claim.siret,
        "Celui que la collectivité a confirmé avant de signer.",
    ),
    _blank("Code tiers Chorus", Kind.TEXT, "Vide : à compléter dans Chorus."),
    Column("Adresse", Kind.TEXT, lambda claim: claim.address, "Imprimée sur la convention.", 36),
    Column("Code postal", Kind.TEXT, lambda claim: claim.postcode, "Imprimé sur la convention."),
    Column("Commune", Kind.TEXT, lambda claim: claim.city, "Imprimée sur la convention.", 28),
    Column(
        "Code INSEE",
        Kind.TEXT,
        lambda claim: claim.insee_code,
        "De la commune signataire ; vide pour un EPCI ou un syndicat.",
    ),
    Column(
        "Référence de la convention",
        Kind.TEXT,
        lambda claim: claim.convention_reference,
        "Imprimée sur la convention.",
        width=20,
    ),
    Column(
        "Date de la dernière signature",
        Kind.DATE,
        lambda claim: claim.signed_on,
        "La convention prend effet ce jour-là.",
    ),
    Column(
        "Référence de l'acte",
        Kind.TEXT,
        lambda claim: claim.act_reference,
        "Décision ou délibération qui autorise la signature.",
        width=44,
    ),
    Column(
        "Date exécutoire de l'acte",
        Kind.DATE,
        lambda claim: claim.act_executory_on,
        "La plus tardive du dépôt en préfecture et de la publication ; vide si l'un manque.",
    ),
    Column(
        "Nombre d'écoles",
        Kind.INTEGER,
        lambda claim: claim.schools,
        "Inscrites à la convention.",
        is_totalled=True,
    ),
    Column(
        "Codes UAI",
        Kind.TEXT,
        lambda claim: ", ".join(claim.uais),
        "Des écoles inscrites, séparés par des virgules.",
        width=24,
    ),
    Column("Tarif par école", Kind.MONEY, lambda claim: claim.tariff, "De la convention."),
    Column(
        "Montant",
        Kind.MONEY,
        lambda claim: claim.amount,
        "Nombre d'écoles multiplié par le tarif.",
        is_totalled=True,
    ),
    Column(
        "Base de liquidation",
        Kind.TEXT,
        lambda claim: claim.basis,
        "Le calcul en toutes lettres.",
        60,
    ),
    Column("Objet", Kind.TEXT, lambda claim: claim.subject, "À reprendre sur le titre.", 60),
    Column(
        "Période",
        Kind.TEXT,
        lambda claim: claim.period,
        "De la rentrée à la fin des conventions de la campagne.",
        width=28,
    ),
    _coding("Nature de recette", "nature_de_recette"),
    _coding("Fonds", "fonds"),
    _coding("Centre financier", "centre_financier"),
    _coding("Domaine fonctionnel", "domaine_fonctionnel"),
    _coding("Centre de coûts", "centre_de_couts"),
    _coding("Compte PCE", "compte_pce"),
    _coding("Activité", "activite"),
    _blank("Numéro du titre Chorus", Kind.TEXT, "Vide : donné par Chorus."),
    _blank("Date du titre Chorus", Kind.DATE, "Vide : donnée par Chorus."),
    Column(
        "Statut",
        Kind.TEXT,
        lambda claim: claim.status,
        "« à émettre », puis « demandé » dès qu'un lot l'a emporté.",
    ),
)
