"""`python -m tests.load`: the load, and whether the promises were kept under it.

Prints a table, then one line of JSON with the same figures. Exit code 1 if a promise was broken.
`--short` shows in less than a minute that all of this works; its figures mean little.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from types import FrameType
from typing import Final, NoReturn

from tests.load import one_size, report
from tests.load.one_size import Outcome, Size
from tools.devstack.errors import DevstackError

# A stack that hangs must not hang its caller.
_LONGEST_SECONDS: Final = 720
_LONGEST_SHORT_SECONDS: Final = 120

SIZES: Final = (
    Size(
        "100 times today (20,000 a day), at the pace of an eight-hour day",
        payouts=28,
        seconds=40,
        users=6,
        bound_seconds=60,
        copies=8,
        bare_seconds=4,
    ),
    Size(
        "10 times today (2,000 a day), the whole day's payouts within three minutes",
        payouts=2_000,
        seconds=180,
        users=8,
        bound_seconds=180,
        copies=16,
        bare_seconds=6,
    ),
    Size(
        "100 times today (20,000 a day), for 90 seconds as fast as the emulator bears",
        payouts=20_000,
        seconds=90,
        users=8,
        bound_seconds=90,
        copies=16,
        bare_seconds=6,
    ),
)
SHORT: Final = (
    Size(
        "short: 30 payouts in ten seconds",
        payouts=30,
        seconds=10,
        users=3,
        bound_seconds=15,
        copies=4,
        bare_seconds=2,
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one small size, under a minute")
    is_short = parser.parse_args(arguments).short
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(_LONGEST_SHORT_SECONDS if is_short else _LONGEST_SECONDS)
    began = time.monotonic()
    outcomes: list[Outcome] = []
    try:
        for size in SHORT if is_short else SIZES:
            _say(f"\n{size.words}")
            outcomes.append(one_size.run(size, lambda words: _say(f"  {words} …")))
            _say("")
            for line in report.lines(outcomes[-1]):
                _say(line)
    except DevstackError as error:
        _say(f"\n{error}", to_error=True)
    finally:
        signal.alarm(0)
    is_whole = len(outcomes) == len(SHORT if is_short else SIZES)
    broken = sum(len(each.violations) for each in outcomes)
    kept = f"{broken} promises broken" if broken else "every promise kept"
    _say(f"\n{len(outcomes)} sizes in {time.monotonic() - began:.0f} s: {kept}.\n")
    _say(_json(outcomes))
    return 0 if is_whole and not broken else 1


def _json(outcomes: Sequence[Outcome]) -> str:
    machine = {"processors": os.cpu_count(), "python": platform.python_version()}
    return json.dumps({"machine": machine, "sizes": [asdict(each) for each in outcomes]})


def _say(words: str, *, to_error: bool = False) -> None:
    stream = sys.stderr if to_error else sys.stdout
    stream.write(f"{words}\n")
    stream.flush()


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    # A second one must not interrupt the ending of what was started.
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _too_long(number: int, frame: FrameType | None) -> NoReturn:
    raise DevstackError("The load did not come to its end in time.")


if __name__ == "__main__":
    sys.exit(main())
