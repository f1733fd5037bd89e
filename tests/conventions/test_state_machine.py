"""Random sequences of every verb, by every role, of elections and mergers: what holds after each."""

import datetime
from dataclasses import dataclass, field

import pytest
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from communes import mandates
from conventions.amendments import preparing
from conventions.amendments.lifecycle import AMENDMENT_TRANSITIONS, AmendmentState
from conventions.authority import (
    can_record_act,
    can_record_act_dates,
    draft_act,
    record_act,
    record_act_dates,
)
from conventions.correspondence import post_message
from conventions.dossiers import outdating, reminders
from conventions.dossiers.parts import parts_of
from conventions.dossiers.progress import Status, steps
from conventions.enrolment.resuming import resume
from conventions.lifecycle import TRANSITIONS, State
from conventions.models import (
    Convention,
    attach,
    can_receive_pieces,
    dossier,
    issue_documents,
    outdated_pieces,
)
from conventions.situations import warnings
from conventions.situations.situation import situation, with_expected
from conventions.terminations.lifecycle import OPEN, TERMINATION_TRANSITIONS, TerminationState
from conventions.terminations.models import give_formal_notice, open_termination
from documents.received.uploads import UploadedPdf
from documents.rendering import Rendered
from lifecycle.errors import TransitionRefused
from tests.factories import (
    CampaignFactory,
    CollectivityFactory,
    ConventionFactory,
    SchoolFactory,
    UserFactory,
)

START = timezone.localdate() - datetime.timedelta(days=220)
SCAN = UploadedPdf(content=b"%PDF-1.7", pages=1, name="scan.pdf")
PRINTED_AFTER_SENDING = ("school_count", "unit_fee", "amount")
PRINTED_AFTER_ACCEPTANCE = ("collectivity_title", "party_id")
AMENDED = (
    "number",
    "reason",
    "added_count",
    "removed_count",
    "unit_fee",
    "amount_change",
    "new_end_on",
)
# In these the rectorat may still rework schools and amount.
UNSENT = (State.PREPARED, State.CORRECTION_REQUESTED)

VERBS = {
    "send": lambda d: {"on": d.day},
    "request_correction": lambda d: {"subject": d.subject, "comment": d.comment},
    "accept": lambda d: {"on": d.day},
    "draft_act": lambda d: {"kind": "decision", "planned_on": d.other_day},
    "record_act": lambda d: {"kind": "decision", "number": d.number, "dated_on": d.day},
    "record_act_dates": lambda d: {"deposited_on": d.day, "published_on": d.other_day},
    "withdraw_act": lambda d: {"withdrawn_on": d.day},
    "sign_for_collectivity": lambda d: {"on": d.day},
    "sign_for_region": lambda d: {"on": d.day},
    "abandon": lambda d: {"comment": d.comment},
    "post_message": lambda d: {"subject": d.subject, "body": d.number},
    "attach": lambda d: {"kind": d.piece_kind, "pdf": SCAN},
    "issue_documents": lambda d: {},
    "give_formal_notice": lambda d: {"side": d.side, "on": d.day, "grievances": d.comment},
    "withdraw_notice": lambda d: {"on": d.day, "comment": d.comment},
    "record_conciliation": lambda d: {"on": d.day},
    "record_settlement": lambda d: {"on": d.day},
    "send_second_letter": lambda d: {"on": d.day, "reasons": d.comment},
    "terminate": lambda d: {"on": d.day},
    "prepare_amendment": lambda d: {
        "reason": d.comment,
        "adds": d.adds,
        "new_end_on": d.new_end_on,
    },
    "amendment_send": lambda d: {"on": d.day},
    "amendment_sign_for_collectivity": lambda d: {"on": d.day},
    "amendment_sign_for_region": lambda d: {"on": d.day},
    "amendment_abandon": lambda d: {"comment": d.comment},
    "resume": lambda d: {"comment": d.comment},
    "elect": lambda d: {"since": d.day},
    "merge": lambda d: {},
    "close_school": lambda d: {},
    "move_school": lambda d: {},
}


def elect(convention, *, by, since):
    """Another mayor, recorded on whatever page."""
    values = {"representative_first_name": f"Élu·e {since}", "representative_last_name": "NEUVE"}
    names = mandates.representative_of(convention.collectivity) | values
    names["representative_last_name"] += f" {convention.collectivity.mandates.count()}"
    mandates.represent(convention.collectivity, names, since=since, today=timezone.localdate())


