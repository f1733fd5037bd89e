from django.contrib import admin
from django.urls import include, path

from config.views import home, legal, mail, mail_html, mail_list
from conventions.dossiers.verification import verify, verify_document
from town_hall.views.calendar import calendar_file

urlpatterns = [
    path("", home, name="home"),
    path("mentions-legales/", legal, name="legal"),
    path("courriels/", mail_list, name="mails"),
    path("courriels/<slug:name>/", mail, name="mail"),
    path("courriels/<slug:name>/contenu", mail_html, name="mail_html"),
    path("comptes/", include("accounts.urls")),
    path("comptes/securite/", include("accounts.second_factor.urls")),
    path("comptes/invitation/", include("accounts.invitations.urls")),
    path("comptes/proconnect/", include("accounts.proconnect.urls")),
    path("conventions/", include("town_hall.urls")),
    path("calendrier/<str:token>.ics", calendar_file, name="calendar_file"),
    # Printed on every document: these addresses do not change.
    path("verifier/", verify, name="verify"),
    path("verifier/<str:reference>", verify_document, name="verify_document"),
    path("titres/", include("billing.urls")),
    path("admin/", admin.site.urls),
]
