"""From a convention's models to what its documents print."""

import datetime

import pytest

from conventions.acts.models import Act
from conventions.printing import act_context, convention_context
from documents.rendering import render
from documents.wording.texts import load_texts

pytestmark = pytest.mark.django_db

DAY = datetime.date(2022, 10, 10)
LATER = datetime.date(2022, 10, 13)


@pytest.fixture
def act(convention):
    return Act.objects.create(
        collectivity=convention.collectivity,
        kind=Act.Kind.DECISION,
        state="adopted",
        number="2022DECAD076",
        dated_on=DAY,
        deposited_on=LATER,
        published_on=LATER,
    )


def test_an_act_is_published_online_unless_something_else_was_chosen(convention, act):
    of_commune = convention_context(convention).collectivity.of_article
    assert act_context(convention, act).publication_mode == f"sur le site internet {of_commune}"


def test_with_no_mode_recorded_the_act_follows_the_regime_of_its_collectivity(convention, act):
    convention.collectivity.commune.population = 500
    convention.collectivity.publicity_regime = "posting"
    assert act_context(convention, act).publication_mode == "par affichage"


def test_an_act_that_is_posted_names_no_website(convention, act):
    convention.collectivity.website = "https://www.agde.fr"
    assert act_context(convention, act).website == "https://www.agde.fr"
    act.publication_mode = Act.PublicationMode.POSTING
    context = act_context(convention, act)
    assert (context.publication_mode, context.website) == ("par affichage", "")


def test_the_executory_dates_are_printed_on_request_only(convention, act):
    assert act_context(convention, act).deposited_on is None
    assert act_context(convention, act, executory=True).deposited_on == LATER


def test_the_shipped_texts_print_a_real_file(convention, act):
    texts = load_texts()
    assert render(texts["decision"], act_context(convention, act)).pages == 1
    assert render(texts["convention"], convention_context(convention)).pages >= 5
