"""What the pages of billing have in common: lists in pages, forms that call a verb."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html, format_html_join
from dsfr.forms import DsfrBaseForm

from tabular.values import UnreadableValue, read_amount

PER_PAGE = 50


class AmountField(forms.CharField):
    """An amount in euros as people write it, "1 234,50"."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "En euros, par exemple 1 234,50.")
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(max_length=30, widget=widget, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_amount(text)
        except UnreadableValue as error:
            raise ValidationError(str(error)) from error


class Menu(forms.Select):
    """Writes what Django's own does, which renders two templates for each of its options.

    The filters of a list have forty: a tenth of what its page takes.
    """

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> str:
        widget = context["widget"]
        options = (option for _, of_group, _ in widget["optgroups"] for option in of_group)
        return format_html(
            '<select name="{}"{}>{}\n</select>',
            widget["name"],
            flatatt(widget["attrs"]),
            format_html_join(
                "",
                '\n  <option value="{}"{}>{}</option>\n',
                ((each["value"], flatatt(each["attrs"]), each["label"]) for each in options),
            ),
        )


class ReasonForm(DsfrBaseForm):
    reason = forms.CharField(
        label="Motif", max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


def page_of(request: HttpRequest, rows: QuerySet | Sequence) -> Page:
    """Return the page that the address asks for, as dsfr's pagination reads it."""
    paginator: Paginator = Paginator(rows, PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    page.pages_list = paginator.get_elided_page_range(page.number)  # type: ignore[attr-defined]
    return page


def show_refusal(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Put what a verb refused at its field, or at the head of the form."""
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    for field, errors in refusal.error_dict.items():
        form.add_error(field if field in form.fields else None, errors)


def form_page(
    request: HttpRequest,
    form: forms.BaseForm,
    do: Callable[[dict[str, Any]], str],
    *,
    title: str,
    submit: str,
    back: str,
    intro: str = "",
    details: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """Show a form, then call `do` with what was typed: it says what was done (French).

    `details` are names and values shown above it.

    What it refuses (ValidationError) is shown in the form, which keeps what was typed.
    """
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                messages.success(request, do(form.cleaned_data))
            except ValidationError as refusal:
                show_refusal(form, refusal)
            else:
                return redirect(back)
    page = {
        "form": form,
        "title": title,
        "intro": intro,
        "details": details,
        "submit": submit,
        "back": back,
    }
    return render(request, "billing/form.html", page, status=status)
