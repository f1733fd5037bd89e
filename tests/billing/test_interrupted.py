"""Real processes that export and import, killed or cut off at every step, or two at once.

A process is a fork of the test with a connection of its own; a step is a statement, a commit,
or a file that is kept.
"""

import csv
import os
import signal
import traceback
from io import StringIO
from itertools import count

import pytest
from django.db import connection, connections
from django.db.models import Count
from django.utils import timezone

from accounts.roles import Role
from billing.batches import files
from billing.batches.confirming import ListChanged, confirm
from billing.batches.tasks import write_missing_files
from billing.models import Batch, BatchFile, Claim, Entry, Titre
from billing.recording import EntryRefused
from billing.returns import applying
from billing.returns.layouts import Layout
from billing.returns.models import ReturnImport, ReturnRow
from tests.factories import UserFactory

from .conftest import prepared

pytestmark = pytest.mark.usefixtures("database_of_several")

LAYOUT = Layout({"reference": 0, "chorus_number": 1, "on": 2}, {}, "issued")
REFUSED = 3
MOST_STEPS = 80


@pytest.fixture
def campaign(database_of_several, sign_many):
    return sign_many(3)[0].campaign


def start(action, *, at_step=None, cut=False, after=None):
    """Run `action` in a process of its own, killed at a step, or its connection cut there.

    It begins once the pipe `after` is closed. Return its pid.
    """
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        if after:
            os.close(after[1])
            os.read(after[0], 1)
        if at_step is not None:
            interrupt(at_step, cut=cut)
        action()
        code = 0
    except (ListChanged, EntryRefused):
        code = REFUSED
    except Exception:
        # Where its connection was cut, whatever it says of that.
        code = REFUSED if cut else 1
        if not cut:
            traceback.print_exc()
    finally:
        os._exit(code)


