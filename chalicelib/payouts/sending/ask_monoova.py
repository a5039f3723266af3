"""What Monoova says of the payouts that are due in one run, with as few questions as will do.

An answer by date holds every payout of its dates, and on a busy day those are thousands. So one
serves all rounds of a run: what is asked grows with what is due, not with its square.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core.clock import Clock
from chalicelib.core.deadline import TimeLeft
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.outcome import Report, Standing
from chalicelib.payouts.rules.payout import Payout

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient

# From here on one question by date is cheaper than one for each.
_MANY: Final = 10
# What asking may take: a read timeout, and the write of what was learned.
QUESTION_SECONDS: Final = 11.0
# How long an answer by date is believed. An end stays an end: it would have been written at once,
# had the payout been the first of the run, and no run lasts longer than this. What is Pending, or
# not in it, may be otherwise by now. A Pending puts the payout off for a minute or more, so what
# has ended meanwhile is found half of that later at the most.
_END_FOR: Final = timedelta(seconds=60)
_OTHERWISE_FOR: Final = timedelta(seconds=30)
_ENDS: Final = frozenset({Standing.COMPLETE, Standing.REJECTED, Standing.DISHONOURED})
# Dates of Monoova are Sydney's, ours are UTC, and whether it means execution or completion is
# not documented: a day on either side covers all of it.
_MARGIN: Final = timedelta(days=1)
# Older ones are few and asked for singly: one that hangs for weeks would make every answer by
# date hold weeks of payouts.
_BY_DATE_FOR: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class _ByDate:
    """An answer about the payouts sent on `since` or later; empty where Monoova gave none."""

    asked_at: datetime
    since: date
    reports: Mapping[str, Report]

    def proves(self, payout: Payout) -> Report | None:
        """What it says of the payout, if it was asked after all that we did to it.

        A payout that is looked up was last written when its sending had ended, or later. What
        was answered before that write may speak of a time when it was not sent yet.
        """
        if payout.updated_at >= self.asked_at:
            return None
        report = self.reports.get(payout.unique_reference)
        return report if report and report.standing is not Standing.UNCLEAR else None


class StatusQuestions:
    """The questions of one run."""

    def __init__(
        self,
        monoova: "MonoovaClient",
        gatekeeper: Gatekeeper,
        clock: Clock,
        time_left: TimeLeft,
    ) -> None:
        self._monoova = monoova
        self._gatekeeper = gatekeeper
        self._clock = clock
        self._time = time_left
        self._answer: _ByDate | None = None
        self.questions = 0

    def begin(self, payouts: Sequence[Payout]) -> None:
        """Prepares a round: asks by date where an answer has to cover many more payouts.

        Whom an answer leaves out proves nothing, and is asked for singly.
        """
        now = self._clock.now()
        days = [_first_day_of(p) for p in payouts if _sent_at(p) >= now - _BY_DATE_FOR]
        if self._answer is not None:
            days = [day for day in days if day < self._answer.since]
        if len(days) >= _MANY:
            self._answer = self._asked_by_date(min(days)) or self._answer

    def knows(self, payout: Payout) -> bool:
        """Whether the last answer by date covers the payout."""
        return self._answer is not None and self._answer.proves(payout) is not None

    def report_on(self, payout: Payout) -> Report | None:
        """The report on the payout in an answer by date; too old an answer is asked for anew."""
        answer = self._answer
        if answer is None or _first_day_of(payout) < answer.since:
            return None
        report = answer.proves(payout)
        is_end = report is not None and report.standing in _ENDS
        if self._clock.now() - answer.asked_at <= (_END_FOR if is_end else _OTHERWISE_FOR):
            return report
        renewed = self._asked_by_date(answer.since)
        if renewed is None:
            return None
        self._answer = renewed
        return renewed.proves(payout)

    def ask(self, payout: Payout) -> Report:
        """Asks for one payout. `may_ask` comes first."""
        report, answer = self._monoova.status_of(payout.unique_reference)
        self._gatekeeper.tell_asked(answer)
        self.questions += 1
        return report

    def may_ask(self) -> bool:
        """Whether Monoova may be called; a call that failed since may have closed the gate."""
        return self._gatekeeper.enter_to_ask(self._gatekeeper.gate).is_through

    def _asked_by_date(self, since: date) -> _ByDate | None:
        """An answer that failed stands as an empty one: for half a minute, all are asked singly."""
        if not self._time.has(QUESTION_SECONDS) or not self.may_ask():
            return None
        asked_at = self._clock.now()
        reports, answer = self._monoova.reports(since, (asked_at + _MARGIN).date())
        self._gatekeeper.tell_asked(answer)
        self.questions += 1
        return _ByDate(asked_at, since, reports)


def _sent_at(payout: Payout) -> datetime:
    return payout.last_sent_at or payout.created_at


def _first_day_of(payout: Payout) -> date:
    """The earliest date under which Monoova may have the payout."""
    return (_sent_at(payout) - _MARGIN).date()
