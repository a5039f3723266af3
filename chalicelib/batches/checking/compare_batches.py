"""What pays the same as a batch: other batches, of which no payout shows yet, and what is new.

Two files that wait side by side know nothing of one another's rows, so each upload leaves two short
fingerprints of every row, of customer and amount and of account and amount, all in one item.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.batches.checking.check_rows import UNPAID
from chalicelib.batches.rules.batch import Batch, BatchEvent, BatchStatus, Row, Warnings
from chalicelib.batches.store.batches import Batches
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.errors import ConflictError
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.payouts import Payouts

_BYTES: Final = 8
# So many others are named; the rows of all that were compared are counted.
_MOST_NAMED: Final = 20
# A second or two for a day of 20,000 payouts; a request has 29.
_PAGE: Final = 1000
_MOST_PAGES: Final = 60
# The check of a batch may have been shown a customer's payouts as they were so long before.
_INDEX_LAG: Final = timedelta(minutes=1)
_UNDECIDED: Final = frozenset(
    {
        BatchStatus.CHECKING,
        BatchStatus.AWAITING_CONFIRMATION,
        BatchStatus.AWAITING_APPROVAL,
        BatchStatus.RELEASING,
    }
)


def pairs_of(rows: Sequence[Row], accounts: Mapping[int, str] | None = None) -> bytes:
    """A fingerprint for each row of its customer and amount, then one of its account and amount.

    `accounts` has the fingerprints of accounts by line; where one is not known, the customer stands
    for it.
    """
    known = accounts or {}
    customers = (_pair(row.customer_id, row.amount_cents) for row in rows)
    paid = (_pair(known.get(row.line, row.customer_id), row.amount_cents) for row in rows)
    return b"".join((*customers, *paid))


def _pair(of: str, amount_cents: int) -> bytes:
    return hashlib.blake2b(f"{of} {amount_cents}".encode(), digest_size=_BYTES).digest()


@dataclass(frozen=True, slots=True)
class BatchOverlap:
    """Compares a batch with the others that wait, or that were approved since it was uploaded.

    What was paid before stands among the payouts, where the check of its rows finds it.
    """

    batches: Batches
    open_batches: OpenBatches

    def added(self, batch: Batch, warnings: Warnings) -> Warnings:
        """The warnings with what other batches pay as well, as it is now."""
        mine = _pairs_by_row(self.batches.pairs(batch.upload_id), batch.row_count)
        known = {pair for pairs in mine for pair in pairs}
        theirs, names = set[bytes](), []
        for other in self._others(batch):
            shared = known.intersection(_parts(self.batches.pairs(other.upload_id)))
            if shared:
                names.append(other.batch_id)
                theirs |= shared
        count = sum(not theirs.isdisjoint(pairs) for pairs in mine)
        return replace(
            warnings, also_in_batches=tuple(sorted(names)[:_MOST_NAMED]), also_in_count=count
        )

    def _others(self, batch: Batch) -> Iterator[Batch]:
        for batch_id in self.open_batches.recent():
            other = self._read(batch_id) if batch_id != batch.batch_id else None
            if other is not None and _may_pay_as_well(other, batch):
                yield other

    def _read(self, batch_id: str) -> Batch | None:
        """The batch, or None: one that cannot be read keeps no other from being checked."""
        try:
            return self.batches.get(batch_id)
        except StorageUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            observability.note_error(error)
            return None


@dataclass(frozen=True, slots=True)
class PaidSince:
    """Compares a batch with the single payouts that were requested since it was checked."""

    batches: Batches
    payouts: Payouts
    clock: Clock

    def added(self, batch: Batch, warnings: Warnings) -> Warnings:
        """The warnings with the payouts that pay the same customer the same, as it is now.

        Raises:
            ConflictError: there are more payouts to compare with than a request has time for.
        """
        mine = _pairs_by_row(self.batches.pairs(batch.upload_id), batch.row_count)
        customers = [pairs[0] for pairs in mine]
        known, found = set(customers), set[bytes]()
        names: list[str] = []
        for payout in self._since(_checked_at(batch) - _INDEX_LAG):
            pair = _pair(payout.customer_id, payout.amount_cents)
            if pair in known:
                names.append(payout.transaction_id)
                found.add(pair)
        count = sum(pair in found for pair in customers)
        return replace(warnings, paid_since=tuple(names[-_MOST_NAMED:]), paid_since_count=count)

    def _since(self, since: datetime) -> Iterator[Payout]:
        day, pages = self.clock.now().date(), 0
        while day >= since.date():
            start: Mapping[str, str] | None = None
            while True:
                pages += 1
                if pages > _MOST_PAGES:
                    raise ConflictError(
                        "Too much was paid since this file was checked to compare it all: cancel"
                        " it, and upload it again as a repeat."
                    )
                page = self.payouts.of_day(day, _PAGE, start)
                yield from (each for each in page.items if _counts(each, since))
                start = page.next_key
                if start is None or page.items[-1].created_at < since:
                    break
            day -= timedelta(days=1)


def _counts(payout: Payout, since: datetime) -> bool:
    """Whether it is a payout of its own, and may be paid; rows of files are compared as such."""
    is_single = payout.batch_id is None
    return is_single and payout.created_at >= since and payout.state not in UNPAID


def _checked_at(batch: Batch) -> datetime:
    times = [entry.at for entry in batch.history if entry.event == BatchEvent.CHECKED]
    return times[-1] if times else batch.created_at


def _may_pay_as_well(other: Batch, batch: Batch) -> bool:
    is_later = other.approved_at is not None and other.approved_at > batch.created_at
    return other.status in _UNDECIDED or is_later


def _pairs_by_row(pairs: bytes, row_count: int) -> list[tuple[bytes, ...]]:
    """For each row its fingerprints: those of before there were accounts have one."""
    parts = list(_parts(pairs))
    columns = [parts[start : start + row_count] for start in range(0, len(parts), row_count)]
    return list(zip(*columns, strict=True))


def _parts(pairs: bytes) -> Iterator[bytes]:
    return (pairs[start : start + _BYTES] for start in range(0, len(pairs), _BYTES))
