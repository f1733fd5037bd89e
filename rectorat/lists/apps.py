from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "rectorat.lists"
    label = "lists"
    verbose_name = "Listes des agents"
