"""A large JSON reply, read line by line while it arrives: it is never in memory as a whole.

The reply is one object, one of whose fields is a list of flat objects, the lines: thousands for
each day. Its other fields, the envelope, are small.
"""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final

_BETWEEN: Final = re.compile(r"[\s,]*")
_COLON: Final = re.compile(r"\s*:\s*")
_END: Final = re.compile(r"[\s,}]")
_DECODER: Final = json.JSONDecoder(parse_float=Decimal)
# Longer than any line, and than all the envelope's fields: what holds more unread is not Monoova's.
_MOST_UNREAD: Final = 256 * 1024

Line = Mapping[str, Any]


class _Place(Enum):
    BEFORE = 1
    IN_OBJECT = 2
    IN_LIST = 3
    AFTER = 4


class LineStream:
    """Takes a reply apart. `feed` and `envelope` raise `ValueError` where it is no such reply."""

    def __init__(self, list_name: str, take: Callable[[Line], None]) -> None:
        self._list_name = list_name
        self._take = take
        self.restart()

    def restart(self) -> None:
        """Begins anew, with the first byte of a reply. The lines taken so far stay taken."""
        self._text = ""
        self._at = 0
        self._place = _Place.BEFORE
        self._fields: dict[str, Any] = {}

    def feed(self, text: str) -> None:
        """Reads on; each whole line is taken at once."""
        self._text = self._text[self._at :] + text
        self._at = 0
        while self._step():
            pass
        if len(self._text) - self._at > _MOST_UNREAD:
            raise ValueError("The reply has no lines.")

    def envelope(self) -> dict[str, Any]:
        """The reply's other fields, once all of it was read."""
        if self._place is not _Place.AFTER:
            raise ValueError("The reply was cut off.")
        return self._fields

    def _step(self) -> bool:
        """Reads one thing more; whether it was there as a whole."""
        self._skip(_BETWEEN)
        if self._at == len(self._text):
            return False
        match self._place:
            case _Place.BEFORE:
                return self._enter("{", _Place.IN_OBJECT)
            case _Place.IN_OBJECT:
                return self._enter("}", _Place.AFTER) or self._field()
            case _Place.IN_LIST:
                return self._enter("]", _Place.IN_OBJECT) or self._line()
            case _:
                return False

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        return True

    def _enter(self, sign: str, place: _Place) -> bool:
        if self._text[self._at] != sign:
            return False
        self._at += 1
        self._place = place
        return True

    def _field(self) -> bool:
        began = self._at
        name, is_whole = self._value()
        if is_whole and self._skip(_COLON) and self._at < len(self._text):
            if name == self._list_name and self._enter("[", _Place.IN_LIST):
                return True
            value, is_whole = self._value()
            # A number may go on in what is still to come.
            if is_whole and _END.match(self._text, self._at):
                self._fields[str(name)] = value
                return True
        self._at = began
        return False

    def _line(self) -> bool:
        line, is_whole = self._value()
        if is_whole and isinstance(line, dict):
            self._take(line)
        return is_whole

    def _value(self) -> tuple[Any, bool]:
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        # ArithmeticError: an exponent that no Decimal can hold.
        except (ValueError, ArithmeticError, RecursionError):
            return None, False
        return value, True
