from django.apps import AppConfig

from lifecycle.triggers import installed


class FiguresConfig(AppConfig):
    name = "rectorat.figures"
    label = "figures"
    verbose_name = "Chiffres"

    def ready(self) -> None:
        from rectorat.figures.models import tell_everywhere

        installed.connect(tell_everywhere)
