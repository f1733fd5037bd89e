from django.urls import path

from . import views

urlpatterns = [
    path("", views.claims, name="claims"),
    path("export.<slug:file_format>", views.claims_export, name="claims_export"),
    path("codification/", views.chorus_settings, name="chorus_settings"),
]
