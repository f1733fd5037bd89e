"""The mark of a campaign whose papers and people's words go to the archives (`rectorat.purging`)."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from conventions.campaigns.models import Campaign
from lifecycle.door import refuse_limited, write_journal
from lifecycle.errors import TransitionRefused
from lifecycle.models import TRANSFER, JournalEntry

# The address of the archive's list of hashes in the entry that tells of it.
_DIGEST = "sha256"


def begin(
    campaign: Campaign, *, by: User, archive: str, sha256: str, what: str, last_entry: int
) -> None:
    """Mark an archived campaign: from here on nothing of it changes, but what is taken away.

    The journal keeps who asked for it, the archive (its name and the SHA-256 that answers for all
    of it) and `what` goes (French). Whom to call at the rectorat is emptied at once. Raises
    TransitionRefused: not archived, already marked, no administrator of the whole region, or
    something was done in the campaign since the entry of its journal of key `last_entry`.
    """
    refuse_person(by)
    with transaction.atomic():
        held = Campaign.objects.held(campaign)
        if held.state != Campaign.State.ARCHIVED or held.transferred_on:
            raise TransitionRefused(f"{held} n'est pas archivée, ou est déjà transférée.")
        if JournalEntry.objects.filter(campaign=held, pk__gt=last_entry).exists():
            raise TransitionRefused(f"{held} a changé entre-temps : refaites l'archive.")
        campaign.transferred_on = held.transferred_on = timezone.localdate()
        held.contact_name = held.contact_phone = held.contact_email = ""
        held.save(
            update_fields=["transferred_on", "contact_name", "contact_phone", "contact_email"]
        )
        summary = f"Transfert aux archives commencé ({archive})"
        changes = {_DIGEST: [None, sha256]}
        write_journal(held, by, TRANSFER, summary[:300], comment=what, changes=changes)


def end(campaign: Campaign, *, by: User) -> None:
    """Note, once, that all is taken away."""
    if len(entries(campaign)) == 1:
        write_journal(campaign, by, TRANSFER, "Transfert aux archives terminé")


def refuse_person(by: User) -> None:
    """Raise TransitionRefused to who is no administrator of the whole region."""
    refuse_limited(by)
    if by.role != Role.ADMINISTRATOR or not by.is_active:
        raise TransitionRefused("Le transfert aux archives est réservé à un administrateur.")


def entries(campaign: Campaign) -> list[JournalEntry]:
    """Return what the journal tells of the transfer: its beginning, then its end, once there."""
    told = JournalEntry.objects.filter(campaign=campaign, convention=None, verb=TRANSFER)
    return list(told.order_by("pk"))


def archive_digest(campaign: Campaign) -> str:
    """Return the SHA-256 that answers for the archive which a marked campaign rests on."""
    return str(entries(campaign)[0].changes[_DIGEST][1])
