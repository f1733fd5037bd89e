from django.apps import AppConfig

from jobs.queue_keys import honour_older_keys


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Traitements"

    def ready(self) -> None:
        honour_older_keys()
