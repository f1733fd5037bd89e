from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as totp_views
from django.urls import path

from accounts.second_factor import views

urlpatterns = [
    path("", views.Security.as_view(), name="mfa_index"),
    path(
        "connexion/",
        views.Authenticate.as_view(),
        name="mfa_authenticate",
    ),
    path(
        "confirmer/",
        views.Reauthenticate.as_view(),
        name="mfa_reauthenticate",
    ),
    path(
        "confirmer/cle/",
        views.ReauthenticateByKey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "application/",
        views.ActivateTotp.as_view(),
        name="mfa_activate_totp",
    ),
    path("application/retrait/", totp_views.deactivate_totp, name="mfa_deactivate_totp"),
    path("cle/", views.AddKey.as_view(), name="mfa_add_webauthn"),
    path(
        "cle/<int:pk>/retrait/",
        views.RemoveKey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path("codes/", code_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "codes/nouveaux/",
        code_views.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
]
