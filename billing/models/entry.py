"""The ledger: what became of each titre, line by line, each written once."""

import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Cast, Round

from billing.models.titre import Titre, one_live_request
from lifecycle import plausible
from lifecycle.frozen import Frozen, FrozenQuerySet
from lifecycle.triggers import Rule


class EntryKind(models.TextChoices):
    REJECTED = "rejected", "rejeté"
    ISSUED = "issued", "émis"
    TAKEN_IN_CHARGE = "taken", "pris en charge"
    RECEIVED = "received", "encaissement"
    PAYMENT_REVERSED = "payment_reversed", "encaissement annulé"
    REFUNDED = "refunded", "remboursement"
    REMINDED = "reminded", "relance écrite"
    CONTESTED = "contested", "contestation"
    DECIDED = "decided", "décision sur la contestation"
    REMITTED = "remitted", "remise gracieuse"
    WRITTEN_OFF = "written_off", "admission en non-valeur"


# What takes from the balance, and what gives back to it.
TAKES = (EntryKind.RECEIVED, EntryKind.REMITTED, EntryKind.WRITTEN_OFF)
GIVES = (EntryKind.PAYMENT_REVERSED, EntryKind.REFUNDED)
# What came in, and what of it went back.
PAYMENTS = (EntryKind.RECEIVED, EntryKind.PAYMENT_REVERSED, EntryKind.REFUNDED)
# What the authorising officer gives up.
SETTLED = (EntryKind.REMITTED, EntryKind.WRITTEN_OFF)


# What an entry counts for: none of the fields that a person writes decides it.
_ON_BALANCE = (
    "(SELECT CASE WHEN t.kind IN ('reduction', 'cancellation') THEN t.corrects_id ELSE t.id END "
    "FROM billing_titre t WHERE t.id = NEW.titre_id)"
)


_OF_CLAIM = "(SELECT t.claim_id FROM billing_titre t WHERE t.id = NEW.titre_id)"
_ANSWERED_TWICE = """
NEW.reverses_id IS NULL AND NEW.kind IN ('issued', 'rejected') AND
EXISTS (SELECT 1 FROM billing_entry e WHERE e.titre_id = NEW.titre_id AND e.id <> NEW.id
  AND e.kind IN ('issued', 'rejected') AND +e.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_entry r WHERE r.reverses_id = e.id))
"""
_REVERSES_OTHERWISE = """
NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM billing_entry e
  WHERE e.id = NEW.reverses_id AND e.titre_id = NEW.titre_id AND e.kind = NEW.kind
  AND e.amount = NEW.amount AND e.effect = -NEW.effect AND e.reverses_id IS NULL)
"""


# Euros as whole cents, as `effect` is kept.
_CENTS = Cast(Round(F("amount") * 100), models.BigIntegerField())
_REVERSAL = Q(reverses__isnull=False)


def _counts(kinds: tuple[str, ...], sign: int) -> Q:
    """Entries of these kinds change the balance by `sign` times their amount, undone ones less."""
    of_kind = Q(kind__in=kinds)
    return (of_kind & ~_REVERSAL & Q(effect=sign * _CENTS)) | (
        of_kind & _REVERSAL & Q(effect=-sign * _CENTS)
    )


_FOLLOWS_KIND = (
    _counts(TAKES, -1)
    | _counts(GIVES, 1)
    # A reduction that is issued takes from the titre that it corrects.
    | Q(kind="issued") & (Q(effect=_CENTS) | Q(effect=-1 * _CENTS))
    | ~Q(kind__in=[*TAKES, *GIVES, "issued"]) & Q(effect=0)
)


_FOR_LEDGER = (
    "titre",
    "account",
    "kind",
    "on",
    "amount",
    "effect",
    "chorus_number",
    "due_on",
    "notified_on",
    "reverses",
    "source",
    "reversed_by__on",
)


class EntryQuerySet(FrozenQuerySet["Entry"]):
    def for_ledger(self) -> "EntryQuerySet":
        """Fetch of thousands what the ledger computes with, and no more."""
        return self.select_related("reversed_by").only(*_FOR_LEDGER)

    def in_force(self, as_at: datetime.date) -> "EntryQuerySet":
        """Leave the entries up to a day that none of that day has reversed."""
        # By the few that reverse: asked for what reverses nothing, SQLite reads the whole index
        # of `reverses`, which it takes for a handful of rows because each value is unique.
        reversals = Entry.objects.filter(reverses__isnull=False).order_by().values("pk")
        undone = Entry.objects.filter(reverses=OuterRef("pk"), on__lte=as_at)
        return self.filter(~Q(pk__in=reversals), ~Exists(undone), on__lte=as_at)


