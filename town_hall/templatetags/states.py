"""The state of a file, as whoever reads the page calls it."""

from django import template

from accounts.models import User
from conventions.lifecycle import label_for
from conventions.models import Convention

register = template.Library()


@register.filter
def state_for(convention: Convention, user: User) -> str:
    """« à vérifier » for a town hall where an agent reads « envoyée »."""
    return label_for(convention.state, user.role)
