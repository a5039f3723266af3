"""A file of payouts, read whole: its rows, and everything that is wrong with it, line by line."""

import csv
import hashlib
import io
import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from chalicelib.batches.rules.batch import MOST_ROWS
from chalicelib.core.money import InvalidAmountError, cents_from, decimal_from

_REQUIRED: Final = "amount"
_NAMES: Final = ("customer_id", "external_id")
COLUMNS: Final = (*_NAMES, "destination_id", _REQUIRED, "reference", "description")
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
# Monoova's limits, as for a single payout.
_MOST_CHARACTERS: Final = {"reference": 280, "description": 500}
# Of both together, as they are stored: 250 rows are one item of DynamoDB, which has 400 kB. All
# that can be written in ASCII fits, but for pages of quotation marks.
_MOST_BYTES: Final = 1200
# What an editor or a spreadsheet puts in the place of a character that it could not read.
_LOST: Final = "\N{REPLACEMENT CHARACTER}"
# Ten for each row that a file may have, the empty ones too: to read four million takes seconds.
_MOST_BREAKS: Final = 10 * MOST_ROWS
# More than any spreadsheet of payouts: the header of a file in the wrong form may be all commas.
_MOST_CELLS: Final = 200
# A file in the wrong form has an error in each line: this many show what is wrong.
MOST_ERRORS: Final = 1000
# What stands in the id of a batch by its place, empty or not. A later column joins by its name, and
# only where it is filled in: no file without it becomes another batch, which would be paid again.
_BY_PLACE: Final = (
    "customer_id",
    "external_id",
    "destination_id",
    "amount_cents",
    "reference",
    "description",
)
_NOT_BY_NAME: Final = frozenset({"number", *_BY_PLACE})
# A name of our own for ids that follow from a file's rows (RFC 9562, version 5).
_BY_ROWS: Final = uuid.UUID("0b1f6f0e-53cf-4c0c-9d61-4d8a3c3b7c55")


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it was written. `number` is the line of the file where it begins."""

    number: int
    customer_id: str | None
    external_id: str | None
    destination_id: str | None
    amount_cents: int
    reference: str | None
    description: str | None


@dataclass(slots=True)
class Errors:
    """What is wrong, by line."""

    by_line: dict[int, list[str]] = field(default_factory=dict)

    def add(self, number: int, message: str) -> None:
        self.by_line.setdefault(number, []).append(message)

    def listed(self) -> dict[str, Sequence[str]]:
        """The first of them, in the order of the file, and how many more there are."""
        numbers = sorted(self.by_line)
        lines: dict[str, Sequence[str]] = {
            f"line {number}": self.by_line[number] for number in numbers[:MOST_ERRORS]
        }
        if len(numbers) > MOST_ERRORS:
            lines["more"] = [f"{len(numbers) - MOST_ERRORS} further lines have errors."]
        return lines


@dataclass(frozen=True, slots=True)
class File:
    """The rows that could be read, and what is wrong with the others."""

    lines: tuple[Line, ...]
    errors: Errors

    def ids(self) -> "BatchIds":
        """Ids that follow from the rows and their order, however the file was saved."""
        later = [
            each.name
            for line in self.lines[:1]
            for each in fields(line)
            if each.name not in _NOT_BY_NAME
        ]
        plain = [_plain(line, later) for line in self.lines]
        return BatchIds(hashlib.sha256(json.dumps(plain).encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class BatchIds:
    """The ids of the batches that have the same rows: the first, and those that repeat it."""

    digest: str

    def of(self, repeat: int) -> str:
        """The id of the batch that repeats the rows so many times; of the first with 0."""
        name = f"{self.digest}\nrepeat {repeat}" if repeat else self.digest
        return str(uuid.uuid5(_BY_ROWS, name))


def _plain(line: Line, later: Sequence[str]) -> list[object]:
    """What is hashed of a row: all of it but where it stands in the file."""
    filled_in = ([name, value] for name in later if (value := getattr(line, name)) is not None)
    return [*(getattr(line, name) for name in _BY_PLACE), *filled_in]


def read(content: bytes, limit_cents: int) -> File:
    """Reads a CSV file in UTF-8; `limit_cents` is the most that a row may pay."""
    errors = Errors()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        errors.add(content.count(b"\n", 0, error.start) + 1, "Not UTF-8 text.")
        return File((), errors)
    text = text.rstrip("\r\n")
    if text.count("\n") + text.count("\r") > 2 * _MOST_BREAKS:
        errors.add(1, f"More than {_MOST_BREAKS} lines, the empty ones too: remove these.")
        return File((), errors)
    lines: list[Line] = []
    try:
        records = _records(text)
        _, header = next(records, (1, []))
        columns = _columns(header, errors)
        if columns:
            lines = list(_lines(records, columns, limit_cents, errors))
    except _NotCsvError as error:
        errors.add(error.number, "Not CSV: quotes that do not match, or a cell of 128 kB.")
    return File(tuple(lines), errors)


class _NotCsvError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__("not CSV")
        self.number = number


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with the number of the line where it begins; empty lines are none."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _NotCsvError(number) from None
        # One more than the most says that there are too many.
        stripped = [cell.strip() for cell in cells[: _MOST_CELLS + 1]]
        if any(stripped):
            yield number, stripped


def _columns(header: Sequence[str], errors: Errors) -> tuple[str, ...]:
    """The names of the columns; none if they are not as they must be."""
    if len(header) > _MOST_CELLS:
        errors.add(1, f"More than {_MOST_CELLS} columns.")
        return ()
    names = tuple(name.lower() for name in header)
    # By their numbers: in a file without a header these are a person's particulars.
    unknown = [str(number) for number, name in enumerate(names, 1) if name not in COLUMNS]
    if unknown:
        shown = ", ".join(unknown[:10])
        errors.add(1, f"Unknown columns: number {shown}. There are {', '.join(COLUMNS)}.")
    if len(set(names)) < len(names):
        errors.add(1, "A column is there twice.")
    if _REQUIRED not in names:
        errors.add(1, "The column amount is missing.")
    if not set(names) & set(_NAMES):
        errors.add(1, "One of the columns customer_id and external_id is needed.")
    return () if errors.by_line else names


def _lines(
    records: Iterator[tuple[int, list[str]]],
    columns: Sequence[str],
    limit_cents: int,
    errors: Errors,
) -> Iterator[Line]:
    count = 0
    for number, cells in records:
        count += 1
        if count > MOST_ROWS:
            errors.add(number, f"More than {MOST_ROWS} rows: divide the file.")
            return
        if len(cells) != len(columns):
            errors.add(number, f"{len(cells)} cells, where the header has {len(columns)}.")
            continue
        row = {name: cell or None for name, cell in zip(columns, cells, strict=True)}
        line = _line(number, row, limit_cents, errors)
        if line:
            yield line
    if not count:
        errors.add(2, "There are no rows.")


def _line(
    number: int, row: Mapping[str, str | None], limit_cents: int, errors: Errors
) -> Line | None:
    problems = list(_problems(row))
    cents = 0
    try:
        cents = _cents(row[_REQUIRED], limit_cents)
    except InvalidAmountError as error:
        problems.append(f"amount: {error}")
    for problem in problems:
        errors.add(number, problem)
    if problems:
        return None
    return Line(
        number,
        row.get("customer_id"),
        row.get("external_id"),
        row.get("destination_id"),
        cents,
        row.get("reference"),
        row.get("description"),
    )


def _problems(row: Mapping[str, str | None]) -> Iterator[str]:
    """What is wrong with a row, but for its amount. Cells are not repeated: who knows what is in
    them."""
    if not row.get("customer_id") and not row.get("external_id"):
        yield "customer_id or external_id: missing."
    for name in ("customer_id", "destination_id"):
        if (value := row.get(name)) and not _ID.fullmatch(value):
            yield f"{name}: not an id."
    if (external := row.get("external_id")) and not EXTERNAL_ID.fullmatch(external):
        yield "external_id: not valid."
    yield from _problems_of_words(row)


def _problems_of_words(row: Mapping[str, str | None]) -> Iterator[str]:
    for name, most in _MOST_CHARACTERS.items():
        text = row.get(name) or "x"
        if len(text) > most:
            yield f"{name}: more than {most} characters."
        elif not text.isprintable():
            yield f"{name}: must be one line of visible characters."
    words = [row.get(name) for name in _MOST_CHARACTERS]
    if len(json.dumps(words, ensure_ascii=False).encode(errors="replace")) > _MOST_BYTES:
        yield f"reference and description: more than {_MOST_BYTES} bytes together."
    if any(_LOST in cell for cell in row.values() if cell):
        yield "A character was lost when the file was saved: save it as UTF-8."


def _cents(text: str | None, limit_cents: int) -> int:
    if text is None:
        raise InvalidAmountError("missing.")
    cents = cents_from(text)
    if cents < 1:
        raise InvalidAmountError("must be at least 0.01.")
    if cents > limit_cents:
        raise InvalidAmountError(f"more than the limit of A${decimal_from(limit_cents)}.")
    return cents
