"""Advances the open batches on schedule: does what no queue message has led to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.batches.count_progress import BatchProgress
from chalicelib.batches.messages import BatchMessages
from chalicelib.batches.rules.batch import (
    Batch,
    BatchEvent,
    BatchStatus,
    Task,
    WrongStatusError,
    all_marks,
    is_done,
    moved,
)
from chalicelib.batches.store.batches import BatchChangedError, Batches
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.batches.work_chunk import SYSTEM, BatchWork
from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.deadline import TimeLeft
from chalicelib.core.observability import Metric

# For so long the messages are on their way, and it would be done twice.
_MESSAGES_TAKE: Final = timedelta(minutes=2)
# Then they are put on the queue again, not at every run: a long queue is slow, not lost.
_AGAIN_MINUTES: Final = 5
# What a run of the schedule does itself, should the queue deliver nothing at all.
_CHUNKS_A_RUN: Final = 2
_ONE_CHUNK_SECONDS: Final = 20.0
_TALLY_SECONDS: Final = 5.0
# As a payout that is not approved.
_WAITS_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class BatchAdvancer:
    """Moves every open batch on, for as long as a run lasts."""

    batches: Batches
    open_batches: OpenBatches
    work: BatchWork
    progress: BatchProgress
    messages: BatchMessages
    clock: Clock

    def advance(self, batch_ids: tuple[str, ...], time_left: TimeLeft) -> None:
        """Moves each batch on; one that fails keeps no other waiting, and no payout."""
        # Each minute begins with another: one that takes all the time comes last the next time.
        first = self.clock.now().minute % max(len(batch_ids), 1)
        ages = [0.0]
        for batch_id in batch_ids[first:] + batch_ids[:first]:
            try:
                batch = self.batches.get(batch_id)
                if batch is not None:
                    # First of all: what is done with it may fail, minute by minute.
                    ages.append(self._seconds_waited(batch))
                    self._one(batch, time_left)
            except BatchChangedError:
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, the rest goes on
                observability.note_error(error)
        observability.measure(Metric.OLDEST_BATCH_WORK_SECONDS, max(ages))

    def _seconds_waited(self, batch: Batch) -> float:
        """How long it has had work that is not done; one that waits for a person has none."""
        marks = self.batches.marks(batch.upload_id) if batch.task else ()
        if batch.task is None or all(is_done(m, batch.task) for m in all_marks(batch, marks)):
            return 0.0
        return (self.clock.now() - batch.updated_at).total_seconds()

    def _one(self, batch: Batch, time_left: TimeLeft) -> None:
        now = self.clock.now()
        if now - batch.created_at > _WAITS_FOR:
            batch = self._expired(batch, now)
        if batch.task and not self._done(batch, batch.task, now, time_left):
            return
        is_counted = batch.status in (BatchStatus.RELEASED, BatchStatus.CANCELLED)
        if is_counted and time_left.has(_TALLY_SECONDS):
            self.work.move_on(batch, self.progress.recount_due(batch))
        elif not batch.is_open:
            self.open_batches.close(batch.batch_id, now)

    def _expired(self, batch: Batch, now: datetime) -> Batch:
        try:
            return self.batches.save(moved(batch, BatchEvent.EXPIRED, now, SYSTEM))
        except WrongStatusError:
            return batch

    def _done(self, batch: Batch, task: Task, now: datetime, time_left: TimeLeft) -> bool:
        """Does what is left to do, or sees to it; whether nothing was."""
        marks = all_marks(batch, self.batches.marks(batch.upload_id))
        left = [mark.number for mark in marks if not is_done(mark, task)]
        if not left:
            self.work.move_on(batch, marks)
            return True
        waited = now - batch.updated_at
        if task is Task.CANCEL and batch.approved_at:
            # The function that cancelled it may have died before.
            self.open_batches.stop(batch.batch_id, batch.history[-1].by, now)
        if waited < _MESSAGES_TAKE:
            return False
        minutes = int(waited.total_seconds() // 60)
        # Each minute others, so that some that cannot be done keep none waiting for ever.
        first = minutes * _CHUNKS_A_RUN % len(left)
        left = left[first:] + left[:first]
        for number in left[:_CHUNKS_A_RUN]:
            if time_left.has(_ONE_CHUNK_SECONDS):
                self._by_itself(batch, number, time_left)
        if minutes % _AGAIN_MINUTES == 2:
            self.messages.put(batch, task, left[_CHUNKS_A_RUN:])
        self.work.move_on(batch)
        return False

    def _by_itself(self, batch: Batch, number: int, time_left: TimeLeft) -> None:
        """A chunk that something is wrong with keeps no other waiting."""
        try:
            self.work.work_on(batch, number, time_left)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other chunks go on
            observability.note_error(error)