def merge(convention, *, by):
    """The official file shows a merger, or that it was undone."""
    collectivity = convention.collectivity
    is_merged = collectivity.merged_into_id is not None
    collectivity.merged_into = None if is_merged else CollectivityFactory()
    collectivity.merged_on = None if is_merged else timezone.localdate()
    collectivity.save()


def close_school(convention, *, by):
    """The annuaire proposes a closure, which is confirmed, then undone."""
    school = first_school(convention)
    school.state = "open" if school.state == "closed" else "closed"
    school.save()


def move_school(convention, *, by):
    """Another name, another commune: another payer."""
    school = first_school(convention)
    school.payer = CollectivityFactory()
    school.commune, school.name = school.payer.commune, f"{school.name} bis"
    school.save()


def first_school(convention):
    enrolment = convention.enrolments.order_by("pk").first()
    if enrolment is None:
        raise TransitionRefused("Il n'y a pas d'école.")
    return enrolment.school


# What happens outside of any file: it may change what is expected, never what was recorded.
EVENTS = {
    "elect": elect,
    "merge": merge,
    "close_school": close_school,
    "move_school": move_school,
}
# What a collectivity that was merged into another does no more.
OF_THE_LIVING = ("send", "accept")
# Called with the convention; the others are its own verbs, its avenant's, its procedure's.
FUNCTIONS = {
    "draft_act": draft_act,
    "record_act": record_act,
    "record_act_dates": record_act_dates,
    "withdraw_act": record_act_dates,
    "post_message": post_message,
    "attach": attach,
    "give_formal_notice": give_formal_notice,
}
# A walk that leads somewhere; the random verbs come in between.
PATH = (
    "send",
    "accept",
    "draft_act",
    "record_act",
    "issue_documents",
    "sign_for_collectivity",
    "sign_for_region",
    "withdraw_act",
    "record_act",
    "prepare_amendment",
    "amendment_send",
    "issue_documents",
    "amendment_sign_for_collectivity",
    "amendment_sign_for_region",
    "give_formal_notice",
    "send_second_letter",
    "terminate",
)


# Days from one step of the path to the next: delays pass, the campaign does not end.
DAYS_BEFORE = {"send_second_letter": 35, "terminate": 16}


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
    adds: bool
    elapsed: int = 0

    @property
    def day(self):
        return START + datetime.timedelta(days=self.elapsed + self.days)

    @property
    def new_end_on(self):
        """Of every other avenant: late enough for the walk to go on."""
        return timezone.localdate() + datetime.timedelta(days=200) if self.adds else None

    @property
    def other_day(self):
        return START + datetime.timedelta(days=self.elapsed + self.other_days)


ROLES = st.sampled_from([None, *Role])
STEPS = st.builds(
    Draw,
    # A file is begun again from few of its states: drawn more often, it happens.
    verb=st.sampled_from([*[None] * 4 * len(VERBS), *sorted(VERBS), *["resume"] * 8]),
    role=ROLES,
    days=st.integers(min_value=-40, max_value=250) | st.just(0) | st.just(0),
    other_days=st.integers(min_value=-5, max_value=5),
    subject=st.sampled_from(["schools", "other", "weather"]),
    comment=st.sampled_from(["Motif.", "Motif.", " "]),
    number=st.sampled_from(["2022D01", "2022D02", "2022D03", ""]),
    side=st.sampled_from(["region", "collectivity"]),
    piece_kind=st.sampled_from(["convention_signed", "act_signed", "other", "formal_notice"]),
    adds=st.booleans(),
)


