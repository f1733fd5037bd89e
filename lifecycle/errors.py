"""Why a change was refused, in words for the person who asked for it."""

from django.core.exceptions import ValidationError


class TransitionRefused(ValidationError):
    """A change the lifecycle does not allow; the message (French) says why."""


class StaleFile(TransitionRefused):
    """Somebody else changed the file in between; the message says who and when."""
