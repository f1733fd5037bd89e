"""One request to the accountant: everything it says is copied here, once."""

from decimal import Decimal
from typing import ClassVar

from django.apps import apps
from django.db import models
from django.db.models import Prefetch, Q

from accounts.models import User
from accounts.scope import collectivity_scope
from billing.coding.models import Codes
from billing.models.batch import Batch
from billing.models.claim import Claim
from communes.models import Collectivity
from lifecycle.frozen import Frozen, FrozenQuerySet
from lifecycle.triggers import Rule

# A request is live until the accountant has answered it, or its batch was withdrawn. The plus
# keeps SQLite from the index of `reverses_id`, which it takes for a handful of rows.
_LIVE_REQUESTS = """
(SELECT COUNT(*) FROM billing_titre t WHERE t.claim_id = {claim}
  AND NOT EXISTS (SELECT 1 FROM billing_entry e WHERE e.titre_id = t.id
    AND e.kind IN ('issued', 'rejected') AND +e.reverses_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM billing_entry r WHERE r.reverses_id = e.id))
  AND NOT EXISTS (SELECT 1 FROM billing_batchoutcome o
    WHERE o.batch_id = t.batch_id AND o.kind = 'withdrawn'))
"""
TWO_REQUESTS = "Une demande est déjà en cours pour cette créance."


def one_live_request(name: str, claim: str, only_if: str = "1 = 1") -> Rule:
    """Return the rule, for a table whose new row concerns the claim that `claim` (SQL) names.

    `only_if` (SQL) is what a row has to be to make a request live.
    """
    return Rule(
        name,
        "AFTER INSERT",
        f"{only_if} AND {_LIVE_REQUESTS.format(claim=claim)} > 1",
        TWO_REQUESTS,
        holding=f"1 FROM billing_claim WHERE id = {claim} FOR UPDATE",
    )


_FOR_LEDGER = (
    "batch",
    "kind",
    "corrects",
    "reference",
    "requested_on",
    "amount",
    "siret",
    "signed_on",
)
_OF_BATCH = ("batch__number", "batch__outcome__kind", "batch__outcome__on")


class TitreQuerySet(FrozenQuerySet["Titre"]):
    def for_user(self, user: User) -> "TitreQuerySet":
        """Leave those of the conventions in the scope of `user`."""
        return self.filter(collectivity_scope(user, "claim__convention__collectivity"))

    def in_full(self) -> "TitreQuerySet":
        """Fetch what a list of titres shows and what their accounts are computed from."""
        entries = apps.get_model("billing.Entry").objects.select_related("reversed_by")
        return self.select_related(
            "batch__campaign", "batch__outcome", "corrects"
        ).prefetch_related(Prefetch("entries", entries), Prefetch("account_entries", entries))

    def in_brief(self) -> "TitreQuerySet":
        """Fetch what a list says of titres and the ledger computes with, in one query."""
        return self.select_related("batch__outcome").only(
            *_FOR_LEDGER, *_OF_BATCH, "claim", "debtor_name"
        )

    def for_ledger(self) -> "TitreQuerySet":
        """Fetch of thousands what the ledger computes with, and no more."""
        return self.only(*_FOR_LEDGER).prefetch_related("batch__outcome")


class Titre(Frozen, Codes):
    """`amount` is above zero, in euros; `kind` gives its sign. `corrects` is the earlier titre.

    `school_count` has the sign of what it changes. `parts` are those of the file that it asks
    for ("" the convention, "A1" an avenant, "D7" a reduction decided); `waivers` pairs what
    stood in its way with the reason given to ask all the same.
    """

    class Kind(models.TextChoices):
        INITIAL = "initial", "titre initial"
        SUPPLEMENT = "supplement", "complément"
        REDUCTION = "reduction", "réduction"
        CANCELLATION = "cancellation", "annulation"

    frozen_message = "Un titre demandé ne change plus : un autre titre le corrige."
    DEDUCTIONS = (Kind.REDUCTION, Kind.CANCELLATION)

    database_rules: ClassVar = (one_live_request("titre_one_live_request", "NEW.claim_id"),)

    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, related_name="titres", verbose_name="lot"
    )
    claim = models.ForeignKey(
        Claim, on_delete=models.PROTECT, related_name="titres", verbose_name="créance"
    )
    rank = models.PositiveSmallIntegerField("rang")
    kind = models.CharField("nature", max_length=15, choices=Kind)
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name="titre corrigé",
    )
    reference = models.CharField("référence", max_length=40, unique=True)
    requested_on = models.DateField("demandé le")
    amount = models.DecimalField("montant", max_digits=10, decimal_places=2)
    # --- Who owes
    debtor = models.ForeignKey(
        Collectivity, on_delete=models.PROTECT, related_name="titres", verbose_name="débiteur"
    )
    debtor_name = models.CharField("nom du débiteur", max_length=220)
    siret = models.CharField("SIRET", max_length=14)
    address = models.CharField("adresse", max_length=400)
    postcode = models.CharField("code postal", max_length=10)
    city = models.CharField("commune", max_length=100)
    insee_code = models.CharField("code INSEE", max_length=5, blank=True)
    third_party_code = models.CharField("code tiers Chorus", max_length=50, blank=True)
    service_code = models.CharField("code service Chorus", max_length=50, blank=True)
    # --- On which grounds
    school_year = models.CharField("année scolaire", max_length=9)
    convention_reference = models.CharField("référence de la convention", max_length=30)
    signed_on = models.DateField("date de la dernière signature")
    collectivity_signed_on = models.DateField("signée par la collectivité le", null=True)
    region_signed_on = models.DateField("signée par la région académique le", null=True)
    act_reference = models.CharField("référence de l'acte", max_length=200)
    act_executory_on = models.DateField("acte exécutoire le", null=True)
    school_count = models.IntegerField("nombre d'écoles")
    schools = models.JSONField("écoles", default=list)
    tariff = models.CharField("tarif", max_length=200)
    basis = models.TextField("base de liquidation")
    subject = models.CharField("objet", max_length=400)
    period = models.CharField("période", max_length=60)
    parts = models.JSONField("parties du dossier", default=list)
    # --- By whom
    author_name = models.CharField("nom de l'ordonnateur", max_length=160)
    author_capacity = models.CharField("qualité de l'ordonnateur", max_length=200)
    reason = models.TextField("motif", blank=True)
    waivers = models.JSONField("passé outre", default=list)

    objects = TitreQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "titre de perception"
        verbose_name_plural = "titres de perception"
        ordering = ["batch", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "rank"],
                name="titre_rank_unique",
                violation_error_message="Ce rang est déjà celui d'un autre titre de la créance.",
            ),
            models.CheckConstraint(
                name="titre_amount_positive",
                condition=Q(amount__gt=0),
                violation_error_message="Un titre porte un montant supérieur à zéro.",
            ),
            models.CheckConstraint(
                name="titre_correction_names_another",
                condition=Q(kind="initial", corrects__isnull=True)
                | ~Q(kind="initial") & Q(corrects__isnull=False),
                violation_error_message="Un complément, une réduction ou une annulation désigne "
                "le titre corrigé, et eux seulement.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_deduction(self) -> bool:
        return self.kind in self.DEDUCTIONS

    @property
    def signed_amount(self) -> Decimal:
        """What it adds to the amount asked for: below zero for a reduction or a cancellation."""
        return -self.amount if self.is_deduction else self.amount

    @property
    def account_id(self) -> int:
        """The key of the titre on whose balance its entries count: its own, or the corrected one."""
        if self.is_deduction and self.corrects_id is not None:
            return self.corrects_id
        return self.pk
