"""Watches, once an hour, for what silently is not done: approvals that wait, mornings that never
ran.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from chalicelib.core import observability
from chalicelib.core.observability import Metric
from chalicelib.core.sydney import sydney_day
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.reports.store.daily_reports import DailyReportStore

# When the schedule makes the report, in UTC; app.py has it for EventBridge.
MORNING: Final = time(20, 30, tzinfo=UTC)
# After the morning: its run takes five minutes at the most, and is tried again twice.
_LATE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HourlyWatch:
    """`waiting_batches` counts the files that have waited for an approver since a time."""

    payouts: Payouts
    mornings: DailyReportStore
    waiting_batches: Callable[[datetime], int]
    approval_wait: timedelta

    def look(self, now: datetime) -> None:
        """In the first minute of each hour counts what waits. May raise
        `StorageUnavailableError`.
        """
        if now.minute:
            return
        since = now - self.approval_wait
        waiting = self.payouts.count_awaiting_approval(since) + self.waiting_batches(since)
        if waiting:
            observability.measure(Metric.APPROVALS_AGEING, waiting)
        missing = self._missing_mornings(_due_day(now))
        if missing:
            observability.measure(Metric.DAILY_REPORTS_MISSING, missing)

    def _missing_mornings(self, due: date) -> int:
        """How many days there are since the newest report; of a stage without any: of payouts."""
        page = self.mornings.newest(1)
        if page.items:
            return max(0, (due - page.items[0].day).days)
        if page.unreadable:
            return 0
        return int(any(self.payouts.of_day(day, 1).items for day in (due, due - timedelta(days=1))))


def _due_day(now: datetime) -> date:
    """The newest day of which there should be a report."""
    morning = datetime.combine(now.astimezone(UTC).date(), MORNING)
    if now < morning + _LATE:
        morning -= timedelta(days=1)
    return sydney_day(morning) - timedelta(days=1)
