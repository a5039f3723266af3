"""Says what is being done, and every few seconds that it still is."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

_SAID_EVERY_SECONDS: Final = 5.0


class Progress:
    """Steps, one after the other, printed from `__enter__` to `__exit__`.

    A step that lasts is printed again every `every_seconds`, with its seconds: it still runs.
    """

    def __init__(
        self, say: Callable[[str], None], every_seconds: float = _SAID_EVERY_SECONDS
    ) -> None:
        """`say` shows one line; it is called from a thread of its own, too."""
        self._say = say
        self._every_seconds = every_seconds
        self._step: tuple[str, float] | None = None
        self._changed = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def step(self, words: str) -> None:
        """The step that begins now, and ends the one before it."""
        with self._changed:
            self._say(f"{words} …")
            self._step = (words.partition(",")[0], time.monotonic())
            self._changed.notify()

    def finish_step(self) -> None:
        """The last step has ended, and none follows for now."""
        with self._changed:
            self._step = None
            self._changed.notify()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify()
        self._thread.join()

    def _repeat(self) -> None:
        with self._changed:
            while not self._is_over:
                was_changed = self._changed.wait(self._every_seconds)
                if not was_changed and self._step is not None:
                    words, began = self._step
                    self._say(f"  {time.monotonic() - began:4.0f} s  {words}")
