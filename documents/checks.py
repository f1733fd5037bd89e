"""What slows printing down without anybody seeing it (`manage.py check --deploy`)."""

from django.core.checks import Tags, Warning, register

from .proofs import reason_to_stop


@register(Tags.files, deploy=True)
def check_standing_type(app_configs, **kwargs):
    """Tell that the short cut was stopped: documents are right, and made twenty times slower."""
    if reason := reason_to_stop():
        yield Warning(
            f"Standing type is stopped, a document differed from its plain print: {reason}",
            hint="Find the cause, then lift it with `manage.py standing_type --resume`.",
            id="documents.W001",
        )
