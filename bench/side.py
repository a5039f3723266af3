"""One of the two processes that are measured: the app's handler, or the bare calls.

    python -P bench/side.py app|sampled|bare DIRECTORY

`DIRECTORY` comes first on the module path. Reads lines of JSON from its input, each a list of
things to do; answers each with a line: the CPU nanoseconds of each (user and system, of the whole
process) and what came of it. Reading, writing and getting ready are not measured.
`sampled` is the app with its answers telling, under "samples", which files it was at work in.
"""

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, TextIO

Doing = Callable[[], object]

# Of CPU time. The kernel may take them less often.
_SAMPLE_SECONDS: Final = 0.001


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


def _sampled() -> Callable[[Any], Doing]:
    prepared = _app()
    samples: list[list[str]] = []
    # It runs all the time: started with each request, it would miss how one begins.
    signal.signal(signal.SIGPROF, lambda _number, frame: samples.append(_files(frame)))
    signal.setitimer(signal.ITIMER_PROF, _SAMPLE_SECONDS, _SAMPLE_SECONDS)

    def sampled(event: Any) -> Doing:
        handle = prepared(event)

        def run() -> object:
            samples.clear()
            answer: Any = handle()
            return {**answer, "samples": list(samples)}

        return run

    return sampled


def _files(frame: FrameType | None) -> list[str]:
    """The files on a stack, the innermost first."""
    files: dict[str, None] = {}
    while frame is not None:
        files[frame.f_code.co_filename] = None
        frame = frame.f_back
    return list(files)


def _bare() -> Callable[[Any], Doing]:
    """A list of calls becomes the making of them, one after the other."""
    import boto3
    import requests

    from bench.bare import BareClients, Call

    # As boto3 and requests are where nothing was set.
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
    # The app's log lines are discarded, one write each as on Lambda.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    made: dict[str, Callable[[], Callable[[Any], Doing]]]
    made = {"app": _app, "sampled": _sampled, "bare": _bare}
    _serve(made[kind](), replies)


if __name__ == "__main__":
    main()
