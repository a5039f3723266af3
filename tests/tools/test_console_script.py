"""The console's script: its modules behind one another, made wherever it is served from."""

import os
from pathlib import Path
from typing import Final

import pytest

from tools import console_script

SOURCES: Final = console_script.ROOT / console_script.SOURCES


def test_every_module_is_in_it() -> None:
    script = console_script.script(SOURCES)
    for source in SOURCES.glob("*.js"):
        assert f"// --- {source.name}\n" in script


def test_the_one_in_the_repository_is_made_and_not_committed() -> None:
    made = console_script.ROOT / console_script.SCRIPT
    assert made.read_text() == console_script.script(SOURCES)
    ignored = (console_script.ROOT / ".gitignore").read_text().splitlines()
    assert console_script.SCRIPT in ignored


def test_it_is_written_where_it_differs_and_left_where_it_is_the_same(tmp_path: Path) -> None:
    place = tmp_path / console_script.SCRIPT
    place.parent.mkdir(parents=True)
    console_script.add(tmp_path)
    assert place.read_text() == console_script.script(SOURCES)
    os.utime(place, (0, 0))
    console_script.add(tmp_path)
    assert place.stat().st_mtime == 0
    place.write_text("old")
    console_script.add(tmp_path)
    assert place.read_text() == console_script.script(SOURCES)


def test_a_module_comes_after_what_it_imports(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(
        'import { a as first } from "./one.js";\nimport * as two from "./two.js";\nfirst(two.b);\n'
    )
    (tmp_path / "one.js").write_text('import { b } from "./two.js";\nexport const a = b;\n')
    (tmp_path / "two.js").write_text("export function b() {}\n")
    script = console_script.script(tmp_path)
    assert script.index("two.js") < script.index("one.js") < script.index("app.js")
    assert "const { a: first } = module_one;" in script
    assert "const two = module_two;" in script
    assert "return { b };" in script


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('import one from "./one.js";\n', "import one"),
        ("export default 1;\n", "export default"),
        ("export let a = 1;\n", "export let"),
        ('import { a } from "./app.js";\n', "In a circle"),
    ],
)
def test_what_it_does_not_understand_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "app.js").write_text(text)
    with pytest.raises(ValueError, match=why):
        console_script.script(tmp_path)
