"""All checks together."""

from collections.abc import Callable, Iterable
from typing import Final

from proof.checker.adding_up import miscounts
from proof.checker.approved_rows import lost_rows
from proof.checker.control import uncontrolled
from proof.checker.double_payment import double_payments
from proof.checker.evidence import Run, Violation
from proof.checker.guessing import guesses
from proof.checker.leak import leaks
from proof.checker.lost_payout import lost_payouts
from proof.checker.mystery import mysteries
from proof.checker.second_payment import second_payments

_CHECKS: Final[tuple[Callable[[Run], Iterable[Violation]], ...]] = (
    double_payments,
    second_payments,
    lost_payouts,
    lost_rows,
    guesses,
    leaks,
    mysteries,
    uncontrolled,
    miscounts,
)


def violations_in(run: Run) -> list[str]:
    """One line for each promise that was broken, with the evidence; empty if every one held."""
    return sorted({str(violation) for check in _CHECKS for violation in check(run)})
