"""Ten campaigns of the whole region, asked for and partly paid: what finance's pages then cost."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing.batches.confirming import confirm
from billing.batches.preparing import Choice, prepare_list
from billing.ledger import accounts_of
from billing.models import Batch, Entry, Titre
from billing.models.entry import EntryKind
from billing.recording import Fact, entry_of, with_account
from conventions.acts.models import Act
from conventions.campaigns.models import Campaign
from conventions.models import ConfirmedParty, Convention

# One titre in so many is contested; one in two is paid.
CONTESTED = 50


def sign_all(campaign: Campaign) -> int:
    """Sign the conventions that are not, as the first one that is; return how many there are."""
    signed = campaign.conventions.signed().select_related("act", "party").order_by("pk")[0]
    others = list(
        campaign.conventions.exclude(state=signed.state)
        .select_related("collectivity")
        .order_by("pk")
    )
    acts, parties = [], []
    party = signed.party
    assert party  # Whoever signed was confirmed.
    for convention in others:
        acts.append(_copy(signed.act, collectivity_id=convention.collectivity_id))
        siret = convention.collectivity.siret or party.siret
        parties.append(_copy(party, collectivity_id=convention.collectivity_id, siret=siret))
    Act.objects.bulk_create(acts, batch_size=500)
    ConfirmedParty.objects.bulk_create(parties, batch_size=500)
    for convention, act, party in zip(others, acts, parties, strict=True):
        convention.act, convention.party, convention.state = act, party, signed.state
        for name in ("accepted_on", "collectivity_signed_on", "region_signed_on"):
            setattr(convention, name, getattr(signed, name))
    names = ["act", "party", "state", "accepted_on", "collectivity_signed_on", "region_signed_on"]
    Convention.objects.bulk_update(others, names, batch_size=200)
    return campaign.conventions.signed().count()


def _copy(row: Any, **other: Any) -> Any:
    fields = [f for f in row._meta.concrete_fields if not f.primary_key and not f.generated]
    return type(row)(**{f.attname: getattr(row, f.attname) for f in fields} | other)


def bill_all(campaign: Campaign, by: User) -> Batch:
    """Ask for what is due, number it, have one in two paid and some contested."""
    preparation = prepare_list(Choice(campaign), by=by)
    preparation.lines.possible().update(is_ticked=True, reason="Mesure.")
    batch = confirm(preparation, by=by)
    today = timezone.localdate()
    entries: list[Entry] = []
    for place, account in enumerate(accounts_of(Titre.objects.for_ledger().order_by("pk"))):
        facts = [Fact(EntryKind.ISSUED, today, chorus_number=f"N{place}")]
        if place % 2:
            facts.append(Fact(EntryKind.RECEIVED, today, account.titre.amount - place % 3))
        elif not place % CONTESTED:
            facts.append(Fact(EntryKind.CONTESTED, today, Decimal(10), reason="Mesure."))
        for fact in facts:
            entry = entry_of(account, fact, by=by)
            account = with_account(account, entry)
            entries.append(entry)
    Entry.objects.bulk_create(entries, batch_size=500)
    return batch


def pages() -> Iterator[tuple[str, str]]:
    """Yield (name, path) of finance's pages."""
    newest = Campaign.objects.aggregate(year=Max("start_year"))["year"]
    batch = Batch.objects.filter(campaign__start_year=newest).latest("pk")
    for state in ("", "a-demander", "demandees", "en-attente", "emises", "exonerees"):
        yield f"Créances, {state or 'toutes'}", f"{reverse('claims')}?etat={state}"
    yield "Tableau", reverse("billing_board")
    yield "Restes dus, toutes les années", reverse("owed")
    yield "Restes dus, une année", f"{reverse('owed')}?campagne={newest}"
    yield "Contestations", reverse("contestations")
    yield "Lots", reverse("batches")
    yield "Un lot", reverse("batch", args=[batch.campaign.school_year, batch.number])
    yield "Un titre", reverse("titre", args=[batch.titres.latest("pk").pk])
    yield "Retours", reverse("returns")
    yield "À régler", reverse("tray")
