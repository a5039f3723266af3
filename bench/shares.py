"""Where the CPU of a warm `POST /payouts` goes, by sampling the app's stack.

python -m bench.shares [requests] [--package DIR]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.children import app_side
from bench.flow_driver import FlowDriver
from bench.flows import Events, Flow
from bench.setting import ROOT, running
from proof.lambda_events import load_app

_REQUESTS: Final = 1_000
_WARM_UP: Final = 20

# The first of these whose files are anywhere on the stack is whose work it is.
_LIBRARIES: Final = (
    ("AWS: connections (urllib3, http.client)", ("/botocore/httpsession.py",)),
    ("AWS: signatures (botocore)", ("/botocore/auth.py", "/botocore/signers.py")),
    ("AWS: reading answers (botocore)", ("/botocore/parsers.py",)),
    ("AWS: the rest of botocore", ("/botocore/",)),
    ("Monoova: connection (requests, urllib3)", ("/requests/",)),
    ("Encryption SDK, beside its call to KMS", ("/aws_encryption_sdk/",)),
    ("DynamoDB's form of values (boto3)", ("/boto3/dynamodb/",)),
    ("schemas (marshmallow)", ("/marshmallow/",)),
)
# These call the ones above and each other: whose files are innermost.
_FRAMES: Final = (
    ("Chalice", ("/chalice/",)),
    ("the app's own code", ("/chalicelib/", "/app.py")),
)


def shares(requests: int = _REQUESTS, package: Path = ROOT) -> dict[str, float]:
    """Whose work the CPU did, largest first; together 1.

    Raises:
        DevstackError, SideError
    """
    found: Counter[str] = Counter()
    with running() as setting, app_side(package, setting.environment(), is_sampled=True) as side:
        driver = FlowDriver(side, Events(load_app(), setting.operator_token), setting)
        driver.turn(Flow.REQUEST, _WARM_UP)
        for answer in driver.turn(Flow.REQUEST, requests).answers:
            found.update(whose(files) for files in answer["samples"])
    return {name: count / found.total() for name, count in found.most_common()}


def whose(files: Sequence[str]) -> str:
    """Who does the work, if these files are on the stack, the innermost first."""
    for name, parts in _LIBRARIES:
        if any(_is_of(file, parts) for file in files):
            return name
    owners = (name for file in files for name, parts in _FRAMES if _is_of(file, parts))
    return next(owners, "Python")


def _is_of(file: str, parts: Sequence[str]) -> bool:
    return any(part in file for part in parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the shares."""
    parser = argparse.ArgumentParser(prog="python -m bench.shares", description=__doc__)
    parser.add_argument("requests", type=int, nargs="?", default=_REQUESTS)
    parser.add_argument("--package", type=Path, default=ROOT, help="where app.py lies")
    options = parser.parse_args(arguments)
    for name, share in shares(options.requests, options.package.resolve()).items():
        sys.stdout.write(f"{share:6.1%}  {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
