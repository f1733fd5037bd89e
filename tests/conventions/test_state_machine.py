"""Random sequences of every verb, by every role: what holds after each step."""

import datetime
from dataclasses import dataclass, field

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from conventions.lifecycle import TRANSITIONS, State
from conventions.models import Convention, dossier
from documents.rendering import Rendered
from documents.uploads import UploadedPdf
from tests.factories import ConventionFactory, UserFactory

START = timezone.localdate() - datetime.timedelta(days=200)
SCAN = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")
PRINTED_AFTER_SENDING = ("school_count", "unit_fee", "amount")
PRINTED_AFTER_ACCEPTANCE = (
    "collectivity_title",
    *(name for name in Convention.party_fields() if name != "id"),
)
# In these the rectorat may still rework schools and amount.
UNSENT = (State.PREPARED, State.CORRECTION_REQUESTED)

VERBS = {
    "send": lambda d: {"on": d.day},
    "request_correction": lambda d: {"subject": d.subject, "comment": d.comment},
    "accept": lambda d: {"on": d.day},
    "record_act": lambda d: {"kind": "decision", "number": d.number, "dated_on": d.day},
    "record_act_dates": lambda d: {"deposited_on": d.day, "published_on": d.other_day},
    "sign_for_collectivity": lambda d: {"on": d.day},
    "sign_for_region": lambda d: {"on": d.day},
    "abandon": lambda d: {"comment": d.comment},
    "post_message": lambda d: {"subject": d.subject, "body": d.number},
    "attach": lambda d: {"kind": d.piece_kind, "pdf": SCAN},
    "issue_documents": lambda d: {},
    "give_formal_notice": lambda d: {"side": d.side, "on": d.day, "grievances": d.comment},
    "record_conciliation": lambda d: {"on": d.day},
    "record_settlement": lambda d: {"on": d.day},
    "send_second_letter": lambda d: {"on": d.day, "reasons": d.comment},
    "terminate": lambda d: {"on": d.day},
}
# A walk that leads somewhere; the random verbs come in between.
PATH = (
    "send",
    "accept",
    "record_act",
    "issue_documents",
    "sign_for_collectivity",
    "sign_for_region",
    "give_formal_notice",
    "send_second_letter",
    "terminate",
)


@dataclass
class Draw:
    """One step: `verb` is None for the next one of PATH; days are counted on from START."""

    verb: str | None
    role: str | None
    days: int
    other_days: int
    subject: str
    comment: str
    number: str
    side: str
    piece_kind: str
    elapsed: int = 0

    @property
    def day(self):
        return START + datetime.timedelta(days=self.elapsed + self.days)

    @property
    def other_day(self):
        return START + datetime.timedelta(days=self.elapsed + self.other_days)


ROLES = st.sampled_from([None, *Role])
STEPS = st.builds(
    Draw,
    verb=st.sampled_from([*[None] * 3 * len(VERBS), *sorted(VERBS)]),
    role=ROLES,
    days=st.integers(min_value=-40, max_value=250) | st.just(0) | st.just(0),
    other_days=st.integers(min_value=-5, max_value=5),
    subject=st.sampled_from(["schools", "other", "weather"]),
    comment=st.sampled_from(["Motif.", "Motif.", " "]),
    number=st.sampled_from(["2022D01", "2022D02", ""]),
    side=st.sampled_from(["region", "collectivity"]),
    piece_kind=st.sampled_from(["act_signed", "other", "formal_notice"]),
)


