"""What workers do with the chunks of a batch: check them, make payouts of them, cancel them.

Each task may be begun twice, at once or again after a crash: a mark is written on condition that
no other worker wrote it, and the id of a row's payout follows from the row.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from chalicelib.batches.cancel_rows import RowCanceller
from chalicelib.batches.checking.check_rows import RowChecker
from chalicelib.batches.checking.compare_batches import BatchOverlap
from chalicelib.batches.checking.digest_rows import RowDigests
from chalicelib.batches.messages import BatchMessages
from chalicelib.batches.release_rows import RowReleaser, without_texts
from chalicelib.batches.rules.batch import (
    Batch,
    BatchEvent,
    BatchStatus,
    ChunkState,
    FundsSeen,
    Mark,
    Tally,
    Task,
    all_marks,
    is_done,
    moved,
    size_of,
    together,
)
from chalicelib.batches.store.batches import BatchChangedError, Batches
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.deadline import TimeLeft
from chalicelib.core.observability import Metric
from chalicelib.monoova.available_funds import AvailableFunds

SYSTEM: Final = "system"
# Outlives every function's timeout (60 s): once it is over, its holder is dead.
_LEASE: Final = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class BatchWork:
    """Works on one chunk at a time, and moves the batch on when all are done."""

    batches: Batches
    open_batches: OpenBatches
    checker: RowChecker
    releaser: RowReleaser
    canceller: RowCanceller
    overlap: BatchOverlap
    messages: BatchMessages
    clock: Clock
    available_funds: AvailableFunds
    digests: RowDigests

    def do(self, batch_id: str, number: int, task: str, seconds: float) -> None:
        """What a message asks for, if it is still to be done; one that comes late does nothing.

        What is left after `seconds` is another message's.
        """
        time_left = TimeLeft(self.clock, self.clock.now() + timedelta(seconds=seconds))
        batch = self.batches.get(batch_id)
        wanted = Task(task)
        if batch is None or batch.task is not wanted or not 1 <= number <= batch.chunk_count:
            observability.note(outcome="not to be done")
            return
        if not self.work_on(batch, number, time_left):
            self.messages.put(batch, wanted, [number])
            return
        self.move_on(batch)

    def work_on(self, batch: Batch, number: int, time_left: TimeLeft) -> bool:
        """Does the batch's task with one chunk, unless it is done or another worker has claimed it.

        False says that the time was up before its end, and that another worker may continue at
        once.
        """
        mark = self.batches.mark(batch.upload_id, number) or Mark(number, size_of(batch, number))
        task = batch.task
        if task is None or is_done(mark, task) or self._is_leased(mark, task):
            return True
        try:
            match task:
                case Task.CHECK:
                    return self._check(batch, mark, time_left)
                case Task.RELEASE:
                    return self._release(batch, mark, time_left)
                case Task.CANCEL:
                    return self._cancel(batch, mark, time_left)
        except BatchChangedError:
            observability.note(outcome="done by another")
            return True

    def _is_leased(self, mark: Mark, task: Task) -> bool:
        """Whether another worker has it, or it waits; a cancellation does not wait with it."""
        if mark.state is not ChunkState.RELEASING:
            return False
        waits_until = mark.not_before if task is Task.RELEASE else None
        ends = [end for end in (mark.lease_until, waits_until) if end is not None]
        return any(self.clock.now() < end for end in ends)

    def _check(self, batch: Batch, mark: Mark, time_left: TimeLeft) -> bool:
        rows = self.batches.rows(batch.upload_id, mark.number)
        warnings = self.checker.warnings(rows, self.clock.now(), time_left)
        if warnings is None:
            return False
        self._save(batch, replace(mark, state=ChunkState.CHECKED, warnings=warnings))
        return True

    def _release(self, batch: Batch, mark: Mark, time_left: TimeLeft) -> bool:
        """Makes the rows payouts. A cancellation that comes meanwhile waits for the lease."""
        was_begun = mark.state is ChunkState.RELEASING
        lease = self.clock.now() + _LEASE
        begun = replace(mark, state=ChunkState.RELEASING, lease_until=lease, not_before=None)
        ours = self._save(batch, begun)
        rows = self.batches.rows(batch.upload_id, mark.number)
        problems = ours.problems
        if not self.digests.are_as_approved(batch, mark.number, rows):
            problems = self.releaser.problems_of_altered(batch, rows, problems)
            was_begun = True
        released = self.releaser.release(batch, rows, problems, time_left, was_begun=was_begun)
        # Counted before they are stored: if the function dies in between they are counted twice,
        # not left out.
        new = len(released.problems) - len(ours.problems)
        if new:
            observability.measure(Metric.BATCH_ROWS_NOT_RELEASED, new)
        if released.is_whole and released.again_at is not None:
            # Begun, and left alone until it is worth looking again.
            waits = replace(ours, lease_until=None, not_before=released.again_at)
            self._save(batch, replace(waits, problems=released.problems))
            return True
        if not released.is_whole:
            # Still begun, and without a lease: the next worker looks at what stands, and continues.
            self._save(batch, replace(ours, problems=released.problems, lease_until=None))
            return False
        if released.problems != ours.problems:
            # Before the rows lose their texts: a row that became no payout never becomes one.
            ours = self._save(batch, replace(ours, problems=released.problems))
        now = self.clock.now()
        self.batches.keep_rows(batch.upload_id, mark.number, without_texts(rows), now)
        tally = Tally(now, dict(released.counts))
        self._save(batch, replace(ours, state=ChunkState.RELEASED, lease_until=None, tally=tally))
        return True

    def _cancel(self, batch: Batch, mark: Mark, time_left: TimeLeft) -> bool:
        # First, so that it is released no more.
        ours = self._save(batch, replace(mark, state=ChunkState.CANCELLING, lease_until=None))
        rows = self.batches.rows(batch.upload_id, mark.number)
        has_payouts = batch.approved_at is not None
        tally: Tally | None = Tally(self.clock.now(), {})
        if has_payouts:
            tally = self.canceller.cancel(batch, rows, time_left)
        if tally is None:
            return False
        self.batches.keep_rows(batch.upload_id, mark.number, without_texts(rows), self.clock.now())
        self._save(batch, replace(ours, state=ChunkState.CANCELLED, tally=tally))
        return True

    def funds(self) -> FundsSeen | None:
        """What may be paid out now, for people to compare the total with; None if not known."""
        cents = self.available_funds.cents()
        return None if cents is None else FundsSeen(cents, self.clock.now())

    def _save(self, batch: Batch, mark: Mark) -> Mark:
        return self.batches.save_mark(batch.upload_id, mark, self.clock.now())

    # --- the batch as a whole

    def move_on(self, batch: Batch, marks: tuple[Mark, ...] | None = None) -> Batch:
        """The batch after whatever follows from what was done with its chunks."""
        if marks is None:
            marks = all_marks(batch, self.batches.marks(batch.upload_id))
        event = _event_after(batch, marks)
        if event is not None:
            after = moved(batch, event, self.clock.now(), SYSTEM)
            if event is BatchEvent.RELEASED:
                after = replace(after, not_released=sum(len(mark.problems) for mark in marks))
            if event is BatchEvent.CHECKED:
                warnings = together([mark.warnings for mark in marks])
                after = replace(
                    after, warnings=self.overlap.added(batch, warnings), funds=self.funds()
                )
            try:
                batch = self.batches.save(after)
            except BatchChangedError:
                observability.note(outcome="done by another")
                return batch
        if not batch.is_open or _is_over(batch, marks):
            # Dying before this leaves it among the open ones, where the schedule finds it.
            self.open_batches.close(batch.batch_id, self.clock.now())
        return batch


def _event_after(batch: Batch, marks: tuple[Mark, ...]) -> BatchEvent | None:
    """What happens to a batch whose chunks are that far; None if it has to wait."""
    match batch.status:
        case BatchStatus.CHECKING if all(is_done(mark, Task.CHECK) for mark in marks):
            return BatchEvent.CHECKED
        case BatchStatus.RELEASING if all(is_done(mark, Task.RELEASE) for mark in marks):
            return BatchEvent.RELEASED
        case BatchStatus.RELEASED if all(mark.is_settled for mark in marks):
            return BatchEvent.FINISHED
    return None


def _is_over(batch: Batch, marks: tuple[Mark, ...]) -> bool:
    """Whether nothing more happens to a batch that was cancelled."""
    return batch.status is BatchStatus.CANCELLED and all(mark.is_settled for mark in marks)
