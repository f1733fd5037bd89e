"""Why a file is not kept, and what to do instead: in the words of whoever sent it."""

from django.core.exceptions import ValidationError

HOW_TO = (
    "Numérisez le document signé au format PDF, photographiez ses pages (JPEG, PNG ou HEIC), ou "
    "exportez-le depuis votre logiciel avec « Enregistrer sous… PDF »."
)
_PRINT_AGAIN = (
    "Imprimez-le et numérisez-le, ou imprimez-le vers un nouveau PDF, puis déposez celui-ci."
)
_PLAIN_COPY = "Enregistrez-le sans protection, puis déposez-le à nouveau."

# By the codes of `documents.received.inspection`.
MESSAGES = {
    "before": "Ce PDF est précédé d'autres données : ce n'est peut-être pas un document. "
    + _PRINT_AGAIN,
    "after": "Ce PDF est suivi d'autres données, ou sa fin manque. " + _PRINT_AGAIN,
    "polyglot": "Ce fichier est à la fois un PDF et une page web ou une archive. " + _PRINT_AGAIN,
    "password": f"Ce PDF est protégé par un mot de passe. {_PLAIN_COPY}",
    "protected": "Ce PDF est protégé : il ne s'ouvre qu'avec le certificat de son destinataire. "
    + _PLAIN_COPY,
    "encrypted": "Ce PDF est protégé : il interdit certains usages (modification, copie ou "
    f"impression). {_PLAIN_COPY}",
    "damaged": f"Ce PDF est incomplet ou abîmé. {HOW_TO}",
    "no_page": f"Ce PDF ne contient aucune page. {HOW_TO}",
    "too_many_pages": "Ce PDF compte plus de {most} pages. Déposez seulement le document signé, "
    "ou séparez-le en plusieurs fichiers.",
    "too_heavy": "Ce PDF demande trop de calcul ou de mémoire pour être affiché. " + _PRINT_AGAIN,
    "script": f"Ce PDF contient un programme (JavaScript). {_PRINT_AGAIN}",
    "launch": f"Ce PDF lance un programme ou ouvre un autre fichier. {_PRINT_AGAIN}",
    "submit": f"Ce PDF contient un formulaire qui envoie des données. {_PRINT_AGAIN}",
    "action": "Ce PDF fait autre chose que montrer ses pages (ouvrir une adresse, masquer un "
    f"champ…). {_PRINT_AGAIN}",
    "xfa": f"Ce PDF est un formulaire dynamique (XFA). Remplissez-le, puis : {_PRINT_AGAIN}",
    "media": f"Ce PDF contient un son, une vidéo ou un objet animé. {_PRINT_AGAIN}",
    "attachment": "Un autre fichier est joint à l'intérieur de ce PDF. Déposez les fichiers un "
    "par un, chacun au format PDF.",
    "elsewhere": f"Une partie de ce PDF se trouve dans un autre fichier. {_PRINT_AGAIN}",
}


def refusal(code: str, *, most: int) -> ValidationError:
    """Return what is said of a file that is refused for `code`; it may have `most` pages."""
    return ValidationError(MESSAGES[code].format(most=most), code=code)
