"""Only that every entry point is timed, and that it takes time: how much is for a quiet machine."""

from bench import calls
from bench.durations import cpu_milliseconds


def test_every_entry_point_that_is_counted_is_timed_too() -> None:
    entry_points = {
        f"{invocation.function}: {invocation.entry_point}"
        for flow in calls.counted().flows.values()
        for invocation in flow.invocations
    }
    taken = cpu_milliseconds(rounds=1)
    assert taken.keys() == entry_points
    assert min(taken.values()) > 0
