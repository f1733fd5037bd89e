"""A file of a town hall at its first steps, and the town hall's browser."""

import pytest
from django.utils import timezone

from conventions.authority import record_act
from conventions.models import Convention

TODAY = timezone.localdate


@pytest.fixture
def sent(convention, rectorat):
    convention.send(by=rectorat)
    return Convention.objects.with_parties().get()


@pytest.fixture
def accepted(sent, town_hall):
    sent.accept(by=town_hall)
    return sent


@pytest.fixture
def with_act(accepted, town_hall):
    record_act(accepted, by=town_hall, kind="decision", number="2022D01", dated_on=TODAY())
    return accepted


@pytest.fixture
def mairie(client, town_hall):
    client.force_login(town_hall)
    return client
