"""What slows printing down, or leaves a door open, without anybody seeing it (`manage.py check --deploy`)."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Warning

from documents.press.proofs import reason_to_stop
from incoming.confined import barrier


def check_standing_type(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Tell that the short cut was stopped: documents are right, and made twenty times slower."""
    if reason := reason_to_stop():
        yield Warning(
            f"Standing type is stopped, a document differed from its plain print: {reason}",
            hint="Find the cause, then lift it with `manage.py standing_type --resume`.",
            id="documents.W001",
        )


def check_confinement(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Tell that files of strangers are read by a process that may still open connections."""
    if barrier() is None:
        yield Warning(
            "libseccomp is missing: what a hostile file takes over could use the network.",
            hint="Install it (Debian: libseccomp2).",
            id="documents.W002",
        )
