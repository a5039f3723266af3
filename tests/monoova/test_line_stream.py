"""Large replies, read line by line while they arrive."""

import json
import tracemalloc
from decimal import Decimal
from typing import Any, Final

import pytest

from chalicelib.monoova.line_stream import Line, LineStream

LINES: Final[list[dict[str, Any]]] = [
    {
        "rowOrder": number,
        "credit": Decimal("12.5"),
        "uniqueReference": f'é-{number} ]}}"',
        "x": None,
    }
    for number in range(40)
]
ENVELOPE: Final = {"durationMs": 12, "status": "Ok", "closingBalance": Decimal("-1.25")}


def written(document: object, **how: Any) -> str:
    return json.dumps(document, default=float, **how)


def read(text: str, size: int) -> tuple[dict[str, Any], list[Line]]:
    lines: list[Line] = []
    stream = LineStream("items", lines.append)
    for start in range(0, len(text), size):
        stream.feed(text[start : start + size])
    return stream.envelope(), lines


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
@pytest.mark.parametrize("how", [{}, {"indent": 2}, {"separators": (",", ":")}], ids=str)
@pytest.mark.parametrize("is_first", [True, False])
def test_lines_and_envelope_are_read_however_they_are_cut(
    is_first: bool, how: dict[str, Any], size: int
) -> None:
    lines = {"items": LINES}
    document = lines | ENVELOPE if is_first else ENVELOPE | lines
    assert read(written(document, **how), size) == (ENVELOPE, LINES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>not Monoova</html>",
        "[]",
        "null",
        '{"items": [{"credit": 1}, ',
        '{"items": [{"credit": 1}]',
        '{"items": [nonsense]}',
        '{"items" 1}',
        '{"status": Ok}',
        '{"credit": 1e99999999999999999999}',
        '{"status": ' + "[" * 200_000,
    ],
)
def test_what_is_no_such_reply_or_is_cut_off_is_not_believed(text: str) -> None:
    with pytest.raises(ValueError, match="reply"):
        read(text, 64)


def test_what_is_no_object_is_no_line_and_a_list_may_be_missing() -> None:
    assert read('{"items": [1, {"credit": 2}, null], "status": "Ok"}', 5) == (
        {"status": "Ok"},
        [{"credit": 2}],
    )
    assert read('{"items": null, "status": "Ok"}', 5) == ({"items": None, "status": "Ok"}, [])


def test_a_reply_that_never_becomes_a_line_is_given_up() -> None:
    with pytest.raises(ValueError, match="no lines"):
        read('{"items": [{"a": "' + "x" * 400_000, 10_000)


def test_a_day_of_a_hundred_thousand_lines_needs_no_more_memory_than_one_of_ten() -> None:
    line = written(LINES[0]) + ","
    chunk, count = line * 500, 0

    def take(_: Line) -> None:
        nonlocal count
        count += 1

    stream = LineStream("items", take)
    tracemalloc.start()
    try:
        stream.feed('{"items": [')
        for _ in range(200):
            stream.feed(chunk)
        stream.feed('{"credit": 1}], "status": "Ok"}')
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (count, stream.envelope()) == (100_001, {"status": "Ok"})
    assert peak < 1024 * 1024
