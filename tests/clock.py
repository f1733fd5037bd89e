"""The day of the tests is given, never read: the same everywhere, and another by `--day`.

The clock runs on from ten in the morning of that day, before the first test is imported, and in
every Python process that is started from then on (tests/processes/sitecustomize.py): those of
pytest-xdist, the server behind the browser, the background worker, commands.
"""

import datetime
import os
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

# A Tuesday of the school year of the demonstration, far from its holidays.
DAY = "2026-11-24"
PROCESSES = Path(__file__).parent / "processes"


def pytest_addoption(parser):
    parser.addoption(
        "--day",
        default=DAY,
        type=lambda text: datetime.date.fromisoformat(text).isoformat(),
        help=f"the day on which the tests take place (default: {DAY})",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Move the clock, unless this process was started by one that did."""
    if "CLOCK_AHEAD" in os.environ:
        return
    start = _morning(datetime.date.fromisoformat(config.getoption("--day"))).timestamp()
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    patch.setenv("CLOCK_AHEAD", str(start - time.time()))
    patch.setenv("PYTHONPATH", str(PROCESSES), prepend=os.pathsep)
    clock = time_machine.travel(start, tick=True)
    clock.start()
    config.add_cleanup(clock.stop)


@pytest.fixture
def move_to(time_machine):
    """Function that moves the clock to a day of the test's own, in this process, until its end."""
    return lambda day: time_machine.move_to(_morning(day))


def _morning(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(10), ZoneInfo("Europe/Paris"))
