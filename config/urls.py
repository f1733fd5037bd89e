from django.contrib import admin
from django.urls import include, path

from config.views import home, legal, mail, mail_html, mail_list
from conventions.dossiers.verification import verify, verify_document
from town_hall.views.calendar import calendar_file
from town_hall.views.titres import own_statement, own_titres

handler500 = "config.views.failed"

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
    path("mes-titres/", own_titres, name="own_titres"),
    path("mes-titres/<str:code>.pdf", own_statement, name="own_statement"),
    path("calendrier/<str:token>.ics", calendar_file, name="calendar_file"),
    # Printed on every document: these addresses do not change.
    path("verifier/", verify, name="verify"),
    path("verifier/<str:reference>", verify_document, name="verify_document"),
    path("titres/", include("billing.claims.urls")),
    path("titres/", include("billing.recovery.urls")),
    path("titres/lots/", include("billing.batches.urls")),
    path("titres/retours/", include("billing.returns.urls")),
    path("titres/reglages/", include("billing.urls")),
    path("admin/", admin.site.urls),
]
