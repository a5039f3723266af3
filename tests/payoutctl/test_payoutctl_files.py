"""Files that commands write: new ones, their owner's alone, and through no link."""

from pathlib import Path

import pytest

from chalicelib.web.csv_cells import inert
from payoutctl.exits import Exit, Failure
from payoutctl.files import replace_with, write_new
from payoutctl.tokens import Tokens


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "result.csv"
    write_new(file, "a\r\nb\r\n")
    assert (file.read_bytes(), mode(file)) == (b"a\r\nb\r\n", 0o600)


@pytest.mark.parametrize("target", ["there", "not there"])
def test_what_is_there_is_not_written_to_nor_what_a_link_points_to(
    tmp_path: Path, target: str
) -> None:
    other = tmp_path / target
    (tmp_path / "there").write_text("kept")
    link = tmp_path / "result.csv"
    link.symlink_to(other)
    with pytest.raises(Failure) as refused:
        write_new(link, "secret")
    assert refused.value.ends is Exit.CONFLICT
    assert (tmp_path / "there").read_text() == "kept"
    assert not (tmp_path / "not there").exists()


def test_a_file_that_is_replaced_is_not_written_through_a_link(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("kept")
    link = tmp_path / "tokens.json"
    link.symlink_to(other)
    replace_with(link, "secret")
    assert other.read_text() == "kept"
    assert (link.is_symlink(), link.read_text(), mode(link)) == (False, "secret", 0o600)
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".new")] == []


def test_no_token_is_kept_that_no_command_uses() -> None:
    assert {name for name in Tokens.__slots__ if "token" in name} == {"id_token", "refresh_token"}


@pytest.mark.parametrize("sign", [*"=+-@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20"])
def test_a_formula_in_any_width_is_a_text(sign: str) -> None:
    assert inert(f"{sign}SUM(A1)") == f"'{sign}SUM(A1)"
    assert inert(f"a{sign}") == f"a{sign}"
