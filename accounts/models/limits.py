"""What is counted at the door: failures, and what allauth counts through Django's cache."""

from django.db import models


class Counter(models.Model):
    """A row of the default cache (`settings.CACHES`), as Django's DatabaseCache writes it."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "compteur"
        ordering = ["cache_key"]

    def __str__(self) -> str:
        return self.cache_key


class Failures(models.Model):
    """How often somebody failed at a door lately: `key` says who and where from, hashed."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "échecs de connexion"
        ordering = ["key"]

    def __str__(self) -> str:
        return f"{self.key[:8]} : {self.count}"
