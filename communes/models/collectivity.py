"""Who signs and pays: a commune, an EPCI or a syndicat."""

import datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.forms import Field as FormField
from simple_history.models import HistoricalRecords

from communes import french
from communes.identifiers import validate_siren, validate_siret
from communes.models.territory import Commune, Department
from tabular.folding import fold


class Gender(models.TextChoices):
    FEMININE = "F", "féminin"
    MASCULINE = "M", "masculin"


class Civility(models.TextChoices):
    MADAME = "F", "Madame"
    MONSIEUR = "M", "Monsieur"


class WebsiteField(models.URLField):
    """An address typed without its scheme is taken as https."""

    def formfield(self, **kwargs: Any) -> FormField | None:
        return super().formfield(assume_scheme="https", **kwargs)


class Represented(models.Model):
    """Who represents a collectivity, as documents name them."""

    representative_civility = models.CharField(
        "civilité du représentant", max_length=1, choices=Civility, blank=True
    )
    representative_first_name = models.CharField(
        "prénom du représentant", max_length=80, blank=True
    )
    representative_last_name = models.CharField("nom du représentant", max_length=80, blank=True)
    representative_capacity = models.CharField(
        "qualité du représentant",
        max_length=120,
        blank=True,
        help_text="Par exemple « Maire », « Président ».",
    )
    capacity_gender = models.CharField(
        "accord de la qualité",
        max_length=1,
        choices=Gender,
        blank=True,
        help_text="« Le Maire » ou « La Maire », au choix du représentant.",
    )

    class Meta:
        abstract = True

    @property
    def representative(self) -> str:
        """First and last name, "Véronique NEGRET"."""
        return f"{self.representative_first_name} {self.representative_last_name}".strip()

    @property
    def capacity_with_article(self) -> str:
        """ "Le Maire", "La Maire", "L'Adjointe", as the representative wishes."""
        capacity = self.representative_capacity
        if not capacity:
            return ""
        if french.starts_with_vowel(capacity):
            return f"L'{capacity}"
        return f"La {capacity}" if self.capacity_gender == Gender.FEMININE else f"Le {capacity}"


class Party(Represented):
    """What a convention prints of a collectivity.

    The collectivity holds today's values; a convention copies them when the town
    hall confirms them, and they change no more with the collectivity.
    """

    siret = models.CharField("SIRET", max_length=14, blank=True, validators=[validate_siret])
    address_line_1 = models.CharField("adresse", max_length=100, blank=True)
    address_line_2 = models.CharField("complément d'adresse", max_length=100, blank=True)
    postcode = models.CharField("code postal", max_length=5, blank=True)
    city = models.CharField("ville", max_length=100, blank=True)

    class Meta:
        abstract = True

    @classmethod
    def party_fields(cls) -> list[str]:
        """Names of the fields that a convention copies."""
        return [field.name for field in Party._meta.get_fields()]

    @classmethod
    def representative_fields(cls) -> list[str]:
        """Names of those that say who represents it."""
        return [field.name for field in Represented._meta.get_fields()]

    @property
    def address(self) -> list[str]:
        """The postal address, one line an item, empty lines left out."""
        lines = [
            self.address_line_1,
            self.address_line_2,
            f"{self.postcode} {self.city}".strip(),
        ]
        return [line for line in lines if line]


class CollectivityQuerySet(models.QuerySet["Collectivity"]):
    def knowing_predecessors(self) -> "CollectivityQuerySet":
        """Read with each whether others merged into it, for its `keys_with_merged`."""
        merged = Collectivity.objects.filter(merged_into=models.OuterRef("pk"))
        return self.annotate(has_predecessors=models.Exists(merged))