@dataclass
class File:
    """The convention under test, and what was seen of it after the last step."""

    convention: Convention
    users: dict
    elapsed: int = 0
    reached: int = 0
    seen: dict = field(default_factory=dict)
    following: Convention | None = None

    def take(self, draw):
        """Do one step and check what must hold, whether it succeeded or not."""
        verb = draw.verb or PATH[min(self.reached, len(PATH) - 1)]
        if draw.verb is None:
            # Each step of the path is twenty days after the last: delays pass.
            draw.elapsed = self.elapsed + DAYS_BEFORE.get(verb, 10)
            if draw.days == 0:
                draw.role = Role.RECTORAT
        else:
            draw.elapsed = self.elapsed
        before = self.seen
        try:
            with transaction.atomic():
                self.do(verb, by=self.users[draw.role], **VERBS[verb](draw))
        except ValidationError:
            done = False
        else:
            done = True
            if draw.verb is None:
                self.reached += 1
                self.elapsed = draw.elapsed
        self.seen = self.look()
        check_instance_is_the_row(self.convention, self.seen)
        check_situation(self.convention.pk)
        if done:
            if verb in EVENTS:
                assert self.seen == before, f"{verb} rewrote what was recorded"
            check_change("abandon" if verb == "resume" else verb, draw.role, before, self.seen)
            check_marks(self.convention.pk, verb)
            assert not (verb in OF_THE_LIVING and self.convention.collectivity.merged_into_id)
        else:
            assert self.seen == before, f"{verb} was refused and changed something"
        if self.following:
            check_following(self.convention, self.following)
        return verb if done else None

    def do(self, verb, **facts):
        if verb == "prepare_amendment":
            adds = facts.pop("adds")
            lines = [] if adds else list(self.convention.enrolments.enrolled()[:1])
            schools = [SchoolFactory(payer=self.convention.collectivity)] if adds else []
            preparing.prepare_amendment(self.convention, add=schools, remove=lines, **facts)
        elif verb.startswith("amendment_"):
            amendment = self.convention.amendments.last()
            if amendment is None:
                raise TransitionRefused("Il n'y a pas d'avenant.")
            getattr(amendment, verb.removeprefix("amendment_"))(**facts)
        elif verb in EVENTS:
            EVENTS[verb](self.convention, **facts)
        elif verb == "resume":
            self.following = resume(self.convention, **facts)
        elif verb == "issue_documents":
            # Read anew, as whoever asks for them does: the territory has its events meanwhile.
            for part in parts_of(Convention.objects.with_parties().get(pk=self.convention.pk)):
                issue_documents(part, **facts)
            self.convention.refresh_from_db()
        elif verb in FUNCTIONS:
            FUNCTIONS[verb](self.convention, **facts)
        elif verb in TERMINATION_TRANSITIONS:
            termination = open_termination(self.convention)
            if termination is None:
                raise TransitionRefused("Il n'y a pas de procédure.")
            getattr(termination, verb)(**facts)
        else:
            getattr(self.convention, verb)(**facts)

    def look(self):
        row = Convention.objects.filter(pk=self.convention.pk).values().get()
        # No fact of the file: the database keeps what it is found by, whoever represents it.
        del row["search_text"]
        return {
            "row": row,
            "journal": list(self.convention.journal.order_by("pk").values()),
            "pieces": list(
                self.convention.pieces.order_by("pk").values(
                    "pk", "part", "kind", "version", "document_id"
                )
            ),
            "messages": self.convention.messages.count(),
            "acts": list(self.convention.collectivity.acts.order_by("pk").values()),
            "terminations": list(self.convention.terminations.order_by("number").values()),
            "schools": list(
                self.convention.enrolments.as_issued()
                .order_by("pk")
                .values("pk", "uai", "name", "commune_name", "fee")
            ),
            "amendments": list(self.convention.amendments.order_by("number").values()),
            "enrolled": self.convention.enrolments.enrolled().count(),
        }


def check_instance_is_the_row(convention, seen):
    for name, value in seen["row"].items():
        if name != "effective_on":
            assert getattr(convention, name) == value, name


def check_marks(key, verb):
    """What is said to be outdated is what would be printed otherwise: a verb leaves no other."""
    if verb in EVENTS:  # Of the territory: whoever changes it has its files gone through.
        outdating.review(Convention.objects.filter(pk=key))
    file = Convention.objects.with_parties().get(pk=key)
    marked = set(file.pieces.filter(outdated=True).values_list("pk", flat=True))
    assert marked == {piece.pk for piece in outdated_pieces(*parts_of(file))}, verb


