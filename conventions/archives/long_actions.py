"""The archive of a campaign, asked for on its page and made by a worker (`jobs.actions`)."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from accounts.models import User
from accounts.roles import Role
from conventions.archives import campaign_archive
from conventions.campaigns.models import Campaign
from jobs.actions import Action, Outcome, one_by_one
from lifecycle.door import refuse_limited
from lifecycle.errors import TransitionRefused
from operations.safes import Closed

# Seconds: a task of a worker lives for four minutes at most.
_LONGEST = 200
_TOO_LONG = (
    "Cette campagne demande plus de trois minutes : faites son archive sur le serveur, par "
    "« manage.py archive_campaign »."
)


class _TooLong(Exception):
    """The worker has something else to do."""


def refuse(campaign: Campaign, by: User) -> None:
    """Raise TransitionRefused unless `by` may have the archive of a campaign made, today."""
    refuse_limited(by)
    if by.role != Role.ADMINISTRATOR:
        raise TransitionRefused("L'archive d'une campagne est réservée à un administrateur.")
    if not settings.ARCHIVE_DIR:
        raise TransitionRefused(
            "Aucun dossier n'est réglé pour les archives : donnez ARCHIVE_DIR sur le serveur "
            "(docs/operations.md)."
        )
    if refusal := campaign_archive.refusal_of(campaign):
        raise TransitionRefused(refusal)


def _check(key: int, by: User, facts: Mapping[str, Any]) -> Outcome:
    refuse(Campaign.objects.get(pk=key), by)
    return Outcome()


def _gather(keys: Sequence[int], target: BinaryIO, *, pulse: Callable[[], None]) -> str:
    """Write the archive where the settings say, verify it, and tell of both."""
    told = " ".join(_make(campaign, pulse) for campaign in Campaign.objects.filter(pk__in=keys))
    target.write(f"{told}\n".encode())
    return told


def _make(campaign: Campaign, pulse: Callable[[], None]) -> str:
    started = time.monotonic()

    def go_on() -> None:
        pulse()
        if time.monotonic() - started > _LONGEST:
            raise _TooLong

    try:
        archive, _ = campaign_archive.write(campaign, Path(settings.ARCHIVE_DIR), pulse=go_on)
        faults = campaign_archive.verify(archive, pulse=go_on)
    except _TooLong:
        return _TOO_LONG
    except (campaign_archive.NotArchived, Closed, OSError) as error:
        return f"L'archive n'a pas été faite : {error}"
    if faults:
        return f"L'archive {archive} a des défauts : {' '.join(faults[:5])}"
    return (
        f"L'archive est dans {archive}, sur le serveur, vérifiée. Son empreinte, celle de "
        f"tagmanifest-sha256.txt, est {campaign_archive.digest(archive)} (SHA-256)."
    )


def _names(keys: Sequence[int]) -> dict[int, str]:
    return {campaign.pk: str(campaign) for campaign in Campaign.objects.filter(pk__in=keys)}


ACTIONS = {
    "archive_campaign": Action(
        label="Faire l'archive d'une campagne",
        done="Campagnes traitées",
        names=_names,
        page="admin:campaigns_campaign_change",
        do=one_by_one(_check),
        gather=_gather,
        file_name="archive.txt",
    )
}