class Collectivity(Party):
    class Regime(models.TextChoices):
        """How a collectivity under 3,500 inhabitants makes its acts public (L2131-1 IV)."""

        ELECTRONIC = "electronic", "sur le site internet"
        POSTING = "posting", "par affichage"
        PAPER = "paper", "sur papier"

    class Kind(models.TextChoices):
        COMMUNE = "commune", "commune"
        EPCI = "epci", "EPCI (communauté, métropole)"
        SIVU = "sivu", "SIVU"
        SIVOS = "sivos", "SIVOS"
        MIXED_SYNDICAT = "mixte", "syndicat mixte"
        SYNDICAT = "syndicat", "autre syndicat"

    # What may take over the schools of its member communes.
    GROUPINGS = (Kind.EPCI, Kind.SIVU, Kind.SIVOS, Kind.MIXED_SYNDICAT, Kind.SYNDICAT)

    kind = models.CharField("nature", max_length=10, choices=Kind, default=Kind.COMMUNE)
    commune = models.OneToOneField(
        Commune,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="collectivity",
        verbose_name="commune",
        help_text="Pour une commune seulement.",
    )
    code = models.CharField(
        "code",
        max_length=9,
        unique=True,
        editable=False,
        help_text="Code INSEE d'une commune, SIREN des autres.",
    )
    name = models.CharField("nom", max_length=200)
    department = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        related_name="collectivities",
        verbose_name="département",
    )
    siren = models.CharField("SIREN", max_length=9, validators=[validate_siren])
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    website = WebsiteField(
        "site de publication des actes", blank=True, help_text="Adresse du site internet."
    )
    publicity_regime = models.CharField(
        "publicité des actes",
        max_length=12,
        choices=Regime,
        blank=True,
        help_text="Choix du conseil sous 3 500 habitants ; sans choix, sur le site internet.",
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="predecessors",
        verbose_name="réunie à",
        help_text="Collectivité qui lui a succédé : elle paie et signe désormais à sa place.",
    )
    merged_on = models.DateField(
        "réunie le",
        null=True,
        blank=True,
        editable=False,
        help_text="Jour où le fichier officiel l'a montré.",
    )
    search_text = models.CharField(max_length=400, editable=False, default="")

    objects = CollectivityQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["search_text"])

    class Meta:
        verbose_name = "collectivité"
        ordering = ["search_text", "code"]
        indexes = [models.Index(fields=["search_text"])]
        constraints = [
            models.CheckConstraint(
                name="collectivity_commune_iff_kind_commune",
                condition=models.Q(kind="commune", commune__isnull=False)
                | (~models.Q(kind="commune") & models.Q(commune__isnull=True)),
                violation_error_message="Une collectivité de nature « commune » désigne sa commune ; "
                "un EPCI ou un syndicat n'en désigne pas.",
            ),
            models.CheckConstraint(
                name="collectivity_merged_has_date",
                condition=models.Q(merged_into__isnull=True, merged_on__isnull=True)
                | models.Q(merged_into__isnull=False, merged_on__isnull=False),
                violation_error_message="Une collectivité réunie à une autre porte la date de "
                "cette réunion.",
            ),
            models.CheckConstraint(
                name="collectivity_not_merged_into_itself",
                condition=~models.Q(merged_into=models.F("id")),
                violation_error_message="Une collectivité n'est pas réunie à elle-même.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.code = self.commune.code if self.commune else self.siren
        self.search_text = self.build_search_text()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        if self.siret and not self.siret.startswith(self.siren):
            raise ValidationError(
                {
                    "siret": f"Ce SIRET ne commence pas par le SIREN de la collectivité "
                    f"({self.siren}) : c'est celui d'un autre organisme."
                }
            )
        if self.kind != self.Kind.COMMUNE:
            others = Collectivity.objects.exclude(pk=self.pk)
            if other := others.filter(code=self.siren).first():
                raise ValidationError({"siren": f"Ce SIREN est déjà celui de « {other.name} »."})

    def build_search_text(self) -> str:
        """What the search box matches; bulk writers call it themselves."""
        number = self.siret or self.siren  # A SIRET begins with the SIREN.
        return fold(f"{self.name} {self.code} {number} {self.representative}")[:400]

    @property
    def title(self) -> str:
        """The name at the head of a document: "Commune d'Agde", "Syndicat mixte X"."""
        return f"Commune {self.commune.name_with_of}" if self.commune else self.name

    @property
    def of_title(self) -> str:
        """ "de la commune d'Agde", "du syndicat mixte X", as a sentence goes on."""
        return french.of_article(french.with_article(self.title))

    @property
    def mandate(self) -> "Mandate | None":
        """That of who represents it now; None while no change was ever recorded."""
        return self.mandates.last()

    def represented_on(self, day: datetime.date) -> Represented:
        """Return who represented it on `day`, as far as is known: its own fields failing that."""
        return self.mandates.begun(day).last() or self

    @property
    def publicity_mode(self) -> str:
        """How its acts are to be made public, one of Regime (CGCT L2131-1 IV).

        Online from 3,500 inhabitants and for an EPCI; else as the council chose, online
        when it did not.
        """
        must_be_online = self.kind == self.Kind.EPCI or (
            self.commune is not None and self.commune.must_publish_online
        )
        if must_be_online or not self.publicity_regime:
            return self.Regime.ELECTRONIC
        return self.publicity_regime

    @cached_property
    def keys_with_merged(self) -> list[int]:
        """The keys of those whose files its town hall sees.

        Its own, of those merged into it and of the one that it was merged into; read once.
        """
        keys = {self.pk, *filter(None, [self.merged_into_id])}
        # Most have none: `knowing_predecessors` has told.
        if getattr(self, "has_predecessors", True):
            keys |= set(self.predecessors.order_by().values_list("pk", flat=True))
        return sorted(keys)

    @property
    def council(self) -> str:
        """The assembly that deliberates, "conseil municipal"."""
        return {
            self.Kind.COMMUNE: "conseil municipal",
            self.Kind.EPCI: "conseil communautaire",
        }.get(self.Kind(self.kind), "comité syndical")

    @property
    def is_grouping(self) -> bool:
        """Tell whether it is an EPCI or a syndicat, with member communes."""
        return self.kind in self.GROUPINGS

    @property
    def executive(self) -> str:
        """Who decides by delegation and most often signs: "maire", "président"."""
        return "président" if self.is_grouping else "maire"

    @property
    def made_at(self) -> str:
        """Where acts are made, after "Fait": "à Agde", "au Vigan"."""
        return french.at(self.commune.name if self.commune else french.without_cedex(self.city))


class MandateQuerySet(models.QuerySet["Mandate"]):
    def begun(self, day: datetime.date) -> "MandateQuerySet":
        """Leave those that had begun on `day`: the last of them ran that day."""
        return self.filter(models.Q(since__isnull=True) | models.Q(since__lte=day))


class Mandate(Represented):
    """Who represents a collectivity from a day on, until the next one begins.

    The last one is who represents it today: `Collectivity` holds a copy, which documents print
    and lists sort by. Written by `communes.mandates` alone.
    """

    collectivity = models.ForeignKey(
        Collectivity,
        on_delete=models.PROTECT,
        related_name="mandates",
        verbose_name="collectivité",
    )
    since = models.DateField(
        "en fonction depuis le",
        null=True,
        blank=True,
        help_text="Vide pour qui représentait la collectivité avant le premier changement.",
    )

    objects = MandateQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "mandat"
        verbose_name_plural = "représentants successifs"
        ordering = ["collectivity", models.F("since").asc(nulls_first=True)]
        constraints = [
            models.UniqueConstraint(
                fields=["collectivity", "since"],
                name="mandate_begins_once",
                violation_error_message="Un mandat commence déjà ce jour-là.",
            ),
            models.UniqueConstraint(
                fields=["collectivity"],
                condition=models.Q(since__isnull=True),
                name="mandate_of_unknown_beginning_once",
                violation_error_message="Seul le premier mandat peut être sans date de début.",
            ),
        ]

    def __str__(self) -> str:
        since = f" depuis le {self.since:%d/%m/%Y}" if self.since else ""
        return f"{self.representative}, {self.representative_capacity}{since}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def on(self, day: datetime.date) -> "MembershipQuerySet":
        """Leave the memberships that hold on `day`."""
        return self.filter(since__lte=day).filter(
            models.Q(until__isnull=True) | models.Q(until__gte=day)
        )


class Membership(models.Model):
    """A commune in an EPCI or a syndicat, from a day to a day, both included."""

    collectivity = models.ForeignKey(
        Collectivity,
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name="regroupement",
        limit_choices_to={"kind__in": Collectivity.GROUPINGS},
    )
    commune = models.ForeignKey(
        Commune, on_delete=models.PROTECT, related_name="memberships", verbose_name="commune"
    )
    since = models.DateField("membre depuis le")
    until = models.DateField(
        "jusqu'au", null=True, blank=True, help_text="Dernier jour ; vide tant qu'elle est membre."
    )

    objects = MembershipQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "commune membre"
        verbose_name_plural = "communes membres"
        ordering = ["commune__search_text", "since"]
        constraints = [
            models.CheckConstraint(
                name="membership_until_after_since",
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")),
                violation_error_message="Une commune ne peut quitter le regroupement avant d'y "
                "être entrée.",
            ),
            models.UniqueConstraint(
                fields=["collectivity", "commune"],
                condition=models.Q(until__isnull=True),
                name="membership_open_once",
                violation_error_message="Cette commune est déjà membre de ce regroupement.",
            ),
            models.UniqueConstraint(
                fields=["collectivity", "commune", "since"],
                name="membership_begins_once",
                violation_error_message="Cette commune entre déjà dans ce regroupement ce jour-là.",
            ),
        ]

    def __str__(self) -> str:
        until = f" jusqu'au {self.until:%d/%m/%Y}" if self.until else ""
        return f"{self.commune} depuis le {self.since:%d/%m/%Y}{until}"

    def clean(self) -> None:
        super().clean()
        if self.collectivity_id is None or self.commune_id is None or self.since is None:
            return
        others = Membership.objects.filter(
            collectivity=self.collectivity_id, commune=self.commune_id
        ).exclude(pk=self.pk)
        if any(self.overlaps(other) for other in others):
            raise ValidationError(
                {"since": "Cette commune est déjà membre de ce regroupement à ces dates."}
            )

    def overlaps(self, other: "Membership") -> bool:
        """Tell whether the two periods share a day."""
        last = datetime.date.max
        return self.since <= (other.until or last) and other.since <= (self.until or last)
