"""Money that came into the mAccount."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CreditKind(StrEnum):
    """Over which rails it came."""

    NPP = "NPP"
    DIRECT_CREDIT = "DirectCredit"


@dataclass(frozen=True, slots=True)
class Credit:
    """One credit. Who paid it is none of our business, and not kept."""

    at: datetime
    kind: CreditKind
    amount_cents: int
    monoova_transaction_id: str
