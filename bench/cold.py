"""Cold start of the package, per path, against a bare handler that makes the same clients.

    python -m bench.cold [--rounds 15] [--instructions]

Each process has the standard library and one package on its path, nothing else. Each round starts
every process once, in turn, so that a busy machine slows all of them; what counts are the ratios of
the medians. Instructions are counted by valgrind's cachegrind without its caches, which counts what
callgrind does (within 0.3 %) in three fifths of its time: repeatable within 0.3 %, whatever else
the machine does. `make check-coldstart` holds them (`bench.cold_bars`).

The bare handler imports boto3 and makes the four clients, untuned. "Ordinary" is it as an ordinary
zip would have it, without bytecode: /var/task cannot be written to, so Lambda compiles at every
cold start.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.tally import Function
from tools.deploy import package, slim, wheels
from tools.deploy.wheels import Architecture

ROOT: Final = Path(__file__).resolve().parent.parent
_ROUNDS: Final = 15
_STAGE: Final = "local"  # for this machine's processor

_BARE: Final = (
    "import boto3\n[boto3.client(name) for name in ('dynamodb', 'kms', 'secretsmanager', 'sqs')]\n"
)
# Up to the first call: the module, the parts that the path works with, and their clients.
_APP: Final = (
    "import app\nfrom chalicelib import late\n"
    "from chalicelib.container import wired\nc = wired.get()\n"
)
# What a person's request needs before anything else: their token, and the pool's keys.
_PERSON: Final = (
    "import base64\nfrom chalicelib.web import identity_tokens, pool_keys\nc.tokens\n"
    "c.gatekeeper\n"
    "n = base64.urlsafe_b64encode(bytes([255] * 256)).decode().rstrip('=')\n"
    "key = identity_tokens._key_of({'n': n, 'e': 'AQAB'})\n"
    "identity_tokens._is_signed(key, b'', bytes(256))\n"
)
_PATHS: Final[Mapping[str, str]] = {
    "GET /health": _APP,
    "GET /payouts/{id}": _APP + _PERSON + "c.payout_lists\nlate.payout_replies\n",
    "webhook": _APP + "c.webhooks\nimport cryptography.hazmat.primitives.asymmetric.rsa\n",
    "POST /payouts (encryption)": _APP
    + _PERSON
    + "late.payout_schemas\nlate.payout_replies\nc.payout_requests\n"
    + "c.vault._sdk\nc.vault._provider\n",
    # Loads the most of what needs no encryption: schemas, and the client of Monoova.
    "POST /payouts/{id}/resolve": _APP
    + _PERSON
    + "late.payout_schemas\nlate.payout_replies\nc.administration\n",
    "queue of payouts (encryption)": _APP + "c.dispatcher\nc.vault._sdk\nc.vault._provider\n",
    "queue of webhook events": _APP + "c.webhooks\n",
    "schedule": _APP + "c.reconciler\nlate.payout_replies\n",
    "the morning": _APP + "c.daily_reports\nlate.report_replies\n",
}

# The path of each function that loads the most.
STARTS: Final = {
    Function.API: "POST /payouts (encryption)",
    Function.SEND: "queue of payouts (encryption)",
    Function.TAKE_UP: "queue of webhook events",
    Function.RECONCILE: "schedule",
    Function.DAILY: "the morning",
}

ENVIRONMENT: Final[Mapping[str, str]] = {
    "MONOOVA_API_SECRET_ARN": "arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:m",
    "MONOOVA_WEBHOOK_SECRET": "arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:m",
    "DYNAMODB_TABLE_TRANSACTIONS": "transactions",
    "DYNAMODB_TABLE_CUSTOMERS": "customers",
    "DYNAMODB_TABLE_CONTROLS": "controls",
    "DYNAMODB_TABLE_RECORDS": "records",
    "MONOOVA_MACCOUNT_TOKEN": "6279059700000000",
    "MONOOVA_SOURCE_BSB": "802-985",
    "MONOOVA_SOURCE_ACCOUNT": "123456789",
    "REMITTER_NAME": "Example Pty Ltd",
    "DESTINATION_APPROVAL": "off",
    "DLQ_URL": "https://sqs.example/webhooks",
    "PAYOUT_QUEUE_URL": "https://sqs.example/payouts",
    "CUSTOMER_DATA_KEY_ARN": "arn:aws:kms:ap-southeast-2:111122223333:key/k",
    "AWS_DEFAULT_REGION": "ap-southeast-2",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One process: what it runs, and the package it finds it in."""

    name: str
    code: str
    tree: Path


