"""Files that a command writes: their owner's alone, and never over one that is there."""

import os
from pathlib import Path

from payoutctl.exits import Exit, Failure


def write_new(file: Path, text: str) -> None:
    """As it is, without another end to its lines.

    Raises:
        Failure: there is a file of that name already, or it cannot be made there.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Failure(f"{file} already exists.", Exit.CONFLICT) from None
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}.", Exit.USAGE) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
        opened.write(text)
