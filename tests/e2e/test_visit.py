"""Every page that docs/visite.md and README.md name is there, and says what they say it does."""

import re

import pytest

from accounts.demonstration import DEMONSTRATION_ACCOUNTS

from .conftest import ROOT, enter

ACCOUNTS = {account.name: account for account in DEMONSTRATION_ACCOUNTS}
# What stands between backquotes: an account, or an address of the site.
MENTION = re.compile(r"`([^`]+)`")
QUOTE = re.compile(r"« ([^»]+) »")


def steps(document):
    """Return the account, address and expected words of each page that a document names."""
    account, found = None, []
    for line in (ROOT / document).read_text().splitlines():
        for mention in MENTION.findall(line):
            account = mention if mention in ACCOUNTS else account
            if mention.startswith("/"):
                found.append((account, mention, QUOTE.findall(line)))
    return found


@pytest.mark.one_database
@pytest.mark.parametrize(("document", "at_least"), [("docs/visite.md", 15), ("README.md", 9)])
def test_every_page_of_the_visit_is_there(visitor, document, at_least):
    visited = 0
    pages = {}
    for account, address, words in steps(document):
        if account not in pages:
            pages[account] = visitor()
            if account:
                enter(pages[account], ACCOUNTS[account].description)
        page = pages[account]
        assert page.goto(address).status == 200, address
        content = page.content().replace("’", "'").lower()
        for quoted in words:
            assert quoted.replace("’", "'").lower() in content, f"{address}: {quoted}"
        if account == "rectorat" and "?q=ENT-" in address:
            assert page.locator("#result_list tbody tr").count() == 1, address
        visited += 1
    assert visited >= at_least


def test_a_file_of_each_state_stands_where_the_visit_says(visitor):
    page = visitor()
    enter(page, ACCOUNTS["rectorat"].description)
    table = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| `(/[^`]+)` \|$",
        (ROOT / "docs/visite.md").read_text(),
        re.MULTILINE,
    )
    assert len(table) == 9
    for state, address in table:
        page.goto(address)
        assert state in page.locator("#result_list tbody").inner_text().lower(), address
