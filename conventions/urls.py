from django.urls import path, register_converter

from . import views
from .converters import SchoolYearConverter

register_converter(SchoolYearConverter, "school_year")

_file = "<school_year:year>/<str:code>/"

urlpatterns = [
    path("", views.ConventionList.as_view(), name="conventions"),
    path("en-cours/", views.current, name="convention_current"),
    path("pieces/<int:pk>/", views.download_piece, name="piece"),
    path(_file, views.ConventionPage.as_view(), name="convention"),
    path(f"{_file}projet.pdf", views.preview, name="convention_preview"),
    path(f"{_file}documents/", views.issue_documents, name="convention_issue"),
    path(f"{_file}renseignements/", views.Identity.as_view(), name="convention_identity"),
    path(f"{_file}acte/", views.ActPage.as_view(), name="convention_act"),
    path(f"{_file}dates/", views.ActDates.as_view(), name="convention_dates"),
    path(f"{_file}signature/", views.Signature.as_view(), name="convention_signature"),
    path(f"{_file}pieces/", views.AddPiece.as_view(), name="convention_piece"),
]
