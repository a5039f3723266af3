"""Puts what waits on the payout queue, as soon as a person lets payouts be sent again."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.gate import Gate, Passage
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.items import QUEUED_SHARDS
from chalicelib.payouts.store.payouts import Payouts

_PAGE: Final = 100
# So many take some seconds, while a person waits for the answer.
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class QueuedPayouts:
    """The queued payouts that are due."""

    payouts: Payouts
    gatekeeper: Gatekeeper
    queue: Queue
    clock: Clock

    def announce(self, gate: Gate) -> None:
        """Has them sent now, if `gate` allows it, as it was just left by a person.

        It makes them faster by up to a minute and no more: their rows are due, and the schedule
        sends what was not announced. Where Monoova takes so many a minute, it sends all of them.
        """
        is_clear = self.gatekeeper.passage(gate) is Passage.CLEAR
        if not is_clear or gate.active_pace(self.clock.now()):
            return
        try:
            self.queue.put_all(
                [
                    {"transaction_id": each.transaction_id, "customer_id": each.customer_id}
                    for each in islice(self._due(), _MOST)
                ]
            )
        except (StorageUnavailableError, QueueUnavailableError) as error:
            observability.note_error(error)

    def _due(self) -> Iterator[Payout]:
        now = self.clock.now()
        for shard in QUEUED_SHARDS:
            page = self.payouts.due(shard, now, _PAGE)
            yield from page.items
            while page.next_key is not None:
                page = self.payouts.due(shard, now, _PAGE, page.next_key)
                yield from page.items
