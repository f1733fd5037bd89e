"""Region, départements, collectivities: what an agent changes there may outdate documents.

Their pages are those of the floor below; what is added is that files are gone through again.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from communes.admin import DepartmentAdmin, RegionAdmin
from communes.forms import CollectivityForm
from communes.models import Collectivity, Department, Region
from conventions.dossiers.outdating import review
from conventions.dossiers.tasks import review_soon
from conventions.models import Convention
from lifecycle.rereading import RereadAdmin
from rectorat.lists.asking import AskingMixin
from rectorat.lists.kept import KeptListMixin
from rectorat.territory import invitations
from rectorat.territory.contacts import ContactPages
from rectorat.territory.mayors import MayorOnPage
from schools.admin import PayerAdmin

admin.site.unregister([Region, Department, Collectivity])


class ReviewedAdmin(RereadAdmin):
    """A change concerns thousands of files: a worker goes through them."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and form.changed_data:
            review_soon()


@admin.register(Region)
class ReviewedRegionAdmin(ReviewedAdmin, RegionAdmin):
    pass


@admin.register(Department)
class ReviewedDepartmentAdmin(ReviewedAdmin, DepartmentAdmin):
    pass


@admin.register(Collectivity)
class ReviewedPayerAdmin(
    KeptListMixin, AskingMixin, MayorOnPage, ContactPages, RereadAdmin, PayerAdmin
):
    form_to_change = CollectivityForm
    asked_of_jobs = invitations.OF_COLLECTIVITIES

    def get_fieldsets(self, request: HttpRequest, obj: Collectivity | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        secretary = ("Secrétariat", {"fields": ("secretary_name",)})
        return (*fieldsets, secretary) if obj and hasattr(obj, "secretary") else fieldsets

    def get_readonly_fields(
        self, request: HttpRequest, obj: Collectivity | None = None
    ) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "secretary_name")

    @admin.display(description="secrétaire")
    def secretary_name(self, collectivity: Collectivity) -> str:
        return str(collectivity.secretary)

    def save_model(self, request: HttpRequest, obj: Collectivity, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        review(Convention.objects.filter(collectivity=obj))
