"""Prints the figures of one size, with what they do and do not show."""

import os
from collections.abc import Iterator

from tests.load.figures import Spread
from tests.load.one_size import Outcome

_MOST_VIOLATIONS = 20
_BUSINESS_HOURS = 8
_HEAD = f"  {'':<30}{'count':>7}{'p50':>9}{'p95':>9}{'p99':>9}{'longest':>9}"


def lines(outcome: Outcome) -> Iterator[str]:
    """A table, line by line; milliseconds."""
    yield from _carried(outcome)
    yield ""
    yield f"{_HEAD}{'per s':>9}{'errors':>8}"
    for row in outcome.rows:
        wrong = ", ".join(f"{times} x {what}" for what, times in row.wrong.items())
        rate = f"{row.per_second:9.2f}{row.errors:8d}"
        yield f"{_spread(row.operation, row.spread)}{rate}  {wrong}".rstrip()
    yield ""
    yield "  Of this, in the app's function itself (its own log line; AWS and Monoova included):"
    for route, spread in sorted(outcome.functions.items()):
        yield _spread(route, spread)
    yield ""
    yield from _emulator(outcome)
    yield ""
    yield from _promises(outcome)


def _carried(outcome: Outcome) -> Iterator[str]:
    carried = outcome.carried
    yield (
        f"  before it began, the machine's {os.cpu_count()} processors had a load of"
        f" {outcome.load_before:.1f} of their own"
    )
    a_day = carried.per_second * 3600 * _BUSINESS_HOURS
    yield f"  offered   {carried.offered} payouts at {carried.offered_per_second:.2f}/s"
    yield (
        f"  achieved  {carried.answered} answered in {carried.lasted_seconds:.0f} s:"
        f" {carried.per_second:.2f}/s, which would be {a_day:,.0f} in a day of"
        f" {_BUSINESS_HOURS} hours"
    )
    if carried.is_saturated:
        yield (
            f"  SATURATED: {carried.offered - carried.asked} were never sent for want of time;"
            f" 5 % of the others were sent {carried.late_p95_ms / 1000:.1f} s late or more."
        )
        yield "  These times are those of a queue before an emulator on this machine, not of AWS."
    yield f"  {outcome.in_flight:.1f} requests waited for an answer at once, on average"


def _emulator(outcome: Outcome) -> Iterator[str]:
    yield f"  The emulator alone, {outcome.bare_threads} at once, after the load:"
    for name, spread in outcome.bare.items():
        yield _spread(f"{name}, without the app", spread)
    yield _spread("GET /health", outcome.health)
    yield "  Nothing of this was subtracted above. A payout costs both: its five"
    yield "  calls and the health check; what is more is the app's, its container's share of"
    yield "  two processors, and the webhooks and reads that went on beside it."


def _promises(outcome: Outcome) -> Iterator[str]:
    statuses = ", ".join(f"{count} {status}" for status, count in outcome.by_status.items())
    yield f"  {outcome.settled_seconds:.0f} s later: {statuses}; {outcome.still_open} open"
    for problem in outcome.violations[:_MOST_VIOLATIONS]:
        yield f"  BROKEN: {problem}"
    more = len(outcome.violations) - _MOST_VIOLATIONS
    if more > 0:
        yield f"  BROKEN: and {more} more"
    if not outcome.violations:
        yield "  No double booking; every accepted payout at its end or under review;"
        yield "  Completed if and only if booked once and held; amounts equal; keys unique."


def _spread(name: str, spread: Spread) -> str:
    numbers = (spread.p50_ms, spread.p95_ms, spread.p99_ms, spread.most_ms)
    return f"  {name:<30}{spread.count:7d}" + "".join(f"{each:9.0f}" for each in numbers)
