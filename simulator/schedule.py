"""What is still to happen, by the moment at which it is due. Nothing here waits."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Generic, TypeVar

Action = Callable[[datetime], None]
"""Called with the moment at which it was due, which may lie in the past."""

Item = TypeVar("Item")


class Schedule(Generic[Item]):
    """Items in order of their due time; those due together leave in the order they came in."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Item]] = []
        self._serial = count()

    def add(self, due: datetime, item: Item) -> None:
        """Keep `item` until `due`."""
        heapq.heappush(self._heap, (due, next(self._serial), item))

    def next_due(self) -> datetime | None:
        """When the next item is due, or None."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: datetime) -> tuple[datetime, Item] | None:
        """Take out the earliest item that is due at `now`."""
        if not self._heap or self._heap[0][0] > now:
            return None
        due, _, item = heapq.heappop(self._heap)
        return due, item

    def __len__(self) -> int:
        return len(self._heap)
