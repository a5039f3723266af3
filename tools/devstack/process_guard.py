"""Runs a module that ends when the process that started it ends, however that came about.

    python process_guard.py <module> [arguments of the module ...]

The starter holds the other end of this process's standard input and never writes: when the
starter is gone, killed or crashed, the pipe closes, and this process ends with its whole group.

Only the standard library, because it also runs in the emulated AWS's own environment. There
`LAMBDA_PYTHON` names the interpreter for Lambda functions: the emulator would take its own,
where a package forgotten in `requirements.txt` could be found among the emulator's.
"""

import os
import runpy
import signal
import sys
import threading

# How long a program has to end before it is killed.
_GRACE_SECONDS = 3.0


def main() -> None:
    """Run the module named on the command line as a program."""
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    interpreter = os.environ.pop("LAMBDA_PYTHON", "")
    if interpreter:
        sys.executable = interpreter
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_the_starter() -> None:
    while os.read(0, 1024):
        continue
    group = os.getpgrp()
    if group != os.getpid():  # not started as the leader of its group: end only itself
        os.kill(os.getpid(), signal.SIGTERM)
        return
    threading.Timer(_GRACE_SECONDS, os.killpg, (group, signal.SIGKILL)).start()
    os.killpg(group, signal.SIGTERM)


if __name__ == "__main__":
    main()
