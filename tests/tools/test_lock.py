"""Every file of requirements pins each version with the digests of its files."""

from pathlib import Path

import pytest

from tests.tools.deploy.conftest import ROOT
from tools import lock

_DIGEST = f"    --hash=sha256:{'a' * 64}"


@pytest.mark.parametrize("asked", lock.LOCKED)
def test_what_is_asked_for_is_pinned_with_digests(asked: str) -> None:
    file = ROOT / lock.written_from(asked)
    assert list(lock.faults(file.read_text())) == []
    assert list(lock.missing(ROOT / asked)) == []


def test_no_file_of_requirements_is_left_out() -> None:
    tracked = [*ROOT.glob("*requirements*.txt"), *ROOT.glob("[!.b]*/**/*requirements*.txt")]
    assert {str(file.relative_to(ROOT)) for file in tracked} == {
        lock.written_from(asked) for asked in lock.LOCKED
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("payee==1.0\n", "without a digest: payee==1.0"),
        (f"payee==1.0 \\\n{_DIGEST}\nother==2\n", "without a digest: other==2"),
        (f"payee>=1.0 \\\n{_DIGEST}\n", "not pinned: payee>=1.0 \\"),
        (f"payee @ https://a.b/c \\\n{_DIGEST}\n", "not pinned: payee @ https://a.b/c \\"),
        ("payee==1.0 \\\n    --hash=md5:abc\n", "without a digest: payee==1.0 \\"),
        ("-r other.txt\n", "not pinned: -r other.txt"),
    ],
)
def test_a_requirement_that_anything_could_fulfil_is_a_fault(text: str, fault: str) -> None:
    assert fault in list(lock.faults(text))


def test_what_is_asked_for_and_not_pinned_is_named(tmp_path: Path) -> None:
    (tmp_path / "base.in").write_text("Ruamel.yaml  # why\n")
    (tmp_path / "all.in").write_text("-r base.in\none[extra]<2\ntwo\n")
    (tmp_path / "all.txt").write_text(f"one==1.0 \\\n{_DIGEST}\n")
    assert list(lock.missing(tmp_path / "all.in")) == ["Ruamel.yaml", "two"]
