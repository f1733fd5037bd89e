"""What the night does whole and the day on a sample (docs/tests.md).

A rule is protected by day too: the night gives it more of the same. And what needs a database,
whichever it is, is done on the first of the two that script/test goes through: most of the tests
that read pages are so, the verbs, the lists and the constraints behind them are not.
"""

import pytest

_NEEDS_A_DATABASE = {"db", "transactional_db", "site_url"}
_READS_PAGES = "client"


def pytest_addoption(parser):
    parser.addoption("--nightly", action="store_true", help="take samples whole")
    parser.addoption(
        "--second-database",
        action="store_true",
        help="leave out what a run on another database has shown",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "nightly: more of what other cases show, left to the night")
    config.addinivalue_line("markers", "one_database: what it shows is the same on every database")
    config.addinivalue_line(
        "markers", "both_databases: though it reads pages, what it shows is the database's matter"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Deselect what this run leaves out."""
    if not config.getoption("--nightly"):
        _keep(config, items, lambda item: not item.get_closest_marker("nightly"))
        if config.getoption("--second-database"):
            _keep(config, items, _depends_on_the_database)


def _keep(config, items, wanted):
    left_out = [item for item in items if not wanted(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if wanted(item)]


def _depends_on_the_database(item) -> bool:
    if item.get_closest_marker("one_database"):
        return False
    if _READS_PAGES in item.fixturenames:
        return bool(item.get_closest_marker("both_databases"))
    return bool(item.get_closest_marker("django_db") or _NEEDS_A_DATABASE & set(item.fixturenames))


def at_night(*cases):
    """Return cases of a parametrized test as ones for the night alone."""
    return [pytest.param(case, marks=pytest.mark.nightly) for case in cases]


@pytest.fixture(scope="session")
def sample(pytestconfig):
    """Function that returns the first of two sizes by day, the second at night."""
    return lambda by_day, at_night: at_night if pytestconfig.getoption("--nightly") else by_day
