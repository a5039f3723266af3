"""The figures of days: of those with a report what it keeps, of the newest what there is now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from chalicelib.core.clock import Clock
from chalicelib.core.sydney import bounds_of, sydney_day, utc_days_of
from chalicelib.reports.rules.day_statistics import DayPayout, DayStatistics, statistics_of
from chalicelib.reports.store.daily_reports import DailyReportStore
from chalicelib.reports.store.day_payouts import DayPayouts

_USUAL_DAYS: Final = 31
_MOST_DAYS: Final = 92
# Of 1 MB each: some ten thousand payouts, and a second or two of a request.
_MOST_PAGES: Final = 10


@dataclass(frozen=True, slots=True)
class DayFigures:
    """A Sydney day. `is_partial` says that not all of its payouts are counted."""

    day: date
    statistics: DayStatistics
    is_partial: bool


@dataclass(frozen=True, slots=True)
class FiguresOfDays:
    """Figures by the day on which payouts were requested, in Sydney, as the reports have them."""

    day_payouts: DayPayouts
    store: DailyReportStore
    clock: Clock

    def between(self, first: date | None, last: date | None) -> list[DayFigures]:
        """The days from `first` to `last`, newest first; 31 days up to today unless told otherwise.

        Today's and yesterday's are counted now, where there is no report yet. Of older days
        without one there are no figures: `POST /reports/daily/{date}` makes them. Of more than 92
        days, the newest 92 are meant.
        """
        today = sydney_day(self.clock.now())
        last = last or today
        first = first or last - timedelta(days=_USUAL_DAYS - 1)
        first = max(first, last - timedelta(days=_MOST_DAYS - 1))
        kept = self._kept(first, last)
        for day in (today, today - timedelta(days=1)):
            if first <= day <= last and day not in kept:
                kept[day] = self._counted(day)
        return [kept[day] for day in sorted(kept, reverse=True)]

    def _kept(self, first: date, last: date) -> dict[date, DayFigures]:
        found: dict[date, DayFigures] = {}
        start: Mapping[str, str] | None = None
        while True:
            page = self.store.between(first, last, start)
            for report in page.items:
                figures = DayFigures(report.day, report.statistics, not report.is_complete)
                found[report.day] = figures
            start = page.next_key
            if start is None:
                return found

    def _counted(self, day: date) -> DayFigures:
        begins, ends = bounds_of(day)
        read: list[DayPayout] = []
        pages = 0
        for utc_day in utc_days_of(day):
            start: Mapping[str, str] | None = None
            while pages < _MOST_PAGES:
                page = self.day_payouts.page(utc_day, begins, ends, start)
                read.extend(page.items)
                pages += 1
                start = page.next_key
                if start is None:
                    break
            else:
                return DayFigures(day, statistics_of(read), is_partial=True)
        return DayFigures(day, statistics_of(read), is_partial=False)
