"""The figures of a site that runs, for Prometheus, at an address of their own."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from operations import metrics


class Command(BaseCommand):
    help = (
        "Montre à Prometheus les chiffres du site, à METRICS_ADDRESS (/metrics), jusqu'à l'arrêt."
    )

    def handle(self, **options: Any) -> None:
        if metrics.FOLDER not in os.environ:
            sys.exit(f"{metrics.FOLDER} ne dit pas où les processus du site comptent.")
        host, _, port = settings.METRICS_ADDRESS.rpartition(":")
        try:
            thread = metrics.serve(host.strip("[]"), int(port))
        except (OSError, ValueError) as error:
            sys.exit(f"METRICS_ADDRESS={settings.METRICS_ADDRESS} : {error}")
        self.stdout.write(f"http://{settings.METRICS_ADDRESS}/metrics")
        thread.join()
