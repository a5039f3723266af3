"""The check for known vulnerabilities: what it could not read is never good news."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.deploy.conftest import ROOT

_SPEC = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
assert _SPEC is not None
assert _SPEC.loader is not None
audit = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(audit)

SKIPPED = {"name": "one", "skip_reason": "Dependency not found on PyPI"}
GOOD = {"name": "two", "version": "2.0", "vulns": []}
BAD = {"name": "two", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "requirements.txt"
    path.write_text("one==1.0 \\\n    --hash=sha256:0a\ntwo==2.0 ; a_marker \\\n    --hash=b\n")
    return str(path)


def judged(
    file: str,
    found: list[dict[str, Any]],
    page: Callable[[str], dict[str, Any]],
    *,
    refused: bool = True,
) -> tuple[int, list[str]]:
    said = json.dumps({"dependencies": found})
    code, words = audit.judge([file], refused=refused, run=lambda _: (said, ""), page=page)
    return code, words


def of_version(version: str, *known: str) -> Callable[[str], dict[str, Any]]:
    page: dict[str, Any] = {
        "info": {"version": version},
        "vulnerabilities": [{"id": each, "fixed_in": [], "withdrawn": None} for each in known],
    }
    return lambda _: page


def unreachable(address: str) -> dict[str, Any]:
    raise OSError(address)


def test_with_every_list_read_and_nothing_known_it_passes(file: str) -> None:
    assert judged(file, [GOOD], unreachable) == (0, ["1 audited, 0 vulnerable, 0 unknown."])


def test_a_known_vulnerability_fails_it(file: str) -> None:
    code, said = judged(file, [BAD], unreachable)
    assert code == 1
    assert said[0] == "VULNERABLE: two 2.0: PYSEC-1, fixed in 2.1"


@pytest.mark.parametrize("refused", [True, False])
def test_where_no_list_could_be_read_it_fails_and_names_what_it_does_not_know(
    file: str, *, refused: bool
) -> None:
    code, said = judged(file, [SKIPPED, GOOD], unreachable, refused=refused)
    assert code == 1
    assert said[0] == "NOT AUDITED, no list could be read: one 1.0"


@pytest.mark.parametrize("said", ["", "No known vulnerabilities found", '{"others": []}'])
def test_where_pip_audit_says_nothing_it_fails(file: str, said: str) -> None:
    code, words = audit.judge(
        [file], refused=False, run=lambda _: (said, "no network"), page=unreachable
    )
    assert code == 1
    assert words == [
        f"NOT AUDITED. {file}: pip-audit could not read its list: no network",
    ]


def test_none_audited_fails_it(file: str) -> None:
    assert judged(file, [], unreachable, refused=False)[0] == 1
    assert judged(file, [SKIPPED], of_version("1.1"), refused=False)[0] == 1


def test_behind_a_registry_alone_the_projects_page_tells_of_its_newest_version(file: str) -> None:
    assert judged(file, [SKIPPED], of_version("1.0")) == (
        0,
        ["1 audited, 0 vulnerable, 0 unknown."],
    )
    code, said = judged(file, [SKIPPED], of_version("1.0", "PYSEC-2"))
    assert (code, said[0]) == (1, "VULNERABLE: one 1.0: PYSEC-2, fixed in no release yet")


@pytest.mark.parametrize("refused", [True, False])
def test_an_older_version_that_its_page_does_not_tell_of_is_named(
    file: str, *, refused: bool
) -> None:
    code, said = judged(file, [SKIPPED, GOOD], of_version("1.1", "PYSEC-3"), refused=refused)
    assert code == int(refused)
    assert said[0] == "Not known, the registry tells of newer versions only: one 1.0"


def test_what_is_accepted_is_said_with_its_reason(file: str) -> None:
    accepted = next(iter(audit._ACCEPTED))
    code, said = judged(file, [SKIPPED], of_version("1.0", accepted))
    assert code == 0
    assert said[0].startswith(f"Accepted: one 1.0: {accepted}")
    assert audit._ACCEPTED[accepted] in said[0]
