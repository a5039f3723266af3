"""The daily reconciliation: each day compared three ways, the report kept, differences raised.

A difference never changes a payout: what is wrong may be the statement. A person settles
it, with the report as evidence. But what the mAccount shows coming back is recorded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.cursor import start_of_records
from chalicelib.core.deadline import TimeLeft
from chalicelib.core.dynamodb.items import Page
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.core.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.core.observability import Metric
from chalicelib.core.sydney import bounds_of, sydney_day
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.payouts.rules.decisions import RECONCILER, Note, contradicted
from chalicelib.payouts.rules.news import Credit, after_credit, fits
from chalicelib.payouts.rules.payout import NO_CHANGE, Change, Payout, State
from chalicelib.payouts.sending.record_event import Recorder, found_payout
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.reports.ask_reports import CannotFinishError, ReportQuestions
from chalicelib.reports.compare_day import DayComparison
from chalicelib.reports.rules.comparison import Booking, Kind
from chalicelib.reports.rules.daily_report import DailyReport, Incomplete, MissedWebhooks
from chalicelib.reports.rules.day_statistics import DayPayout
from chalicelib.reports.store.daily_reports import COLLECTION, DailyReportStore, ReportChangedError
from chalicelib.reports.store.day_payouts import DayPayouts

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient
    from chalicelib.reports.monoova_reports import MonoovaReports

_DAY: Final = timedelta(days=1)
# Longer than anything is put off.
_LONGEST_WAIT: Final = timedelta(days=2)
_MOST_AWAITED: Final = 200
# How far back a report is made again automatically whose payouts had not all ended.
_DAYS_BACK: Final = 3
# How far back one is that was never made, or is not whole; and how many of them in one run.
_MOST_DAYS_BACK: Final = 400
_MOST_IN_A_RUN: Final = 31
# Then it is the same for every other day.
_MONOOVA_IS_AWAY: Final = (Incomplete.MONOOVA_UNAVAILABLE, Incomplete.SENDING_STOPPED)
_LEAST_SECONDS: Final = 30.0
# In one run. What is left is asked for again tomorrow, and the status API knows most of it.
_MOST_SENT_AGAIN: Final = 100
_MOST_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class DailyReports:
    """The reports of finished Sydney days."""

    day_payouts: DayPayouts
    store: DailyReportStore
    reports: "MonoovaReports"
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    clock: Clock
    maccount_token: str
    payouts: Payouts
    recorder: Recorder

    def run_due(self, seconds: float) -> list[DailyReport]:
        """Yesterday's report, and those of earlier days that are still wanting.

        Yesterday's first; then those that were never made or are not whole, the oldest first, and
        of the last days those whose payouts had not all ended. What a run has no time for is the
        next one's: none is left out for ever.

        Also has Monoova send again the webhooks that did not arrive. May raise
        `StorageUnavailableError`; the next run makes good what is missing.
        """
        time_left = self._time_left(seconds)
        made: list[DailyReport] = []
        recent, older = self._wanting()
        for day in (*recent, *older)[:_MOST_IN_A_RUN]:
            if not time_left.has(_LEAST_SECONDS):
                break
            if day in older and made and made[-1].incomplete_because in _MONOOVA_IS_AWAY:
                break
            made.append(self._made(day, RECONCILER, time_left, resends=True))
        return made

    def _wanting(self) -> tuple[list[date], list[date]]:
        """The last days whose report is to be made, the newest first; older ones, oldest first."""
        yesterday = sydney_day(self.clock.now()) - timedelta(days=1)
        kept = self._kept_reports(yesterday - timedelta(days=_MOST_DAYS_BACK), yesterday)
        last = [yesterday - timedelta(days=back) for back in range(_DAYS_BACK)]
        recent = [day for day in last if not (day in kept and kept[day].is_settled)]
        # Before the first report there was nothing to compare.
        first = min(kept, default=yesterday)
        between = (first + timedelta(days=n) for n in range((last[-1] - first).days))
        return recent, [day for day in between if day not in kept or not kept[day].is_complete]

    def _kept_reports(self, first: date, last: date) -> dict[date, DailyReport]:
        found: dict[date, DailyReport] = {}
        start: Mapping[str, str] | None = None
        while True:
            page = self.store.between(first, last, start)
            found |= {report.day: report for report in page.items}
            start = page.next_key
            if start is None:
                return found

    def run(self, day: date, by: str, seconds: float) -> DailyReport:
        """Makes the report of a day now, for a person who looks into it.

        A payout that still stands as `GivenBack` needs review from then on: so the person can
        settle it, if the webhook of its return never comes.

        Raises:
            ConflictError: the day is not over yet in Sydney, or other runs kept reports of it all
                the while.
        """
        if day >= sydney_day(self.clock.now()):
            raise ConflictError("This day is not over yet in Sydney.", ErrorCode.DAY_NOT_OVER)
        report = self._made(day, by, self._time_left(seconds), resends=False)
        for line in report.differences:
            if line.kind is Kind.GIVEN_BACK:
                self._give_to_review(line.reference, by)
        return report

    def _give_to_review(self, transaction_id: str, by: str) -> None:
        note = Note(self.clock.now(), by)

        def flagged(payout: Payout) -> Change:
            if payout.state is not State.COMPLETED or payout.needs_review:
                return NO_CHANGE
            return contradicted(payout, note, "The mAccount shows that the money was returned.")

        self.recorder.record(found_payout(self.payouts, transaction_id), flagged)

    def get(self, day: date) -> DailyReport:
        """The report of a day.

        Raises:
            NotFoundError: there is none yet.
        """
        found = self.store.get(day)
        if found is None:
            raise NotFoundError("There is no report of this day.", ErrorCode.REPORT_NOT_FOUND)
        return found

    def newest(self, limit: int, cursor: str | None) -> Page[DailyReport]:
        """The reports without their differences, newest first.

        Raises:
            InvalidRequestError: the cursor is not one of this list.
        """
        start: Mapping[str, str] | None = start_of_records(cursor, COLLECTION)
        return self.store.newest(limit, start)

    def _time_left(self, seconds: float) -> TimeLeft:
        return TimeLeft(self.clock, self.clock.now() + timedelta(seconds=seconds))

    def _made(self, day: date, by: str, time_left: TimeLeft, *, resends: bool) -> DailyReport:
        questions = ReportQuestions(
            self.reports, self.monoova, self.gatekeeper, time_left, self.maccount_token
        )
        comparison = DayComparison(
            day,
            self.day_payouts,
            questions,
            time_left,
            lambda payout, booked: self._take_back(payout, booked, by),
            self._awaited(day),
        )
        report = comparison.report(by, self.clock.now())
        if report.counts.get(Kind.BOOKED_TWICE.value):
            _, ended_at = bounds_of(day)
            self.gatekeeper.note_booked_twice(ended_at)
        if resends:
            report = self._with_webhooks(report, questions)
        if report.is_complete:
            observability.measure(Metric.DAILY_DIFFERENCES, report.difference_count)
        else:
            observability.count(Metric.DAILY_REPORTS_INCOMPLETE)
        observability.note(
            found=report.difference_count, outcome=report.incomplete_because or "complete"
        )
        return self._kept(report)

    def _awaited(self, day: date) -> tuple[str, ...]:
        """In yesterday's report, those that are said to be back, of whichever day they are."""
        now = self.clock.now()
        if day != sydney_day(now) - _DAY:
            return ()
        page = self.payouts.awaiting_credit(now + _LONGEST_WAIT, _MOST_AWAITED)
        return tuple(payout.transaction_id for payout in page.items)

    def _take_back(self, payout: DayPayout, booked: Booking, by: str) -> DayPayout:
        """Records the credits that are the payout's own; the payout as it then stands."""
        now = self.clock.now()
        after = found_payout(self.payouts, payout.transaction_id)
        for credit in booked.credits:
            # Without the statement's fee, a credit of another amount may be that fee.
            if booked.stated or fits(after, credit):
                after = self.recorder.record(after, _credited(credit, now, by))
        return replace(payout, state=after.state, return_seen_cents=after.return_seen_cents)

    def _with_webhooks(self, report: DailyReport, questions: ReportQuestions) -> DailyReport:
        try:
            missed = questions.missed_webhooks(report.day)
            sent = sum(questions.send_again(each) for each in missed[:_MOST_SENT_AGAIN])
        except CannotFinishError as error:
            return replace(report, incomplete_because=report.incomplete_because or error.why)
        return replace(report, missed_webhooks=MissedWebhooks(len(missed), sent))

    def _kept(self, report: DailyReport) -> DailyReport:
        """Keeps it over the former one; but never over a whole one what is less."""
        for _ in range(_MOST_TRIES):
            try:
                former = self.store.get(report.day)
            except UnreadableItemError:
                return self.store.keep_anew(report)
            if former is None:
                candidate = report
            elif former.is_complete and not report.is_complete:
                return replace(report, revision=former.revision)
            else:
                webhooks = report.missed_webhooks or former.missed_webhooks
                candidate = replace(report, revision=former.revision, missed_webhooks=webhooks)
            try:
                return self.store.keep(candidate)
            except ReportChangedError:
                continue
        raise ConflictError("Another run made this report meanwhile: try again.")


def _credited(credit: Credit, now: datetime, by: str) -> Callable[[Payout], Change]:
    return lambda payout: after_credit(payout, credit, now, by)
