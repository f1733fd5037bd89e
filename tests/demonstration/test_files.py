"""The demonstration: loaded once, on a site that is for trying only."""

import datetime

import pytest
from django.core.management import CommandError, call_command

from conventions.campaigns.models import Campaign
from conventions.lifecycle import State
from conventions.models import Convention, outdated_pieces

pytestmark = pytest.mark.django_db


def load(capsys):
    call_command("demo")
    return capsys.readouterr().out


def test_it_shows_the_file_of_2022_complete_and_a_year_under_way_and_is_loaded_once(
    settings, capsys
):
    settings.DEMONSTRATION = True
    assert "complète" in load(capsys)
    real = Convention.objects.with_parties().get(campaign__start_year=2022)
    assert (real.reference, real.state, real.amount) == ("ENT-2022-34337", State.SIGNED, 90)
    assert real.act.executory_on == datetime.date(2022, 10, 13)
    assert outdated_pieces(real) == []
    year = Campaign.objects.newest_open()
    assert set(year.conventions.values_list("state", flat=True)) >= set(State) - {State.TERMINATED}
    count = Convention.objects.count()
    assert "déjà là" in load(capsys)
    assert Convention.objects.count() == count


def test_it_is_refused_elsewhere(settings):
    settings.DEMONSTRATION = False
    with pytest.raises(CommandError, match="désactivé"):
        call_command("demo")
    assert not Convention.objects.exists()
