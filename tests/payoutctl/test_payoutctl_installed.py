"""The installed command: its version, and the completion that docs/payoutctl.md offers."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
COMMAND: Final = Path(sys.executable).with_name("payoutctl")
PAGE: Final = (ROOT / "docs" / "payoutctl.md").read_text()


def ran(*words: str) -> str:
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 - our own program, by the shells it is for
        words, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert ran(str(COMMAND), "--version") == f"payoutctl, version {project['version']}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_page_has_one_line_of_completion_for_each_shell_and_it_is_answered(shell: str) -> None:
    (line,) = re.findall(rf"^.*_PAYOUTCTL_COMPLETE={shell}_source payoutctl.*$", PAGE, re.MULTILINE)
    assert line.split("#")[-1].strip() == shell
    script = ran("env", f"_PAYOUTCTL_COMPLETE={shell}_source", str(COMMAND))
    assert "_payoutctl_completion" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_line_for_bash_completes_the_commands() -> None:
    (line,) = re.findall(r"^(eval .*bash_source payoutctl.*?) +#", PAGE, re.MULTILINE)
    assert "_payoutctl_completion" in ran("bash", "-c", f"{line}; complete -p payoutctl")
