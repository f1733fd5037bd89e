"""Of the versions of one paper the current one is offered to print; the others fold."""

import pytest

from conventions.models import Convention, Piece, issue_documents, own_pieces

pytestmark = pytest.mark.django_db


def test_the_earlier_versions_of_a_paper_fold(mairie, with_act, town_hall):
    issue_documents(with_act, by=town_hall)
    kind = Piece.Kind.CONVENTION
    first = own_pieces(with_act).get(kind=kind)
    page = mairie.get(with_act.get_absolute_url())
    assert "Versions précédentes" not in page.text
    Piece.objects.create(
        convention=with_act, kind=kind, version=2, document=first.document, added_by=town_hall
    )
    page = mairie.get(Convention.objects.get().get_absolute_url())
    assert [piece.version for piece in page.context["to_sign"] if piece.kind == kind] == [2]
    assert page.context["earlier"] == [first]
    assert "Versions précédentes (1)" in page.text.replace("\N{NO-BREAK SPACE}", " ")
