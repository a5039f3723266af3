"""A daily report replaces the former one, but never one that its run has not read."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from chalicelib.reports.rules.daily_report import DailyReport
from chalicelib.reports.rules.day_statistics import DayStatistics
from chalicelib.reports.store.daily_reports import DailyReportStore, ReportChangedError
from tests.world import World

REPORT = DailyReport(
    day=date(2026, 11, 24),
    made_at=datetime(2026, 11, 24, 20, 30, tzinfo=UTC),
    made_by="reconciler",
    statistics=DayStatistics(),
)


def test_of_two_concurrent_runs_the_later_one_must_read_again(world: World) -> None:
    store = DailyReportStore(world.dynamodb, world.environment["DYNAMODB_TABLE_RECORDS"])
    assert store.get(REPORT.day) is None
    first = store.keep(REPORT)
    assert (first, first.revision) == (store.get(REPORT.day), 1)
    with pytest.raises(ReportChangedError):
        store.keep(replace(REPORT, made_by="an-admin"))
    second = store.keep(replace(first, made_by="an-admin"))
    assert (store.get(REPORT.day), second.revision) == (second, 2)
