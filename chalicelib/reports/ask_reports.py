"""What a daily report asks Monoova: through the gate, and only while there is time."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Final, TypeVar

from chalicelib.core.deadline import TimeLeft
from chalicelib.monoova.event_names import DISHONOUR, PAYMENT_STATUS, RETURN
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.outcome import Answer, Standing, is_answered, is_not_permitted
from chalicelib.reports.rules.comparison import Movement, StatementLine
from chalicelib.reports.rules.daily_report import Incomplete

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient
    from chalicelib.reports.monoova_reports import Account, Heard, MonoovaReports, Notification

T = TypeVar("T")

# A usual read timeout, and what is done with the answer.
_QUESTION_SECONDS: Final = 12.0
_SECONDS_AFTER: Final = 2.0
# For a large report, where there is time.
_MOST_SECONDS: Final = 30.0
_STATUS: Final = PAYMENT_STATUS.casefold()
_CHANGE_PAYOUTS: Final = frozenset({_STATUS, RETURN.casefold(), DISHONOUR.casefold()})
# Twenty thousand payouts have a webhook each, and hardly more.
_MOST_PAGES: Final = 40


class CannotFinishError(Exception):
    """The report ends here, for the reason given."""

    def __init__(self, why: Incomplete) -> None:
        super().__init__(why.value)
        self.why = why


class ReportQuestions:
    """The questions of one run. Each may raise `CannotFinishError` or `StorageUnavailableError`."""

    def __init__(
        self,
        reports: "MonoovaReports",
        monoova: "MonoovaClient",
        gatekeeper: Gatekeeper,
        time_left: TimeLeft,
        maccount_token: str,
    ) -> None:
        self._reports = reports
        self._monoova = monoova
        self._gatekeeper = gatekeeper
        self._time = time_left
        self._maccount_token = maccount_token
        gatekeeper.look()

    def statement(self, day: date) -> tuple[StatementLine, ...]:
        """What Monoova carried out on a day."""
        found, answer = self._reports.statement(day, self._enter())
        return self._reported(found, answer)

    def account_day(self, day: date) -> "Account":
        """What moved in the mAccount on a day."""
        seconds = self._enter()
        found, answer = self._reports.account_day(self._maccount_token, day, seconds)
        return self._reported(found, answer)

    def movements(
        self, first: date, last: date, is_wanted: Callable[[str, str], bool]
    ) -> tuple[tuple[Movement, ...], bool]:
        """What moved in the mAccount from day to day, as far as it is wanted; and whether that is
        all of it.

        It may take all the time that is left. Of an answer that broke off the beginning counts.
        """
        self._enter()
        found, is_whole, answer = self._reports.movements(
            self._maccount_token, first, last, is_wanted, self._time_left() - _SECONDS_AFTER
        )
        if isinstance(answer, Answer) and is_not_permitted(answer):
            raise CannotFinishError(Incomplete.MONOOVA_UNAVAILABLE)
        self._gatekeeper.tell_asked(answer)
        return found, is_whole

    def standing(self, reference: str) -> Standing:
        """What the status API says of one payout."""
        self._enter()
        report, answer = self._monoova.status_of(reference)
        return self._told(report.standing if is_answered(answer) else None, answer)

    def standings(self, first: date, last: date) -> dict[str, Standing]:
        """What the status API says of all payouts of these days, by reference."""
        self._enter()
        reports, answer = self._monoova.reports(first, last)
        told = {reference: report.standing for reference, report in reports.items()}
        return self._told(told if is_answered(answer) else None, answer)

    def missed_webhooks(self, day: date) -> "list[Notification]":
        """Of a day's events that change payouts, those that never arrived; returns come first.

        The reconciliation of each minute finds how a payment ended. That money came back
        afterwards no question of it would show.
        """
        missed: list[Notification] = []
        skip = 0
        for _ in range(_MOST_PAGES):
            self._enter()
            found, answer = self._reports.notifications(day, skip)
            page = self._reported(found, answer)
            missed += [each for each in page if each.has_failed and _changes_payouts(each)]
            skip += len(page)
            if not page:
                break
        return sorted(missed, key=lambda each: each.event_name.casefold() == _STATUS)

    def send_again(self, missed: "Notification") -> bool:
        """Has one webhook sent once more; whether Monoova will."""
        self._enter()
        is_taken, answer = self._reports.send_again(missed.webhook_id)
        return self._reported(is_taken if is_answered(answer) else None, answer)

    def _enter(self) -> float:
        """How many seconds the question may take."""
        if not self._time.has(_QUESTION_SECONDS):
            raise CannotFinishError(Incomplete.TIME_WAS_UP)
        if not self._gatekeeper.enter_to_ask(self._gatekeeper.gate).is_through:
            raise CannotFinishError(Incomplete.SENDING_STOPPED)
        return min(_MOST_SECONDS, self._time_left() - _SECONDS_AFTER)

    def _time_left(self) -> float:
        return (self._time.ends_at - self._time.clock.now()).total_seconds()

    def _reported(self, found: T | None, answer: "Heard") -> T:
        """The answer to a question that a key good for payouts may not be allowed to ask.

        A refused login counts towards Monoova's lock-out and closes the gate for all; that a
        report is not permitted says nothing of payouts, and ends the run alone.
        """
        if isinstance(answer, Answer) and is_not_permitted(answer):
            raise CannotFinishError(Incomplete.MONOOVA_UNAVAILABLE)
        return self._told(found, answer)

    def _told(self, found: T | None, answer: "Heard") -> T:
        """A run that goes on asking a Monoova that fails would stop the questions of all."""
        self._gatekeeper.tell_asked(answer)
        if found is None:
            raise CannotFinishError(Incomplete.MONOOVA_UNAVAILABLE)
        return found


def _changes_payouts(each: "Notification") -> bool:
    return each.event_name.casefold() in _CHANGE_PAYOUTS