def ended(pid):
    """Return how a process ended: its code, below zero for the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def interrupt(at_step, *, cut):
    steps = count()

    def step():
        if next(steps) != at_step:
            return
        if not cut:
            os.kill(os.getpid(), signal.SIGKILL)
        connection.connection.close()

    def stepping(do):
        def stepped(*args, **kwargs):
            step()
            return do(*args, **kwargs)

        return stepped

    connection.execute_wrappers.append(lambda execute, *call: (step(), execute(*call))[1])
    connection._commit = stepping(connection._commit)
    files.keep_file = stepping(files.keep_file)


def steps_of(action, is_done, is_whole_until_then, *, cut):
    """Interrupt `action` one step later each time until it is done; return how many there were."""
    for step in range(MOST_STEPS):
        code = ended(start(action, at_step=step, cut=cut))
        if is_done():
            return step
        assert code == (REFUSED if cut else -signal.SIGKILL), (step, code)
        is_whole_until_then()
    raise AssertionError("never done")


def as_written(batch):
    """What the rows of a batch say, and what its files do."""
    with files.open_checked(batch.files.get(kind="csv")) as file:
        rows = list(csv.DictReader(StringIO(file.read().decode("utf-8-sig")), delimiter=";"))
    references = list(batch.titres.order_by("pk").values_list("reference", flat=True))
    return references, [row["Référence interne"] for row in rows]


@pytest.mark.parametrize("cut", [False, True], ids=["killed", "cut"])
def test_an_export_stopped_at_any_step_leaves_a_whole_batch_or_none(campaign, finance, cut):
    preparation = prepared(campaign, finance)

    def nothing_is_there():
        assert not Batch.objects.exists()
        assert not Titre.objects.exists()
        assert not Claim.objects.exists()

    steps = steps_of(
        lambda: confirm(preparation, by=finance), Batch.objects.exists, nothing_is_there, cut=cut
    )
    assert steps > 10
    batch = Batch.objects.get()
    assert (batch.number, batch.titre_count, batch.titres.count()) == (1, 3, 3)
    assert batch.amount == sum(titre.amount for titre in batch.titres.order_by("pk"))
    with pytest.raises(ListChanged):
        confirm(preparation, by=finance)


@pytest.mark.parametrize("cut", [False, True], ids=["killed", "cut"])
def test_files_stopped_at_any_step_are_whole_in_the_end_and_equal_to_the_rows(
    campaign, finance, cut
):
    batch = confirm(prepared(campaign, finance), by=finance)

    def they_are_all_there():
        return batch.files.count() == len(files.WRITERS)

    def those_there_are_whole():
        for stored in BatchFile.objects.order_by("pk"):
            files.open_checked(stored).close()

    steps = steps_of(
        lambda: files.write_files(batch), they_are_all_there, those_there_are_whole, cut=cut
    )
    assert steps > 5
    those_there_are_whole()
    write_missing_files()
    assert they_are_all_there()
    references, written = as_written(batch)
    assert references == written


@pytest.mark.parametrize("cut", [False, True], ids=["killed", "cut"])
def test_a_return_stopped_at_any_step_is_applied_whole_or_not_at_all(campaign, finance, cut):
    confirm(prepared(campaign, finance), by=finance)
    received = return_of(Titre.objects.order_by("pk"), finance)

    def nothing_is_there():
        assert not ReturnImport.objects.exists()
        assert not ReturnRow.objects.exists()
        assert not Entry.objects.exists()

    steps = steps_of(
        lambda: applying.apply(received, LAYOUT, by=finance),
        ReturnImport.objects.exists,
        nothing_is_there,
        cut=cut,
    )
    assert steps > 5
    assert (ReturnRow.objects.count(), Entry.objects.count()) == (3, 3)
    with pytest.raises(EntryRefused):
        applying.apply(received, LAYOUT, by=finance)


def test_two_exports_at_once_ask_for_each_claim_once(campaign, finance):
    lists = [prepared(campaign, finance), prepared(campaign, UserFactory(role=Role.FINANCE))]
    codes = at_once([lambda one=one: confirm(one, by=one.made_by) for one in lists])
    assert sorted(codes) == [0, REFUSED]
    write_missing_files()
    batch = Batch.objects.get()
    references, written = as_written(batch)
    assert references == written
    assert len(references) == batch.titre_count == 3
    assert not Titre.objects.values("claim").annotate(n=Count("pk")).filter(n__gt=1)


def test_the_same_return_twice_at_once_is_applied_once(campaign, finance):
    confirm(prepared(campaign, finance), by=finance)
    received = return_of(Titre.objects.order_by("pk"), finance)
    codes = at_once([lambda: applying.apply(received, LAYOUT, by=finance)] * 2)
    assert sorted(codes) == [0, REFUSED]
    assert Entry.objects.count() == ReturnRow.objects.count() == 3


def test_an_export_and_a_return_at_once_are_both_whole(campaign, finance, sign_many):
    first = confirm(prepared(campaign, finance), by=finance)
    received = return_of(Titre.objects.order_by("pk"), finance)
    other = sign_many(2, 2023)[0].campaign
    asked = prepared(other, finance)
    codes = at_once(
        [
            lambda: confirm(asked, by=finance),
            lambda: applying.apply(received, LAYOUT, by=finance),
        ]
    )
    assert codes == [0, 0]
    second = Batch.objects.exclude(pk=first.pk).get()
    assert second.titres.count() == 2
    assert Entry.objects.count() == 3


def at_once(actions):
    """Run each in a process of its own, all at the same moment; return how each ended."""
    pipe = os.pipe()
    pids = [start(action, after=pipe) for action in actions]
    os.close(pipe[1])
    codes = [ended(pid) for pid in pids]
    os.close(pipe[0])
    return codes


def return_of(titres, by):
    day = f"{timezone.localdate():%d/%m/%Y}"
    rows = [f"{titre.reference};N{titre.pk};{day}" for titre in titres]
    content = "\r\n".join(["Référence;Numéro;Date", *rows]).encode()
    return applying.receive("retour.csv", content, by=by)[0]
