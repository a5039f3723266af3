"""The checker's own life cycle, which shares no code with the app's, says the same."""

from itertools import pairwise, product

import pytest

from chalicelib.payouts.rules.payout import Event, Kind, State, effect_of
from proof.checker.mystery import is_possible

# Kinds after which the history has an entry in the state in which the payout stays.
_ENTERED = frozenset({Kind.REVIEW, Kind.CONTRADICTION, Kind.ACKNOWLEDGE, Kind.NOTE})


def moves_of(event: Event) -> set[tuple[State, State]]:
    """The steps that an event makes in a history, one by one, by the app's table."""
    moves = set()
    for state in State:
        effect = effect_of(state, event)
        if effect.to is not None:
            steps = [state, effect.to] if effect.via is None else [state, effect.via, effect.to]
            moves |= set(pairwise(steps))
    return moves


@pytest.mark.parametrize("event", Event)
def test_an_event_moves_a_payout_as_in_the_apps_table_and_nowhere_else(event: Event) -> None:
    found = {
        (before, after)
        for before, after in product(State, State)
        if before != after and is_possible(event, before, after)
    }
    assert found == {(before, after) for before, after in moves_of(event) if before != after}


@pytest.mark.parametrize("event", Event)
def test_what_an_event_notes_of_a_payout_that_stays_is_no_mystery(event: Event) -> None:
    stays = [state for state in State if effect_of(state, event).kind in _ENTERED]
    stays += [before for before, after in moves_of(event) if before == after]
    assert [state for state in stays if not is_possible(event, state, state)] == []


def test_an_event_that_is_in_no_table_is_possible_nowhere() -> None:
    assert not any(
        is_possible("Repaired", before, after) for before, after in product(State, State)
    )
