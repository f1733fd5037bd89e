"""Settings of titres: author, texts, budget years and their coding. For finance."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import factor
from accounts.access import role_required
from billing.access import WRITERS
from billing.coding.models import BillingSettings, BudgetYear, Coding
from billing.forms import BudgetYearForm, CodingForm, GeneralSettingsForm
from billing.pages import form_page


@require_safe
@role_required(*WRITERS)
def settings_page(request: HttpRequest) -> HttpResponse:
    """What holds for the next titres, and where it is changed."""
    return render(
        request,
        "billing/settings.html",
        {
            "settings": BillingSettings.current(),
            "years": BudgetYear.objects.prefetch_related("codings__academy"),
            "this_year": timezone.localdate().year,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def general_settings(request: HttpRequest) -> HttpResponse:
    """Author, minimum and texts for the town halls."""
    form = GeneralSettingsForm(request.POST or None, instance=BillingSettings.current())

    def do(typed: dict[str, Any]) -> str:
        factor.demand_fresh(request)
        form.save()
        return "Les réglages sont enregistrés : les prochains titres les suivent."

    return form_page(
        request,
        form,
        do,
        title="Ordonnateur, minimum et textes",
        submit="Enregistrer",
        back=reverse("billing_settings"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def budget_year(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """What holds for a budget year, a new one without `year`."""
    found = get_object_or_404(BudgetYear, year=year) if year else None
    form = BudgetYearForm(
        request.POST or None, instance=found, initial={"year": timezone.localdate().year}
    )

    def do(typed: dict[str, Any]) -> str:
        factor.demand_fresh(request)
        return f"L'exercice {form.save()} est enregistré."

    return form_page(
        request,
        form,
        do,
        title=f"Exercice {found}" if found else "Ajouter un exercice",
        submit="Enregistrer",
        back=reverse("billing_settings"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*WRITERS)
def coding(request: HttpRequest, year: int, pk: int | None = None) -> HttpResponse:
    """The codes of a budget year, new ones without `pk`."""
    of_year = get_object_or_404(BudgetYear, year=year)
    found = (
        get_object_or_404(Coding, budget_year=of_year, pk=pk) if pk else Coding(budget_year=of_year)
    )
    form = CodingForm(request.POST or None, instance=found)

    def do(typed: dict[str, Any]) -> str:
        factor.demand_fresh(request)
        form.save()
        return "La codification est enregistrée : les prochains titres la portent."

    return form_page(
        request,
        form,
        do,
        title=f"Codification Chorus de {of_year}",
        intro="Un code laissé vide donne une colonne vide. Les titres déjà demandés ne changent pas.",
        submit="Enregistrer",
        back=reverse("billing_settings"),
    )
