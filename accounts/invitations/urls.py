from django.urls import path

from accounts.invitations import views

urlpatterns = [
    path("<str:token>/", views.InvitationPage.as_view(), name="invitation"),
]
