"""The two sides of `bench.warm` do the same work: only then does their ratio say something."""

from collections.abc import Iterator, Sequence

import pytest

from bench.children import Done, Side
from bench.flows import Flow, Recorded
from bench.recording import CallRecorder, UnequalError, recorded, require_the_same
from bench.setting import ROOT, Setting, running
from bench.warm import Row, Spread, compared, lines
from bench.wire import recording

CALLS = {
    Flow.REQUEST: (
        "dynamodb BatchGetItem",
        "kms Decrypt",
        "dynamodb PutItem",
        "monoova execute",
        "dynamodb UpdateItem",
    ),
    # The first is whether the person was disabled.
    Flow.SHOW: ("dynamodb GetItem", "dynamodb GetItem"),
    Flow.WEBHOOK: ("dynamodb UpdateItem",),
}


@pytest.fixture(scope="module")
def setting() -> Iterator[Setting]:
    """The emulated AWS and a Monoova."""
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def recorded_calls(setting: Setting) -> dict[Flow, Recorded]:
    """What the app calls; also what the bare side does, or this fails."""
    return recorded(setting, ROOT)


def test_a_warm_request_makes_these_calls_and_no_other(
    recorded_calls: dict[Flow, Recorded],
) -> None:
    names = {flow: tuple(call.name for call in seen.calls) for flow, seen in recorded_calls.items()}
    assert names == CALLS


def test_a_bare_side_that_does_less_is_noticed(
    setting: Setting, recorded_calls: dict[Flow, Recorded]
) -> None:
    class Idle(Side):
        def __init__(self) -> None:
            """There is no process."""

        def do(self, asks: Sequence[object]) -> Done:
            return Done(tuple(0.0 for _ in asks), tuple(None for _ in asks))

    with recording(setting.emulator.url) as wire, pytest.raises(UnequalError, match="PutItem"):
        require_the_same(recorded_calls, Idle(), CallRecorder(wire, setting))


def test_each_side_takes_its_turns_and_each_flow_is_listed_with_its_calls(
    setting: Setting, recorded_calls: dict[Flow, Recorded]
) -> None:
    rows = compared(setting, ROOT, recorded_calls, rounds=2, processes=1, warm_up_rounds=1)
    assert {row.flow: row.calls for row in rows} == CALLS
    assert all(spread.q1 > 0 for row in rows for spread in (row.app_us, row.bare_us, row.ratio))


def test_the_table_has_medians_and_quartiles() -> None:
    ratio = Spread.of([1.0, 1.1, 1.2])
    row = Row(Flow.SHOW, ("dynamodb GetItem",), Spread(1, 2_000, 3), Spread(4, 5, 6), ratio)
    _, row_text, *_ = lines([row])
    assert row_text.split() == [
        "GET",
        "/payouts/{id}",
        "2,000",
        "(1-3)",
        "5",
        "(4-6)",
        "1.10",
        "(1.05-1.15)",
    ]
