"""What the pages of agents say of the worker."""

from typing import Any

from django import template

from jobs.heartbeat import silence

register = template.Library()


@register.inclusion_tag("admin/jobs/job/silence.html")
def worker_silence() -> dict[str, Any]:
    """Say that something waits while no worker runs; nothing when all is well."""
    return {"silence": silence()}
