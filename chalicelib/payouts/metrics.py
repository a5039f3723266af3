"""What a change of a payout counts for in the metrics."""

from datetime import datetime
from typing import Final

from chalicelib.core import observability
from chalicelib.core.observability import Metric
from chalicelib.payouts.rules.payout import Change, FailureCode, Payout, State


def count_change(change: Change, payout: Payout, at: datetime) -> None:
    """Counts what a change that was written to `payout` means for the business.

    The amount is added up over all payouts; there is no metric for a customer.
    """
    state = change.fields.get("state")
    if state is State.COMPLETED or "completed_at" in change.fields:
        observability.count(Metric.PAYOUTS_COMPLETED, code=payout.payout_method)
        observability.measure(Metric.CENTS_COMPLETED, payout.amount_cents)
        observability.measure(
            Metric.SECONDS_TO_COMPLETION, (at - payout.released_at).total_seconds()
        )
    code = change.fields.get("failure_code")
    metric = _BY_STATE.get(state) if state else None
    if metric:
        observability.count(metric, code=code if isinstance(code, FailureCode) else None)
    if change.fields.get("needs_review"):
        observability.count(Metric.PAYOUTS_NEED_REVIEW, code=change.fields.get("review_reason"))


_BY_STATE: Final = {
    State.FAILED: Metric.PAYOUTS_FAILED,
    State.RETURNED: Metric.PAYOUTS_RETURNED,
    State.CANCELLED: Metric.PAYOUTS_CANCELLED,
    State.UNRESOLVED: Metric.PAYOUTS_UNRESOLVED,
}
