"""`python -m bench.reconciliation [SIZE …]`: the cost of reconciling open payouts.

All of them were sent, none was settled by a webhook, and the schedule runs every minute until
nothing is due. Time is simulated, with the latencies of `bench/counterparts.py`.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Final

from bench import seed_data
from bench.counterparts import AWS_MILLISECONDS, MONOOVA_MILLISECONDS, Counterparts
from bench.one_function import Function, Usage, in_own_process, in_this_process
from chalicelib.payouts.rules.payout import State

SIZES: Final = ("100", "2000", "20000")
_STATUS: Final = "/financial/v2/status/"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The cost of it. `lines` were read in answers by date; `usage` is there if it was measured."""

    size: int
    completed: int
    runs: int
    by_date: int
    singly: int
    lines: int
    dynamodb: dict[str, int]
    usage: Usage | None = None

    @property
    def questions(self) -> int:
        return self.by_date + self.singly


def counted(size: int) -> Reconciled:
    """The calls for `size` open payouts."""
    counterparts = _with_open_payouts(size)
    return _result(counterparts, size, in_this_process(counterparts, until_nothing_is_due))


def measured(size: int) -> Reconciled:
    """The calls, the CPU and the memory for `size` open payouts."""
    counterparts = _with_open_payouts(size)
    runs, usage = in_own_process(counterparts, until_nothing_is_due)
    return replace(_result(counterparts, size, runs), usage=usage)


def until_nothing_is_due(function: Function) -> int:
    """Runs the schedule until nothing is due; returns the number of runs."""
    runs, is_finished = 0, False
    while not is_finished:
        began_at = function.now()
        is_finished = function.reconcile()["is_finished"]
        function.wait_until(began_at + timedelta(minutes=1))
        runs += 1
    return runs


def _with_open_payouts(size: int) -> Counterparts:
    counterparts = Counterparts()
    seed_data.sent(counterparts, size)
    counterparts.pass_time(180)
    counterparts.monoova.behave(latency_seconds=MONOOVA_MILLISECONDS / 1000)
    return counterparts


def _result(counterparts: Counterparts, size: int, runs: int) -> Reconciled:
    asked = [
        call.path.removeprefix(_STATUS)
        for call in counterparts.monoova.calls
        if call.method == "GET"
    ]
    by_date = sum("/" in question for question in asked)
    return Reconciled(
        size=size,
        completed=sum(p.state is State.COMPLETED for p in counterparts.tables.payouts.values()),
        runs=runs,
        by_date=by_date,
        singly=len(asked) - by_date,
        lines=by_date * len(counterparts.monoova.payments),
        dynamodb=counterparts.calls("dynamodb"),
    )


def table(results: Sequence[Reconciled]) -> Iterator[str]:
    """The figures of measured results, and by how much they grow."""
    yield f"| open payouts | {' | '.join(f'{result.size:,}' for result in results)} |"
    yield "|---|" + "---|" * len(results)
    for name, shown in _ROWS:
        yield f"| {name} | {' | '.join(shown(result) for result in results)} |"
    for smaller, larger in pairwise(results):
        yield f"From {smaller.size:,} to {larger.size:,}, {larger.size / smaller.size:g} times:"
        for name, amount in _AMOUNTS.items():
            yield f"  {name} {amount(larger) / amount(smaller):.2f} times"


def _cpu_ms(result: Reconciled) -> float:
    assert result.usage is not None  # only what was measured is shown
    return result.usage.cpu_seconds * 1000


def _peak_mb(result: Reconciled) -> float:
    assert result.usage is not None
    return result.usage.peak_mb


def _grown_mb(result: Reconciled) -> float:
    assert result.usage is not None
    return result.usage.peak_mb - result.usage.peak_before_mb


def _dynamodb(result: Reconciled) -> int:
    return sum(result.dynamodb.values())


_AMOUNTS: Final[dict[str, Callable[[Reconciled], float]]] = {
    "status calls": lambda r: r.questions,
    "lines of answers by date": lambda r: r.lines,
    "DynamoDB calls": _dynamodb,
    "CPU": _cpu_ms,
    "peak memory": _peak_mb,
}
_ROWS: Final[tuple[tuple[str, Callable[[Reconciled], str]], ...]] = (
    ("completed", lambda r: f"{r.completed:,}"),
    ("runs of the function, one a minute", lambda r: f"{r.runs}"),
    ("status calls by date", lambda r: f"{r.by_date}"),
    ("status calls for one payout", lambda r: f"{r.singly}"),
    ("payouts per status call", lambda r: f"{r.size / r.questions:,.0f}"),
    ("lines read in answers by date", lambda r: f"{r.lines:,}"),
    ("DynamoDB UpdateItem", lambda r: f"{r.dynamodb['UpdateItem']:,}"),
    ("DynamoDB Query", lambda r: f"{r.dynamodb['Query']:,}"),
    ("DynamoDB GetItem", lambda r: f"{r.dynamodb['GetItem']:,}"),
    ("DynamoDB calls per payout", lambda r: f"{_dynamodb(r) / r.size:.3f}"),
    ("CPU seconds, without AWS's SDK", lambda r: f"{_cpu_ms(r) / 1000:.2f}"),
    ("CPU per payout, ms", lambda r: f"{_cpu_ms(r) / r.size:.3f}"),
    ("peak memory, MB", lambda r: f"{_peak_mb(r):.0f}"),
    ("of which by the work, MB", lambda r: f"{_grown_mb(r):.0f}"),
)


def main(arguments: Sequence[str]) -> int:
    results = [measured(int(size)) for size in arguments or SIZES]
    sys.stdout.writelines(f"{line}\n" for line in table(results))
    sys.stdout.write(
        f"Assumed: {AWS_MILLISECONDS} ms for a call of AWS, {MONOOVA_MILLISECONDS} ms for one of"
        " Monoova; they decide how many runs it takes.\n"
    )
    return 0 if all(result.completed == result.size for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
