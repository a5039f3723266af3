"""`make demo`, started by a script in the background, and ended while it still starts."""

import os
import signal
import subprocess
import sys

import pytest

from tools.devstack.processes import is_listening
from tools.devstack.settings import Ports
from tools.devstack.stack import ROOT


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_stack_with_all_that_it_started(
    number: signal.Signals, code: int
) -> None:
    ports = Ports.any_free()
    chosen = {
        "API_PORT": str(ports.api),
        "MONOOVA_PORT": str(ports.monoova),
        "SIGN_IN_PORT": str(ports.sign_in),
        "AWS_PORT": str(ports.aws),
    }
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a background job inherits it
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.devstack", "demo"],
            cwd=ROOT,
            env=os.environ | chosen,
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Creating tables"):  # the emulated AWS answers by now
            break
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == code
    assert not is_listening(ports.aws)
    assert not is_listening(ports.monoova)
