"""Messages that make the work on a batch quick. The schedule finds what was lost with one."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.batches.rules.batch import Batch, Task
from chalicelib.core import observability
from chalicelib.core.queues import Queue, QueueUnavailableError


@dataclass(frozen=True, slots=True)
class BatchMessages:
    """Puts a message for each chunk on the queue of payouts."""

    queue: Queue

    def put(self, batch: Batch, task: Task, numbers: Iterable[int] | None = None) -> None:
        """Puts a message for each chunk, or for those in `numbers`."""
        chunks = range(1, batch.chunk_count + 1) if numbers is None else numbers
        messages = [{"batch_id": batch.batch_id, "chunk": n, "task": task} for n in chunks]
        try:
            self.queue.put_all(messages)
        except QueueUnavailableError as error:
            observability.note_error(error)
