"""Cancels what a batch has that was not sent yet."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.clock import Clock
from chalicelib.domain.batch import Batch, Row, Tally
from chalicelib.domain.decisions import Note, change_for
from chalicelib.domain.payout import NO_CHANGE, Change, Event, FailureCode, Fields, Payout, State
from chalicelib.services.batch_releasing import transaction_id_of
from chalicelib.services.recording import Recorder
from chalicelib.storage.payouts import Payouts

_FIELDS: Final = Fields(failure_code=FailureCode.CANCELLED_BY_ADMIN)


@dataclass(frozen=True, slots=True)
class RowCanceller:
    """What was sent goes on; a row that has no payout never gets one."""

    payouts: Payouts
    recorder: Recorder
    clock: Clock

    def cancel(self, batch: Batch, rows: Sequence[Row]) -> Tally:
        """Ends the payouts that still wait, and tells what all of them are then."""
        by = batch.history[-1].by
        payouts = [
            self._ended(payout, by)
            for row in rows
            if (payout := self.payouts.get(transaction_id_of(batch, row))) is not None
        ]
        counts = Counter(payout.state.status.value for payout in payouts)
        reviews = sum(payout.needs_review for payout in payouts)
        return Tally(self.clock.now(), dict(counts), reviews)

    def _ended(self, payout: Payout, by: str) -> Payout:
        def cancelled(current: Payout) -> Change:
            if current.state is not State.QUEUED:
                return NO_CHANGE
            return change_for(current, Event.CANCELLED, Note(self.clock.now(), by), _FIELDS)

        return self.recorder.record(payout, cancelled)
