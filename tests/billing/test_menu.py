"""The menus of filters, written without a template for each option."""

import pytest
from django import forms

from billing.pages import Menu

CHOICES = [("", "Toutes"), ("34", "Hérault <l'> & co"), (2026, "2026-2027")]


@pytest.mark.parametrize("chosen", [None, "", "34", "2026", "ailleurs"])
def test_a_menu_is_that_of_django(chosen):
    attrs = {"class": "fr-select", "id": "id_place"}
    expected = forms.Select(choices=CHOICES).render("place", chosen, attrs)
    assert Menu(choices=CHOICES).render("place", chosen, attrs) == expected
