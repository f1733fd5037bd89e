"""The pages of django-allauth that this site has, under its own names, and those beside them.

Its others (signing up, managing several e-mail addresses) would let people change
what the rectorat decides, so they have no address here.
"""

from allauth.account import views
from django.urls import path, re_path

from accounts.views import person, sessions, sign_in

urlpatterns = [
    path("connexion/", sign_in.LoginView.as_view(), name="account_login"),
    path(
        "connexion/demonstration/",
        sign_in.sign_in_to_demonstration,
        name="demonstration_sign_in",
    ),
    path("connexion/code/", views.request_login_code, name="account_request_login_code"),
    path(
        "connexion/code/saisie/",
        sign_in.ConfirmLoginCodeView.as_view(),
        name="account_confirm_login_code",
    ),
    path("deconnexion/", sign_in.LogoutView.as_view(), name="account_logout"),
    path("ouverture/", views.signup, name="account_signup"),
    path("desactive/", views.account_inactive, name="account_inactive"),
    path("mot-de-passe/", views.password_change, name="account_change_password"),
    path("mot-de-passe/premier/", views.password_set, name="account_set_password"),
    path("mot-de-passe/oubli/", views.password_reset, name="account_reset_password"),
    path(
        "mot-de-passe/oubli/envoye/",
        views.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^mot-de-passe/lien/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "mot-de-passe/enregistre/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("securite/sessions/", sessions.Sessions.as_view(), name="sessions"),
    # Who, and for whom
    path("collectivite/", person.CollectivityChoice.as_view(), name="collectivity_choice"),
    path("nom/", person.PersonName.as_view(), name="person_name"),
]
