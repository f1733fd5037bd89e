from django.urls import path

from billing.batches import views

_batch = "<school_year:year>/<int:number>/"

urlpatterns = [
    path("", views.batches, name="batches"),
    path("listes/nouvelle/", views.list_new, name="list_new"),
    path("listes/<int:pk>/", views.prepared_list, name="list"),
    path("listes/<int:pk>/demander/", views.list_confirm, name="list_confirm"),
    path(_batch, views.batch, name="batch"),
    path(f"{_batch}fichier.<slug:kind>", views.batch_file, name="batch_file"),
    path(f"{_batch}justificatifs.zip", views.batch_proofs, name="batch_proofs"),
    path(f"{_batch}transmis/", views.batch_sent, name="batch_sent"),
    path(f"{_batch}retirer/", views.batch_withdraw, name="batch_withdraw"),
]
