"""A list of people to invite, as a file: read, previewed, then sent by the worker."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.invitations.inviting import invite_all, refusal_of
from accounts.invitations.models import Invitation
from accounts.models import User
from accounts.roles import Role
from accounts.scope import collectivity_scope
from communes.identifiers import normalise
from communes.importing import restore_zeros
from communes.models import Collectivity
from tabular import reading
from tabular.folding import fold
from tabular.reading import Change, Column, Refusal, Report, Row

COLUMNS = (
    Column("code", ("code", "code_insee", "insee", "siren"), required=True),
    Column("email", ("adresse_electronique", "email", "courriel", "mail"), required=True),
    Column("manager", ("gestionnaire", "gestionnaire_des_acces")),
    Column("shared", ("boite_partagee", "partagee")),
)
_YES = {"oui", "o", "x", "1", "vrai"}


def import_invitations(content: bytes, *, by: User, dry_run: bool = False) -> Report:
    """Invite the people of a list to the collectivities of their lines; report line by line.

    A line that cannot be followed is refused and keeps no other back; who is invited already
    is left alone. Raises reading.UnreadableFile.
    """
    table = reading.read(content, COLUMNS)
    report = Report(dry_run=dry_run, refused=list(table.refused))
    in_scope = Collectivity.objects.filter(collectivity_scope(by))
    collectivities = {each.code: each for each in in_scope.select_related("department")}
    pending = set(Invitation.objects.pending().values_list("email", "collectivity__code"))
    invitations: list[Invitation] = []
    for row in table.rows:
        code = restore_zeros(normalise(row["code"]).upper(), 5)
        email = row["email"].lower()
        if (email, code) in pending:
            report.unchanged += 1
            continue
        try:
            invitation = _read(row, email, collectivities.get(code), by)
        except ValidationError as refusal:
            report.refused.append(Refusal(row.line, f"{code} {email}", refusal.messages[0]))
            continue
        pending.add((email, code))
        invitations.append(invitation)
        kinds = [
            *(["gestionnaire des accès"] if invitation.is_manager else []),
            *(["boîte partagée"] if invitation.is_shared else []),
        ]
        report.created.append(Change(code, collectivities[code].name, (email, *kinds)))
    if not dry_run:
        invite_all(invitations, by=by)
    return report


def _read(row: Row, email: str, collectivity: Collectivity | None, by: User) -> Invitation:
    """Return the invitation of a line. Raises ValidationError (French)."""
    if collectivity is None:
        raise ValidationError("Aucune collectivité de votre territoire ne porte ce code.")
    validate_email(email)
    invitation = Invitation(
        email=email,
        role=Role.TOWN_HALL,
        collectivity=collectivity,
        is_manager=fold(row["manager"]) in _YES,
        is_shared=fold(row["shared"]) in _YES,
    )
    if invitation.is_manager and invitation.is_shared:
        raise ValidationError("Une boîte partagée ne gère pas les accès.")
    if refusal := refusal_of(invitation, by):
        raise ValidationError(refusal)
    return invitation
