"""What the test session refuses, beside what each test asserts (docs/tests.md).

A fault is kept as well as raised: the code at fault may well catch what it is refused, and
templates swallow almost everything. The test that met it fails at its end.
"""

import pytest

_faults: list[str] = []


def note(fault: str) -> None:
    """Have the test under way fail, and say `fault`."""
    _faults.append(fault)


@pytest.fixture
def faults():
    """Faults noted so far, for tests that make some on purpose: they empty it."""
    return _faults


@pytest.fixture(autouse=True)
def strict():
    """Fail for what was noted during the test, or while its fixtures were set up."""
    yield
    found = sorted(set(_faults))
    _faults.clear()
    if found:
        pytest.fail("\n".join(found), pytrace=False)
