"""`python -m bench.burst [SIZE]`: so many payouts that wait at once, through the queue's handler.

One instance of the function takes them two at a time, as deployed. SQS delivers some
messages twice. Monoova's book is the judge.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bench import seed_data
from bench.counterparts import AWS_MILLISECONDS, MONOOVA_MILLISECONDS, SHARE_OF_CPU, Counterparts
from bench.one_function import Function, Usage, in_own_process, in_this_process, peak_mb
from chalicelib.payouts.rules.payout import State

SIZE: Final = 20_000
# As app.py has it.
_BATCH: Final = 2
# The queue's MaximumConcurrency.
_INSTANCES: Final = 10
# Of so many parts of the burst, the first shows what memory the function needs anyway.
_PARTS: Final = 10


@dataclass(frozen=True, slots=True)
class Burst:
    """The result of a burst.

    `booked` is how many payouts Monoova's book has how often; `peak_early_mb` is the peak
    when a tenth was through.
    """

    size: int
    booked: dict[int, int]
    accepted: int
    delivered_twice: int
    redelivered: int
    calls: dict[str, int]
    peak_early_mb: float
    usage: Usage | None = None

    @property
    def is_right(self) -> bool:
        """Each was booked once and stands as Monoova took it; no message was redelivered."""
        is_each_once = self.booked == {1: self.size}
        return is_each_once and self.accepted == self.size and self.redelivered == 0


@dataclass(frozen=True, slots=True)
class _Work:
    """Takes batches until the queue is empty."""

    size: int

    def __call__(self, function: Function) -> tuple[int, float]:
        """How many messages were redelivered, and the peak of memory early on."""
        redelivered = handled = 0
        early_mb = 0.0
        while bodies := function.receive(_BATCH):
            redelivered += len(function.send_queued(bodies))
            handled += len(bodies)
            if not early_mb and handled >= self.size // _PARTS:
                early_mb = peak_mb()
        return redelivered, early_mb


def counted(size: int) -> Burst:
    """Sends a burst of `size` in this process, and counts its calls."""
    counterparts = _with_queue(size)
    return _result(counterparts, size, *in_this_process(counterparts, _Work(size)))


def measured(size: int) -> Burst:
    """Sends a burst in a process of its own, and measures CPU and memory of the function."""
    counterparts = _with_queue(size)
    done, usage = in_own_process(counterparts, _Work(size))
    return replace(_result(counterparts, size, *done), usage=usage)


def _with_queue(size: int) -> Counterparts:
    counterparts = Counterparts()
    seed_data.queued(counterparts, size)
    counterparts.monoova.behave(latency_seconds=MONOOVA_MILLISECONDS / 1000)
    return counterparts


def _result(counterparts: Counterparts, size: int, redelivered: int, early_mb: float) -> Burst:
    payouts = counterparts.tables.payouts.values()
    return Burst(
        size=size,
        booked=dict(
            Counter(len(counterparts.monoova.book.bookings(p.unique_reference)) for p in payouts)
        ),
        accepted=sum(p.state is State.ACCEPTED for p in payouts),
        delivered_twice=counterparts.delivered_twice,
        redelivered=redelivered,
        calls={**counterparts.seam.counted, "monoova": len(counterparts.monoova.calls)},
        peak_early_mb=early_mb,
    )


def table(burst: Burst) -> Iterator[str]:
    """The figures of a measured burst, and what follows from them by arithmetic."""
    assert burst.usage is not None  # only what was measured is shown
    cpu_ms = burst.usage.cpu_seconds * 1000 / burst.size
    yield f"| payouts that wait | {burst.size:,} |"
    yield "|---|---|"
    yield f"| booked by Monoova once | {burst.booked.get(1, 0):,} |"
    yield f"| not at all, or more than once | {burst.size - burst.booked.get(1, 0):,} |"
    yield f"| stand as accepted | {burst.accepted:,} |"
    yield f"| messages delivered twice | {burst.delivered_twice:,} |"
    yield f"| messages that were redelivered | {burst.redelivered:,} |"
    for name, times in sorted(burst.calls.items()):
        yield f"| {name}, calls per payout | {times / burst.size:.4f} |"
    yield f"| CPU per payout, without AWS's SDK | {cpu_ms:.3f} ms |"
    yield f"| payouts per second of CPU | {1000 / cpu_ms:,.0f} |"
    yield f"| peak memory after a tenth of them | {burst.peak_early_mb:.1f} MB |"
    yield f"| peak memory after all of them | {burst.usage.peak_mb:.1f} MB |"
    yield from _arithmetic(burst, cpu_ms)


def _arithmetic(burst: Burst, cpu_ms: float) -> Iterator[str]:
    aws = sum(times for name, times in burst.calls.items() if name != "monoova") / burst.size
    seconds = (MONOOVA_MILLISECONDS + aws * AWS_MILLISECONDS + cpu_ms / SHARE_OF_CPU) / 1000
    rate = _INSTANCES / seconds
    yield "By arithmetic, not measured:"
    yield (
        f"  {MONOOVA_MILLISECONDS} ms for Monoova, {aws:.2f} calls of AWS of {AWS_MILLISECONDS} ms,"
        f" {cpu_ms:.2f} ms on {SHARE_OF_CPU:.2f} of a processor: {seconds * 1000:.0f} ms a payout"
    )
    yield (
        f"  {_INSTANCES} instances at once send {rate:.0f} a second,"
        f" {burst.size:,} in {burst.size / rate / 60:.1f} minutes"
    )


def main(arguments: Sequence[str]) -> int:
    burst = measured(int(arguments[0]) if arguments else SIZE)
    sys.stdout.writelines(f"{line}\n" for line in table(burst))
    return 0 if burst.is_right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
