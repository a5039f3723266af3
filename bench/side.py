"""One of the two processes that are measured: the app's handler, or the bare calls.

    python -P bench/side.py app|bare DIRECTORY

`DIRECTORY` comes first on the module path. Reads lines of JSON from its input, each a list of
things to do; answers each with a line: the CPU nanoseconds of each (user and system, of the whole
process) and what came of it. Reading, writing and getting ready are not measured.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

Doing = Callable[[], object]


class _Context:
    """What a handler sees of its function, with all of its time left."""

    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def _app() -> Callable[[Any], Doing]:
    """An event becomes the handling of it, as Lambda has it done."""
    handle = importlib.import_module("app").app

    def prepared(event: Any) -> Doing:
        context = _Context()
        return lambda: handle(event, context)

    return prepared


def _bare() -> Callable[[Any], Doing]:
    """A list of calls becomes the making of them, one after the other."""
    import boto3
    import requests

    from bench.bare import BareClients, Call

    # The way boto3 and requests are where nobody has set anything.
    clients = BareClients(
        boto3.client("dynamodb"),
        boto3.client("kms"),
        requests.Session(),
        os.environ["BARE_MONOOVA_URL"],
        os.environ["BARE_MONOOVA_API_KEY"],
    )

    def prepared(calls: Any) -> Doing:
        makes = [clients.prepared(Call(**call)) for call in calls]

        def make_all() -> None:
            for make in makes:
                make()

        return make_all

    return prepared


def _serve(prepared: Callable[[Any], Doing], replies: TextIO) -> None:
    for line in sys.stdin:
        cpu_ns: list[int] = []
        answers: list[object] = []
        for doing in [prepared(ask) for ask in json.loads(line)]:
            began = time.process_time_ns()
            answer = doing()
            cpu_ns.append(time.process_time_ns() - began)
            answers.append(answer)
        replies.write(json.dumps({"cpu_ns": cpu_ns, "answers": answers}) + "\n")
        replies.flush()


def main() -> None:
    kind, directory = sys.argv[1:]
    sys.path.insert(0, directory)
    # The app's log lines go where nobody reads them, one write each as on Lambda.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    _serve(_app() if kind == "app" else _bare(), replies)


if __name__ == "__main__":
    main()
