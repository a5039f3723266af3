"""The actors who decide: on a payout that waits, on one under review, or to pay one again."""

from typing import Final

from chalicelib.core.actor import user
from chalicelib.payouts.rules.schedule import Policy
from proof.interleavings.actors import PAYOUT, Function
from proof.interleavings.explorer import Actor, Scheduler

# As little as a question to Monoova may take: a replay then looks at its payout a few times only.
_SECONDS: Final = 2.0
_ERIN: Final = user("erin", ("approvers",))


def retry(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    """An operator has the payout paid again."""
    made = Function(scheduler, number, policy)
    return Actor(
        f"retry {number}", lambda: made.payout_requests.retry(PAYOUT, f"carol {number}", _SECONDS)
    )


def approval(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    made = Function(scheduler, number, policy)
    return Actor(f"approve {number}", lambda: made.approvals.approve(PAYOUT, _ERIN))


def rejection(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    made = Function(scheduler, number, policy)
    return Actor(f"reject {number}", lambda: made.approvals.reject(PAYOUT, "no", _ERIN))


def resolution(scheduler: Scheduler, number: int, policy: Policy, outcome: str) -> Actor:
    """An approver settles the payout by hand."""
    made = Function(scheduler, number, policy)
    return Actor(
        f"resolve as {outcome}",
        lambda: made.administration.resolve(PAYOUT, outcome, "so it was", _ERIN),
    )
