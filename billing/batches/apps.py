from django.apps import AppConfig


class BatchesConfig(AppConfig):
    name = "billing.batches"
    verbose_name = "Préparation des lots"
