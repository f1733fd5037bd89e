"""What stands above every list of the admin site: what it is narrowed to, in words."""

from django import template

from rectorat.lists import choosing

register = template.Library()
register.filter("chips", choosing.chips)
