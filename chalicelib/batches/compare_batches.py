"""Which other batches pay the same customer the same amount: what no payout shows yet.

Two files that wait side by side know nothing of one another's rows, so each upload leaves a short
fingerprint of every pair of customer and amount, all of a batch in one item.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.batches.rules.batch import Batch, BatchStatus, Row, Warnings
from chalicelib.batches.store.batches import Batches
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.core import observability
from chalicelib.core.dynamodb.items import StorageUnavailableError

_BYTES: Final = 8
# So many others are named; the rows of all that were compared are counted.
_MOST_NAMED: Final = 20
# Of others: an item of 160 kB each, for the largest.
_MOST_OTHERS: Final = 50
_UNDECIDED: Final = frozenset(
    {
        BatchStatus.CHECKING,
        BatchStatus.AWAITING_CONFIRMATION,
        BatchStatus.AWAITING_APPROVAL,
        BatchStatus.RELEASING,
    }
)


def pairs_of(rows: Sequence[Row]) -> bytes:
    """A fingerprint for each row, the same for the same customer and amount."""
    pairs = (f"{row.customer_id} {row.amount_cents}".encode() for row in rows)
    return b"".join(hashlib.blake2b(pair, digest_size=_BYTES).digest() for pair in pairs)


@dataclass(frozen=True, slots=True)
class BatchOverlap:
    """Compares a batch with the others that wait, or that were approved since it was uploaded.

    What was paid before stands among the payouts, where the check of its rows finds it.
    """

    batches: Batches
    open_batches: OpenBatches

    def added(self, batch: Batch, warnings: Warnings) -> Warnings:
        """The warnings with what other batches pay as well, as it is now."""
        mine = list(_parts(self.batches.pairs(batch.upload_id)))
        known, theirs, names = set(mine), set[bytes](), []
        for other in self._others(batch):
            shared = known.intersection(_parts(self.batches.pairs(other.upload_id)))
            if shared:
                names.append(other.batch_id)
                theirs |= shared
        count = sum(pair in theirs for pair in mine)
        return replace(
            warnings, also_in_batches=tuple(sorted(names)[:_MOST_NAMED]), also_in_count=count
        )

    def _others(self, batch: Batch) -> Iterator[Batch]:
        found = 0
        for batch_id in self.open_batches.recent():
            other = self._read(batch_id) if batch_id != batch.batch_id else None
            if other is not None and _may_pay_as_well(other, batch):
                found += 1
                yield other
            if found == _MOST_OTHERS:
                return

    def _read(self, batch_id: str) -> Batch | None:
        """The batch, or None: one that cannot be read keeps no other from being checked."""
        try:
            return self.batches.get(batch_id)
        except StorageUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            observability.note_error(error)
            return None


def _may_pay_as_well(other: Batch, batch: Batch) -> bool:
    is_later = other.approved_at is not None and other.approved_at > batch.created_at
    return other.status in _UNDECIDED or is_later


def _parts(pairs: bytes) -> Iterator[bytes]:
    return (pairs[start : start + _BYTES] for start in range(0, len(pairs), _BYTES))
