"""Cancels what a batch has that was not sent yet."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.batches.release_rows import transaction_id_of
from chalicelib.batches.rules.batch import Batch, Row, Tally
from chalicelib.core.clock import Clock
from chalicelib.core.deadline import TimeLeft
from chalicelib.core.dynamodb.items import ItemRefusedError
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.payouts.rules.decisions import Note, change_for
from chalicelib.payouts.rules.payout import (
    NO_CHANGE,
    Change,
    Event,
    FailureCode,
    Fields,
    Payout,
    State,
)
from chalicelib.payouts.sending.record_event import Recorder
from chalicelib.payouts.store.outlines import UNREADABLE
from chalicelib.payouts.store.payouts import Payouts

# Of the time that there is, what one more payout and the marks take.
_SECONDS_AFTER_ROWS: Final = 3.0
_FIELDS: Final = Fields(failure_code=FailureCode.CANCELLED_BY_ADMIN)


@dataclass(frozen=True, slots=True)
class RowCanceller:
    """What was sent goes on; a row that has no payout never gets one."""

    payouts: Payouts
    recorder: Recorder
    clock: Clock

    def cancel(self, batch: Batch, rows: Sequence[Row], time_left: TimeLeft) -> Tally | None:
        """Ends the payouts that still wait, and tells what all of them are then.

        None where the time was up before the last of them.
        """
        by = batch.history[-1].by
        payouts: list[Payout] = []
        unreadable = 0
        for row in rows:
            if not time_left.has(_SECONDS_AFTER_ROWS):
                return None
            try:
                payout = self.payouts.get(transaction_id_of(batch, row))
                if payout is not None:
                    payouts.append(self._ended(payout, by))
            except (ItemRefusedError, UnreadableItemError):
                # Should it ever be read, it is not sent: the batch is stopped.
                unreadable += 1
        counts = Counter(payout.state.status.value for payout in payouts)
        reviews = sum(payout.needs_review for payout in payouts)
        if unreadable:
            counts[UNREADABLE] = unreadable
        return Tally(self.clock.now(), dict(counts), reviews + unreadable)

    def _ended(self, payout: Payout, by: str) -> Payout:
        def cancelled(current: Payout) -> Change:
            if current.state not in (State.QUEUED, State.AWAITING_APPROVAL):
                return NO_CHANGE
            return change_for(current, Event.CANCELLED, Note(self.clock.now(), by), _FIELDS)

        return self.recorder.record(payout, cancelled)
