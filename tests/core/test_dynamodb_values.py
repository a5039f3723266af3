"""Values in DynamoDB's form and back: as boto3 does it, for the kinds that our items have."""

from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from chalicelib.core.dynamodb.values import attribute_of, value_of
from chalicelib.payouts.rules.payout import Status

VALUES = [
    "",
    "Zoë •••789",
    Status.QUEUED,
    0,
    -12_550,
    10**37,
    True,
    False,
    None,
    b"",
    b"\x00\xff sealed",
    [],
    {},
    ["a", 1, None, [True, {"deep": b"er"}]],
    {"event": Status.PENDING, "history": [{"at": "2026-03-02", "detail": None, "cents": 7}]},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    back = value_of(attribute_of(value))
    assert back == value
    assert not isinstance(back, Status)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_its_form_is_the_one_that_boto3_gives_it(value: object) -> None:
    assert attribute_of(value) == TypeSerializer().serialize(value)


def test_what_an_enum_says_is_stored_and_not_the_enum() -> None:
    assert type(attribute_of(Status.QUEUED)["S"]) is str


def test_a_truth_is_no_number() -> None:
    assert value_of(attribute_of(True)) is True
    assert value_of(attribute_of(1)) == 1
    assert not isinstance(value_of(attribute_of(1)), bool)


def test_what_is_like_a_mapping_or_a_list_is_stored_as_one() -> None:
    value = MappingProxyType({"pair": ("a", 2)})
    assert attribute_of(value) == {"M": {"pair": {"L": [{"S": "a"}, {"N": "2"}]}}}
    assert value_of(attribute_of(value)) == {"pair": ["a", 2]}


@pytest.mark.parametrize(
    "value", [1.0, 0.1, Decimal("1.50"), {"a"}, range(2), {"deep": [1.5]}], ids=repr
)
def test_what_our_items_do_not_have_is_not_stored(value: object) -> None:
    with pytest.raises(TypeError, match="An item has no "):
        attribute_of(value)


@pytest.mark.parametrize(
    "attribute",
    [
        {"N": "1.5"},
        {"N": "1E2"},
        {"N": "NaN"},
        {"SS": ["a"]},
        {"Unknown": "x"},
        {},
        {"S": "a", "N": "1"},
        {"L": [{"M": {"cents": {"N": "125.5"}}}]},
    ],
    ids=repr,
)
def test_what_our_items_do_not_have_is_not_read(attribute: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"An item has no|invalid literal|values to unpack"):
        value_of(attribute)
