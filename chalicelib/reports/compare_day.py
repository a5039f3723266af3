"""The comparison of one day, three ways: it finds differences, and money that came back.

A payout of the evening may be booked the next day, and which day Monoova means is not documented:
so a day on either side is compared too before anything counts as missing.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from chalicelib.core.deadline import TimeLeft
from chalicelib.core.dynamodb.many_items import MOST_AT_ONCE
from chalicelib.core.sydney import bounds_of, sydney_day, utc_days_of
from chalicelib.monoova.rules.outcome import Standing
from chalicelib.payouts.rules.payout import State
from chalicelib.reports.ask_reports import CannotFinishError, ReportQuestions
from chalicelib.reports.rules.comparison import (
    DIFFERENCES,
    NOTHING,
    Booking,
    Kind,
    Movement,
    StatementLine,
    kind_of,
)
from chalicelib.reports.rules.daily_report import AccountDay, DailyReport, Incomplete, Line
from chalicelib.reports.rules.day_statistics import DayPayout, statistics_of
from chalicelib.reports.store.day_payouts import DayPayouts

_DAY: Final = timedelta(days=1)
# Of two days together. The function's memory holds more; a business that needs more notices.
_MOST_PAYOUTS: Final = 100_000
_PAGE_SECONDS: Final = 3.0
# What a report shows of its differences; it counts them all. An item holds 400 kB.
_MOST_LINES: Final = 100
_MOST_EXPLAINED: Final = 50
_MAY_BE_BACK: Final = frozenset({Kind.GIVEN_BACK, Kind.RETURNED, Kind.RETURNED_WITHOUT_CREDIT})
TakeBack = Callable[[DayPayout, Booking], DayPayout]
# From here on one question by date is cheaper than one for each.
_MANY_LATE: Final = 10
# Of any other form is what the business paid otherwise under this mAccount.
_OURS: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class DayComparison:
    """The making of one report."""

    def __init__(
        self,
        day: date,
        day_payouts: DayPayouts,
        questions: ReportQuestions,
        time_left: TimeLeft,
        take_back: TakeBack,
        awaited: Iterable[str] = (),
    ) -> None:
        """`awaited` are payouts of any day that are said to be back, without their credit yet."""
        self._awaited = awaited
        self._take_back = take_back
        self._day = day
        self._day_payouts = day_payouts
        self._questions = questions
        self._time = time_left
        self._ours: dict[str, DayPayout] = {}
        self._before: dict[str, DayPayout] = {}
        self._booked: dict[str, tuple[list[StatementLine], list[Movement]]] = {}
        self._moved_today: set[str] = set()
        self._account: AccountDay | None = None
        self._counts: Counter[str] = Counter()
        self._lines: list[Line] = []
        self._late: list[tuple[DayPayout, Booking]] = []
        self._not_ours = 0
        self._unreadable: dict[str, None] = {}
        self._questions_left = _MOST_EXPLAINED

    def report(self, by: str, now: datetime) -> DailyReport:
        """The report as far as it came. May raise `StorageUnavailableError`."""
        why: Incomplete | None = None
        try:
            self._read(self._day, self._ours)
            self._read(self._day - _DAY, self._before)
            self._ask(min(self._day + _DAY, sydney_day(now)))
            self._compare()
        except CannotFinishError as error:
            why = error.why
        self._explain()
        return DailyReport(
            day=self._day,
            made_at=now,
            made_by=by,
            statistics=statistics_of(self._ours.values()),
            incomplete_because=why,
            counts=dict(self._counts),
            not_ours=self._not_ours,
            account=self._account,
            differences=tuple(self._lines),
        )

    # --- the three sides

    def _read(self, day: date, into: dict[str, DayPayout]) -> None:
        begins, ends = bounds_of(day)
        for utc_day in utc_days_of(day):
            start: Mapping[str, str] | None = None
            while True:
                if not self._time.has(_PAGE_SECONDS):
                    raise CannotFinishError(Incomplete.TIME_WAS_UP)
                page = self._day_payouts.page(utc_day, begins, ends, start)
                into.update({payout.unique_reference: payout for payout in page.items})
                if into is self._ours:
                    self._unreadable |= dict.fromkeys(page.unreadable)
                if len(self._ours) + len(self._before) > _MOST_PAYOUTS:
                    raise CannotFinishError(Incomplete.TOO_MUCH)
                start = page.next_key
                if start is None:
                    break

    def _ask(self, last: date) -> None:
        day = self._day - _DAY
        while day <= last:
            self._keep_stated(day, self._questions.statement(day))
            account = self._questions.account_day(day)
            if day == self._day:
                self._account = account.totals
            self._keep_movements(day, account.movements)
            day += _DAY

    def _keep_stated(self, day: date, lines: Iterable[StatementLine]) -> None:
        for line in lines:
            if self._is_wanted(day, line.reference):
                self._booked.setdefault(line.reference, ([], []))[0].append(line)

    def _keep_movements(self, day: date, lines: Iterable[Movement]) -> None:
        for line in lines:
            if self._is_wanted(day, line.reference):
                self._booked.setdefault(line.reference, ([], []))[1].append(line)

    def _is_wanted(self, day: date, reference: str) -> bool:
        """All of the day itself; of the days beside it what may be a payout of ours.

        Whichever day that was requested on: it may have waited for days to be approved.
        """
        if day == self._day:
            self._moved_today.add(reference)
            return True
        return _OURS.fullmatch(reference) is not None

    # --- the comparison

    def _compare(self) -> None:
        for reference, payout in self._ours.items():
            booked = self._booked_under(reference)
            kind = self._kind_of(payout, booked)
            if kind is Kind.MISSING_THERE and self._was_sent_later(payout):
                self._late.append((payout, booked))
            else:
                self._take(kind, payout, booked)
        self._compare_others()

    def _compare_others(self) -> None:
        """What moved on the day and was not requested on it, and what is said to be back."""
        others = sorted(self._moved_today - self._ours.keys())
        awaited = sorted(set(self._awaited) - self._ours.keys() - self._moved_today)
        wanted = [each for each in (*others, *awaited) if _OURS.fullmatch(each)]
        known = self._before | self._looked_up(
            [each for each in wanted if each not in self._before]
        )
        for reference in self._unreadable:
            self._take_unreadable(reference)
        for reference in others:
            if reference not in self._unreadable:
                self._compare_other(reference, self._booked_under(reference), known.get(reference))
        for reference in awaited:
            payout = known.get(reference)
            # Their own day's report was made before they came back: it is told each morning.
            if payout is not None and payout.state is State.RETURNED:
                self._take(Kind.RETURNED_WITHOUT_CREDIT, payout, NOTHING)

    def _compare_other(self, reference: str, booked: Booking, payout: DayPayout | None) -> None:
        """What moved today and is no payout of today."""
        if not _OURS.fullmatch(reference):
            self._not_ours += bool(booked.stated)
        elif payout is not None:
            self._take_of_another_day(payout, booked)
        elif booked.stated:
            # What moved without being carried out for us is a fee, or a verification's cent.
            self._take_unknown(reference, booked)

    def _kind_of(self, payout: DayPayout, booked: Booking, *, may_be_missing: bool = True) -> Kind:
        """What it comes to once the money that the mAccount shows coming back was taken back."""
        kind = self._kind_of_money(payout, booked, may_be_missing=may_be_missing)
        return kind if kind in DIFFERENCES or payout.flaw is None else Kind.NOT_AS_DECIDED

    def _kind_of_money(self, payout: DayPayout, booked: Booking, *, may_be_missing: bool) -> Kind:
        kind = kind_of(payout, booked, may_be_missing=may_be_missing)
        is_new = booked.credited_cents > payout.return_seen_cents
        if kind in _MAY_BE_BACK and is_new:
            after = self._take_back(payout, booked)
            return kind_of(after, booked, may_be_missing=may_be_missing)
        return kind

    def _booked_under(self, reference: str) -> Booking:
        stated, movements = self._booked.get(reference, ((), ()))
        return Booking(tuple(stated), tuple(movements))

    def _looked_up(self, references: list[str]) -> dict[str, DayPayout]:
        """Payouts of other days that moved on this one: approved late, or come back after days."""
        found: dict[str, DayPayout] = {}
        for start in range(0, len(references), MOST_AT_ONCE):
            if not self._time.has(_PAGE_SECONDS):
                raise CannotFinishError(Incomplete.TIME_WAS_UP)
            page = self._day_payouts.many(references[start : start + MOST_AT_ONCE])
            found |= {payout.unique_reference: payout for payout in page.items}
            self._unreadable |= dict.fromkeys(page.unreadable)
        return found

    def _was_sent_later(self, payout: DayPayout) -> bool:
        """Whether it waited, for an approval perhaps: the days that were asked for cannot have
        it."""
        sent_at = payout.last_sent_at or payout.created_at
        return sydney_day(sent_at) > self._day + _DAY

    def _take_of_another_day(self, payout: DayPayout, booked: Booking) -> None:
        """Counts a payout of another day only where it differs: its own day counts the others."""
        kind = self._kind_of(payout, booked, may_be_missing=False)
        if kind in DIFFERENCES:
            self._take(kind, payout, booked)

    def _take(self, kind: Kind, payout: DayPayout, booked: Booking) -> None:
        self._counts[kind.value] += 1
        if kind in DIFFERENCES:
            self._show(
                Line(
                    kind=kind,
                    reference=payout.transaction_id,
                    monoova_transaction_id=payout.monoova_transaction_id,
                    status=payout.state.value,
                    amount_cents=payout.amount_cents,
                    amount_there=booked.amount,
                    in_statement=bool(booked.stated),
                    in_transactions=bool(booked.movements),
                    flaw=payout.flaw,
                )
            )

    def _take_unknown(self, reference: str, booked: Booking) -> None:
        self._counts[Kind.MISSING_HERE.value] += 1
        self._show(
            Line(
                kind=Kind.MISSING_HERE,
                reference=reference,
                monoova_transaction_id=booked.stated[0].transaction_id,
                amount_there=booked.amount,
                in_statement=True,
                in_transactions=bool(booked.movements),
            )
        )

    def _take_unreadable(self, reference: str) -> None:
        """A payout that cannot be read is compared with nothing: a person has to mend it."""
        booked = self._booked_under(reference)
        self._counts[Kind.UNREADABLE_HERE.value] += 1
        self._show(
            Line(
                kind=Kind.UNREADABLE_HERE,
                reference=reference,
                amount_there=booked.amount,
                in_statement=bool(booked.stated),
                in_transactions=bool(booked.movements),
            )
        )

    def _show(self, line: Line) -> None:
        if len(self._lines) < _MOST_LINES:
            self._lines.append(line)

    # --- what the status API says of it

    def _explain(self) -> None:
        """Asks about what differs. An answer that does not come takes nothing from the report."""
        told = self._told_of_late()
        for payout, booked in self._late:
            reference = payout.unique_reference
            standing = told.get(reference) or self._standing(reference)
            is_there = standing is Standing.COMPLETE
            self._take(Kind.MATCHED if is_there else Kind.MISSING_THERE, payout, booked)
        for number, line in enumerate(self._lines):
            standing = self._standing(line.reference)
            self._lines[number] = replace(line, monoova_says=standing)

    def _told_of_late(self) -> Mapping[str, Standing]:
        """Of many that were sent later one question tells: which of a day's hundreds it leaves out
        is asked singly.
        """
        days = [sydney_day(payout.last_sent_at or payout.created_at) for payout, _ in self._late]
        if len(days) < _MANY_LATE:
            return {}
        try:
            return self._questions.standings(min(days) - _DAY, max(days) + _DAY)
        except CannotFinishError:
            return {}

    def _standing(self, reference: str) -> Standing | None:
        if not self._questions_left:
            return None
        self._questions_left -= 1
        try:
            return self._questions.standing(reference)
        except CannotFinishError:
            self._questions_left = 0
            return None
