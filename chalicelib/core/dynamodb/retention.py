"""How long what stands for a payment is kept: the payouts, and all records that tell of them."""

from datetime import datetime, timedelta
from typing import Final

# Seven years, as Australian law asks of financial records (Corporations Act 2001, s 286).
_KEPT_FOR: Final = timedelta(days=7 * 366)


def kept_until(at: datetime) -> int:
    """When a record of `at` expires, in seconds of the Unix epoch, as DynamoDB's TTL has it."""
    return int((at + _KEPT_FOR).timestamp())
