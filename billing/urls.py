from django.urls import path

from billing import views

urlpatterns = [
    path("", views.claims, name="claims"),
    path("export.<slug:file_format>", views.claims_export, name="claims_export"),
    path("lots/", views.batches, name="batches"),
    path("lots/nouveau/", views.batch_new, name="batch_new"),
    path("lots/<int:year>/<int:number>.<slug:file_format>", views.batch_file, name="batch_file"),
    path("codification/", views.chorus_settings, name="chorus_settings"),
]
