"""Looks in the mAccount for money that is said to have come back: one question for all that wait.

The status API says `Complete` of a payout for ever; only the account's movements show its return.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.deadline import TimeLeft
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.money import decimal_from
from chalicelib.core.sydney import sydney_day
from chalicelib.monoova.gate_store import Controls
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.payouts.rules.decisions import RECONCILER
from chalicelib.payouts.rules.news import (
    Credit,
    after_credit,
    after_question,
    after_shared_credit,
    fits,
    signed_returns,
)
from chalicelib.payouts.rules.payout import Change, Payout
from chalicelib.payouts.sending.record_event import Recorder
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.reports.ask_reports import CannotFinishError, ReportQuestions
from chalicelib.reports.rules.comparison import Booking, Movement

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient
    from chalicelib.reports.monoova_reports import MonoovaReports

_DAY: Final = timedelta(days=1)
# Monoova answers for three months at the most.
_MOST_DAYS: Final = timedelta(days=88)
_PAGE: Final = 100
_MOST_AT_ONCE: Final = 1000
_LEAST_SECONDS: Final = 20.0
# Longer than a credit may be asked for.
_CLAIMED_FOR: Final = timedelta(days=400)
# For writing down what was found.
_SECONDS_AFTER: Final = 10.0


@dataclass(frozen=True, slots=True)
class Returns:
    """The returns whose credit is awaited."""

    payouts: Payouts
    recorder: Recorder
    reports: "MonoovaReports"
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    controls: Controls
    clock: Clock
    maccount_token: str

    def look(self, seconds: float) -> int:
        """Looks for all that are due, for `seconds` at the most; how many were awaited.

        May raise `StorageUnavailableError`. Those that are not done with are due again next time.
        """
        waiting = self._due()
        if not waiting or seconds < _LEAST_SECONDS:
            return len(waiting)
        ends_at = self.clock.now() + timedelta(seconds=seconds - _SECONDS_AFTER)
        questions = ReportQuestions(
            self.reports,
            self.monoova,
            self.gatekeeper,
            TimeLeft(self.clock, ends_at),
            self.maccount_token,
        )
        try:
            found, is_whole = self._asked(questions, waiting)
        except CannotFinishError as error:
            observability.note(outcome=error.why.value)
            found, is_whole = {}, False
        lines = {payout.transaction_id: _lines_of(payout, found) for payout in waiting}
        claims = Counter(id(line) for each in lines.values() for line in each)
        for payout in waiting:
            own = [(line, claims[id(line)] > 1) for line in lines[payout.transaction_id]]
            self._take(payout, own, is_whole=is_whole)
        observability.note(found=len(waiting), outcome="complete" if is_whole else "broken off")
        return len(waiting)

    def _due(self) -> list[Payout]:
        found: list[Payout] = []
        start: Mapping[str, str] | None = None
        while len(found) < _MOST_AT_ONCE:
            page = self.payouts.awaiting_credit(self.clock.now(), _PAGE, start)
            found.extend(page.items)
            start = page.next_key
            if start is None:
                break
        return found

    def _asked(
        self, questions: ReportQuestions, waiting: Iterable[Payout]
    ) -> tuple[Mapping[str, list[Movement]], bool]:
        """The movements under what the payouts are known by: references and returns' numbers."""
        today = sydney_day(self.clock.now())
        first = max(min(map(_first_day, waiting)), today - _MOST_DAYS)
        names = {name for payout in waiting for name in _names(payout)}
        found: dict[str, list[Movement]] = {}
        lines, is_whole = questions.movements(
            first, today, lambda reference, number: reference in names or number in names
        )
        for line in lines:
            found.setdefault(line.reference, []).append(line)
            if line.transaction_id != line.reference:
                found.setdefault(line.transaction_id, []).append(line)
        return found, is_whole

    def _take(
        self, payout: Payout, found: Iterable[tuple[Movement, bool]], *, is_whole: bool
    ) -> None:
        """Writes down what was found of one payout; what is wrong with one does not stop others.

        Each line comes with whether it may as well be another payout's.
        """
        now = self.clock.now()
        try:
            for line, is_shared in found:
                payout = self._credited(payout, line, now, is_shared=is_shared)
            self.recorder.record(
                payout,
                lambda current: after_question(current, now, RECONCILER, is_answered=is_whole),
            )
        except StorageUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the rest goes on
            observability.note_error(error)

    def _credited(
        self, payout: Payout, line: Movement, now: datetime, *, is_shared: bool
    ) -> Payout:
        """A line without a reference counts once, for the payout that it was first found for."""
        credit = _credit_of(line)
        if is_shared:
            return self.recorder.record(payout, _shared(credit, now))
        if not line.reference:
            name, mine = f"credit#{line.line}", payout.transaction_id
            holder = self.controls.claim(name, mine, now + _CLAIMED_FOR)
            if holder != mine:
                earlier = self.payouts.get(holder)
                if earlier is not None:
                    self.recorder.record(earlier, _shared(credit, now))
                return self.recorder.record(payout, _shared(credit, now))
        return self.recorder.record(payout, _counted(credit, now))


def _counted(credit: Credit, now: datetime) -> Callable[[Payout], Change]:
    return lambda payout: after_credit(payout, credit, now, RECONCILER)


def _shared(credit: Credit, now: datetime) -> Callable[[Payout], Change]:
    return lambda payout: after_shared_credit(payout, credit, now, RECONCILER)


def _credit_of(line: Movement) -> Credit:
    return Credit(line.credit_cents or 0, line.line)


def _first_day(payout: Payout) -> date:
    return sydney_day(payout.last_sent_at or payout.created_at) - _DAY


def _names(payout: Payout) -> set[str]:
    """What its lines may be known by: its reference, and the numbers of its signed returns."""
    return {payout.unique_reference, *(told.return_id for told in signed_returns(payout))}


def _lines_of(payout: Payout, found: Mapping[str, list[Movement]]) -> list[Movement]:
    """The credits that fit: under its reference or a return's number, of an amount it came back in.

    Where more than one payment left under its reference, one that comes back may be the one too
    many: that is for the morning's comparison, and for a person.
    """
    lines = {id(line): line for name in _names(payout) for line in found.get(name, ())}
    # What stands under another reference is another payment's, whatever its number.
    ours = {"", payout.unique_reference}
    own = Booking(movements=tuple(line for line in lines.values() if line.reference in ours))
    # The statement, which tells the fees, is not asked for.
    if own.most_payments_of(decimal_from(payout.amount_cents)) > 1:
        return []
    return [line for line in own.movements if line.credit_cents and fits(payout, _credit_of(line))]
