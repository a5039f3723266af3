"""A reference that is sent twice: what Monoova does, and the setting that depends on it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest

from chalicelib.monoova.payloads import Order
from chalicelib.monoova.rules.outcome import (
    Accepted,
    NotAuthenticated,
    Refused,
    Standing,
    Uncertainty,
    Unclear,
)
from simulator.outcomes import Fault, Manner, Moment, News, Plan
from tests.contract.run_record import DUPLICATES
from tests.contract.targets import Simulated, Target
from tests.world import World

# More than everything else that the suite pays together, so that nothing that goes on beside it
# looks like this amount a second time.
_CONSPICUOUS: Final = "6.00"
# The looks get rarer: the first past the grace of a quarter of an hour comes after half an hour.
_MINUTES_PAST_GRACE: Final = 40


def cost_of_sending_twice(target: Target, order: Order) -> Decimal:
    """What leaves the account when the same body is executed twice, fees included."""
    before = target.balance()
    assert isinstance(target.execute(order), Accepted)
    target.execute(order)
    return before - target.balance()


def in_doubt_for_longer_than_the_grace(world: World, duplicate: str) -> str:
    """The id of a payout that was booked under HTTP 500 and stays unknown for an hour."""
    world.monoova.behave(duplicate=duplicate, visibility_seconds=3600)
    world.monoova.script(Plan(fault=Fault(Manner.ERROR_500, Moment.AFTER), news=News.LOST))
    transaction_id = world.paid()
    world.minutes(_MINUTES_PAST_GRACE)
    return transaction_id


def executes(world: World) -> int:
    return sum(received.endpoint == "execute" for received in world.monoova.received)


@pytest.mark.assumption("DUPLICATE-MOVES-NOTHING")
def test_a_second_execute_under_a_booked_reference_moves_nothing(
    monoova: Target, record_property: Callable[[str, object], None]
) -> None:
    order = monoova.order(_CONSPICUOUS)
    once = Decimal(_CONSPICUOUS)
    cost = cost_of_sending_twice(monoova, order)
    record_property(DUPLICATES, "booked" if cost >= 2 * once else "refused")
    assert once <= cost < 2 * once


@pytest.mark.assumption("DUPLICATE-MOVES-NOTHING")
@pytest.mark.parametrize(
    ("duplicate", "times"), [("refused", 1), ("replayed", 1), ("error", 1), ("booked_again", 2)]
)
def test_a_monoova_that_pays_twice_is_detected(
    simulated: Simulated, duplicate: str, times: int
) -> None:
    simulated.monoova.behave(duplicate=duplicate)
    order = simulated.order(_CONSPICUOUS)
    cost = cost_of_sending_twice(simulated, order)
    assert simulated.times_paid(order.unique_reference) == times
    assert times * Decimal(_CONSPICUOUS) <= cost < (times + 1) * Decimal(_CONSPICUOUS)


@pytest.mark.assumption("DUPLICATE-MOVES-NOTHING")
@pytest.mark.parametrize(
    ("setting", "duplicate"),
    [("refused", "refused"), ("booked", "booked_again"), ("booked", "refused")],
)
def test_under_the_setting_that_fits_monoova_nothing_in_doubt_is_paid_twice(
    new_world: Callable[..., World], setting: str, duplicate: str
) -> None:
    world = new_world(MONOOVA_DUPLICATES=setting)
    transaction_id = in_doubt_for_longer_than_the_grace(world, duplicate)
    assert world.state(transaction_id) == ("Pending", "Unresolved")
    assert (executes(world) == 1) is (setting == "booked")
    assert world.payout(transaction_id)["needs_review"] is (setting == "booked")
    world.later(2 * 3600)
    world.minutes(1)
    assert world.state(transaction_id) == ("Completed", None)
    assert len(world.monoova.book.bookings(transaction_id)) == 1


@pytest.mark.assumption("DUPLICATE-MOVES-NOTHING")
def test_the_wrong_setting_pays_twice_which_is_why_the_sandbox_is_tested(
    new_world: Callable[..., World],
) -> None:
    world = new_world(MONOOVA_DUPLICATES="refused")
    transaction_id = in_doubt_for_longer_than_the_grace(world, "booked_again")
    assert len(world.monoova.book.bookings(transaction_id)) > 1


@pytest.mark.assumption("DUPLICATE-IS-NOT-A-REFUSAL", "DUPLICATE-LEAVES-FIRST")
def test_a_second_answer_never_makes_the_first_payout_look_refused(monoova: Target) -> None:
    order = monoova.order()
    first = monoova.execute(order)
    again = monoova.execute(order)
    assert isinstance(first, Accepted)
    assert not isinstance(again, Refused | NotAuthenticated)
    # Another number would be another payout.
    assert again == first or isinstance(again, Unclear)
    assert monoova.standing(order.unique_reference) in (Standing.PENDING, Standing.COMPLETE)


@pytest.mark.assumption("DUPLICATE-FORMS")
@pytest.mark.parametrize(
    ("switches", "why"),
    [
        ({"duplicate": "refused"}, Uncertainty.DUPLICATE_REFERENCE),
        (
            {"duplicate": "refused", "duplicate_status": "UniqueReferenceIsNotUnique"},
            Uncertainty.DUPLICATE_REFERENCE,
        ),
        ({"duplicate": "error"}, Uncertainty.SERVER_ERROR),
        ({"duplicate": "replayed"}, None),
    ],
)
def test_a_duplicate_is_in_doubt_or_the_first_answer_again(
    simulated: Simulated, switches: dict[str, Any], why: Uncertainty | None
) -> None:
    simulated.monoova.behave(**switches)
    order = simulated.order()
    first, again = simulated.execute(order), simulated.execute(order)
    assert isinstance(first, Accepted)
    if why is None:
        assert again == first
    else:
        assert isinstance(again, Unclear)
        assert again.why is why
