"""The demonstration: loaded once, on a site that is for trying only."""

import datetime

import pytest
from django.core.management import CommandError, call_command

from conventions.acts.models import Act
from conventions.campaigns.models import Campaign
from conventions.lifecycle import State
from conventions.models import Convention, outdated_pieces
from demonstration.files import NAMED, TO_ENROL, VILLENEUVE
from schools.imports import import_schools
from schools.models import School

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
    stands = dict(year.conventions.values_list("collectivity__code", "state"))
    assert set(NAMED.values()) == set(State)
    assert {code: stands[code] for code in NAMED} == NAMED
    assert stands[VILLENEUVE] == State.SENT
    deliberations = Act.objects.filter(kind=Act.Kind.DELIBERATION).select_related("sitting")
    assert deliberations
    assert [act.missing_facts for act in deliberations if act.missing_facts] == []
    assert School.objects.filter(commune__code=TO_ENROL, enrolments=None).count() == 2
    count = Convention.objects.count()
    assert "déjà là" in load(capsys)
    assert Convention.objects.count() == count


def test_the_regions_annuaire_is_not_taken_for_partial_beside_made_up_schools(
    settings, capsys, real_data
):
    annuaire = real_data / "annuaire-education_occitanie_2024-11-26.csv"
    settings.DEMONSTRATION = True
    load(capsys)
    report = import_schools(annuaire.read_bytes(), dry_run=True)
    assert report.closures == []
    assert len(report.created) > 4000


def test_it_is_refused_elsewhere(settings):
    settings.DEMONSTRATION = False
    with pytest.raises(CommandError, match="désactivé"):
        call_command("demo")
    assert not Convention.objects.exists()
