"""Cold start of the app against a bare handler that makes the same clients, in one run.

    python -m ops.cold_start [rounds]

Each round starts every process once, in turn, so that a busy machine slows all of them; what
counts are the ratios of the medians. Bytecode is there for all of them.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
_ROUNDS: Final = 15
_CLIENTS: Final = ("dynamodb", "sqs", "secretsmanager", "kms")

_BARE: Final = f"import boto3\n[boto3.client(name) for name in {_CLIENTS}]"
_WIRED: Final = "import app\nfrom chalicelib.wiring import wired\ncontainer = wired.get()\n"
CASES: Final = {
    "bare handler: boto3 and its clients": _BARE,
    "app: imported (GET /health)": "import app",
    "app: GET /payouts/{id}": _WIRED + "container.payouts_table",
    "app: webhook": _WIRED + "container.webhooks",
    "app: POST /payouts, encryption loaded": _WIRED
    + "container.paying; container.vault._sdk; container.vault._provider",
}

_SETTINGS: Final = {
    "MONOOVA_API_SECRET_ARN": "arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:m",
    "DYNAMODB_TABLE_TRANSACTIONS": "t",
    "DYNAMODB_TABLE_CUSTOMERS": "c",
    "DYNAMODB_TABLE_CONTROLS": "k",
    "MONOOVA_MACCOUNT_TOKEN": "6279059700000000",
    "MONOOVA_SOURCE_BSB": "802-985",
    "MONOOVA_SOURCE_ACCOUNT": "123456789",
    "REMITTER_NAME": "Example Pty Ltd",
    "MONOOVA_WEBHOOK_SECRET": "secret",
    "DLQ_URL": "https://sqs/d",
    "PAYOUT_QUEUE_URL": "https://sqs/p",
    "CUSTOMER_DATA_KEY_ARN": "arn:aws:kms:ap-southeast-2:111122223333:key/k",
    "AWS_DEFAULT_REGION": "ap-southeast-2",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}


def measured(code: str) -> float:
    """Milliseconds from starting the process to its end."""
    started = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        check=True,
        cwd=ROOT,
        env={**os.environ, **_SETTINGS, "PYTHONDONTWRITEBYTECODE": ""},
    )
    return (time.perf_counter() - started) * 1000


def main(rounds: int) -> None:
    for code in CASES.values():
        measured(code)
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, code in CASES.items():
            times[name].append(measured(code))
    medians = {name: statistics.median(values) for name, values in times.items()}
    bare = next(iter(medians.values()))
    for name, median in medians.items():
        spread = statistics.quantiles(times[name], n=4)
        sys.stdout.write(
            f"{name:<42} {median:7.0f} ms  ({spread[0]:.0f}-{spread[2]:.0f})"
            f"  {median / bare:5.2f} of bare\n"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _ROUNDS)
