"""The actors who decide: on a payout that waits, on one under review, or to pay one again."""

from dataclasses import replace
from typing import Final

from chalicelib.core.actor import user
from chalicelib.payouts.rules.payout import State
from chalicelib.payouts.rules.schedule import Policy
from proof.interleavings.actors import PAYOUT, Function, payout
from proof.interleavings.explorer import Actor, Scheduler

# As little as a question to Monoova may take: a replay then looks at its payout a few times only.
_SECONDS: Final = 2.0
_ERIN: Final = user("erin", "approvers")
# The payout of the row that pays it again.
ROW: Final = "00000000-0000-4000-8000-0000000000f1"


def retry(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    """An operator has the payout paid again."""
    made = Function(scheduler, number, policy)
    return Actor(
        f"retry {number}", lambda: made.payout_requests.retry(PAYOUT, f"carol {number}", _SECONDS)
    )


def retry_by_file(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    """The payout is a row of a file whose unpaid rows are paid by another one."""
    made = Function(scheduler, number, policy)

    def release() -> None:
        old = made.payouts.get(PAYOUT)
        assert old is not None  # nothing takes it away
        cleared = made.second_payments.cleared(old, "bob", _SECONDS)
        row = payout(State.QUEUED, transaction_id=ROW, unique_reference=ROW, retry_of=PAYOUT)
        made.acceptance.create(
            replace(row, batch_id="batch", approved_at=scheduler.now()),
            companions=[cleared.claim(row)],
        )

    return Actor(f"retry by file {number}", release)


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
