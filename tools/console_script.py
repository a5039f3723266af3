"""Writes `chalicelib/static/console/console.js`: the modules in `console/`, in one file.

    python -m tools.console_script

A browser would ask for thirty files at once, each a request of the API's function, which answers
only a few at a time. Nothing is compiled or renamed: each module becomes a function of its own,
after those that it imports.

The file is not committed. Packaging writes it into each package; pytest, and Chalice's command line
where it imports `app.py`, bring the one in the repository up to date.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = "console"
SCRIPT: Final = "chalicelib/static/console/console.js"
FIRST: Final = "app.js"

_HEAD: Final = "// Made of the modules in console/ by `python -m tools.console_script`.\n"
_IMPORT: Final = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "\./([\w.-]+)";\n', re.MULTILINE)
_LATER: Final = re.compile(r'\bimport\("\./([\w.-]+)"\)')
_EXPORT: Final = re.compile(
    r"^export (?=(?:async function|function|const|class) (\w+))", re.MULTILINE
)
_LEFT: Final = re.compile(r"^\s*(?:import|export)\b.*|\bimport\(.*", re.MULTILINE)


def add(tree: Path, project: Path = ROOT) -> None:
    """Write the script of the project's modules into the app in `tree`, where it differs.

    Raises:
        ValueError: as `script`.
        FileNotFoundError: the project has no such modules.
    """
    made, place = script(project / SOURCES), tree / SCRIPT
    # Chalice and its local server take a file that was written again for a change of the app.
    if not place.exists() or place.read_text(encoding="utf-8") != made:
        place.write_text(made, encoding="utf-8", newline="\n")


def script(sources: Path) -> str:
    """All modules that `app.js` leads to, each after what it imports.

    Raises:
        ValueError: an import or an export of a form that is not known here, or modules in a circle.
    """
    return _HEAD + "".join(_module(sources / name) for name in _ordered(sources))


def _ordered(sources: Path) -> Iterator[str]:
    seen: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> Iterator[str]:
        if name in above:
            raise ValueError(f"In a circle: {' -> '.join((*above, name))}")
        if name in seen:
            return
        text = (sources / name).read_text(encoding="utf-8")
        wanted = [found for _, found in _IMPORT.findall(text)] + _LATER.findall(text)
        for each in wanted:
            yield from walk(each, (*above, name))
        seen.add(name)
        yield name

    yield from walk(FIRST, ())


def _module(source: Path) -> str:
    name, text = source.name, source.read_text(encoding="utf-8")
    exported = [found.group(1) for found in _EXPORT.finditer(text)]
    body = _IMPORT.sub(lambda found: f"{_binding(found[1])} = {_variable(found[2])};\n", text)
    body = _LATER.sub(lambda found: f"Promise.resolve({_variable(found[1])})", body)
    body = _EXPORT.sub("", body)
    left = _LEFT.search(body)
    if left:
        raise ValueError(f"{name}: {left[0].strip()}")
    returned = f"return {{ {', '.join(exported)} }};\n" if exported else ""
    return f"\n// --- {name}\n\nconst {_variable(name)} = (() => {{\n{body}{returned}}})();\n"


def _binding(names: str) -> str:
    """`{ a, b as c }` is taken apart, `* as a` is the whole."""
    if names.startswith("{"):
        return f"const {names.replace(' as ', ': ')}"
    return f"const {names.removeprefix('* as ')}"


def _variable(name: str) -> str:
    return f"module_{re.sub(r'[^a-z]', '_', name.removesuffix('.js'))}"


if __name__ == "__main__":
    add(ROOT)
