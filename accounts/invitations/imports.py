"""A list of people to invite, as a file: read, previewed, then followed line by line."""

from collections.abc import Iterator, Sequence

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
from tabular.reading import Change, Column, Refusal, Report, Row, Table

COLUMNS = (
    Column("code", ("code", "code_insee", "insee", "siren"), required=True),
    Column("email", ("adresse_electronique", "email", "courriel", "mail"), required=True),
    Column("manager", ("gestionnaire", "gestionnaire_des_acces")),
    Column("shared", ("boite_partagee", "partagee")),
)
_YES = {"oui", "o", "x", "1", "vrai"}


ALREADY = "Une invitation y attend déjà : envoyez-la de nouveau."


def read_people(content: bytes) -> Table:
    """Return the lines of a list of people to invite. Raises reading.UnreadableFile."""
    return reading.read(content, COLUMNS)


def preview_invitations(content: bytes, *, by: User) -> Report:
    """Say line by line what the people of a list would get, and why some would get nothing.

    Raises reading.UnreadableFile.
    """
    table = read_people(content)
    report = Report(dry_run=True, refused=list(table.refused))
    for row, invitation, refusal in _follow(table.rows, by):
        if refusal == ALREADY:
            report.unchanged += 1
        elif invitation is None:
            code, email = _address(row)
            report.refused.append(Refusal(row.line, f"{code} {email}", refusal))
        else:
            report.created.append(_in_words(invitation))
    return report


def invite_people(rows: Sequence[Row], *, by: User) -> dict[int, str]:
    """Invite the people of some lines; return by line why it was left out (French), "" if not.

    A line that cannot be followed keeps no other back; who is invited already is left alone.
    """
    followed = list(_follow(rows, by))
    invite_all([invitation for _, invitation, _ in followed if invitation], by=by)
    return {row.line: refusal for row, _, refusal in followed}


def _follow(rows: Sequence[Row], by: User) -> Iterator[tuple[Row, Invitation | None, str]]:
    """Return each line with its invitation, or with why there is none (French)."""
    addresses = [_address(row) for row in rows]
    in_scope = Collectivity.objects.filter(collectivity_scope(by))
    named = in_scope.filter(code__in={code for code, _ in addresses})
    collectivities = {each.code: each for each in named.select_related("department")}
    pending = Invitation.objects.pending().filter(email__in={email for _, email in addresses})
    invited = set(pending.values_list("collectivity__code", "email"))
    for row, address in zip(rows, addresses, strict=True):
        if address in invited:
            yield row, None, ALREADY
            continue
        try:
            invitation = _read(row, address[1], collectivities.get(address[0]), by)
        except ValidationError as refusal:
            yield row, None, refusal.messages[0]
            continue
        invited.add(address)
        yield row, invitation, ""


def _address(row: Row) -> tuple[str, str]:
    """The code of the collectivity and the address, as they are kept."""
    return restore_zeros(normalise(row["code"]).upper(), 5), row["email"].lower()


def _in_words(invitation: Invitation) -> Change:
    kinds = [
        *(["gestionnaire des accès"] if invitation.is_manager else []),
        *(["boîte partagée"] if invitation.is_shared else []),
    ]
    town = invitation.collectivity
    code, name = (town.code, town.name) if town else ("", "")
    return Change(code, name, (invitation.email, *kinds))


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
