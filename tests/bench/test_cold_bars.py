"""A start with too many instructions is reported, and so is a count that could not be made."""

import json
from pathlib import Path

import pytest

from bench import cold_bars
from bench.cold_bars import Bare, Row

BARE = Bare(ordinary=3_000, compiled=1_000)


@pytest.mark.parametrize(
    ("path", "instructions", "is_over"),
    [
        ("schedule", 1_150, False),
        ("schedule", 1_151, True),  # of the compiled one's
        ("POST /payouts (encryption)", 1_151, False),
        ("POST /payouts (encryption)", 1_500, False),
        ("POST /payouts (encryption)", 1_501, True),
    ],
)
def test_a_path_with_encryption_may_take_more(path: str, instructions: int, is_over: bool) -> None:
    assert Row(path, instructions, BARE).is_over is is_over


def test_half_of_an_ordinary_package_is_the_most_for_every_path() -> None:
    bare = Bare(ordinary=2_000, compiled=1_000)
    assert not Row("POST /payouts (encryption)", 1_000, bare).is_over
    assert Row("POST /payouts (encryption)", 1_001, bare).is_over


def test_the_table_marks_what_is_over_and_says_the_bars() -> None:
    _, fine, over = cold_bars.lines([Row("webhook", 1_000, BARE), Row("schedule", 2_000, BARE)])
    assert "0.33 (most 0.50)" in fine
    assert "1.00 (most 1.15)" in fine
    assert "TOO MANY" not in fine
    assert over.startswith("schedule")
    assert over.endswith("TOO MANY")


def test_where_valgrind_is_missing_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cold_bars.main({"PATH": ""}) == 0
    assert "No valgrind here" in capsys.readouterr().out


def test_where_valgrind_is_required_its_absence_fails() -> None:
    assert cold_bars.main({"PATH": "", "REQUIRE_VALGRIND": "1"}) == 1


def test_the_bare_handler_is_counted_again_when_anything_else_made_the_figures(
    tmp_path: Path,
) -> None:
    file = tmp_path / "build" / "bare.json"
    assert cold_bars.kept(file, "today's") is None
    cold_bars.keep(file, "today's", BARE)
    assert cold_bars.kept(file, "today's") == BARE
    assert cold_bars.kept(file, "tomorrow's") is None
    assert json.loads(file.read_text())["made_by"] == "today's"
