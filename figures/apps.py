from django.apps import AppConfig

from lifecycle.triggers import installed


class FiguresConfig(AppConfig):
    name = "figures"
    verbose_name = "Chiffres"

    def ready(self) -> None:
        from figures.models import tell_everywhere

        installed.connect(tell_everywhere)
