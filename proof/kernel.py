"""Simulated time in which many tasks run side by side, one after the other, in a seeded order.

Each task is a greenlet: ordinary code that yields wherever it waits. Nothing here reads the
machine's clock, so the same seed is the same history.
"""

import heapq
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import greenlet

from proof.seam import Killed


class Task:
    """One thread of control. `enter` is called each time before it continues."""

    def __init__(
        self, kernel: "Kernel", name: str, run: Callable[[], object], enter: Callable[[], object]
    ) -> None:
        self.name = name
        self.enter = enter
        self.is_killed = False
        self.is_function = False
        self.result: object = None
        self._kernel = kernel
        self._run = run
        self._waiting: list[Task] = []
        # The parent greenlet: when this one ends, the kernel decides what runs next.
        self.greenlet = greenlet.greenlet(self._run_to_end, kernel.main)

    @property
    def is_over(self) -> bool:
        return self.greenlet.dead

    def _run_to_end(self) -> None:
        try:
            self.result = self._run()
        except Killed:
            self.is_killed = True
        for task in self._waiting:
            self._kernel.wake(task)

    def awaited_by(self, task: "Task") -> None:
        self._waiting.append(task)


class Kernel:
    """The clock and the queue of what happens next; among equal times `randomness` decides."""

    def __init__(self, start: datetime, randomness: random.Random) -> None:
        self._now = start
        self._randomness = randomness
        self._next: list[tuple[datetime, float, int, Task]] = []
        self._count = 0
        self.main: Final = greenlet.getcurrent()
        self._current: Task | None = None

    def now(self) -> datetime:
        return self._now

    @property
    def current(self) -> Task | None:
        """The task that is running."""
        return self._current

    def spawn(
        self,
        name: str,
        run: Callable[[], object],
        *,
        after_seconds: float = 0,
        enter: Callable[[], object] = lambda: None,
    ) -> Task:
        """Starts a task, now or later."""
        task = Task(self, name, run, enter)
        self._at(task, after_seconds)
        return task

    def wake(self, task: Task, after_seconds: float = 0) -> None:
        """Continues a task that waits."""
        self._at(task, after_seconds)

    def _at(self, task: Task, seconds: float) -> None:
        self._count += 1
        at = self._now + timedelta(seconds=seconds)
        heapq.heappush(self._next, (at, self._randomness.random(), self._count, task))

    def sleep(self, seconds: float) -> None:
        """Waits while the other tasks run. Outside of any task, runs them all."""
        task = self._current
        if task is None:
            self.run(self._now + timedelta(seconds=seconds))
            return
        self._at(task, seconds)
        self._yield(task)

    def wait_for(self, other: Task) -> object:
        """Waits until another task is over; returns its result."""
        task = self._current
        if task is None:
            while not other.is_over and self._next:
                self._step()
        elif not other.is_over:
            other.awaited_by(task)
            self._yield(task)
        return other.result

    def _yield(self, task: Task) -> None:
        if not task.is_killed:
            self.main.switch()
        if task.is_killed:
            raise Killed

    def kill(self, task: Task) -> None:
        """Ends a task where it waits; whatever it still calls is killed, too."""
        if not task.is_over and not task.is_killed:
            task.is_killed = True
            self.wake(task)

    def run(self, until: datetime) -> None:
        """Runs every task that is due until then."""
        while self._next and self._next[0][0] <= until:
            self._step()
        self._now = max(self._now, until)

    def _step(self) -> None:
        at, _, _, task = heapq.heappop(self._next)
        self._now = max(self._now, at)
        if task.is_over:
            return
        before, self._current = self._current, task
        try:
            task.enter()
            task.greenlet.switch()
        finally:
            self._current = before
