"""What jobs do to files, one by one (`jobs.actions`)."""

from accounts.models import User
from conventions.dossiers.parts import parts_of
from conventions.models import Convention, issue_documents
from jobs.actions import Action

_NOTHING = "Rien à produire dans son état actuel : il faut des renseignements confirmés ou un acte."


def _issue(key: int, *, by: User) -> str:
    """Issue the documents of a file, those of its avenants and letters included."""
    convention = Convention.objects.with_parties().get(pk=key)
    parts = parts_of(convention)
    if not any(part.kinds_to_issue() for part in parts):
        return _NOTHING
    for part in parts:
        issue_documents(part, by=by)
    return ""


ISSUE_DOCUMENTS = Action(label="produire les documents", do=_issue)
