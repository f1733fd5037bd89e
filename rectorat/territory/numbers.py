"""The pupils or classes of a school in a campaign: shown, and typed where the tariff counts them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from accounts.access import user_of
from conventions.campaigns.models import TypedNumber
from conventions.campaigns.tariff_words import counted
from conventions.campaigns.tariffs import Counted
from conventions.enrolment.numbers import type_number
from conventions.models import Enrolment


class NumberForm(forms.ModelForm):
    class Meta:
        model = TypedNumber
        fields = ("number", "reason")
        widgets = {"reason": forms.TextInput({"class": "vTextField"})}
        help_texts = {
            "number": "Vide : le nombre de l'annuaire compte de nouveau.",
            "reason": "Par exemple : rentrée comptée par l'inspection.",
        }

    def refuse(self, refusal: ValidationError) -> None:
        """Put what the verb refused at its field, or at the head of the form."""
        told: dict[str | None, Any] = {None: refusal}
        if hasattr(refusal, "error_dict"):
            told = dict(refusal.error_dict.items())
        for name, errors in told.items():
            self.add_error(name if name in self.fields else None, errors)


_NAMED = {Counted.PUPIL: "nombre d'élèves", Counted.CLASS: "nombre de classes"}


def counted_link(enrolment: Enrolment) -> str:
    """Return what a school counts for, where that is from, and a link to type another number."""
    rule = enrolment.campaign.rule
    if not rule.asks_numbers:
        return "— : le tarif ne compte ni élèves ni classes"
    number = enrolment.number_of(Counted(rule.unit))
    told = "effectif manquant" if number is None else counted(number, rule.unit)
    if enrolment.typed and enrolment.typed.unit == rule.unit:
        told += f" ({enrolment.typed.source})"
    if not enrolment.may_be_counted:
        return told
    return format_html(
        '{} <a href="{}">Saisir un nombre<span class="visually-hidden"> : {}</span></a>',
        told,
        reverse("admin:conventions_enrolment_number", args=[enrolment.pk]),
        enrolment,
    )


def number_page(request: HttpRequest, enrolment: Enrolment, page: dict[str, Any]) -> HttpResponse:
    """Show the form of a number and what was typed before; (POST) keep what is typed.

    `page` is what every page of the admin site shows.
    """
    back = reverse("admin:conventions_enrolment_change", args=[enrolment.pk])
    campaign = enrolment.campaign
    if not (campaign.rule.asks_numbers and enrolment.may_be_counted):
        messages.warning(request, "Le nombre de cette école ne se saisit pas, ou plus.")
        return redirect(back)
    form = NumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            typed = type_number(enrolment, by=user_of(request), **form.cleaned_data)
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"C'est enregistré : {enrolment}, {typed}.")
            return redirect(back)
    school = enrolment.school
    unit = Counted(campaign.rule.unit)
    form.fields["number"].label = _NAMED[unit].capitalize()
    context = page | {
        "title": "Saisir un nombre pour cette campagne",
        "enrolment": enrolment,
        "noun": _NAMED[unit],
        "known": school.pupils if unit == Counted.PUPIL else school.classes,
        "typed": campaign.typed_numbers.filter(school=school).select_related("by"),
        "form": form,
        "back": back,
    }
    template = "admin/conventions/enrolment/number.html"
    return TemplateResponse(request, template, context, status=422 if form.errors else 200)
