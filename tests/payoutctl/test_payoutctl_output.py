"""Output can be read and copied, and contains no terminal control sequences."""

import json
from decimal import Decimal

import pytest

from payoutctl.exits import Failure
from payoutctl.output import Output, cell, money, whole_seconds


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\x1b[31mred\x07", "?[31mred?"),
        ("[bold]Jo[/bold]", "[bold]Jo[/bold]"),
        (Decimal("1234.50"), "1,234.50"),
        (None, "-"),
        (True, "yes"),
        ("2026-03-02T01:02:03.456789Z", "2026-03-02T01:02:03Z"),
    ],
)
def test_a_value_is_shown_as_a_person_reads_it(value: object, shown: str) -> None:
    assert cell(value).plain == shown


def test_money_keeps_its_cents_and_a_text_its_form() -> None:
    assert money(Decimal("1000")) == "A$1,000.00"
    assert whole_seconds("at 2026-03-02T01:02:03.4Z") == "at 2026-03-02T01:02:03.4Z"


def test_into_a_file_nothing_is_cut_off_and_no_line_ends_in_blanks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    id_, reason = "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "because " * 20
    Output().rows(("transaction_id", "why"), [(id_, reason), ("short", "x")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"{id_}  {reason}".rstrip()
    assert all(line == line.rstrip() for line in lines)


STEERING = "\x1b]0;mine\x07 \x9b2J\x7f \u202e"


def test_text_from_outside_is_printed_without_control_sequences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = Output()
    out.say(f"a {STEERING}\nnote")
    out.text(STEERING)
    out.pairs({STEERING: STEERING})
    out.rows((STEERING,), [(STEERING,)])
    Failure(f"a {STEERING} problem").show()
    printed = capsys.readouterr()
    written = printed.out + printed.err
    assert "?]0;mine? ?2J? ?" in written
    assert all(each.isprintable() or each == "\n" for each in written)


def test_json_output_is_complete_and_without_control_sequences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = {"detail": f"{STEERING} Jör\udc9b"}
    Output().document(document)
    failure = Failure("no", document=document)
    failure.is_json = True
    failure.show()
    first, second = capsys.readouterr().out.split("}\n{")
    assert json.loads(first + "}") == json.loads("{" + second) == document
    assert not {*"\x1b\x07\x9b\x7f"} & {*first, *second}
    assert "Jör" in first


def test_a_file_goes_to_another_program_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Output().file("a,b\r\n\x1b,c\r\n")
    assert capsys.readouterr().out == "a,b\r\n\x1b,c\r\n"
