"""Makes the console's script where Chalice's command line runs the app from its repository.

`chalice local` serves it, and `chalice deploy` packs it where it builds a package of its own.
Loaded only where Chalice's command line imports `app.py`, never on Lambda.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

_PROJECT: Final = Path(__file__).parents[1]


def build_console() -> None:
    """Bring it up to date with the modules in `console/`; a copy of the app without them is left.

    Raises:
        SystemExit: it cannot be made; with why. The exit code is 1.
    """
    if not (_PROJECT / "console").is_dir():
        return
    # A process of its own: deployed code imports no tools.
    command = [sys.executable, "-m", "tools.console_script"]
    done = subprocess.run(  # noqa: S603 - our own program
        command, cwd=_PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"console.js cannot be made of the modules in console/:\n{done.stderr}")
