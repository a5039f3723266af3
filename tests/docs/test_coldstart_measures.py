"""The table of what makes a cold start cheap names what there is, and nothing else."""

import re
from pathlib import Path
from typing import Final

from tools.deploy.stand_ins import STAND_INS

ROOT: Final = Path(__file__).parent.parent.parent
PERFORMANCE: Final = (ROOT / "docs" / "performance.md").read_text()
MEASURES: Final = re.findall(
    r"^\| (?P<measure>[^|]+) \| `(?P<place>[\w/.]+)` \| (?P<saved>[\d,]+) \| (?P<undo>[^|]+) \|$",
    PERFORMANCE.partition("### What makes it so")[2].partition("**The three")[0],
    re.MULTILINE,
)
# The one that switches them on, and the package itself.
_NO_MEASURE: Final = {"__init__.py", "start.py"}


def test_every_module_of_the_package_is_a_measure_in_the_table() -> None:
    folder = ROOT / "chalicelib" / "core" / "coldstart"
    modules = {path.name for path in folder.glob("*.py")} - _NO_MEASURE
    named = {Path(place) for _, place, _, _ in MEASURES}
    assert {path.name for path in named if path.parent == folder.relative_to(ROOT)} == modules


def test_every_stand_in_is_a_measure_in_the_table() -> None:
    text = " ".join(
        measure for measure, place, _, _ in MEASURES if place == "tools/deploy/stand_ins.py"
    )
    named = tuple(re.findall(r"`([\w/]+)`", text))
    assert not [path for path in STAND_INS if not path.startswith(named)]
    assert not [name for name in named if not any(path.startswith(name) for path in STAND_INS)]


def test_what_the_table_names_is_there() -> None:
    assert len(MEASURES) > 10
    for _, place, _, undo in MEASURES:
        for path in (place, *re.findall(r"`([\w/]+/[\w/]+\.\w+)`", undo)):
            assert (ROOT / path).is_file(), path


def test_what_saves_most_stands_first() -> None:
    saved = [int(figure.replace(",", "")) for _, _, figure, _ in MEASURES]
    assert saved == sorted(saved, reverse=True)
