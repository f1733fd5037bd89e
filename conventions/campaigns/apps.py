from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "conventions.campaigns"
    verbose_name = "Campagnes"
