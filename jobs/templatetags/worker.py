"""What the pages of agents say of the worker."""

from typing import Any

from django import template

from jobs.heartbeat import silence

register = template.Library()


@register.inclusion_tag("admin/jobs/job/silence.html", takes_context=True)
def worker_silence(context: dict[str, Any]) -> dict[str, Any]:
    """Say that something waits while no worker runs; nothing when all is well.

    A page that has asked already gives `silence`.
    """
    return {"silence": context["silence"] if "silence" in context else silence()}
