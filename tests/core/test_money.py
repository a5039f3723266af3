"""Amounts: whole cents inside, two decimals outside, and never a float's error in between."""

import json
from decimal import Decimal

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.money import InvalidAmountError, cents_from, decimal_from

CENTS = st.integers(min_value=0, max_value=99_999_999_999_99)


@pytest.mark.parametrize(
    ("value", "cents"),
    [
        (Decimal("125.5"), 12550),
        (Decimal("125.50"), 12550),
        (Decimal("1E+2"), 10000),
        (Decimal("0.01"), 1),
        (Decimal("0E+999999999"), 0),
        (Decimal("-0.0"), 0),
        (Decimal("-125.50"), -12550),
        (Decimal("99999999999.99"), 9_999_999_999_999),
        (125, 12500),
        (0, 0),
        (-1, -100),
        ("125.5", 12550),
        ("125.50", 12550),
        ("1", 100),
        ("0.01", 1),
        ("007.10", 710),
        ("99999999999.99", 9_999_999_999_999),
    ],
)
def test_an_amount_in_any_of_its_forms_is_so_many_cents(value: object, cents: int) -> None:
    assert cents_from(value) == cents


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Decimal("0.001"), "More than two decimals."),
        (Decimal("1.000"), "More than two decimals."),
        (Decimal("1E-999999999"), "More than two decimals."),
        (Decimal("1E+999999999"), "Too large."),
        (Decimal("100000000000"), "Too large."),
        (Decimal("-1E+11"), "Too large."),
        (10**11, "Too large."),
        (10**4000, "Too large."),
        (Decimal("NaN"), "Not a finite number."),
        (Decimal("sNaN"), "Not a finite number."),
        (Decimal("Infinity"), "Not a finite number."),
        (Decimal("-Infinity"), "Not a finite number."),
        (True, "Not a number or a decimal string."),
        (False, "Not a number or a decimal string."),
        (None, "Not a number or a decimal string."),
        (1.5, "Not a number or a decimal string."),
        (float("nan"), "Not a number or a decimal string."),
        ([125], "Not a number or a decimal string."),
        ({"amount": 125}, "Not a number or a decimal string."),
        (b"125", "Not a number or a decimal string."),
    ],
)
def test_what_is_no_amount_is_refused_in_words(value: object, why: str) -> None:
    with pytest.raises(InvalidAmountError, match=f"^{why}$"):
        cents_from(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " 1",
        "1 ",
        "1\n",
        "+1",
        "-1",
        "1.",
        ".5",
        "1.234",
        "1,000.00",
        "1_000",
        "1e2",
        "0x10",
        "NaN",
        "Infinity",
        "A$1",
        "١٢٣",  # Arabic digits are digits to Python
        "1" * 12,
        "1" * 100_000,
    ],
)
def test_a_text_is_an_amount_only_in_plain_digits(text: str) -> None:
    with pytest.raises(InvalidAmountError, match=r"^Not a decimal amount such as 125\.50\.$"):
        cents_from(text)


@given(CENTS)
def test_cents_survive_the_way_out_and_in_as_a_number(cents: int) -> None:
    text = simplejson.dumps(decimal_from(cents), use_decimal=True)
    assert cents_from(json.loads(text, parse_float=Decimal)) == cents


@given(CENTS)
def test_cents_survive_the_way_out_and_in_as_a_string(cents: int) -> None:
    assert cents_from(str(decimal_from(cents))) == cents


@given(CENTS)
def test_an_answer_always_shows_two_decimals(cents: int) -> None:
    text = simplejson.dumps(decimal_from(cents), use_decimal=True)
    assert text == f"{cents // 100}.{cents % 100:02d}"


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_any_number_is_exactly_so_many_cents_or_refused(number: Decimal) -> None:
    try:
        cents = cents_from(number)
    except InvalidAmountError:
        return
    assert Decimal(cents) == number * 100


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_nothing_else_than_an_invalid_amount_is_ever_raised(value: object) -> None:
    try:
        cents = cents_from(value)
    except InvalidAmountError:
        return
    assert isinstance(cents, int)
