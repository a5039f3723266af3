"""How far the payouts of a batch are: counted a chunk at a time, on request."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.batches.release_rows import transaction_id_of
from chalicelib.batches.rules.batch import Batch, ChunkState, Mark, Tally, all_marks
from chalicelib.batches.store.batches import BatchChangedError, Batches
from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.payouts.store.outlines import Outlines

# What one request reads anew: 2,500 payouts take 25 calls, half a second to a second in all.
_MOST_CHUNKS: Final = 10
# Who looks every few seconds sees every part of a large batch anew within half a minute.
_FRESH: Final = timedelta(seconds=3)
# What is final may still be returned, days later.
_FINAL_FRESH: Final = timedelta(hours=1)
# The schedule's own looks become rarer with time, so that a payout which stays open for a day
# spares a read of the whole batch every minute.
_SHARE_OF_AGE: Final = 4
_COUNTED: Final = (ChunkState.RELEASED, ChunkState.CANCELLED)


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """Reads the payouts of chunks and keeps what it counted."""

    batches: Batches
    outlines: Outlines
    clock: Clock

    def recount_oldest(self, batch: Batch) -> tuple[Mark, ...]:
        """All marks, after a new count of those that were counted longest ago."""
        now = self.clock.now()
        return self._counted(batch, lambda mark: now - _time_of(mark) >= _gap(mark))

    def recount_due(self, batch: Batch) -> tuple[Mark, ...]:
        """All marks, after a new count of those that are due for the schedule: no caller waits."""
        now = self.clock.now()
        age = now - (batch.approved_at or batch.created_at)

        def is_due(mark: Mark) -> bool:
            gap = min(max(age / _SHARE_OF_AGE, timedelta(seconds=50)), timedelta(hours=1))
            return not mark.is_settled and now - _time_of(mark) >= gap

        return self._counted(batch, is_due)

    def _counted(self, batch: Batch, is_due: Callable[[Mark], bool]) -> tuple[Mark, ...]:
        marks = all_marks(batch, self.batches.marks(batch.upload_id))
        due = [mark for mark in marks if mark.state in _COUNTED and mark.tally and is_due(mark)]
        oldest = sorted(due, key=_time_of)[:_MOST_CHUNKS]
        anew = {mark.number: self._anew(batch, mark) for mark in oldest}
        return tuple(anew.get(mark.number, mark) for mark in marks)

    def _anew(self, batch: Batch, mark: Mark) -> Mark:
        rows = self.batches.rows(batch.upload_id, mark.number)
        outlines = self.outlines.of([transaction_id_of(batch, row) for row in rows])
        assert mark.tally is not None  # a chunk is counted when it is released
        if len(outlines) < sum(mark.tally.counts.values()):
            # Just released, and read from where that is not known yet.
            return mark
        now = self.clock.now()
        counts = Counter(each.status for each in outlines.values())
        reviews = sum(each.needs_review for each in outlines.values())
        after = replace(mark, tally=Tally(now, dict(counts), reviews))
        try:
            return self.batches.save_mark(batch.upload_id, after, now)
        except BatchChangedError:
            observability.note(outcome="counted by another")
            return after


def _time_of(mark: Mark) -> datetime:
    assert mark.tally is not None  # only those that have one are asked
    return mark.tally.at


def _gap(mark: Mark) -> timedelta:
    return _FINAL_FRESH if mark.is_settled else _FRESH
