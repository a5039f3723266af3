"""What an instance knows of the money that may be paid out, and for how long it believes it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from chalicelib.monoova.available_funds import AvailableFunds
from chalicelib.monoova.client import Account

BEGAN: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class Bench:
    """Monoova, the gate and the clock, as far as this question needs them."""

    def __init__(self, available: str | None = "100.00") -> None:
        self.at = BEGAN
        self.available = available
        self.questions = 0
        self.is_open = True
        bench: Any = self
        self.funds = AvailableFunds(lambda: bench, bench, bench, "token")

    def now(self) -> datetime:
        return self.at

    def later(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def may_look(self) -> bool:
        return self.is_open

    def tell_asked(self, answer: object) -> None:
        pass

    def account(self, token: str) -> tuple[Account | None, object]:
        assert token == "token"
        self.questions += 1
        known = None if self.available is None else Decimal(self.available)
        return Account(None, known, None, None), object()


@pytest.mark.parametrize(
    ("available", "cents"),
    [("100.00", 10000), ("0.0199", 1), ("-0.0001", -1), ("0", 0)],
)
def test_a_part_of_a_cent_pays_nothing(available: str, cents: int) -> None:
    assert Bench(available).funds.cents() == cents


def test_the_last_cent_counts() -> None:
    funds = Bench("100.00").funds
    assert funds.reach(10000)
    assert not funds.reach(10001)


def test_what_is_sent_is_taken_off_until_the_next_answer() -> None:
    bench = Bench("100.00")
    assert bench.funds.reach(6000)
    bench.funds.spend(6000)
    assert not bench.funds.reach(4001)
    assert bench.funds.reach(4000)
    bench.later(59)
    assert not bench.funds.reach(4001)
    bench.later(1)
    assert bench.funds.reach(10000)
    assert bench.questions == 2


def test_a_refusal_for_want_of_funds_is_believed_for_a_minute() -> None:
    bench = Bench("100.00")
    bench.funds.note_refusal(5000)
    assert bench.funds.cents() == 4999
    assert bench.questions == 0
    bench.funds.note_refusal(9000)
    assert bench.funds.cents() == 4999
    bench.later(60)
    assert bench.funds.reach(10000)


@pytest.mark.parametrize("is_open", [True, False])
def test_what_cannot_be_asked_keeps_nothing_from_being_sent_and_is_not_asked_each_time(
    is_open: bool,
) -> None:
    bench = Bench(None)
    bench.is_open = is_open
    assert bench.funds.reach(10**9)
    bench.funds.spend(1)
    assert bench.funds.reach(10**9)
    assert bench.questions == int(is_open)
