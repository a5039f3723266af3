"""A small model of Monoova: a book, and the answers that follow from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from chalicelib.core.secrets import Credentials, Secret
from chalicelib.monoova.client import Account, MonoovaClient
from chalicelib.monoova.rules.outcome import Answer, Envelope, Report, Silence, report_of
from proof.seam import Call, Seam

_CREDENTIALS: Final = Credentials(Secret("key"), "live", "https://api.mpay.com.au", "1")
REFUSAL: Final = "InvalidDisbursementMethod"
_EXECUTE: Final = Call("monoova", "Execute")
_STATUS: Final = Call("monoova", "Status")


class Fault(Enum):
    """The faults of one call of execute."""

    NONE = auto()
    LOST_BEFORE_BOOKING = auto()
    LOST_AFTER_BOOKING = auto()
    LATE_ARRIVAL = auto()
    REFUSED = auto()
    ERROR_BEFORE_BOOKING = auto()
    ERROR_AFTER_BOOKING = auto()
    LOGIN_REFUSED = auto()


class Fate(Enum):
    """The bank's decision on a booked payout."""

    PAID = auto()
    REJECTED = auto()
    RETURNED = auto()


@dataclass(slots=True)
class Provider:
    """Monoova for one payout, and for those in its place.

    `sees_after` is how long the status API does not know a booking. `fates` are those of references
    that have another than `fate`. `has_lied` says that a report of the payout's end was wrong.
    """

    refuses_duplicates: bool = True
    fate: Fate = Fate.PAID
    sees_after: timedelta = timedelta(0)
    bookings: list[tuple[str, int, datetime]] = field(default_factory=list)
    late: list[tuple[str, int]] = field(default_factory=list)
    is_settled: bool = False
    is_returned: bool = False
    return_was_reported: bool = False
    fates: Mapping[str, Fate] = field(default_factory=dict)
    has_lied: bool = False

    def key(self) -> tuple[object, ...]:
        """The state that later answers depend on."""
        return (
            tuple(self.bookings),
            tuple(self.late),
            self.is_settled,
            self.is_returned,
            self.return_was_reported,
        )

    def book(self, reference: str, cents: int, now: datetime) -> Answer:
        """Books a request that arrives, or refuses a duplicate."""
        if self.refuses_duplicates and any(known == reference for known, _, _ in self.bookings):
            return Answer(400, Envelope("SimulatedDuplicateReference", "used before", "0"))
        self.bookings.append((reference, cents, now))
        return self._taken(reference)

    def arrive_late(self, now: datetime) -> None:
        """Books the requests whose senders had a timeout."""
        for reference, cents in self.late:
            self.book(reference, cents, now)
        self.late = []

    def _taken(self, reference: str) -> Answer:
        return Answer(200, Envelope("Ok", "", "71", reference))

    def status(self, reference: str, now: datetime) -> Answer:
        times = [at for known, _, at in self.bookings if known == reference]
        booked_at = min(times, default=None)
        if booked_at is None or now < booked_at + self.sees_after:
            return Answer(400, Envelope("UniqueIdNotFound", "", "0"))
        standing = "Pending"
        if self.is_settled:
            standing = "Rejected" if self.fate_of(reference) is Fate.REJECTED else "Complete"
        return Answer(200, Envelope("Ok", "", None, reference, standing))

    def fate_of(self, reference: str) -> Fate:
        return self.fates.get(reference, self.fate)

    def held_of(self, reference: str) -> int:
        """The payee's cents in the end, of what was booked under this reference."""
        fate = self.fate_of(reference)
        is_back = fate is Fate.RETURNED and self.is_returned
        booked = sum(cents for known, cents, _ in self.bookings if known == reference)
        return 0 if is_back or fate is Fate.REJECTED else booked

    @property
    def held_cents(self) -> int:
        """The payee's cents in the end."""
        return sum(
            self.held_of(reference) for reference in {known for known, _, _ in self.bookings}
        )


class ProviderClient(MonoovaClient):
    """The app's client, with `Provider` in place of Monoova."""

    def __init__(self, seam: "ProviderSeam") -> None:
        self._seam = seam

    def check_ready(self) -> Credentials:
        return _CREDENTIALS

    def execute(self, body: bytes, seconds: float = 10.0) -> Answer | Silence:
        order = json.loads(body)
        reference, cents = order["uniqueReference"], round(order["totalAmount"] * 100)
        return self._seam.cross(_EXECUTE, lambda: self._seam.execute(reference, cents))

    def status_of(self, reference: str, seconds: float = 10.0) -> tuple[Report, Answer | Silence]:
        answer = self._seam.cross(
            _STATUS, lambda: self._seam.provider.status(reference, self._seam.now())
        )
        return report_of(answer, reference), answer

    def account(self, maccount_token: str) -> tuple[Account | None, Answer | Silence]:
        money = Decimal(1_000_000)
        return Account(money, money, None, None), Answer(200, Envelope("Ok", "", None))


class ProviderSeam(Seam):
    """The seam as the client needs it: provider, fault and time."""

    provider: Provider

    def now(self) -> datetime:
        raise NotImplementedError

    def execute(self, reference: str, cents: int) -> Answer | Silence:
        raise NotImplementedError
