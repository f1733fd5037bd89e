from django.apps import AppConfig


class TownHallConfig(AppConfig):
    name = "town_hall"
    verbose_name = "Mairies"
