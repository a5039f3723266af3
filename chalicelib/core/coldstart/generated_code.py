"""What modules generate while they are loaded is compiled when the package is made.

Dataclasses, named tuples and attrs write the source of their methods and compile it, at each cold
start anew. A package has the compiled code of each such source; a source that it has not (a
dependency changed, another Python) is compiled as ever. Outside of a package nothing is changed.
"""

import collections
import dataclasses
import importlib.util
import marshal
import os
import zlib
from collections.abc import Mapping
from types import CodeType
from typing import Any, Final

# Source, name of the file that a traceback names, mode of `compile`.
Key = tuple[str, str, str]

FILE: Final = "generated_code.bin"
_PLACE: Final = os.path.join(os.path.dirname(__file__), FILE)  # noqa: PTH118, PTH120


class GeneratedCode:
    """Compiled code by its source."""

    def __init__(self, known: Mapping[Key, bytes]) -> None:
        self._known = known
        self.unknown: list[Key] = []  # in the order in which they were asked for

    def compiled(self, source: str, filename: str, mode: str) -> CodeType:
        """What `compile` makes of the source."""
        known = self._known.get((source, filename, mode))
        if known is not None:
            code: CodeType = marshal.loads(known)  # noqa: S302 - the package's own, as its bytecode is
            return code
        self.unknown.append((source, filename, mode))
        made: CodeType = compile(source, filename, mode, dont_inherit=True)
        return made

    def serve(self) -> None:
        """Gives compiled code to dataclasses and named tuples from now on."""
        vars(dataclasses)["exec"] = self._exec
        vars(collections)["eval"] = self._eval

    def serve_attrs(self) -> None:
        """Gives compiled code to attrs, which is loaded by this."""
        from attr import _make

        vars(_make)["compile"] = self.compiled
        # Makes a class's hashes differ from another's. Python's own differs in each process.
        vars(_make)["hash"] = lambda text: zlib.crc32(text.encode())

    def _exec(self, source: str, scope: dict[str, Any], names: dict[str, Any]) -> None:
        exec(self.compiled(source, "<string>", "exec"), scope, names)  # noqa: S102

    def _eval(self, source: str, scope: dict[str, Any]) -> object:
        return eval(self.compiled(source, "<string>", "eval"), scope)  # noqa: S307


_served: GeneratedCode | None = None


def use() -> None:
    """Take what the package has."""
    global _served  # noqa: PLW0603 - one for the process, as dataclasses are
    if os.path.exists(_PLACE):  # noqa: PTH110
        with open(_PLACE, "rb") as file:  # noqa: PTH123
            _served = GeneratedCode(read(file.read()))
        _served.serve()


def record() -> None:
    """Have everything in `unknown()`, for the package that is being made."""
    global _served  # noqa: PLW0603
    _served = GeneratedCode({})
    _served.serve()


def use_for_attrs() -> None:
    """Give attrs what the package has; called before the first module that needs attrs."""
    if _served is not None:
        _served.serve_attrs()


def unknown() -> tuple[Key, ...]:
    """What the package had no code for so far."""
    return tuple(_served.unknown) if _served is not None else ()


def written(sources: frozenset[Key]) -> bytes:
    """The file's content; the same sources give the same bytes."""
    # Version 2: later ones write how often an object is held, which differs between processes.
    code = {key: marshal.dumps(compile(*key, dont_inherit=True), 2) for key in sorted(sources)}
    return marshal.dumps((importlib.util.MAGIC_NUMBER, code), 2)


def read(content: bytes) -> Mapping[Key, bytes]:
    """The code in the file's content; none if it is another Python's."""
    magic, code = marshal.loads(content)  # noqa: S302
    return code if magic == importlib.util.MAGIC_NUMBER else {}
