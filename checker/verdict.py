"""All checks together."""

from collections.abc import Callable, Iterable
from typing import Final

from checker.adding_up import miscounts
from checker.double_payment import double_payments
from checker.evidence import Run, Violation
from checker.guessing import guesses
from checker.leak import leaks
from checker.lost_payout import lost_payouts
from checker.mystery import mysteries

_CHECKS: Final[tuple[Callable[[Run], Iterable[Violation]], ...]] = (
    double_payments,
    lost_payouts,
    guesses,
    leaks,
    mysteries,
    miscounts,
)


def violations_in(run: Run) -> list[str]:
    """One line for each promise that was broken, with the evidence; empty if every one held."""
    return sorted({str(violation) for check in _CHECKS for violation in check(run)})
