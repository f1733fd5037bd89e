"""What a document is made from has a version: a field printed later makes nothing outdated."""

import dataclasses
from hashlib import sha256
from typing import get_args, get_type_hints

import pytest

from conventions.models import dossier, issue_documents, outdated_pieces
from documents import contexts
from documents.contexts import differs, to_json
from tests.documents.samples import CONTEXTS, CONVENTION

of_each = pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)

# Of each version, all that is printed. A new line, never another value for an old one.
FINGERPRINTS = {
    1: "60ea6150b3c0c71a",
    2: "e068b7a1f3c87548",
    3: "4ac99614aba1ed56",
    4: "12277dcf462c5a53",
    5: "a0d6ea38e15302b7",
}


def shape(kind) -> list[str]:
    """The fields of a context and of what stands in it, as "SchoolLine.fee: Decimal"."""
    hints = get_type_hints(kind)
    lines = [
        f"{kind.__name__}.{field.name}: {hints[field.name]}" for field in dataclasses.fields(kind)
    ]
    for hint in hints.values():
        for inner in (hint, *get_args(hint)):
            if dataclasses.is_dataclass(inner):
                lines += shape(inner)
    return lines


def test_a_field_added_renamed_or_of_another_type_takes_the_next_version():
    lines = sorted({line for context in CONTEXTS.values() for line in shape(type(context))})
    fingerprint = sha256("\n".join(lines).encode()).hexdigest()[:16]
    assert FINGERPRINTS.get(contexts.VERSION) == fingerprint, (
        "What contexts hold has changed: raise documents.contexts.VERSION by one, and write "
        f"{fingerprint!r} for it here."
    )


@of_each
def test_a_context_is_kept_under_its_version_and_says_the_same_as_itself(context):
    facts = to_json(context)
    assert facts["version"] == contexts.VERSION
    assert not differs(facts, to_json(context))


def later(context):
    """The same as a later release says it: a field more in it, and in what stands in it."""
    facts = to_json(context)
    region = {**facts["region"], "motto": "Apprendre"}
    return {**facts, "version": contexts.VERSION + 1, "region": region, "new": "imprimé"}


@of_each
def test_what_a_later_version_adds_is_no_difference(context):
    issued = to_json(context)
    assert not differs(issued, later(context))
    assert not differs(later(context), issued)


def test_what_both_versions_know_is_compared_however_deep_it_stands():
    issued = to_json(CONVENTION)
    first, second = CONVENTION.schools
    for changed in (
        dataclasses.replace(CONVENTION, amount=CONVENTION.amount + 45),
        dataclasses.replace(CONVENTION, schools=(first,)),
        dataclasses.replace(CONVENTION, schools=(second, first)),
        dataclasses.replace(CONVENTION, schools=(first, dataclasses.replace(second, name="Autre"))),
        dataclasses.replace(
            CONVENTION, region=dataclasses.replace(CONVENTION.region, place="Toulouse")
        ),
    ):
        assert differs(issued, later(changed))


def test_in_one_version_a_field_that_one_of_both_lacks_is_a_difference():
    facts = to_json(CONVENTION)
    assert differs(facts, {**facts, "new": "imprimé"})


@pytest.mark.django_db
def test_a_release_that_prints_more_makes_no_document_outdated(convention, monkeypatch):
    convention.send(by=None)
    convention.accept(by=None)
    issue_documents(convention, by=None)
    monkeypatch.setattr(dossier, "to_json", later)
    assert outdated_pieces(convention) == []
    assert issue_documents(convention, by=None) == []
    convention.campaign.region.place = "Toulouse"
    assert [piece.kind for piece in outdated_pieces(convention)] == ["convention"]
