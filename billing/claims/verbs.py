"""What finance decides of a claim: who owes it, what is to be cancelled."""

from collections.abc import Iterable

from accounts.models import User
from billing.claims.due import Due
from billing.ledger import account_of
from billing.liquidation import total
from billing.models import Claim, DebtorChange, Titre
from billing.recording import EntryRefused, writing
from communes.models import Collectivity
from conventions.lifecycle import CLAIMABLE
from conventions.models import Convention


def open_claims(dues: Iterable[Due]) -> dict[int, int]:
    """Return the key of the claim of each convention, by the latter's, opened where there is none.

    Who calls it holds the ledger.
    """
    dues = list(dues)
    known = {due.convention.pk: due.claim.pk for due in dues if due.claim}
    missing = [due.convention.pk for due in dues if due.claim is None]
    opened = Claim.objects.bulk_create(
        [Claim(convention_id=key) for key in missing], batch_size=500
    )
    return known | {claim.convention_id: claim.pk for claim in opened}


def open_claim(convention: Convention) -> Claim:
    """Return the claim of a convention signed by both; who calls it holds the ledger."""
    if convention.state not in CLAIMABLE:
        raise EntryRefused("Une créance naît d'une convention signée par les deux parties.")
    return Claim.objects.get_or_create(convention=convention)[0]


def change_debtor(
    convention: Convention, collectivity: Collectivity, *, reason: str, by: User | None
) -> DebtorChange:
    """Have the next titres of a claim name another debtor, as it stands on their day.

    The same collectivity takes up its details of today: a SIRET put right, say. Raises
    EntryRefused.
    """
    if not reason.strip():
        raise EntryRefused({"reason": "Indiquez pourquoi le débiteur change."})
    if collectivity.merged_into_id:
        raise EntryRefused(
            {"collectivity": f"{collectivity} est elle-même réunie à {collectivity.merged_into}."}
        )
    with writing():
        change = DebtorChange(
            claim=open_claim(convention),
            collectivity=collectivity,
            reason=reason.strip(),
            by=by,
        )
        change.save()
    return change


def ask_cancellation(titre: Titre, *, reason: str) -> None:
    """Have the next list propose to cancel a titre; what is due is then asked for anew.

    Raises EntryRefused.
    """
    if not reason.strip():
        raise EntryRefused({"reason": "Indiquez pourquoi ce titre est annulé."})
    with writing():
        titre = Titre.objects.in_full().get(pk=titre.pk)
        account = account_of(titre)
        if titre.is_deduction:
            raise EntryRefused("Une réduction ou une annulation ne s'annule pas.")
        if account.issued is None:
            raise EntryRefused(
                "Ce titre n'a pas de numéro Chorus : retirez son lot s'il n'est pas parti, "
                "attendez sinon la réponse du comptable."
            )
        corrections = map(account_of, titre.corrections.in_full().order_by("pk"))
        if total(c.titre.amount for c in corrections if c.stands and c.titre.is_deduction) >= (
            titre.amount
        ):
            raise EntryRefused("L'annulation de ce titre en totalité est déjà demandée ou faite.")
        claims = Claim.objects.filter(pk=titre.claim_id)
        claims.update(to_cancel=titre, cancel_reason=reason.strip())


def give_up_cancellation(claim: Claim) -> None:
    """Let a titre stand that was to be cancelled, as long as no batch has asked for it."""
    with writing():
        Claim.objects.filter(pk=claim.pk).update(to_cancel=None, cancel_reason="")
