from django.contrib import admin
from django.urls import include, path

from .views import home, legal

urlpatterns = [
    path("", home, name="home"),
    path("mentions-legales/", legal, name="legal"),
    path("comptes/", include("accounts.urls")),
    path("conventions/", include("conventions.urls")),
    path("titres/", include("billing.urls")),
    path("admin/", admin.site.urls),
]