@dataclass
class File:
    """The convention under test, and what was seen of it after the last step."""

    convention: Convention
    users: dict
    elapsed: int = 0
    reached: int = 0
    seen: dict = field(default_factory=dict)

    def take(self, draw):
        """Do one step and check what must hold, whether it succeeded or not."""
        verb = draw.verb or PATH[min(self.reached, len(PATH) - 1)]
        if draw.verb is None:
            # Each step of the path is twenty days after the last: delays pass.
            draw.elapsed = self.elapsed + (40 if verb == "send_second_letter" else 20)
            if draw.days == 0:
                draw.role = Role.RECTORAT
        else:
            draw.elapsed = self.elapsed
        before = self.seen
        try:
            with transaction.atomic():
                getattr(self.convention, verb)(by=self.users[draw.role], **VERBS[verb](draw))
        except ValidationError:
            done = False
        else:
            done = True
            if draw.verb is None:
                self.reached += 1
                self.elapsed = draw.elapsed
        self.seen = self.look()
        check_instance_is_the_row(self.convention, self.seen)
        if done:
            check_change(verb, draw.role, before, self.seen)
        else:
            assert self.seen == before, f"{verb} was refused and changed something"
        return verb if done else None

    def look(self):
        key = self.convention.pk
        return {
            "row": Convention.objects.filter(pk=key).values().get(),
            "journal": list(self.convention.journal.order_by("pk").values()),
            "pieces": list(
                self.convention.pieces.order_by("pk").values("pk", "kind", "version", "document_id")
            ),
            "messages": self.convention.messages.count(),
            "terminations": list(self.convention.terminations.values()),
            "schools": list(self.convention.schools.order_by("pk").values()),
        }


def check_instance_is_the_row(convention, seen):
    for name, value in seen["row"].items():
        if name != "effective_on":
            assert getattr(convention, name) == value, name


def check_change(verb, role, before, after):
    row, was = after["row"], before["row"]
    new = after["journal"][len(before["journal"]) :]
    # The past stays: journal and pieces only grow.
    assert after["journal"][: len(before["journal"])] == before["journal"]
    assert after["pieces"][: len(before["pieces"])] == before["pieces"]
    if (row, after["terminations"], after["pieces"], after["messages"]) != (
        was,
        before["terminations"],
        before["pieces"],
        before["messages"],
    ):
        assert new, f"{verb} left no trace"
    if verb in TRANSITIONS:
        rule = TRANSITIONS[verb]
        assert rule.targets[was["state"]] == row["state"]
        assert role is None or role in rule.roles
        assert [entry["verb"] for entry in new] == [verb]
        assert (new[0]["from_state"], new[0]["to_state"]) == (was["state"], row["state"])
    else:
        assert row["state"] == was["state"]
        assert all(entry["from_state"] == entry["to_state"] == "" for entry in new)
    if verb != "issue_documents":
        assert len(new) <= 1
    assert row["amount"] == row["school_count"] * row["unit_fee"]
    if was["state"] not in UNSENT:
        assert [row[n] for n in PRINTED_AFTER_SENDING] == [was[n] for n in PRINTED_AFTER_SENDING]
        if verb != "abandon":
            assert after["schools"] == before["schools"]
    if was["accepted_on"] and verb != "accept":
        assert [row[name] for name in PRINTED_AFTER_ACCEPTANCE] == [
            was[name] for name in PRINTED_AFTER_ACCEPTANCE
        ]


@pytest.fixture
def quick_rendering(monkeypatch):
    """A page that holds its context: what is printed is the documents' own matter."""
    monkeypatch.setattr(
        dossier, "render", lambda text, context: Rendered(repr(context).encode(), pages=1)
    )


@pytest.mark.django_db
def test_no_sequence_of_verbs_leads_out_of_the_table(quick_rendering):
    done = set()

    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # Shrinking would cost minutes; a walk is short to read.
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(STEPS, min_size=8, max_size=24))
    def walk(steps):
        with transaction.atomic():
            convention = ConventionFactory()
            collectivities = [convention.collectivity]
            users = {role: UserFactory(role=role, collectivities=collectivities) for role in Role}
            file = File(convention, {None: None, **users})
            file.seen = file.look()
            done.update(file.take(step) for step in steps)
            states = [entry["to_state"] for entry in file.seen["journal"] if entry["to_state"]]
            starts = [entry["from_state"] for entry in file.seen["journal"] if entry["to_state"]]
            assert starts == [State.PREPARED, *states][: len(starts)]
            assert file.seen["row"]["state"] == (states[-1] if states else State.PREPARED)
            transaction.set_rollback(True)

    walk()
    # Walks go far enough: a test that only ever refuses would prove nothing.
    assert set(PATH[:5]) <= done, f"never done: {set(PATH[:5]) - done}"
