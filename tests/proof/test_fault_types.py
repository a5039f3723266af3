"""Every type of fault of a call of `execute`, at a Monoova that books a reference twice."""

import random
from functools import cache

import pytest

from proof.fault_injection import FaultRates
from proof.fault_types import FAULT_TYPES, FaultType
from proof.system import System
from proof.traffic import Traffic

_EACH_CALL = FaultRates(fault_type_rate=1.0, late_seconds=600.0)
_SEEDS = range(1, 3)


@cache
def _booked(name: str, duplicates: str, seed: int) -> int:
    """How often the payout is booked all of whose calls go wrong so for three minutes."""
    (fault_type,) = (each for each in FAULT_TYPES if each.name == name)
    system = System(seed, settings={"MONOOVA_DUPLICATES": duplicates, "BSB_CHECK": "off"})
    traffic = Traffic(system, random.Random(seed))
    with system.open():
        system.kernel.wait_for(system.kernel.spawn("client", lambda: traffic.register(0)))
        system.monoova.behave(duplicate="booked_again")
        system.network.drawn_from = (fault_type,)
        system.fault_injector.fault_rates = _EACH_CALL
        body = {"customer_id": traffic.customers[0].customer_id, "amount": "125.50"}
        pay = system.kernel.spawn("client", lambda: traffic.ask("a", "POST", "/payouts", body, "k"))
        system.kernel.wait_for(pay)
        for _ in range(3):
            system.kernel.sleep(60)
            system.kernel.wait_for(system.functions.reconcile())
        system.converge(28.0)
    assert system.network.fault_types[name]
    assert system.open_payouts() == []
    (payout,) = system.rows()
    return len(system.monoova.book.bookings(payout.unique_reference))


def test_there_are_twelve_types_of_one_name_each() -> None:
    assert len({each.name for each in FAULT_TYPES}) == len(FAULT_TYPES) == 12


@pytest.mark.parametrize("fault_type", FAULT_TYPES, ids=lambda each: each.name)
@pytest.mark.parametrize("duplicates", ["asked", "booked"])
def test_nothing_is_booked_twice(fault_type: FaultType, duplicates: str) -> None:
    assert {_booked(fault_type.name, duplicates, seed) for seed in _SEEDS} <= {0, 1}


@pytest.mark.parametrize("name", ["error_after", "not_an_answer"])
def test_with_the_wrong_setting_they_do_book_twice(name: str) -> None:
    assert max(_booked(name, "refused", seed) for seed in range(1, 6)) > 1
