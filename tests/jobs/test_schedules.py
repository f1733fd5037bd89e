"""What the worker does by itself."""

import ast
import datetime
import pydoc

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def schedules():
    call_command("schedules")
    return Schedule.objects.all()


def test_each_is_written_once_and_keeps_its_next_time(schedules):
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    schedules.update(next_run=tomorrow)
    call_command("schedules")
    assert sorted(schedules.values_list("name", "next_run")) == [
        ("brouillons", tomorrow),
        ("comptes inactifs", tomorrow),
        ("comptes rendus d'import", tomorrow),
        ("compteurs", tomorrow),
        ("courriels", tomorrow),
        ("documents périmés", tomorrow),
        ("fichiers d'import", tomorrow),
        ("fichiers des lots", tomorrow),
        ("fichiers des traitements", tomorrow),
        ("liasses", tomorrow),
        ("marques", tomorrow),
        ("ménage", tomorrow),
        ("payeurs", tomorrow),
        ("relances", tomorrow),
        ("textes de recherche", tomorrow),
    ]


@pytest.mark.parametrize(
    ("name", "hour"), [("payeurs", 3), ("documents périmés", 4), ("relances", 8)]
)
def test_each_day_begins_at_its_hour_in_paris(schedules, name, hour):
    first = timezone.localtime(schedules.get(name=name).next_run)
    assert (first.hour, first.minute) == (hour, 0)
    assert first > timezone.now()


@pytest.mark.parametrize(
    "name",
    [
        "brouillons",
        "courriels",
        "documents périmés",
        "fichiers des traitements",
        "payeurs",
        "relances",
    ],
)
def test_each_is_something_that_runs(schedules, name):
    schedule = schedules.get(name=name)
    function = pydoc.locate(schedule.func)
    arguments = [ast.literal_eval(schedule.args)] if schedule.args else []
    function(*arguments)