@dataclass(frozen=True, slots=True)
class Start:
    """How one case started: wall milliseconds of each round; instructions, None if not counted."""

    name: str
    milliseconds: tuple[float, ...]
    instructions: int | None

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)


def cases(scratch: Path) -> list[Case]:
    """The packages, built under `scratch`, and what is run in each of them."""
    return [*bare_cases(scratch), *app_cases(scratch)]


def app_cases(scratch: Path) -> list[Case]:
    """The paths of the app's package."""
    cache = ROOT / "build" / "dependencies"
    built = package.build(ROOT, scratch / "package", stage=_STAGE, cache=cache)
    ours = scratch / "ours"
    with zipfile.ZipFile(built.code) as packed:
        packed.extractall(ours)
    return [Case(name, code, ours) for name, code in _PATHS.items()]


def bare_cases(scratch: Path) -> list[Case]:
    """The bare handler, in an ordinary package and in one with bytecode."""
    ordinary, compiled = scratch / "ordinary", scratch / "compiled"
    wheels.install(ROOT / "requirements.txt", Architecture.X86_64, ordinary)
    shutil.copytree(ordinary, compiled)
    slim.compile_all(compiled)
    return [
        Case("bare handler, ordinary package", _BARE, ordinary),
        Case("bare handler, with bytecode", _BARE, compiled),
    ]


def started(case: Case, under: Sequence[str] = ()) -> float:
    """Milliseconds from starting the process to its end."""
    began = time.perf_counter()
    subprocess.run(
        # Isolated and without site-packages: nothing of this machine's but the standard library.
        [*under, sys.executable, "-I", "-S", "-c", _first_on_the_path(case)],
        check=True,
        env={"PATH": os.environ["PATH"], **ENVIRONMENT},
        cwd=case.tree,
        stdout=subprocess.DEVNULL,
    )
    return (time.perf_counter() - began) * 1000


def _first_on_the_path(case: Case) -> str:
    # As on Lambda, where the package cannot be written to.
    path = f"sys.path.insert(0, {str(case.tree)!r})"
    return f"import sys\nsys.dont_write_bytecode = True\n{path}\n{case.code}"


def instructions(chosen: Sequence[Case], scratch: Path) -> dict[str, int]:
    """Instructions of the whole process of each case, as many at once as there are processors."""
    outs = [scratch / f"cachegrind.{number}" for number in range(len(chosen))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = pool.map(_instructions, chosen, outs)
        return {case.name: count for case, count in zip(chosen, counts, strict=True)}


def _instructions(case: Case, out: Path) -> int:
    # What it thinks of this machine's caches goes into the log; they are not simulated.
    options = [f"--cachegrind-out-file={out}", f"--log-file={out}.log", "--cache-sim=no"]
    started(case, ["valgrind", "-q", "--tool=cachegrind", *options])
    found = re.search(r"^summary: (\d+)", out.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, "cachegrind wrote no summary"
    return int(found[1])


def measure(rounds: int, *, counts: bool) -> list[Start]:
    """Every case so many times, in turn."""
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        chosen = cases(scratch)
        times: dict[str, list[float]] = {case.name: [] for case in chosen}
        for _ in range(rounds):
            for case in chosen:
                times[case.name].append(started(case))
        counted = instructions(chosen, scratch) if counts else {}
        return [
            Start(case.name, tuple(times[case.name]), counted.get(case.name)) for case in chosen
        ]


def table(starts: Sequence[Start]) -> str:
    """The starts, each against the bare handler in both forms."""
    ordinary, compiled, *_ = starts
    lines = [
        f"{'':<32}{'ms':>6}  {'quartiles':<11}{'of ordinary':>12}{'of compiled':>12}{'10^9':>7}"
    ]
    lines[0] += f"{'of ordinary':>12}{'of compiled':>12}"
    for each in starts:
        low, _, high = statistics.quantiles(each.milliseconds, n=4)
        line = f"{each.name:<32}{each.median:6.0f}  {f'{low:.0f}-{high:.0f}':<11}"
        line += f"{each.median / ordinary.median:12.2f}{each.median / compiled.median:12.2f}"
        if each.instructions and ordinary.instructions and compiled.instructions:
            line += f"{each.instructions / 1e9:7.2f}"
            line += f"{each.instructions / ordinary.instructions:12.2f}"
            line += f"{each.instructions / compiled.instructions:12.2f}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cold", description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--instructions", action="store_true", help="by valgrind: a minute more")
    given = parser.parse_args()
    print(table(measure(given.rounds, counts=given.instructions)))


if __name__ == "__main__":
    main()
