"""Why a campaign is not to be purged (yet): each reason in a sentence, with what to do."""

import datetime
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from billing import balances
from billing.models import Titre
from billing.models.entry import EntryKind
from conventions.amendments.lifecycle import AmendmentState
from conventions.amendments.models import Amendment
from conventions.campaigns.models import Campaign
from conventions.models import Convention
from conventions.piles.models import Sheaf
from conventions.situations.facts import UNANSWERED
from conventions.terminations.lifecycle import OPEN
from conventions.terminations.models import Termination
from law.deadlines import add_months
from outbox.models import Delivery, Email


def obstacles(campaign: Campaign) -> list[str]:
    """Return all that stands in the way of purging a campaign today (French), nothing else."""
    return [*_too_early(campaign), *_still_living(campaign)]


def purged_from(campaign: Campaign) -> datetime.date | None:
    """Return the day from which the retention lets a campaign be purged; None while none is set.

    It runs from the end of the last of its conventions, avenants included.
    """
    years = settings.CAMPAIGN_RETENTION_YEARS
    moved = campaign.conventions.aggregate(last=Max("moved_end_on"))["last"]
    return (
        add_months(max(campaign.ends_on, moved or campaign.ends_on), 12 * years) if years else None
    )


def _too_early(campaign: Campaign) -> Iterator[str]:
    if campaign.state != Campaign.State.ARCHIVED:
        yield (
            f"La campagne {campaign.school_year} est {campaign.get_state_display()} : archivez-la "
            "d’abord, sur sa page (une campagne close peut encore être rouverte)."
        )
    first = purged_from(campaign)
    if first is None:
        yield (
            "Aucune durée de conservation n’est réglée : donnez CAMPAIGN_RETENTION_YEARS, en "
            "années (docs/operations.md)."
        )
    elif first > timezone.localdate():
        yield (
            f"La campagne {campaign.school_year} se conserve jusqu’au {first:%d/%m/%Y} "
            f"({settings.CAMPAIGN_RETENTION_YEARS} ans après la fin de ses conventions) : attendez "
            "ce jour."
        )


def _still_living(campaign: Campaign) -> Iterator[str]:
    for count, what, to_do in _counts(campaign):
        if count:
            yield f"{what} : {count}. {to_do}"


def _counts(campaign: Campaign) -> Iterator[tuple[int, str, str]]:
    """Yield how many things live, what they are, and what ends them."""
    today = timezone.localdate()
    files = Convention.objects.filter(campaign=campaign).order_by()
    titres = Titre.objects.filter(claim__convention__campaign=campaign).order_by()
    unanswered = balances.standing(titres, today).exclude(balances.of_kind(EntryKind.ISSUED, today))
    yield unanswered.count(), "Titres sans réponse du comptable", "Enregistrez son retour."
    owed = balances.unsettled(today).filter(account__in=titres.values("pk"))
    yield (
        owed.count(),
        "Titres non soldés",
        "Enregistrez paiements, remises ou admissions en non-valeur.",
    )
    contested = len(balances.contested(titres, today))
    yield contested, "Contestations sans décision", "Enregistrez la décision."
    ending = Termination.objects.filter(convention__in=files, state__in=OPEN)
    yield ending.count(), "Procédures de résiliation en cours", "Menez-les à leur terme."
    over = (AmendmentState.SIGNED, AmendmentState.ABANDONED)
    amended = Amendment.objects.filter(convention__in=files).exclude(state__in=over)
    yield amended.count(), "Avenants en cours", "Faites-les signer, ou abandonnez-les."
    waiting = Sheaf.objects.filter(
        Q(issued__convention__in=files), state=Sheaf.State.WAITING
    ).order_by()
    yield waiting.count(), "Papiers numérisés à vérifier", "Traitez-les dans leur pile."
    asked = files.filter(UNANSWERED.condition(today))
    yield asked.count(), "Messages sans réponse", "Répondez, ou notez qu’ils n’en attendent pas."
    queued = Email.objects.filter(notification__convention__in=files, state=Delivery.QUEUED)
    yield queued.count(), "Courriels à envoyer", "Attendez que le travail de fond les envoie."
