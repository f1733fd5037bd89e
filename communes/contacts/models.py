"""Who answers at a collectivity, beside the address and the telephone that it has itself."""

from django.db import models

from communes.models import Collectivity, Represented


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


class ProposedMayor(Represented):
    """Who the directory of elected people says is mayor, until an agent applies or refuses it.

    Written by `communes.contacts.mayors` alone: one a commune, the newest file's.
    """

    collectivity = models.OneToOneField(
        Collectivity,
        on_delete=models.CASCADE,
        related_name="proposed_mayor",
        verbose_name="collectivité",
    )
    since = models.DateField("en fonction depuis le")
    proposed_on = models.DateField("proposé le", help_text="Jour où le fichier a été importé.")
    refused_on = models.DateField("écarté le", null=True, blank=True)

    class Meta:
        verbose_name = "maire proposé"
        verbose_name_plural = "maires proposés"
        ordering = ["collectivity__search_text", "pk"]

    def __str__(self) -> str:
        return f"{self.representative}, maire depuis le {self.since:%d/%m/%Y}"
