from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import TransitionError
from daemon.job import FINAL, TRANSITIONS, Move, State, after, backoff, sources


def test_every_move_has_a_source_and_every_state_can_be_reached() -> None:
    assert all(sources(move) for move in Move)
    assert {State.WAITING, *TRANSITIONS.values()} == set(State)


def test_nothing_leaves_a_final_state_and_something_leaves_every_other() -> None:
    assert {state for state, _ in TRANSITIONS} == set(State) - FINAL


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_a_move_is_allowed_exactly_where_the_table_has_it(state: State, move: Move) -> None:
    if state in sources(move):
        assert after(state, move) is TRANSITIONS[state, move]
    else:
        with pytest.raises(TransitionError):
            after(state, move)


@given(failures=st.integers(0, 5000), jitter=st.floats(0, 1, exclude_max=True))
def test_a_wait_doubles_up_to_its_cap_and_chance_takes_at_most_half(failures: int, jitter: float) -> None:
    whole = min(300.0, 2.0 * 2.0 ** min(30, max(0, failures - 1)))
    assert whole / 2 <= backoff(failures=failures, jitter=jitter) <= whole
