from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    name = "accounts.invitations"
    verbose_name = "Invitations"
