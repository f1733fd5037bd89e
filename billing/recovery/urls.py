from django.urls import path

from billing.recovery import views

urlpatterns = [
    path("tableau/", views.board, name="billing_board"),
    path("tableau/<slug:figure>/", views.board_figure, name="board_figure"),
    path(
        "tableau/exercices/<int:year>/<slug:figure>/", views.year_figure, name="board_year_figure"
    ),
    path("restes-dus/", views.owed, name="owed"),
    path("restes-dus/export.<slug:file_format>", views.owed_export, name="owed_export"),
    path("restes-dus/vues/", views.keep_view, name="owed_views"),
    path("restes-dus/vues/retrait/", views.forget_view, name="owed_forget"),
    path("restes-dus/<str:code>/", views.debtor_page, name="debtor"),
    path("restes-dus/<str:code>/releve.pdf", views.debtor_statement, name="debtor_statement"),
    path(
        "restes-dus/<str:code>/compte-d-emploi-<int:year>.pdf",
        views.debtor_use_account,
        name="debtor_use_account",
    ),
    path("contestations/", views.contestations, name="contestations"),
    path(
        "<int:pk>/ecritures/<int:entry>/lettre.pdf", views.decision_letter, name="decision_letter"
    ),
]
