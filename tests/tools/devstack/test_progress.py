"""Progress lines on the terminal while a step lasts."""

import contextlib
import re
import time
from collections.abc import Callable

from tools.devstack.progress import Progress

EVERY_SECONDS = 0.05


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_a_step_that_lasts_is_printed_again_with_its_seconds() -> None:
    said: list[str] = []
    with Progress(said.append, EVERY_SECONDS) as progress:
        progress.step("Packaging the app, about 15 s")
        until(lambda: len(said) > 2)
    assert said[0] == "Packaging the app, about 15 s …"
    assert all(re.fullmatch(r" +[0-9]+ s  Packaging the app", line) for line in said[1:])


def test_after_the_next_step_has_begun_the_one_before_is_not_printed() -> None:
    said: list[str] = []
    with Progress(said.append, EVERY_SECONDS) as progress:
        progress.step("Packaging")
        progress.step("Deploying")
        until(lambda: len(said) > 3)
    assert said[:2] == ["Packaging …", "Deploying …"]
    assert all(line.endswith("  Deploying") for line in said[2:])


def test_without_a_step_nothing_is_printed() -> None:
    said: list[str] = []
    with Progress(said.append, EVERY_SECONDS) as progress:
        progress.step("Deploying")
        progress.finish_step()
        before = list(said)
        time.sleep(4 * EVERY_SECONDS)
        assert said == before


def test_where_a_step_fails_nothing_more_is_printed() -> None:
    said: list[str] = []
    with contextlib.suppress(ValueError), Progress(said.append, EVERY_SECONDS) as progress:
        progress.step("Deploying")
        raise ValueError
    before = list(said)
    time.sleep(4 * EVERY_SECONDS)
    assert said == before
