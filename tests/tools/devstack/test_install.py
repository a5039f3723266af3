"""The installation that `make run` begins with: what it says, and how it ends.

pip is a script here that says what pip says; nothing is fetched.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.tools.deploy.conftest import ROOT
from tests.tools.forged_wheels import REQUIRED, offline, wheel
from tools.devstack.install import main, pinned

INSTALL = ROOT / "tools" / "devstack" / "install.py"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GOOD = """
echo "Collecting one==1.0 (from -r requirements.txt (line 2))"
echo "Requirement already satisfied: two==2.0"
echo "Installing collected packages: one"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "base.txt").write_text(
        "# Two.\none==1.0  # for a reason\ntwo[extra]==2.0 ; a_marker \\\n    --hash=sha256:0a\n"
    )
    (tmp_path / "all.txt").write_text(
        "-r base.txt\n\n# And one more.\nthree==3.0\ntwo[extra]==2.0\n"
    )
    return tmp_path


def installing(project: Path, pip: str) -> subprocess.Popen[str]:
    """install.py, with an environment whose Python runs `pip`, a shell script; interrupts ignored.

    A job that a script starts in the background begins with them ignored, too. Under nohup it
    would ignore hang-ups as well, these tests or not.
    """
    python = project / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{pip}")
    python.chmod(0o755)
    words = [sys.executable, "-I", str(INSTALL), "environment", "all.txt", "environment/.stamp"]
    chosen = {signal.SIGINT: signal.SIG_IGN, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, how) for number, how in chosen.items()}
    try:
        return subprocess.Popen(  # noqa: S603 - our own program
            words, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        for number, how in before.items():
            signal.signal(number, how)


def installing_for_real(project: Path, requirement: str) -> subprocess.CompletedProcess[str]:
    """With the real pip, which finds the wheels in `project` and nothing else."""
    (project / "all.txt").write_text(f"{requirement}\n")
    python = project / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@" --target there --no-deps\n')
    python.chmod(0o755)
    words = [sys.executable, "-I", str(INSTALL), "environment", "all.txt", "environment/.stamp"]
    environment = {**os.environ, **offline(project)}
    return subprocess.run(  # noqa: S603 - our own program
        words, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def test_a_wheel_with_the_digest_that_is_named_is_installed(tmp_path: Path) -> None:
    digest = wheel(tmp_path, "GOOD = True\n")
    done = installing_for_real(tmp_path, f"{REQUIRED} --hash=sha256:{digest}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "there" / "payee.py").read_text() == "GOOD = True\n"


def test_a_substituted_wheel_of_the_same_version_is_not_installed(tmp_path: Path) -> None:
    digest = wheel(tmp_path / "published", "GOOD = True\n")
    wheel(tmp_path, "GOOD = False\n")
    done = installing_for_real(tmp_path, f"{REQUIRED} --hash=sha256:{digest}")
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not (tmp_path / "there").exists()


def test_what_has_no_digest_is_not_installed(tmp_path: Path) -> None:
    wheel(tmp_path, "GOOD = False\n")
    done = installing_for_real(tmp_path, REQUIRED)
    assert done.returncode == 1
    assert "Hashes are required" in done.stderr


def test_what_is_pinned_is_counted_with_the_files_that_are_included(project: Path) -> None:
    assert set(pinned(project / "all.txt")) == {"one==1.0", "two[extra]==2.0", "three==3.0"}


def test_it_says_what_it_begins_and_when_all_is_there(project: Path) -> None:
    process = installing(project, GOOD)
    said, complained = process.communicate(timeout=30)
    assert (process.returncode, complained) == (0, "")
    assert said.splitlines() == [
        "Installing 3 packages into environment, about 2 s the first time …",
        "Installed into environment, after 0 s.",
    ]
    assert (project / "environment" / ".stamp").exists()


def test_a_step_that_lasts_is_printed_again_and_again(project: Path) -> None:
    process = installing(project, f"{GOOD}sleep 5.5\n")
    said, _ = process.communicate(timeout=30)
    assert "     5 s  unpacking: 0 of 3 are in place" in said.splitlines()


def test_where_pip_fails_its_words_are_seen_and_nothing_is_complete(project: Path) -> None:
    process = installing(project, "echo 'ERROR: no such package' >&2\nexit 1\n")
    _, complained = process.communicate(timeout=30)
    assert process.returncode == 1
    assert complained.splitlines() == [
        "ERROR: no such package",
        "Not installed into environment.",
    ]
    assert not (project / "environment" / ".stamp").exists()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_and_pip_with_it(project: Path, number: signal.Signals) -> None:
    process = installing(project, "echo $$ > pip.new\nmv pip.new pip.id\nexec sleep 60\n")
    file = project / "pip.id"
    ends = time.monotonic() + 10
    while not file.exists():
        assert time.monotonic() < ends
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode == 128 + number
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)
    assert not (project / "environment" / ".stamp").exists()


def test_a_signal_while_pip_is_started_ends_it_too(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    class Interrupted(subprocess.Popen[str]):
        def __init__(self, *words: Any, **how: Any) -> None:
            super().__init__(*words, **how)
            started.append(self)
            os.kill(os.getpid(), signal.SIGTERM)  # before the caller has it

    python = project / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexec sleep 60\n")
    python.chmod(0o755)
    monkeypatch.chdir(project)
    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        with pytest.raises(SystemExit, match="143"):
            main(["environment", "all.txt", "environment/.stamp"])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    (pip,) = started
    assert pip.poll() == -signal.SIGTERM
    assert pip.stdout is not None
    pip.stdout.close()
