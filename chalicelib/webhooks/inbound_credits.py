"""What Monoova's two events of money coming in say of it: amount, time and id, no more.

`NPPReceivePayment` is one credit, its amount a text with four decimals and its date as Australians
write it; `InboundDirectCredit` is a batch (Monoova Payments OpenAPI v5.29).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.core.sydney import utc_of
from chalicelib.reports.rules.funding import Credit, CreditKind

# 20/10/2020 12:00:01 AM, and 2020-10-20T00:00:01; both Sydney's, without an offset.
_FORMS: Final = ("%d/%m/%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d")
_LONGEST_TIME: Final = 40


@dataclass(frozen=True, slots=True)
class Credits:
    """The credits of one webhook; `unreadable` counts what was announced and made no sense.

    Money moves in whole cents: parts of a cent are not an amount that was paid.
    """

    read: tuple[Credit, ...]
    unreadable: int


def credit_of(
    kind: CreditKind, number: str | None, cents: int | None, time: object
) -> Credit | None:
    """One credit; None if any of it makes no sense."""
    at = _time_of(time)
    if number is None or cents is None or cents < 1 or at is None:
        return None
    return Credit(at, kind, cents, number)


def _time_of(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        return None
    for form in _FORMS:
        try:
            return utc_of(datetime.strptime(value.strip(), form))  # noqa: DTZ007 - Sydney's time
        except (ValueError, OverflowError):
            continue
    return None
