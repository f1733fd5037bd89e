from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "communes.contacts"
    verbose_name = "Contacts"
