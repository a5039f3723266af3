"""Payouts to look at: one, or a list of them, newest first, a page at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from chalicelib.core.clock import Clock
from chalicelib.core.cursor import start_of
from chalicelib.core.dynamodb.items import Page, cursor_of, key_of
from chalicelib.core.errors import InvalidRequestError
from chalicelib.payouts.rules.payout import Payout, Status
from chalicelib.payouts.sending.record_event import found_payout
from chalicelib.payouts.store.payouts import (
    APPROVAL_PART,
    CUSTOMER_KEY,
    DAY_KEY,
    REVIEW_KEY,
    REVIEW_PART,
    Payouts,
)

_USUAL_DAYS: Final = 31
# What one request reads at the most, so that a filter that finds nothing stays cheap.
_MOST_READS: Final = 10
_MOST_DAYS_READ: Final = 31

Reader = Callable[[int, Mapping[str, str] | None], Page[Payout]]


@dataclass(frozen=True, slots=True)
class PayoutFilter:
    """What to list. `first_day` and `last_day` are UTC days, both included."""

    customer_id: str | None = None
    status: Status | None = None
    first_day: date | None = None
    last_day: date | None = None
    needs_review: bool | None = None

    def keeps(self, payout: Payout) -> bool:
        day = payout.created_at.date()
        return (
            self.customer_id in (None, payout.customer_id)
            and self.status in (None, payout.state.status)
            and self.needs_review in (None, payout.needs_review)
            and (self.first_day is None or day >= self.first_day)
            and (self.last_day is None or day <= self.last_day)
        )


@dataclass(frozen=True, slots=True)
class PayoutPage:
    """A page that is not full may still have a next one: the cursor alone says so.

    `unreadable` names what was read on the way and cannot be read, whatever the filter.
    """

    items: tuple[Payout, ...]
    next_cursor: str | None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayoutLists:
    """One payout by its id; many by customer, by what waits for a person, or by day."""

    payouts: Payouts
    clock: Clock

    def get(self, transaction_id: str) -> Payout:
        """One payout as it now stands.

        Raises:
            NotFoundError
        """
        return found_payout(self.payouts, transaction_id)

    def list(self, wanted: PayoutFilter, limit: int, cursor: str | None) -> PayoutPage:
        """The payouts that `wanted` keeps. Without any day, those of the last 31 days.

        Raises:
            InvalidRequestError: the cursor is not one of this list.
        """
        if wanted.customer_id:
            customer_id = wanted.customer_id
            return _gathered(
                lambda most, start: self.payouts.of_customer(customer_id, most, start),
                wanted,
                limit,
                start_of(cursor, CUSTOMER_KEY, {"customer_id": customer_id}),
            )
        if wanted.needs_review:
            start = start_of(cursor, REVIEW_KEY, REVIEW_PART)
            return _gathered(self.payouts.in_review, wanted, limit, start)
        if wanted.status is Status.AWAITING_APPROVAL:
            start = start_of(cursor, REVIEW_KEY, APPROVAL_PART)
            return _gathered(self.payouts.awaiting_approval, wanted, limit, start)
        return self._by_day(wanted, limit, cursor)

    def _by_day(self, wanted: PayoutFilter, limit: int, cursor: str | None) -> PayoutPage:
        last = wanted.last_day or self.clock.now().date()
        first = wanted.first_day or last - timedelta(days=_USUAL_DAYS - 1)
        start = _day_start(cursor, last)
        day = date.fromisoformat(start["created_day"]) if start else last
        key = start if start and "transaction_id" in start else None
        found: list[Payout] = []
        unreadable: list[str] = []
        for _ in range(_MOST_DAYS_READ):
            if day < first:
                return PayoutPage(tuple(found), None, tuple(unreadable))
            of_day = self._reader_of(day)
            page = _gathered(of_day, wanted, limit - len(found), key)
            found.extend(page.items)
            unreadable.extend(page.unreadable)
            if page.next_cursor:
                return PayoutPage(tuple(found), page.next_cursor, tuple(unreadable))
            day, key = day - timedelta(days=1), None
            if len(found) >= limit:
                break
        is_end = day < first
        cursor = None if is_end else cursor_of({"created_day": str(day)})
        return PayoutPage(tuple(found), cursor, tuple(unreadable))

    def _reader_of(self, day: date) -> Reader:
        return lambda most, start: self.payouts.of_day(day, most, start)


def _gathered(
    read: Reader, wanted: PayoutFilter, limit: int, start: Mapping[str, str] | None
) -> PayoutPage:
    """Reads pages until `limit` payouts are kept, the list ends, or enough was read."""
    found: list[Payout] = []
    unreadable: list[str] = []
    for _ in range(_MOST_READS):
        page = read(limit - len(found), start)
        found.extend(payout for payout in page.items if wanted.keeps(payout))
        unreadable.extend(page.unreadable)
        start = page.next_key
        if start is None or len(found) >= limit:
            break
    return PayoutPage(tuple(found), cursor_of(start), tuple(unreadable))


def _day_start(cursor: str | None, last: date) -> dict[str, str] | None:
    """A cursor by day is a key, or only the day where the next page begins: never after `last`."""
    if cursor is None:
        return None
    for names in (DAY_KEY, frozenset({"created_day"})):
        try:
            key = key_of(cursor, names)
            day = date.fromisoformat(key["created_day"])
            # Python reads other forms of a date too; the index has this one.
            is_within = day <= last and day.isoformat() == key["created_day"]
        except ValueError:
            continue
        if is_within:
            return key
    raise InvalidRequestError({"cursor": ["Not a cursor of this list."]})
