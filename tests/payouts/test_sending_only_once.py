"""The setting for a Monoova that pays duplicates: nothing in doubt is resent."""

from collections.abc import Callable

import pytest

from simulator.outcomes import Outcome
from tests.world import World

_IN_DOUBT = (
    Outcome.ERROR_AFTER_BOOKING,
    Outcome.TIMEOUT_AFTER_BOOKING,
    Outcome.RESET_AFTER_BOOKING,
    Outcome.HTML_502_AFTER_BOOKING,
    Outcome.EMPTY_BODY,
)


@pytest.fixture
def careful(new_world: Callable[..., World]) -> World:
    world = new_world(MONOOVA_DUPLICATES="booked")
    world.monoova.behave(duplicate="booked_again")
    return world


def executed(world: World) -> int:
    return sum(call.path.endswith("/execute") for call in world.monoova.calls)


@pytest.mark.parametrize("outcome", _IN_DOUBT)
def test_a_payout_whose_answer_was_lost_is_called_once_and_found(
    careful: World, outcome: Outcome
) -> None:
    careful.monoova.script(outcome)
    transaction_id = careful.paid()
    assert careful.state(transaction_id) == ("Pending", "Unresolved")
    assert executed(careful) == 1
    careful.minutes(5)
    assert careful.state(transaction_id)[0] == "Completed"
    assert len(careful.monoova.book.bookings(transaction_id)) == 1
    assert executed(careful) == 1


def test_a_payout_that_never_arrived_goes_to_review_and_is_not_resent(
    careful: World,
) -> None:
    careful.monoova.script(Outcome.RESET_BEFORE_BOOKING)
    transaction_id = careful.paid()
    careful.minutes(35)
    shown = careful.payout(transaction_id)
    assert (shown["needs_review"], shown["review_reason"]) == (True, "OutcomeUnknown")
    assert executed(careful) == 1
    assert careful.monoova.book.bookings(transaction_id) == []


def test_a_refused_login_is_a_definite_answer_and_the_payout_is_sent_later(careful: World) -> None:
    careful.monoova.rotate_key("the-next-key")
    transaction_id = careful.paid()
    assert careful.state(transaction_id) == ("Queued", None)
    careful.store_secret("the-next-key")
    careful.minutes(12)
    assert careful.state(transaction_id)[0] == "Completed"
    assert len(careful.monoova.book.bookings(transaction_id)) == 1
