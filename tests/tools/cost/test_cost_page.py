"""Where the cost model's durations come from, and that its page says what it says."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from bench import calls
from bench.tally import Function
from tools.cost import __main__ as command
from tools.cost import measured
from tools.cost.prices import prices
from tools.cost.table import Show, report
from tools.cost.usage import Inputs

_NUMBER: Final = re.compile(r"-?\d[\d,]*\.?\d*")


def found() -> Inputs:
    return command.inputs(measured.committed())


# --- durations


def test_what_is_written_of_measurements_is_read_again(tmp_path: Path) -> None:
    known = measured.committed()
    path = tmp_path / "measured.toml"
    path.write_text(measured.written(known))
    assert measured.committed(path) == known


def test_every_entry_point_was_measured() -> None:
    entry_points = {
        f"{invocation.function}: {invocation.entry_point}"
        for flow in calls.counted().flows.values()
        for invocation in flow.invocations
    }
    known = measured.committed()
    assert known.cpu_ms.keys() == entry_points
    assert known.cold_start_ms.keys() == {*Function}


def test_a_bench_run_goes_before_the_file(tmp_path: Path) -> None:
    entry_point = "api_handler: POST /payouts"
    bench = tmp_path / "bench.json"
    bench.write_text(
        json.dumps({"measured_on": "2026-12-01", "machine": "m", "cpu_ms": {entry_point: 99.0}})
    )
    newer, known = measured.newest(bench), measured.committed()
    assert newer == replace(
        known,
        measured_on=date(2026, 12, 1),
        machine="m",
        cpu_ms={**known.cpu_ms, entry_point: 99.0},
    )
    assert measured.newest(tmp_path / "none.json") == known


# --- the page


@pytest.mark.parametrize(("show", "columns"), [(Show.LIST, 3), (Show.FREE, 3), (Show.BOTH, 6)])
def test_the_columns_are_those_that_were_asked_for(show: Show, columns: int) -> None:
    lines = list(report(found(), prices(), show))
    head = next(line for line in lines if line.startswith("| US$ a month | for"))
    assert head.count("/day") == columns


def test_the_page_says_what_the_model_says() -> None:
    """Word for word, and its numbers but for what log lines of other lengths change."""
    printed = command.PART.of(command.DOCUMENT.read_text()).strip("\n")
    now = command.generated(found()).strip("\n")
    assert _NUMBER.sub("#", printed) == _NUMBER.sub("#", now), "python -m tools.cost --write-docs"
    for before, after in zip(_numbers(printed), _numbers(now), strict=True):
        assert before == pytest.approx(after, rel=0.02, abs=0.011)


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in _NUMBER.findall(text)]


def test_the_page_names_the_day_of_its_prices_and_durations() -> None:
    page = command.DOCUMENT.read_text()
    days: Mapping[str, date] = {
        "as of": prices().seen_on,
        "measured": measured.committed().measured_on,
    }
    for word, day in days.items():
        assert f"{word} {day}" in page


def test_the_page_is_filled_between_its_marks_and_nowhere_else() -> None:
    document = f"before\n{command.PART.begin}old\n{command.PART.end}after\n"
    filled = command.updated(document, found())
    assert filled.startswith(f"before\n{command.PART.begin}")
    assert filled.endswith(f"{command.PART.end}after\n")
    assert "old" not in filled.split("\n")
