"""Payouts and the sums of their day, and what was paid a moment ago, in memory."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from chalicelib.control.account_fingerprints import AccountFingerprints
from chalicelib.control.rules.limits import Count
from chalicelib.control.seals import Seals
from chalicelib.control.stored_key import Key, StoredKey
from chalicelib.core.encryption import Vault
from chalicelib.payouts.rules.payout import Change, Payout, applied
from chalicelib.payouts.seal_payouts import PayoutSeals
from chalicelib.payouts.store.counted_payouts import (
    Companion,
    CountedPayouts,
    LimitReachedError,
)
from chalicelib.payouts.store.payouts import PayoutChangedError
from chalicelib.payouts.store.recent_payments import (
    PossibleDuplicateError,
    RecentPayments,
    Remembrance,
)
from chalicelib.payouts.store.succession import Succession
from proof.memory.tables import Tables, TableSeam
from proof.seam import Seam


class MemoryCountedPayouts(CountedPayouts):
    """`CountedPayouts` in memory; its methods and their errors, without its DynamoDB client."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def create(
        self, payout: Payout, counts: Sequence[Count], companions: Sequence[Companion] = ()
    ) -> Payout | None:
        def written() -> Payout | None:
            existing = self._tables.payouts.get(payout.transaction_id)
            if existing is not None:
                return None if existing == payout else existing
            writes = [self._checked(companion) for companion in companions]
            self._add(counts)
            for write in writes:
                write()
            self._tables.write(payout)
            return None

        return self._seam.cross("TransactWriteItems", written)

    def commit(
        self, payout: Payout, change: Change, at: datetime, counts: Sequence[Count]
    ) -> Payout:
        def written() -> Payout:
            after = applied(payout, change, at)
            current = self._tables.payouts.get(payout.transaction_id)
            if current is None or current.version != payout.version:
                if current == after:
                    return after
                raise PayoutChangedError(current)
            self._add(counts)
            self._tables.write(applied(current, change, at))
            return after

        return self._seam.cross("TransactWriteItems", written)

    def _add(self, counts: Sequence[Count]) -> None:
        """Adds to all sums, if they have room."""
        reached = [
            (count, count.left_cents(self._sum_of(count)))
            for count in counts
            if self._sum_of(count) > count.room_cents
        ]
        if reached:
            raise LimitReachedError(reached)
        for count in counts:
            self._tables.sums[count.sum_id] = self._sum_of(count) + count.amount_cents

    def sums(self, counts: Sequence[Count]) -> list[int]:
        return self._seam.cross("BatchGetItem", lambda: [self._sum_of(count) for count in counts])

    def _checked(self, companion: Companion) -> Callable[[], None]:
        """The companion's write, once its condition holds; raises its refusal where it does not."""
        if isinstance(companion, Remembrance):
            return self._remembered(companion)
        if not isinstance(companion, Succession):
            raise TypeError(f"{type(companion).__name__} is not known in memory")
        old = companion.old
        current = self._tables.payouts.get(old.transaction_id)
        is_as_read = current is not None and current.version == old.version
        if current is None or not is_as_read or current.succeeded_by != old.succeeded_by:
            raise PayoutChangedError(current)
        after = applied(current, companion.change, companion.at)
        return lambda: self._tables.write(after)

    def _remembered(self, companion: Remembrance) -> Callable[[], None]:
        standing = self._tables.recent_payments.get(companion.payment)
        earlier, until = standing or (companion.accepted, companion.at)
        is_refused = until > companion.at and earlier != companion.accepted
        if earlier and is_refused and not companion.is_unbound:
            raise PossibleDuplicateError(earlier)

        def write() -> None:
            latest = companion.transaction_id, companion.until
            self._tables.recent_payments[companion.payment] = latest

        return write

    def _sum_of(self, count: Count) -> int:
        return self._tables.sums.get(count.sum_id, 0)


class MemoryRecentPayments(RecentPayments):
    """`RecentPayments` in memory, without its DynamoDB client."""

    def __init__(self, tables: Tables, seam: Seam) -> None:
        self.table = "controls"
        self._tables = tables
        self._seam = TableSeam(tables, seam)

    def latest(self, payment: str, at: datetime) -> str | None:
        def found() -> str | None:
            earlier, until = self._tables.recent_payments.get(payment, ("", at))
            return earlier if until > at else None

        return self._seam.cross("GetItem", found)


class MemoryFingerprints(AccountFingerprints):
    """`AccountFingerprints` under a key that is always the same."""

    def __init__(self) -> None:
        super().__init__(MemoryKey())


class MemoryStoredKey(StoredKey):
    """`StoredKey` with its message in memory; a new key is always the same, as a run has to be."""

    def __init__(
        self, tables: Tables, seam: Seam, vault: Vault, key_id: str, now: Callable[[], datetime]
    ) -> None:
        self._keys = tables.keys
        self._seam = TableSeam(tables, seam)
        self._vault = vault
        self._key_id = key_id
        self._now = now
        self._known = None

    def _stored(self) -> bytes | None:
        return self._seam.cross("GetItem", lambda: self._keys.get(self._key_id))

    def _new_secret(self) -> bytes:
        return bytes(32)

    def _stored_first(self, sealed: bytes) -> bytes:
        return self._seam.cross("PutItem", lambda: self._keys.setdefault(self._key_id, sealed))


class MemoryKey(StoredKey):
    """A key that is always the same, and known."""

    def __init__(self) -> None:
        """There is no table, and nothing to decrypt."""

    def find(self) -> Key:
        return Key(bytes(32), 1, datetime(2026, 1, 1, tzinfo=UTC))


def memory_seals() -> PayoutSeals:
    """The seals of payouts, under a key that is always the same."""
    return PayoutSeals(lambda: Seals(MemoryKey()))
