"""Kinds of change: what a tick stands for."""

from tabular.kinds import Edit, Kinds


def tokens(*edits):
    kinds = Kinds(None)
    kinds.propose("0341255E", "École", edits)
    return [kind.token for kind in kinds.settle(known=100)]


def test_a_tick_stands_for_all_that_is_written_with_it():
    """A school that moves takes its payer along: one change to the eye, two fields."""
    move = Edit("commune", "commune", "Agde", "Aumes", field="commune")
    payer = Edit("commune", "payeur", "Agde", "Aumes", field="payer")
    other = Edit("commune", "payeur", "Syndicat", "Aumes", field="payer")
    assert tokens(move, payer) == tokens(move, payer)
    assert len({*tokens(move), *tokens(move, payer), *tokens(move, other)}) == 3
