"""`{% load amendments %}`: what a convention amounts to, its signed avenants included."""

from django import template

from conventions.amendments.effects import current_amount, current_school_count

register = template.Library()
register.filter("current_amount", current_amount)
register.filter("current_school_count", current_school_count)
