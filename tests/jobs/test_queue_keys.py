"""A task that waits is done after a change of SECRET_KEY too."""

import pytest
from django.core.signing import BadSignature
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task


@pytest.fixture
def queued(db):
    """A task put in the queue under the first key."""
    async_task("outbox.tasks.deliver", broker=get_broker())
    return OrmQ.objects.get()


def test_what_an_older_key_signed_is_still_done(queued, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, fifty characters long at the very least"
    assert queued.task["func"] == "outbox.tasks.deliver"


def test_what_no_key_of_ours_signed_is_refused(queued, settings):
    settings.SECRET_KEY = "another key, fifty characters long at the very least"
    with pytest.raises(BadSignature):
        SignedPackage.loads(queued.payload)
