from django.urls import path

from billing.returns import views

_file = "<int:pk>/"
_row = "a-regler/<int:pk>/"

urlpatterns = [
    path("", views.returns, name="returns"),
    path(_file, views.return_file, name="return"),
    path(f"{_file}colonnes/", views.return_layout, name="return_layout"),
    path(f"{_file}original", views.return_original, name="return_original"),
    path("a-regler/", views.tray, name="tray"),
    path(_row, views.row_settle, name="row_settle"),
    path(f"{_row}ecarter/", views.row_dismiss, name="row_dismiss"),
]
