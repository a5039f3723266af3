"""Evidence that is broken or not complete is not "fine": exit code 2, and a reason."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from proof.checker.__main__ import main
from tests.proof.checker.good_run import Evidence, good_run
from tests.proof.checker.spoiling import Spoil, change, movement

ROOT = Path(__file__).parent.parent.parent.parent


def of(kind: str, **fields: object) -> Spoil:
    """The last line of this kind has other fields."""
    return lambda run: run.line(kind).update(fields)


def without(kind: str, name: str | None = None) -> Spoil:
    """The last line of this kind is not there, or one of its fields is not."""
    if name is None:
        return lambda run: run.history.remove(run.line(kind))
    return lambda run: run.line(kind).pop(name)


def secrets(**fields: object) -> Spoil:
    return lambda run: run.secrets.update(fields)


INCOMPLETE = [
    ("does not end", without("end")),
    ("does not end", lambda run: run.note("fault", what="after the end")),
    ("does not end", lambda run: run.note("end", unreachable=[])),
    ("no listing after", without("quiet")),
    ("no listing after", lambda run: run.history.remove(run.history[-2])),
    (
        "listed and never seen: p5",
        lambda run: run.history.remove(run.line("seen", transaction_id="p5")),
    ),
    ("never answered: a12", lambda run: run.history.remove(run.answered("a12"))),
    (
        "answered before asked",
        lambda run: run.history.insert(0, run.answered("a12") | {"ask": "b"}),
    ),
    ("is twice there", lambda run: run.history.insert(2, run.line("unknown", ask="a1"))),
    ("is twice there", lambda run: run.history.insert(2, run.line("asked", ask="a1"))),
    ("unknown kind", lambda run: run.line("fault").update(kind="mishap")),
    ("unknown to", of("written", to="disk")),
    ("unknown kind", movement(0, kind="gift")),
    ("at is missing", without("fault", "at")),
    ("at is not a time in UTC", of("fault", at="2026-03-02T01:00:00+11:00")),
    ("at is not a time in UTC", of("fault", at="2026-02-30T01:00:00Z")),
    ("genuine is missing", of("webhook", genuine="yes")),
    ("status is missing", of("webhook", status=True)),
    ("another payout was shown", of("seen", transaction_id="p1")),
    ("amount is not an amount", change("p1", amount="ten")),
    ("amount is not an amount", change("p1", amount=True)),
    ("history is missing", change("p1", history=None)),
    ("history 1: not an object", change("p1", history=["Requested"])),
    ("review_reason is missing", lambda run: run.seen("p1").pop("review_reason")),
    ("holds something that is not a text", of("end", unreachable=[1])),
    ("nothing to look for", secrets(texts=[])),
    ("nothing to look for", secrets(texts=["", "x"])),
    ("d-jo is missing or not of type str", secrets(payee_of_destination={"d-jo": 1})),
]


def judged(directory: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main([str(directory)])
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


@pytest.mark.parametrize(("why", "spoil"), INCOMPLETE)
def test_evidence_that_is_unknown_or_not_complete_is_not_judged(
    why: str, spoil: Spoil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = good_run()
    spoil(run)
    code, said = judged(run.write(tmp_path), capsys)
    assert code == 2
    assert said.startswith("cannot be judged: ")
    assert why in said


@pytest.mark.parametrize("name", ["history.jsonl", "book.json", "secrets.json"])
@pytest.mark.parametrize(
    "content",
    [None, b"", b"\xff", b"[]", b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 100_000],
    ids=["missing", "empty", "not text", "a list", "cut off", "NaN", "named twice", "deep"],
)
def test_a_file_that_cannot_be_read_is_not_judged(
    name: str, content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = good_run().write(tmp_path) / name
    file.unlink() if content is None else file.write_bytes(content)
    code, said = judged(tmp_path, capsys)
    assert code == 2
    assert name in said


def test_a_history_that_was_cut_off_anywhere_is_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = good_run()
    for length in range(len(whole.history)):
        part = Evidence(whole.history[:length], whole.book, whole.secrets)
        assert judged(part.write(tmp_path), capsys)[0] == 2, length


def test_without_a_directory_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "python -m proof.checker DIR" in capsys.readouterr().err


def program(directory: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "proof.checker", str(directory)]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def test_the_exit_code_of_the_program_is_the_verdict(tmp_path: Path) -> None:
    run = good_run()
    assert program(run.write(tmp_path))[0] == 0
    change("p2", failure_code=None)(run)
    code, said = program(run.write(tmp_path))
    assert code == 1
    assert said.startswith("P5: ")


def test_it_shares_no_code_with_what_it_judges() -> None:
    imported = set()
    for file in (ROOT / "proof" / "checker").glob("**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                assert not str(node.module).startswith("proof") or "checker" in str(node.module)
                imported.add(str(node.module).partition(".")[0])
    assert imported
    assert imported - sys.stdlib_module_names == {"proof"}
