"""Amounts in Australian dollars: whole cents in the app, a Decimal in JSON, never a float."""

import re
from decimal import Decimal

# A bound on what is parsed at all, so that 1e999999999 costs nothing: 99,999,999,999.99.
_MOST_INTEGER_DIGITS = 11
_DECIMAL_STRING = re.compile(r"[0-9]{1,11}(\.[0-9]{1,2})?")


class InvalidAmountError(ValueError):
    """The value is not an amount in AUD; the message says why in words for the caller."""


def cents_from(value: object) -> int:
    """Cents of an amount given as a JSON number (`int` or `Decimal`) or a decimal string.

    Raises:
        InvalidAmountError: not a number, not finite, more than two decimals, or absurdly large.
            Zero passes, and a negative number: whether they are allowed is a rule of its own.
    """
    if isinstance(value, str):
        if not _DECIMAL_STRING.fullmatch(value):
            raise InvalidAmountError("Not a decimal amount such as 125.50.")
        number = Decimal(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = Decimal(value)
    elif isinstance(value, Decimal):
        number = value
    else:
        raise InvalidAmountError("Not a number or a decimal string.")
    if not number.is_finite():
        raise InvalidAmountError("Not a finite number.")
    if number and number.adjusted() >= _MOST_INTEGER_DIGITS:
        raise InvalidAmountError("Too large.")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        raise InvalidAmountError("More than two decimals.")
    return int(number.scaleb(2))


def decimal_from(amount_cents: int) -> Decimal:
    """The amount in dollars, always with two decimals: 1050 becomes Decimal('10.50')."""
    return Decimal(amount_cents).scaleb(-2).quantize(Decimal("0.01"))
