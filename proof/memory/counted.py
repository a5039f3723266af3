"""A new payout and the sums of its day, in memory."""

from collections.abc import Callable, Sequence
from datetime import date

from chalicelib.control.rules.limits import Count, LimitKind
from chalicelib.payouts.rules.payout import Payout, applied
from chalicelib.payouts.store.counted_payouts import (
    Companion,
    CountedPayouts,
    LimitReachedError,
)
from chalicelib.payouts.store.payouts import PayoutChangedError
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
            sums = [self._sum_of(count) for count in counts]
            reached = [
                (count, max(0, count.limit_cents - known))
                for count, known in zip(counts, sums, strict=True)
                if known > count.room_cents
            ]
            if reached:
                raise LimitReachedError(reached)
            for count, known in zip(counts, sums, strict=True):
                self._tables.sums[_key(count)] = known + count.amount_cents
            for write in writes:
                write()
            self._tables.write(payout)
            return None

        return self._seam.cross("TransactWriteItems", written)

    def sums(self, counts: Sequence[Count]) -> list[int]:
        return self._seam.cross("BatchGetItem", lambda: [self._sum_of(count) for count in counts])

    def _checked(self, companion: Companion) -> Callable[[], None]:
        """The companion's write, once its condition holds; raises its refusal where it does not."""
        if not isinstance(companion, Succession):
            raise TypeError(f"{type(companion).__name__} is not known in memory")
        current = self._tables.payouts.get(companion.old.transaction_id)
        if current is None or current.version != companion.old.version or current.succeeded_by:
            raise PayoutChangedError(current)
        after = applied(current, companion.change, companion.at)
        return lambda: self._tables.write(after)

    def _sum_of(self, count: Count) -> int:
        return self._tables.sums.get(_key(count), 0)


def _key(count: Count) -> tuple[date, LimitKind, str | None]:
    return count.day, count.kind, count.of