def check_change(verb, role, before, after):
    row, was = after["row"], before["row"]
    new = after["journal"][len(before["journal"]) :]
    # The past stays: journal and pieces only grow.
    assert after["journal"][: len(before["journal"])] == before["journal"]
    assert after["pieces"][: len(before["pieces"])] == before["pieces"]
    if verb in EVENTS:
        return
    if any(after[what] != before[what] for what in after if what != "journal"):
        assert new, f"{verb} left no trace"
    own = [entry for entry in new if entry["part"] == ""]
    if verb in TRANSITIONS:
        rule = TRANSITIONS[verb]
        assert rule.targets[was["state"]] == row["state"]
        assert role is None or role in rule.roles
        assert [entry["verb"] for entry in own] == [verb]
        assert (own[0]["from_state"], own[0]["to_state"]) == (was["state"], row["state"])
    else:
        assert row["state"] == was["state"]
        assert all(entry["from_state"] == entry["to_state"] == "" for entry in own)
    for then, now in zip(before["acts"], after["acts"], strict=False):
        # A new act is another row: one withdrawn stays as it was.
        assert verb != "record_act" or not then["withdrawn_on"] or then == now
    if verb != "issue_documents":
        # The end of the convention is that of its procedure as well.
        assert len(new) <= (2 if verb == "terminate" else 1)
        if "amendment" not in verb:
            assert after["amendments"] == before["amendments"]
        if verb not in TERMINATION_TRANSITIONS:
            assert after["terminations"] == before["terminations"]
    assert row["amount"] == row["school_count"] * row["unit_fee"]
    check_paper(after)
    check_amendments(verb, role, before, after)
    check_terminations(verb, role, before, after)
    if was["state"] not in UNSENT:
        assert [row[n] for n in PRINTED_AFTER_SENDING] == [was[n] for n in PRINTED_AFTER_SENDING]
        if verb != "abandon":
            assert after["schools"] == before["schools"]
    if was["accepted_on"] and verb not in ("accept", "request_correction"):
        assert [row[name] for name in PRINTED_AFTER_ACCEPTANCE] == [
            was[name] for name in PRINTED_AFTER_ACCEPTANCE
        ]


# Whether the page where each step is done would open.
OPENS = {
    "convention_identity": lambda c: c.state in (State.SENT, State.ACCEPTED),
    "convention_act": can_record_act,
    "convention_dates": can_record_act_dates,
    "convention_signature": lambda c: (
        c.state in TRANSITIONS["sign_for_collectivity"].targets and c.act is not None
    ),
    "convention_piece": can_receive_pieces,
    "convention_return": lambda c: c.party is not None and can_receive_pieces(c),
}


def check_situation(pk):
    """One answer to "what now": steps, callout, counts and reminders never contradict it."""
    convention = Convention.objects.with_parties().get(pk=pk)
    now, found = situation(convention), steps(convention)
    todo = [step for step in found if step.status == Status.TODO]
    (expected,) = with_expected(Convention.objects.order_by().filter(pk=pk)).values_list(
        "expected", flat=True
    )
    if convention.state == State.ABANDONED:
        assert (now, todo, expected) == (None, [], "")
        return
    assert expected == now.now.key
    check_days(convention)
    check_territory(convention)
    # At most one thing is to be done, it is what the callout says, and its page opens.
    assert len(todo) <= 1
    if todo:
        assert now.town_hall is not None
        assert OPENS[todo[0].page](convention)
    if now.now.of is None:
        assert (now.town_hall, now.rectorat, todo) == (None, None, [])
    if now.now.key == "in_force":
        assert open_termination(convention) is None
        assert all(amendment.is_over for amendment in convention.amendments.all())
        assert convention.act.executory_on
        assert not convention.act.withdrawn_on
    assert bool(reminders.waits_for_town_hall(convention)) <= (now.town_hall is not None)


# Planned, or an end: what is still to come.
TO_COME = {"planned_on", "published_until", "moved_end_on", "new_end_on"}


def check_days(convention):
    """Whatever was done, each day told of a file lies in the window of its campaign."""
    rows = [
        convention,
        *filter(None, [convention.act]),
        *convention.amendments.all(),
        *convention.terminations.all(),
    ]
    for row in rows:
        for column in row._meta.concrete_fields:
            is_told = type(column) is models.DateField and column.name not in TO_COME
            if is_told and (day := getattr(row, column.name)):
                assert convention.campaign.window.first <= day <= timezone.localdate(), column.name


def check_territory(convention):
    """A warning says in words what its filter finds."""
    today = timezone.localdate()
    said = {each.key for each in warnings.TERRITORY if each.text(convention, today)}
    found = Convention.objects.order_by().filter(pk=convention.pk)
    assert said == {
        each.key for each in warnings.TERRITORY if found.filter(each.concerned(today)).exists()
    }


def check_following(given_up, following):
    """A file begun again has its schools, a reference of its own, and nothing signed."""
    following = Convention.objects.get(pk=following.pk)
    assert given_up.state == State.ABANDONED
    assert not given_up.enrolments.enrolled().exists()
    assert following.reference != given_up.reference
    assert (following.state, following.sent_on) == (State.PREPARED, None)
    assert following.enrolments.enrolled().count() == following.school_count > 0
    check_situation(following.pk)


