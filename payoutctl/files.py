"""Files that a command writes: their owner's alone, and never over one that is there."""

import os
from pathlib import Path
from typing import Final

from payoutctl.exits import Exit, Failure

# Nothing that is there already is written to, nor what a link by that name points to.
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def replace_with(file: Path, text: str) -> None:
    """Whole or not at all, and never readable by others, not for a moment."""
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)  # a process of this number was ended while it wrote
    descriptor = os.open(new, _NEW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    new.replace(file)


def write_new(file: Path, text: str) -> None:
    """As it is, without another end to its lines.

    Raises:
        Failure: there is a file of that name already, or it cannot be made there.
    """
    try:
        descriptor = os.open(file, _NEW, 0o600)
    except FileExistsError:
        raise Failure(f"{file} already exists.", Exit.CONFLICT) from None
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}.", Exit.USAGE) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
        opened.write(text)
