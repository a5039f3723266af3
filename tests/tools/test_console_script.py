"""The console's script: all modules in the order of their imports, and up to date."""

from pathlib import Path

import pytest

from tools import console_script


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(console_script, "SOURCES", tmp_path)
    return tmp_path


def test_what_is_served_is_what_the_modules_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert console_script.main(["--check"]) == 0, capsys.readouterr().out


def test_every_module_is_in_it() -> None:
    script = console_script.script()
    for source in console_script.SOURCES.glob("*.js"):
        assert f"// --- {source.name}\n" in script


def test_a_module_comes_after_what_it_imports(sources: Path) -> None:
    (sources / "app.js").write_text(
        'import { a as first } from "./one.js";\nimport * as two from "./two.js";\nfirst(two.b);\n'
    )
    (sources / "one.js").write_text('import { b } from "./two.js";\nexport const a = b;\n')
    (sources / "two.js").write_text("export function b() {}\n")
    script = console_script.script()
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
def test_what_it_does_not_understand_is_refused(sources: Path, text: str, why: str) -> None:
    (sources / "app.js").write_text(text)
    with pytest.raises(ValueError, match=why):
        console_script.script()
