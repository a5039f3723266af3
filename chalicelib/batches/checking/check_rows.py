"""What a person should know of a chunk's rows before they confirm the batch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.batches.rules.batch import MOST_DUPLICATES, Duplicate, Row, SharedAccount, Warnings
from chalicelib.core.deadline import TimeLeft
from chalicelib.customers.payee_store import Payees
from chalicelib.payouts.rules.payout import Payout, State
from chalicelib.payouts.store.payouts import Payouts

_DUPLICATE_DAYS: Final = timedelta(days=7)
# A customer with more payouts than these in seven days is warned of by the newest.
_PAGE: Final = 25
_MOST_PAGES: Final = 4
# Of the time that there is, what one more customer and the marks take.
_SECONDS_AFTER_ROWS: Final = 3.0
# These moved no money, and another payout in their place is no second one.
UNPAID: Final = frozenset({State.FAILED, State.RETURNED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class RowChecker:
    """Compares the rows with what their customers were paid before, and with where they are paid.

    With `approves_destinations`, rows to destinations that no approver has approved are counted, by
    the copies that lists show: what is let go is decided by what stands in the messages.
    """

    payouts: Payouts
    payees: Payees
    approves_destinations: bool

    def warnings(self, rows: Sequence[Row], now: datetime, time_left: TimeLeft) -> Warnings | None:
        """The rows that may pay twice, and how many customers are paid for the first time.

        None where the time was up before the last of them.
        """
        paid: dict[str, tuple[Payout, ...]] = {}
        for customer_id in dict.fromkeys(row.customer_id for row in rows):
            if not time_left.has(_SECONDS_AFTER_ROWS):
                return None
            paid[customer_id] = tuple(self._paid(customer_id, now - _DUPLICATE_DAYS))
        found = list(_duplicates(rows, paid, now - _DUPLICATE_DAYS))
        first = sum(row.is_first and not paid[row.customer_id] for row in rows)
        shared = list(_shared_accounts(rows))
        unapproved = self._unapproved(rows)
        return Warnings(
            tuple(found[:MOST_DUPLICATES]),
            len(found),
            first,
            shared_accounts=tuple(shared[:MOST_DUPLICATES]),
            shared_account_count=len(shared),
            unapproved_lines=unapproved[:MOST_DUPLICATES],
            unapproved_count=len(unapproved),
        )

    def _unapproved(self, rows: Sequence[Row]) -> tuple[int, ...]:
        """The lines of rows to destinations that are there, and that no approver has approved."""
        if not self.approves_destinations:
            return ()
        payees = self.payees.of(list(dict.fromkeys(row.customer_id for row in rows)))
        return tuple(
            row.line
            for row in rows
            if (payee := payees.get(row.customer_id)) is not None
            and (place := payee.place(row.destination_id)) is not None
            and not place.is_known
        )

    def _paid(self, customer_id: str, since: datetime) -> Iterator[Payout]:
        """A customer's payouts of the last days, and the newest ones before these."""
        start: Mapping[str, str] | None = None
        for _ in range(_MOST_PAGES):
            page = self.payouts.of_customer(customer_id, _PAGE, start)
            yield from (payout for payout in page.items if payout.state not in UNPAID)
            start = page.next_key
            if start is None or (page.items and page.items[-1].created_at < since):
                return


def _shared_accounts(rows: Sequence[Row]) -> Iterator[SharedAccount]:
    for row in rows:
        if row.same_account_as_line is not None:
            yield SharedAccount(row.line, row.customer_id, row.same_account_as_line)


def _duplicates(
    rows: Sequence[Row], paid: Mapping[str, Sequence[Payout]], since: datetime
) -> Iterator[Duplicate]:
    for row in rows:
        same = (
            payout
            for payout in paid[row.customer_id]
            if payout.amount_cents == row.amount_cents and payout.created_at >= since
        )
        payout = next(same, None)
        if payout is not None or row.same_as_line is not None:
            yield Duplicate(
                line=row.line,
                customer_id=row.customer_id,
                amount_cents=row.amount_cents,
                transaction_id=payout.transaction_id if payout else None,
                created_at=payout.created_at if payout else None,
                same_as_line=row.same_as_line,
            )
