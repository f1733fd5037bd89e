"""Who answers at a collectivity, beside the address and the telephone that it has itself."""

from django.db import models

from communes.models import Collectivity


class Secretary(models.Model):
    """The secretary of a town hall, as agents know who to ask for."""

    collectivity = models.OneToOneField(
        Collectivity,
        on_delete=models.CASCADE,
        related_name="secretary",
        verbose_name="collectivité",
    )
    name = models.CharField("secrétaire", max_length=120)

    class Meta:
        verbose_name = "secrétaire"

    def __str__(self) -> str:
        return self.name