def check_paper(after):
    """Nothing is signed that nobody could have held."""
    signed = [("", "convention", after["row"])]
    signed += [(f"A{a['number']}", "amendment", a) for a in after["amendments"]]
    for part, kind, row in signed:
        if row["collectivity_signed_on"] or row["region_signed_on"]:
            assert {(part, kind), (part, f"{kind}_signed")} & {
                (piece["part"], piece["kind"]) for piece in after["pieces"]
            }


def check_amendments(verb, role, before, after):
    row, amendments = after["row"], after["amendments"]
    if verb.startswith("amendment_"):
        rule = AMENDMENT_TRANSITIONS[verb.removeprefix("amendment_")]
        assert rule.targets[before["amendments"][-1]["state"]] == amendments[-1]["state"]
        assert role is None or role in rule.roles
    # What was sent is frozen, and what is over does not move.
    for then, now in zip(before["amendments"], amendments, strict=False):
        if then["state"] != AmendmentState.PREPARED:
            assert [then[name] for name in AMENDED] == [now[name] for name in AMENDED]
        if then["state"] in (AmendmentState.SIGNED, AmendmentState.ABANDONED):
            assert then == now
    if row["state"] in (State.SIGNED, State.TERMINATED):
        signed = [a for a in amendments if a["state"] == AmendmentState.SIGNED]
        count = row["school_count"] + sum(a["added_count"] - a["removed_count"] for a in signed)
        assert after["enrolled"] == count
        amount = row["amount"] + sum(a["amount_change"] for a in signed)
        assert amount == count * row["unit_fee"]


def check_terminations(verb, role, before, after):
    terminations = after["terminations"]
    if verb in TERMINATION_TRANSITIONS:
        rule = TERMINATION_TRANSITIONS[verb]
        assert role is None or role in rule.roles
        if len(terminations) == len(before["terminations"]):
            assert rule.targets[before["terminations"][-1]["state"]] == terminations[-1]["state"]
        # Taken again with the same facts, a step leaves no trace.
        for entry in after["journal"][len(before["journal"]) :]:
            written = (entry["part"], entry["verb"], entry["to_state"])
            of_convention = ("", "terminate", State.TERMINATED)
            assert written in (
                (f"T{len(terminations)}", verb, terminations[-1]["state"]),
                of_convention,
            )
    # What is over does not move.
    for then, now in zip(before["terminations"], terminations, strict=False):
        if then["state"] not in OPEN:
            assert then == now
    if after["row"]["state"] == State.TERMINATED:
        assert terminations[-1]["state"] == TerminationState.TERMINATED


@pytest.fixture
def quick_rendering(monkeypatch):
    """A page that holds its context: what is printed is the documents' own matter."""
    monkeypatch.setattr(
        dossier, "render", lambda text, context: Rendered(repr(context).encode(), pages=1)
    )


def campaign_of(day):
    """A campaign that still runs today, as avenants demand."""
    return CampaignFactory(start_year=day.year, ends_on=day + datetime.timedelta(days=400))


@pytest.mark.django_db
def test_no_sequence_of_verbs_leads_out_of_the_table(quick_rendering, sample):
    done = set()

    @settings(
        max_examples=sample(30, 60),
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # Shrinking would cost minutes; a walk is short to read.
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(STEPS, min_size=26, max_size=60))
    def walk(steps):
        with transaction.atomic():
            convention = ConventionFactory(campaign=campaign_of(START))
            collectivities = [convention.collectivity]
            users = {role: UserFactory(role=role, collectivities=collectivities) for role in Role}
            file = File(convention, {None: None, **users})
            file.seen = file.look()
            done.update(file.take(step) for step in steps)
            own = [entry for entry in file.seen["journal"] if entry["part"] == ""]
            moves = [entry for entry in own if entry["verb"] in TRANSITIONS]
            states = [entry["to_state"] for entry in moves]
            starts = [entry["from_state"] for entry in moves]
            assert starts == [State.PREPARED, *states][: len(starts)]
            assert file.seen["row"]["state"] == (states[-1] if states else State.PREPARED)
            transaction.set_rollback(True)

    walk()
    # Walks go far enough: a test that only ever refuses would prove nothing.
    awaited = {*PATH, *EVENTS, "resume"}
    assert awaited <= done, f"never done: {awaited - done}"
