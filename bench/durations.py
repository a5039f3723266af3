"""The CPU that each entry point takes of a function, on one core of this machine.

Only the app's own: botocore, the Encryption SDK, Chalice and requests are in it, moto (which works
in another thread) and the simulator are not. Waiting is not in it either; what a call to AWS or
Monoova takes is an assumption of the cost model (tools/cost/assumptions.toml).
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import requests
from moto import mock_aws

from bench.journeys import FLOWS, LISTED, registered_customer, warm
from bench.tally import CountedWorld, Function
from chalicelib.container import wired
from simulator.adapter import SimulatorAdapter

_ROUNDS: Final = 9


class _TimedAdapter(SimulatorAdapter):
    """Knows how much of the thread's time went into the simulator."""

    spent = 0.0

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        began = time.thread_time()
        try:
            return super().send(*args, **kwargs)
        finally:
            self.spent += time.thread_time() - began


class _TimedWorld(CountedWorld):
    """A world that remembers what each invocation took of its thread."""

    def timing(self) -> None:
        self.counting(of_units=False)
        self._transport = _TimedAdapter(self.monoova, clock=self.clock)
        self.http.mount("https://", self._transport)
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def _invocation(self, function: Function, entry_point: str) -> Iterator[None]:
        aside, began = self._transport.spent, time.thread_time()
        with super()._invocation(function, entry_point):
            yield
        taken = time.thread_time() - began - (self._transport.spent - aside)
        self.seconds[f"{function}: {entry_point}"].append(taken)


def cpu_milliseconds(rounds: int = _ROUNDS) -> dict[str, float]:
    """The median of each `function: entry point`, named as `python -m bench.calls` prints them."""
    with mock_aws():
        try:
            world = _TimedWorld()
            world.timing()
            customer = registered_customer(world)
            for _ in range(rounds):
                for name, flow in FLOWS.items():
                    if name != LISTED:
                        warm(world, customer)
                        flow(world, customer)
            FLOWS[LISTED](world, customer)
        finally:
            wired.put(None)
    return {
        entry_point: round(statistics.median(seconds) * 1000, 2)
        for entry_point, seconds in world.seconds.items()
    }
