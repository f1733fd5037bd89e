"""Whatever form of a file is sent as it was found: nothing is written, and the page says so."""

import pytest

from communes.models import Collectivity
from conventions.authority import draft_act
from conventions.models import Convention
from documents.wording.texts import load_texts
from lifecycle.models import JournalEntry
from tests.factories import print_quickly
from tests.town_hall.test_files import TODAY, url

pytestmark = pytest.mark.django_db

SAID = "Rien n’a changé : vous n’avez rien saisi de nouveau."


def sent_as_found(client, page):
    """Send the form of a page as a browser shows it, and return the page that answers."""
    context = client.get(page).context
    forms = [context["form"], context.get("act_form")]
    values = {
        box.html_name: box.value()
        for form in filter(None, forms)
        for box in form
        if box.value() not in (None, False)
    }
    # As browsers end lines.
    values = {
        name: value.replace("\n", "\r\n") if isinstance(value, str) else value
        for name, value in values.items()
    }
    return client.post(page, values, follow=True)


def says_so(answer):
    return SAID in answer.text.replace("&#x27;", "’").replace("\N{NO-BREAK SPACE}", " ")


def counts():
    return JournalEntry.objects.count(), Collectivity.history.count()


def test_details_confirmed_already(mairie, accepted):
    before = counts()
    assert says_so(sent_as_found(mairie, url("convention_identity", accepted)))
    assert counts() == before


def test_details_to_confirm_are_confirmed_as_they_are(mairie, sent):
    assert not says_so(sent_as_found(mairie, url("convention_identity", sent)))
    sent.refresh_from_db()
    assert sent.state == "accepted"


def test_details_that_the_rectorat_changed_since_are_confirmed_as_they_are(mairie, accepted):
    accepted.collectivity.address_line_1 = "3, rue Neuve"
    accepted.collectivity.save()
    assert not says_so(sent_as_found(mairie, url("convention_identity", accepted)))
    accepted.refresh_from_db()
    assert accepted.party.address_line_1 == "3, rue Neuve"


@pytest.mark.parametrize("name", ["convention_act", "convention_dates"])
def test_the_act_and_its_dates(mairie, with_act, name):
    before = counts()
    assert says_so(sent_as_found(mairie, url(name, with_act)))
    assert counts() == before


def test_the_text_of_the_act_whose_lines_a_browser_ends_in_its_own_way(mairie, with_act):
    texts = load_texts()
    with_act.campaign.decision_text = texts["decision"]
    with_act.campaign.save()
    before = counts()
    assert says_so(sent_as_found(mairie, url("own_act", with_act)))
    assert counts() == before


def test_an_act_chosen_as_last_year_is_made(mairie, accepted):
    answer = mairie.post(
        url("convention_act", accepted), {"version": accepted.version, "kind": "decision"}
    )
    assert answer.status_code == 302
    assert Convention.objects.get().act is not None


def test_who_represents_the_collectivity_and_the_signature(mairie, with_act, town_hall):
    print_quickly(with_act)
    with_act.sign_for_collectivity(by=town_hall, on=TODAY())
    before = counts()
    for name in ("convention_signature", "convention_representative"):
        page = url(name, with_act)
        assert says_so(sent_as_found(mairie, page)), name
    assert counts() == before


def test_a_draft_is_given_up_without_anything_typed(mairie, accepted, town_hall):
    draft_act(accepted, by=town_hall, kind="decision")
    answer = sent_as_found(mairie, url("convention_act_drop", accepted))
    assert not says_so(answer)
    assert Convention.objects.get().act is None
