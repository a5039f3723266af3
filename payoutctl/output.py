"""What a command says: tables for people, or one JSON document for programs.

Stdout holds the answer and nothing else. Notes, questions and progress go to stderr.
"""

import io
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from payoutctl.plain_text import as_json, clean

# Away from a terminal nothing is cut off: a line goes to a file or to another program.
_WIDE: Final = 250
# A narrower terminal breaks lines; an id that we break in two cannot be copied.
_WHOLE: Final = ("status", "amount", "verdict", "day", "date")
_NUMBERS: Final = ("amount", "value", "count", "line", "total")
_FRACTION: Final = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z$")
_COLOURS: Final = {
    "Completed": "green",
    "ok": "green",
    "On": "green",
    "Open": "green",
    "Failed": "red",
    "failed": "red",
    "Returned": "red",
    "Paused": "yellow",
    "CircuitOpen": "red",
    "Pending": "yellow",
    "Queued": "yellow",
    "AwaitingApproval": "magenta",
}


class Output:
    """Stdout and stderr of one command."""

    def __init__(self) -> None:
        self.is_json = False

    def say(self, words: str) -> None:
        """A note on stderr."""
        click.echo(clean(words), err=True)

    def document(self, document: object) -> None:
        """The answer as JSON: amounts keep their decimals."""
        click.echo(as_json(document))

    def text(self, text: str) -> None:
        """The answer as it is."""
        click.echo(clean(text))

    def file(self, text: str) -> None:
        """What is a file: as it is for another program, and for a person where one looks on."""
        is_seen = sys.stdout.isatty()
        click.echo(clean(text.replace("\r\n", "\n")) if is_seen else text, nl=False)

    def ask(self, words: str) -> None:
        """Goes on after a yes only."""
        click.confirm(clean(words), abort=True, err=True)

    def rows(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """The answer as a table."""
        table = Table(*[], box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(
                Text(clean(column)),
                overflow="fold",
                justify="right" if column in _NUMBERS else "left",
                min_width=len(column),
                no_wrap=column.endswith(("_id", "_at")) or column in _WHOLE,
            )
        for row in rows:
            table.add_row(*[cell(value) for value in row])
        _print(table)

    def pairs(self, shown: Mapping[str, object]) -> None:
        """The answer as names and values; what has no value is left out."""
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in shown.items():
            if value is not None and value != "":
                table.add_row(Text(clean(name)), cell(value))
        _print(table)

    @contextmanager
    def progress(self, words: str, total: int | None = None) -> Iterator["Bar"]:
        """A bar on stderr, where that is a terminal."""
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress:
            yield Bar(progress, progress.add_task(words, total=total))


class Bar:
    """One piece of long work."""

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress = progress
        self._task = task

    def step(self, count: int = 1) -> None:
        self._progress.advance(self._task, count)

    def at(self, done: int, total: int | None = None, words: str | None = None) -> None:
        said = None if words is None else clean(words)
        self._progress.update(self._task, completed=done, total=total, description=said)


def _print(table: Table) -> None:
    if sys.stdout.isatty():
        needed = Console(width=_WIDE).measure(table).minimum
        width = max(shutil.get_terminal_size().columns, needed)
        Console(highlight=False, width=width).print(table)
        return
    console = Console(file=io.StringIO(), width=_WIDE, highlight=False)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def cell(value: object) -> Text:
    """A value as a person reads it. Nothing in it can steer the terminal."""
    if value is None:
        return Text("-", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, Decimal):
        return Text(f"{value:,f}")
    text = clean(whole_seconds(str(value)))
    return Text(text, style=_COLOURS.get(text, ""))


def whole_seconds(text: str) -> str:
    """A moment without its fraction, and any other text as it is."""
    return _FRACTION.sub(r"\1Z", text)


def money(amount: object) -> str:
    """Dollars as the API gave them, with their two decimals."""
    return "-" if amount is None else f"A${Decimal(str(amount)):,.2f}"
