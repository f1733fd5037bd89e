"""The tariff of a campaign: tried on its collectivities, chosen; its exceptions."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.access import user_of
from communes.models import Collectivity
from conventions.campaigns import vat
from conventions.campaigns.models import TARIFF, Campaign, TariffException, VatRate
from conventions.campaigns.tariff_words import tariff_in_words
from conventions.campaigns.tariffs import ReliefKind
from conventions.enrolment.exceptions import decide_exception
from conventions.enrolment.tariff_examples import examples_of
from lifecycle.plausible import DateInput, keep_within
from rectorat.admin.renewal import PageOf


class TariffForm(forms.ModelForm):
    """The rule: what does not apply to the one chosen is left out by the model."""

    class Meta:
        model = Campaign
        fields = TARIFF
        widgets = {
            "tariff_basis": forms.RadioSelect,
            "vat_on_top": forms.RadioSelect,
            "tariff_brackets": forms.Textarea({"rows": 4}),
        }


class VatRateForm(forms.ModelForm):
    class Meta:
        model = VatRate
        fields = ("rate", "since")
        widgets = {"since": DateInput}


class ExceptionForm(forms.Form):
    code = forms.CharField(
        label="Collectivité",
        max_length=9,
        help_text="Son code INSEE, ou son SIREN pour un regroupement.",
    )
    kind = forms.ChoiceField(
        label="Exception", choices=ReliefKind, widget=forms.RadioSelect, initial=ReliefKind.FREE
    )
    value = forms.DecimalField(
        label="Montant ou pourcentage",
        max_digits=8,
        decimal_places=2,
        min_value=0,
        required=False,
        localize=True,
        help_text="Pour une réduction : en euros, toutes taxes comprises, ou en pour cent.",
    )
    reason = TariffException._meta.get_field("reason").formfield()
    decided_on = forms.DateField(label="Décidée le", widget=DateInput, initial=timezone.localdate)

    def clean_code(self) -> Collectivity:
        found = Collectivity.objects.filter(code=self.cleaned_data["code"].strip()).first()
        if found is None:
            raise ValidationError("Aucune collectivité ne porte ce code.")
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        is_reduction = data.get("kind") in (ReliefKind.AMOUNT, ReliefKind.PERCENT)
        data["value"] = (data.get("value") or Decimal(0)) if is_reduction else Decimal(0)
        return data


def tariff_view(request: HttpRequest, campaign: Campaign, page_of: PageOf) -> HttpResponse:
    """Show what a rule that is typed comes to for real collectivities; keep it once chosen."""
    here = redirect("admin:campaigns_campaign_tariff", campaign.pk)
    adds_rate = "add_rate" in request.POST
    rate = VatRateForm(request.POST if adds_rate else None)
    keep_within(rate, vat.window())
    if adds_rate and rate.is_valid():
        vat.give_rate(campaign, by=user_of(request), **rate.cleaned_data)
        messages.success(request, "Le taux de TVA est enregistré.")
        return here
    typed = request.POST if request.method == "POST" and not adds_rate else None
    tried = Campaign.objects.get(pk=campaign.pk)
    form = TariffForm(typed, instance=tried)
    is_valid = typed is None or form.is_valid()
    if is_valid and "choose" in request.POST:
        try:
            campaign.choose_tariff(by=user_of(request), **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, " ".join(refusal.messages))
            is_valid = False
        else:
            messages.success(
                request,
                "Le tarif est choisi. Préparez de nouveau ce qui l'était déjà, s'il a changé.",
            )
            return here
    rule = tried.rule if is_valid else None
    context = {
        "form": form,
        "rate_form": rate,
        "rates": VatRate.objects.all(),
        "is_settled": bool(campaign.first_sent_on),
        "tried": tariff_in_words(rule) if rule and typed else "",
        "examples": examples_of(campaign, rule, user_of(request)) if rule else None,
        "is_nav_sidebar_enabled": False,  # The table needs the width.
    }
    return page_of(request, campaign, "tariff", "Tarif", context)


def exceptions_view(request: HttpRequest, campaign: Campaign, page_of: PageOf) -> HttpResponse:
    """List the exceptions, those that others replaced too, and (POST) record one more."""
    form = ExceptionForm(request.POST or None)
    keep_within(form, campaign.window)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            decide_exception(campaign, data.pop("code"), by=user_of(request), **data)
        except ValidationError as refusal:
            form.add_error(None, " ".join(refusal.messages))
        else:
            messages.success(request, "L'exception est enregistrée.")
            return redirect("admin:campaigns_campaign_exceptions", campaign.pk)
    exceptions = campaign.tariff_exceptions.select_related("collectivity", "by")
    holding = {exception.collectivity_id: exception.pk for exception in reversed(exceptions)}
    context = {
        "form": form,
        "exceptions": exceptions,
        "holding": set(holding.values()),
    }
    return page_of(request, campaign, "exceptions", "Exceptions au tarif", context)
