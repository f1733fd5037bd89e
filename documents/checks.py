"""What slows printing down without anybody seeing it (`manage.py check --deploy`)."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Warning

from documents.press.proofs import reason_to_stop


def check_standing_type(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Tell that the short cut was stopped: documents are right, and made twenty times slower."""
    if reason := reason_to_stop():
        yield Warning(
            f"Standing type is stopped, a document differed from its plain print: {reason}",
            hint="Find the cause, then lift it with `manage.py standing_type --resume`.",
            id="documents.W001",
        )
