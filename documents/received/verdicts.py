"""What an electronic signature is worth, in words for who receives the file."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices


class Verdict(TextChoices):
    """What a signature is worth. What happened to the file is said before the certificate."""

    VALID = "valid", "signature valable"
    REVOCATION_UNKNOWN = "revocation_unknown", "signature valable, révocation non vérifiée"
    COMPLETED = "completed", "fichier complété après la signature"
    UNKNOWN_TIMESTAMP = "unknown_timestamp", "horodatage non reconnu"
    UNKNOWN_ISSUER = "unknown_issuer", "signataire non authentifié"
    EXPIRED = "expired", "certificat expiré"
    NOT_YET_VALID = "not_yet_valid", "certificat pas encore valable"
    REVOKED = "revoked", "certificat révoqué"
    UNFIT = "unfit", "certificat inadapté"
    CHANGED = "changed", "fichier modifié après la signature"
    REWRITTEN = "rewritten", "mentions de la signature remplacées"
    PARTIAL = "partial", "signature partielle"
    BROKEN = "broken", "contenu signé altéré"
    REMOVED = "removed", "signature retirée"
    IRREGULAR = "irregular", "fichier irrégulier, signature intacte"
    UNSUPPORTED = "unsupported", "algorithme de signature non pris en charge"
    UNVERIFIABLE = "unverifiable", "signature non vérifiable"


class Weight(TextChoices):
    """How much a verdict weighs on the reader's mind; named as the design system does."""

    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


# What a verdict means for who receives the file.
MEANINGS = {
    Verdict.VALID: "Le certificat du signataire est reconnu et n'était pas révoqué.",
    Verdict.REVOCATION_UNKNOWN: "Le certificat du signataire est reconnu, mais le fichier ne "
    "contient pas la preuve qu'il n'était pas révoqué. En cas de doute, interrogez le signataire.",
    Verdict.COMPLETED: "Le certificat du signataire est reconnu, mais ce qui a été ajouté au fichier "
    "après sa signature ne l'engage pas. Comparez ce qu'il a signé avec ce que le fichier montre.",
    Verdict.UNKNOWN_TIMESTAMP: "Le certificat du signataire est reconnu, mais l'autorité qui date "
    "la signature ne l'est pas : la date n'est pas prouvée.",
    Verdict.UNKNOWN_ISSUER: "L'autorité qui a délivré le certificat n'est pas de celles que ce "
    "site reconnaît : rien ne prouve l'identité du signataire. Vérifiez-la auprès de lui.",
    Verdict.EXPIRED: "Le certificat du signataire n'était plus valable lors de la vérification, "
    "et rien ne prouve que la signature lui est antérieure. Demandez-en une nouvelle.",
    Verdict.NOT_YET_VALID: "Le certificat du signataire n'était pas encore valable. Demandez une "
    "nouvelle signature.",
    Verdict.REVOKED: "Le certificat du signataire a été révoqué : la signature n'est pas fiable. "
    "Demandez-en une nouvelle.",
    Verdict.UNFIT: "Le certificat n'est pas fait pour signer des documents, ou ne peut pas être "
    "rattaché à une autorité reconnue. Demandez une signature avec un autre certificat.",
    Verdict.CHANGED: "Ce que l'on voit n'est plus ce qui a été signé. Demandez le fichier tel qu'il "
    "est sorti de la signature.",
    Verdict.REWRITTEN: "Le motif, le lieu ou la date que le fichier affiche pour cette signature ont "
    "été remplacés après coup : ne vous y fiez pas. Demandez le fichier tel qu'il est sorti de la "
    "signature.",
    Verdict.PARTIAL: "La signature ne couvre qu'une partie du fichier : le reste a pu être changé. "
    "Demandez le fichier tel qu'il est sorti de la signature.",
    Verdict.BROKEN: "Le contenu n'est pas celui qui a été signé. Demandez le fichier tel qu'il est "
    "sorti de la signature.",
    Verdict.REMOVED: "Le fichier garde la trace d'une signature qui n'y figure plus. Demandez le "
    "fichier tel qu'il est sorti de la signature.",
    Verdict.IRREGULAR: "Le contenu signé est intact, mais le fichier n'est pas écrit comme le veut la "
    "norme PDF (Word et Excel en font de tels) : deux logiciels peuvent l'afficher différemment, et "
    "l'identité du signataire n'est pas confirmée. Relisez-le ; en cas de doute, demandez le "
    "document enregistré en PDF/A, puis signé.",
    Verdict.UNSUPPORTED: "La signature emploie un algorithme que ce site ne sait pas vérifier : elle "
    "n'est ni confirmée ni démentie. Vérifiez-la dans un lecteur de PDF, ou demandez une signature "
    "au format PAdES (RSA ou ECDSA).",
    Verdict.UNVERIFIABLE: "Le format de la signature n'a pas pu être lu : elle n'est ni confirmée "
    "ni démentie. Vérifiez-la dans un lecteur de PDF.",
}
WEIGHTS = {
    Verdict.VALID: Weight.SUCCESS,
    **dict.fromkeys((Verdict.REVOKED, Verdict.CHANGED, Verdict.PARTIAL), Weight.ERROR),
    **dict.fromkeys((Verdict.BROKEN, Verdict.REMOVED, Verdict.REWRITTEN), Weight.ERROR),
}


class Later(TextChoices):
    """What the file holds after the part that is signed."""

    NOTHING = "nothing", "La signature couvre tout le fichier."
    SIGNATURES = (
        "signatures",
        "Seules d'autres signatures, ou ce qui sert à les vérifier, ont été ajoutées ensuite.",
    )
    ADDITIONS = (
        "additions",
        "Le fichier a ensuite été complété par ce que cette signature ne couvre pas : relisez-le.",
    )


@dataclass(frozen=True)
class Found:
    """One signature of a file. Names are as the certificate gives them, dates in UTC.

    `signed_at` is what the signer's machine says; `timestamped_at` what a trusted
    time-stamping authority does, else None. `later` is empty when the file was changed.
    `signed_size` is how many bytes, from the first, make the file as it was signed; None when
    that part is not whole.
    """

    verdict: Verdict
    signer: str = ""
    organisation: str = ""
    issuer: str = ""
    certificate_from: datetime | None = None
    certificate_until: datetime | None = None
    signed_at: datetime | None = None
    timestamped_at: datetime | None = None
    later: str = ""
    signed_size: int | None = None

    @property
    def meaning(self) -> str:
        return MEANINGS[self.verdict]

    @property
    def weight(self) -> Weight:
        return WEIGHTS.get(self.verdict, Weight.WARNING)


@dataclass(frozen=True)
class Examination:
    """The signatures of a file, in the order they were made.

    `contains` are the SHA-256 of the files that this one was before: each stands in it byte
    for byte, and nothing but signatures was added to it since.
    """

    signatures: tuple[Found, ...] = ()
    contains: tuple[str, ...] = ()


NOTHING_SIGNED = Examination()
