"""The documentation names all that the code has, and nothing that it has not."""

import re
from pathlib import Path
from typing import Final

import pytest

from chalicelib.core.errors import ErrorCode, SettingsError
from chalicelib.payouts.rules.payout import FailureCode, ReviewReason, Status
from chalicelib.settings import settings_from
from proof.mutants import MUTANTS
from tests.contract.assumptions import sandbox_table
from tests.world import load_app
from tools.docs import explanation_table

ROOT: Final = Path(__file__).parent.parent.parent
API: Final = (ROOT / "docs" / "api.md").read_text()
CONFIGURATION: Final = (ROOT / "docs" / "configuration.md").read_text()
README: Final = (ROOT / "README.md").read_text()
_VARIABLE: Final = re.compile(r'reader\.\w+\(\s*"([A-Z_]+)"')


def routes() -> set[tuple[str, str]]:
    table = load_app().app.routes
    return {(method, path) for path, methods in table.items() for method in methods}


def test_every_route_is_in_the_table_of_the_api_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([A-Z]+) (/[^`]*)` \|", API, re.MULTILINE))
    assert documented == routes()


@pytest.mark.parametrize("word", [*Status, *FailureCode, *ReviewReason, *ErrorCode])
def test_every_status_and_code_is_explained(word: str) -> None:
    assert f"`{word}`" in API


def test_the_explanations_for_administrators_stand_in_the_api_page_as_in_the_code() -> None:
    assert explanation_table.updated(API) == API


def test_every_environment_variable_is_documented_and_no_other() -> None:
    source = (ROOT / "chalicelib" / "settings.py").read_text()
    documented = set(re.findall(r"`([A-Z][A-Z_]+[A-Z])`", CONFIGURATION.split("At packaging")[0]))
    assert documented == {*_VARIABLE.findall(source), "STAGE"}


def test_a_missing_variable_is_reported_under_its_documented_name() -> None:
    with pytest.raises(SettingsError) as caught:
        settings_from({})
    for problem in caught.value.problems:
        assert f"`{problem.partition(':')[0]}`" in CONFIGURATION


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"])
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_what_only_monoovas_sandbox_can_settle_is_documented() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    for line in sandbox_table():
        assert line in page


def test_every_named_mutant_is_on_the_page_of_the_proof() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    table = page.partition("## The named mutants")[2].partition("\n## ")[0]
    named = re.findall(r"^\| \*\*([^*]+)\*\*: ", table, re.MULTILINE)
    assert named == [mutant.name for mutant in MUTANTS]


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))
    assert {"run", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


PAGES: Final = [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"]
# A file by its path, a folder by its last `/`; the glossary leaves out `chalicelib/`.
_PATH: Final = re.compile(r"`((?:[\w.-]+/)+(?:[\w.-]+\.(?:py|toml|yaml|json|js|html|md))?)`")
_MODULE: Final = re.compile(r"python -m ([a-z][\w.]*)")
_NOT_COMMITTED: Final = {"build/", "console/config.json"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    roots = [ROOT, ROOT / "chalicelib"]
    named = {path for path in _PATH.findall(page.read_text()) if not path.startswith("build/")}
    missing = [
        path for path in named - _NOT_COMMITTED if not any((root / path).exists() for root in roots)
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_a_page_runs_exists(page: Path) -> None:
    for name in _MODULE.findall(page.read_text()):
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), name


_TEST: Final = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_test_that_the_page_on_security_names_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    named = set(_TEST.findall(page))
    assert len(named) > 50
    assert page.count("::test_") == len(_TEST.findall(page))
    missing = {
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE)
    }
    assert missing == set()