class Entry(Frozen):
    """A fact about a titre: `on` is its day, `amount` in euros, zero where it has none.

    `effect` is what it changes of the balance of `account`, in cents. `reverses` is the entry
    that this one undoes. `source` is the row of a return that told of it.
    """

    Kind = EntryKind
    frozen_message = "Une écriture ne change plus : une autre l'annule."

    # After, not before: SQLite then keeps no second copy of the row for what each of them reads.
    database_rules: ClassVar = (
        # An entry makes a request live by undoing its answer alone.
        one_live_request("entry_one_live_request", _OF_CLAIM, "NEW.reverses_id IS NOT NULL"),
        Rule(
            "entry_account",
            "AFTER INSERT",
            f"NEW.account_id <> {_ON_BALANCE}",
            "Cette écriture compte sur un autre titre.",
        ),
        Rule(
            "entry_one_answer",
            "AFTER INSERT",
            _ANSWERED_TWICE,
            "Ce titre a déjà sa réponse : annulez-la d'abord.",
        ),
        Rule(
            "entry_reversal",
            "AFTER INSERT",
            _REVERSES_OTHERWISE,
            "Une annulation reprend exactement l'écriture qu'elle annule.",
        ),
        Rule(
            "entry_on_a_standing_batch",
            "AFTER INSERT",
            "EXISTS (SELECT 1 FROM billing_batchoutcome o JOIN billing_titre t "
            "ON t.batch_id = o.batch_id WHERE t.id = NEW.titre_id AND o.kind = 'withdrawn')",
            "Le lot de ce titre a été retiré.",
        ),
    )

    titre = models.ForeignKey(
        Titre, on_delete=models.PROTECT, related_name="entries", verbose_name="titre"
    )
    account = models.ForeignKey(
        Titre,
        on_delete=models.PROTECT,
        related_name="account_entries",
        verbose_name="compte",
        db_index=False,  # `entry_balance` begins with it.
    )
    kind = models.CharField("nature", max_length=20, choices=EntryKind)
    on = models.DateField("date du fait")
    amount = models.DecimalField("montant", max_digits=10, decimal_places=2, default=0)
    effect = models.BigIntegerField("effet sur le solde, en centimes", default=0)
    chorus_number = models.CharField("numéro Chorus", max_length=50, blank=True)
    due_on = models.DateField("échéance", null=True, blank=True)
    notified_on = models.DateField("notifié le", null=True, blank=True)
    reason = models.TextField("motif", blank=True)
    decision = models.CharField("référence de la décision", max_length=200, blank=True)
    author = models.CharField("auteur de la décision", max_length=200, blank=True)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
        verbose_name="annule",
    )
    source = models.ForeignKey(
        "returns.ReturnRow",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        verbose_name="ligne du retour",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="enregistré par",
    )
    recorded_at = models.DateTimeField("enregistré le", auto_now_add=True)

    objects = EntryQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "écriture"
        ordering = ["on", "pk"]
        indexes = [
            # What lists and boards add up, without the rows themselves.
            models.Index(fields=["account", "on", "kind", "effect"], name="entry_balance"),
            # Which titres are numbered, rejected, contested.
            models.Index(fields=["kind", "titre", "on"], name="entry_kind"),
            models.Index(
                fields=["chorus_number"], condition=~Q(chorus_number=""), name="entry_chorus_number"
            ),
        ]
        constraints = [
            plausible.constraint("on", "due_on", "notified_on"),
            models.CheckConstraint(
                name="entry_amount_not_negative",
                condition=Q(amount__gte=0),
                violation_error_message="Le montant d'une écriture n'est pas négatif.",
            ),
            models.CheckConstraint(
                name="entry_effect_follows_kind",
                condition=_FOLLOWS_KIND,
                violation_error_message="L'effet d'une écriture suit de sa nature.",
            ),
            models.CheckConstraint(
                name="entry_issued_has_number",
                condition=~Q(kind="issued") | ~Q(chorus_number=""),
                violation_error_message="Un titre émis porte son numéro Chorus.",
            ),
            models.CheckConstraint(
                name="entry_decision_has_author",
                condition=~Q(kind__in=["remitted", "written_off"])
                | ~(Q(reason="") | Q(decision="") | Q(author="")),
                violation_error_message="Une remise ou une admission en non-valeur porte son "
                "motif, sa décision et l'auteur de celle-ci.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.titre} : {self.get_kind_display()} le {self.on:%d/%m/%Y}"

    @property
    def is_reversed(self) -> bool:
        # The reverse of a OneToOne: absent where there is none.
        return getattr(self, "reversed_by", None) is not None

    @property
    def particulars(self) -> list[str]:
        """What it says beside its kind, its day and its amount; what is blank left out."""
        said = (self.chorus_number, self.decision, self.author, self.reason)
        return [words for words in said if words]
