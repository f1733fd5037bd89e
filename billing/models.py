"""What the finance staff set once for every claim."""

from django.db import models


class ChorusSettings(models.Model):
    """The coding that Chorus expects on each claim: one row, blank until filled in."""

    nature_de_recette = models.CharField("nature de recette", max_length=50, blank=True)
    fonds = models.CharField("fonds", max_length=50, blank=True)
    centre_financier = models.CharField("centre financier", max_length=50, blank=True)
    domaine_fonctionnel = models.CharField("domaine fonctionnel", max_length=50, blank=True)
    centre_de_couts = models.CharField("centre de coûts", max_length=50, blank=True)
    compte_pce = models.CharField("compte PCE", max_length=50, blank=True)
    activite = models.CharField("activité", max_length=50, blank=True)

    class Meta:
        verbose_name = "codification Chorus"
        verbose_name_plural = "codification Chorus"
        constraints = [
            models.CheckConstraint(
                name="chorus_settings_single_row",
                condition=models.Q(pk=1),
                violation_error_message="La codification Chorus tient en une seule fiche.",
            )
        ]

    def __str__(self):
        return "Codification Chorus"

    def save(self, *args, **kwargs):
        self.pk = 1
        super().save(*args, **kwargs)

    @property
    def is_complete(self) -> bool:
        """Tell whether every code is filled in."""
        return all(
            getattr(self, field.name) for field in self._meta.fields if not field.primary_key
        )

    @classmethod
    def current(cls) -> "ChorusSettings":
        """Return the coding in force; blank when nobody has filled it in."""
        return cls.objects.first() or cls()
