"""Who signs and pays: a commune, an EPCI or a syndicat."""

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from communes import french
from communes.folding import fold
from communes.identifiers import validate_siren, validate_siret

from .territory import Commune, Department


class Gender(models.TextChoices):
    FEMININE = "F", "féminin"
    MASCULINE = "M", "masculin"


class Civility(models.TextChoices):
    MADAME = "F", "Madame"
    MONSIEUR = "M", "Monsieur"


class WebsiteField(models.URLField):
    """An address typed without its scheme is taken as https."""

    def formfield(self, **kwargs):
        return super().formfield(assume_scheme="https", **kwargs)


class Party(models.Model):
    """What a convention prints of a collectivity.

    The collectivity holds today's values; a convention copies them when the town
    hall confirms them, and they change no more with the collectivity.
    """

    siret = models.CharField("SIRET", max_length=14, blank=True, validators=[validate_siret])
    address_line_1 = models.CharField("adresse", max_length=100, blank=True)
    address_line_2 = models.CharField("complément d'adresse", max_length=100, blank=True)
    postcode = models.CharField("code postal", max_length=5, blank=True)
    city = models.CharField("ville", max_length=100, blank=True)
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

    @classmethod
    def party_fields(cls) -> list[str]:
        """Names of the fields that a convention copies."""
        return [field.name for field in Party._meta.get_fields()]

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

    @property
    def address(self) -> list[str]:
        """The postal address, one line an item, empty lines left out."""
        lines = [
            self.address_line_1,
            self.address_line_2,
            f"{self.postcode} {self.city}".strip(),
        ]
        return [line for line in lines if line]


class Collectivity(Party):
    class Regime(models.TextChoices):
        """How a collectivity under 3,500 inhabitants makes its acts public (L2131-1 IV)."""

        ELECTRONIC = "electronic", "sur le site internet"
        POSTING = "posting", "par affichage"
        PAPER = "paper", "sur papier"

    class Kind(models.TextChoices):
        COMMUNE = "commune", "commune"
        EPCI = "epci", "EPCI"
        SYNDICAT = "syndicat", "syndicat"

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
    search_text = models.CharField(max_length=400, editable=False, default="")

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
        ]

    def __str__(self):
        return f"{self.name} ({self.code})"

    def save(self, *args, **kwargs):
        self.code = self.commune.code if self.commune else self.siren
        self.search_text = self.build_search_text()
        super().save(*args, **kwargs)

    def clean(self):
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
        return f"{fold(self.name)} {self.code} {self.siren}"

    @property
    def title(self) -> str:
        """The name at the head of a document: "Commune d'Agde", "Syndicat mixte X"."""
        return f"Commune {self.commune.name_with_of}" if self.commune else self.name

    @property
    def council(self) -> str:
        """The assembly that deliberates, "conseil municipal"."""
        return {
            self.Kind.COMMUNE: "conseil municipal",
            self.Kind.EPCI: "conseil communautaire",
            self.Kind.SYNDICAT: "comité syndical",
        }[self.Kind(self.kind)]

    @property
    def made_at(self) -> str:
        """Where acts are made, after "Fait": "à Agde", "au Vigan"."""
        return french.at(self.commune.name if self.commune else french.without_cedex(self.city))
