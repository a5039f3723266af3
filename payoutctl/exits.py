"""How a command ends: one table for the code, `payoutctl --help` and docs/payoutctl.md."""

import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import IO, Any, Final

import click

from payoutctl.plain_text import as_json, clean

Json = Mapping[str, Any]


class Exit(IntEnum):
    """The exit codes, each with one meaning."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    CONFLICT = 5
    TRY_AGAIN = 6
    UNKNOWN = 7
    CHECK_FAILED = 8

    @property
    def word(self) -> str:
        """As a code of the API: `NotFound`."""
        return self.name.title().replace("_", "")


MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.DONE: "done",
    Exit.REFUSED: "refused, or not valid: repeating it is refused again",
    Exit.USAGE: "wrong use of the command line",
    Exit.NOT_FOUND: "not found",
    Exit.NOT_ALLOWED: "not allowed, or not signed in",
    Exit.CONFLICT: "conflicts with the current state",
    Exit.TRY_AGAIN: "nothing was done; it may succeed later",
    Exit.UNKNOWN: "it may have been done: check before you try again",
    Exit.CHECK_FAILED: "the check was made, and found a problem",
}


def table() -> str:
    """The codes and their meanings, a line each."""
    return "\n".join(f"  {code.value}  {meaning}" for code, meaning in MEANINGS.items())


class Failure(click.ClickException):
    """A command that did not do what was asked.

    `message` is for a person and goes to stderr; `document` is what `--json` prints instead of
    the answer: the API's own problem where it came from there.
    """

    def __init__(
        self, message: str, ends: Exit = Exit.REFUSED, document: Json | None = None
    ) -> None:
        super().__init__(message)
        self.ends = ends
        self.document = document or {"code": ends.word, "detail": message}
        self.is_json = False

    @property
    def exit_code(self) -> int:  # type: ignore[override] # click reads it of the instance
        return self.ends.value

    def show(self, file: IO[Any] | None = None) -> None:
        """Words on stderr; with `--json` the one document on stdout, too."""
        if self.is_json:
            click.echo(as_json(self.document))
        click.echo(clean(self.message), file=file or sys.stderr)
