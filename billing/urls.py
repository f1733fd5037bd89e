from django.urls import path

from billing import views

_year = "exercices/<int:year>/"

urlpatterns = [
    path("", views.settings_page, name="billing_settings"),
    path("general/", views.general_settings, name="billing_general"),
    path("exercices/nouveau/", views.budget_year, name="budget_year_new"),
    path(_year, views.budget_year, name="budget_year"),
    path(f"{_year}codifications/nouvelle/", views.coding, name="coding_new"),
    path(f"{_year}codifications/<int:pk>/", views.coding, name="coding"),
]
