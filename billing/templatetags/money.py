"""`{% load money %}{{ amount|euros }}`: an amount as a French reader writes it."""

from django import template

from billing import liquidation

register = template.Library()
register.filter("euros", liquidation.euros)
