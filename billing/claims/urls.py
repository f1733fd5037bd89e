from django.urls import path

from billing.claims import views

_claim = "creances/<school_year:year>/<str:code>/"
_titre = "<int:pk>/"

urlpatterns = [
    path("", views.claims, name="claims"),
    path("export.<slug:file_format>", views.claims_export, name="claims_export"),
    path("vues/", views.keep_view, name="claims_views"),
    path("vues/retrait/", views.forget_view, name="claims_forget"),
    path("colonnes/", views.choose_columns, name="claims_columns"),
    path(_claim, views.claim, name="claim"),
    path(f"{_claim}debiteur/", views.debtor, name="claim_debtor"),
    path(f"{_claim}tiers/", views.third_party, name="claim_third_party"),
    path(f"{_claim}ne-pas-annuler/", views.give_up_cancellation, name="claim_keep_titre"),
    path(_titre, views.titre, name="titre"),
    path(f"{_titre}annuler/", views.titre_cancel, name="titre_cancel"),
    path(f"{_titre}ecritures/<slug:kind>/", views.entry_new, name="entry_new"),
    path(f"{_titre}ecritures/<int:entry>/annuler/", views.entry_reverse, name="entry_reverse"),
]
