"""DynamoDB's units, by the examples and rules of its developer guide."""

from typing import Any

import pytest

from bench.capacity import Index, indexes_of, read_units, size_of, stored_bytes, write_units
from tests import aws

_WHOLE = Index("whole", frozenset({"day", "at"}), None)
_KEYS = Index("keys", frozenset({"ref"}), frozenset({"id", "ref"}))


def _item(**texts: str) -> dict[str, dict[str, str]]:
    return {name: {"S": text} for name, text in texts.items()}


def test_an_item_is_as_large_as_its_names_and_values() -> None:
    item: dict[str, dict[str, Any]] = {
        "id": {"S": "äb"},
        "n": {"N": "-12.345"},
        "flag": {"BOOL": True},
        "raw": {"B": b"1234"},
        "list": {"L": [{"S": "x"}, {"M": {"k": {"NULL": True}}}]},
    }
    text, number, flag, raw = 2 + 3, 1 + 4, 4 + 1, 3 + 4
    nested = 4 + 3 + (1 + 1) + (1 + 3 + (1 + 1 + 1))
    assert size_of(item) == text + number + flag + raw + nested
    assert size_of(None) == 0


def test_a_kind_of_attribute_that_the_app_does_not_store_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="SS"):
        size_of({"tags": {"SS": ["a"]}})


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(0, True, 1), (0, False, 0.5), (4096, True, 1), (4097, True, 2), (4097, False, 1)],
)
def test_reads_are_counted_in_4_kb(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units


def test_a_write_costs_as_much_as_the_larger_of_what_was_and_what_is() -> None:
    small, large = _item(id="1"), _item(id="1", text="x" * 2000)
    assert write_units(None, small, ()) == 1
    assert write_units(small, large, ()) == 2
    assert write_units(large, small, ()) == 2
    assert write_units(large, None, ()) == 2


def test_an_index_costs_a_write_only_where_its_entry_changes() -> None:
    before = _item(id="1", ref="r", day="d", at="1", text="x")
    after = _item(id="1", ref="r", day="d", at="1", text="y")
    assert write_units(None, before, (_WHOLE, _KEYS)) == 3
    assert write_units(before, after, (_WHOLE, _KEYS)) == 2
    assert write_units(before, before, (_WHOLE, _KEYS)) == 1


def test_a_key_that_changes_costs_two_writes_to_its_index() -> None:
    before, after = _item(id="1", day="d", at="1"), _item(id="1", day="d", at="2")
    assert write_units(before, after, (_WHOLE,)) == 1 + 2


def test_a_sparse_index_costs_one_write_to_enter_and_one_to_leave() -> None:
    without, with_it = _item(id="1"), _item(id="1", day="d", at="1")
    assert write_units(without, with_it, (_WHOLE,)) == 2
    assert write_units(with_it, without, (_WHOLE,)) == 2
    assert write_units(without, _item(id="1", ref=""), (_WHOLE,)) == 1


def test_a_stored_item_has_a_hundred_bytes_more_in_table_and_indexes() -> None:
    item = _item(id="1", ref="r", text="x" * 50)
    table, indexes = stored_bytes(item, (_WHOLE, _KEYS))
    assert table == size_of(item) + 100
    assert indexes == size_of(_item(id="1", ref="r")) + 100


def test_the_indexes_are_those_of_the_template() -> None:
    found = indexes_of(aws.template()["Resources"]["TransactionsTable"]["Properties"])
    assert {index.name for index in found if index.projected is None} == {
        "customer-index",
        "day-index",
        "due-index",
        "review-index",
    }
    (keys_only,) = (index.projected for index in found if index.projected is not None)
    assert keys_only == {"transaction_id", "uniqueReference"}
