"""JSON of which nothing is taken on trust: every field by its name and type."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

Json = dict[str, object]
T = TypeVar("T")

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)")
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")


class InputError(Exception):
    """The evidence cannot be judged; the message says where and why."""


class Record:
    """A JSON object, and where it stands. Whatever is taken and not there is an `InputError`."""

    def __init__(self, document: object, where: str) -> None:
        if not isinstance(document, dict):
            raise InputError(f"{where}: not an object")
        self.document: Json = document
        self.where = where

    def take(self, name: str, kind: type[T]) -> T:
        value = self.document.get(name)
        # A bool is an int to Python, but not to anybody who counts.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise InputError(f"{self.where}: {name} is missing or not of type {kind.__name__}")
        return value

    def maybe(self, name: str, kind: type[T]) -> T | None:
        """The field's value or null; the field has to be there."""
        is_null = name in self.document and self.document[name] is None
        return None if is_null else self.take(name, kind)

    def text(self, name: str) -> str:
        return self.take(name, str)

    def texts(self, name: str) -> tuple[str, ...]:
        items = self.take(name, list)
        if not all(isinstance(item, str) for item in items):
            raise InputError(f"{self.where}: {name} holds something that is not a text")
        return tuple(items)

    def id(self, name: str) -> str:
        """An id that is a number to some and a text to others."""
        value = self.document.get(name)
        return str(value) if isinstance(value, int) else self.text(name)

    def one_of(self, name: str, words: frozenset[str]) -> str:
        word = self.text(name)
        if word not in words:
            raise InputError(f"{self.where}: unknown {name} {word!r}")
        return word

    def amount(self, name: str) -> Decimal:
        amount = dollars(self.document.get(name))
        if amount is None:
            raise InputError(f"{self.where}: {name} is not an amount")
        return amount

    def time(self, name: str) -> datetime:
        text = self.text(name)
        try:
            if _UTC.fullmatch(text):
                return datetime.fromisoformat(text)
        except ValueError:
            pass
        raise InputError(f"{self.where}: {name} is not a time in UTC")

    def records(self, name: str) -> Iterator["Record"]:
        for number, item in enumerate(self.take(name, list), 1):
            yield Record(item, f"{self.where}, {name} {number}")


def dollars(value: object) -> Decimal | None:
    """An amount given as a JSON number or as a decimal text; None if it is neither."""
    if isinstance(value, str):
        return Decimal(value) if _AMOUNT.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    return Decimal(value)


def words(text: str) -> frozenset[str]:
    """A closed list, written as one text."""
    return frozenset(text.split())


def record_in(path: Path) -> Record:
    """The one object that the file is."""
    return _record(content_of(path), path.name)


def records_in(path: Path) -> list[tuple[int, Record]]:
    """The object in each line, with the line's number."""
    lines = content_of(path).removesuffix("\n").split("\n")
    return [(n, _record(line, f"{path.name} line {n}")) for n, line in enumerate(lines, 1)]


def content_of(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeError) as error:
        raise InputError(f"{path.name}: {type(error).__name__}") from None


def _once(pairs: list[tuple[str, object]]) -> Json:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a field is named twice")
    return dict(pairs)


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _record(text: str, where: str) -> Record:
    try:
        document = json.loads(
            text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once
        )
    except (ValueError, InvalidOperation, RecursionError) as error:
        raise InputError(f"{where}: {error}") from None
    return Record(document, where)
