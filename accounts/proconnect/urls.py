from django.urls import path

from accounts.proconnect import views

urlpatterns = [
    path("", views.depart, name="proconnect"),
    path("arrivee/", views.arrive, name="proconnect_callback"),
    path("retour/", views.back, name="proconnect_back"),
]
