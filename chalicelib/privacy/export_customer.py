"""What a customer may ask of us: all that is held on them, and who opened their details."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import (
    InvalidCursorError,
    Page,
    cursor_of,
    key_of,
    text_of,
    time_of,
)
from chalicelib.core.dynamodb.readable import UnreadableItemError
from chalicelib.core.encryption import SealBrokenError, Vault
from chalicelib.core.errors import InvalidRequestError
from chalicelib.customers.access_store import Access, Accesses, collection_of, item_key_of
from chalicelib.customers.destination_message import opened_message
from chalicelib.customers.manage_customers import Customer, shown_customer
from chalicelib.customers.open_details import Opener, Purpose
from chalicelib.customers.store import (
    Customers,
    SealedCustomer,
    SealedDestination,
    no_such_customer,
)
from chalicelib.monoova.rules.destination import Destination
from chalicelib.payouts.rules.payout import FIRST_EVENT, Event, HistoryEntry, Payout, State
from chalicelib.payouts.store.payouts import CUSTOMER_KEY, Payouts

# The entries of a payout's history behind which its destination was opened to be paid to.
_OPENED_AT: Final = frozenset({FIRST_EVENT, Event.CLAIMED.value, Event.RESENT.value})
_STREAMS: Final = frozenset({"records", "payouts"})
_FROM_THE_FIRST, _ENDED = "first", "none"
# Accesses that stand together, each with its place in the list that it is of.
_Groups = list[tuple[str, tuple[Access, ...]]]
_POSITION: Final = re.compile(r"[0-9TZ:.-]{27}#[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True, repr=False)
class Export:
    """A page of all that is held on a customer. The customer is on the first page only.

    `unreadable` has the ids of what belongs on the page and cannot be read or decrypted.
    """

    as_of: datetime
    customer: Customer | None
    destinations: tuple[tuple[SealedDestination, Destination], ...]
    payouts: tuple[Payout, ...]
    next_cursor: str | None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessList:
    """A page of openings; `unreadable` names the records and payouts that cannot be read."""

    items: tuple[Access, ...]
    next_cursor: str | None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrivacyService:
    """Access to one's data, as the Australian Privacy Principle 12 has it."""

    customers: Customers
    payouts: Payouts
    accesses: Accesses
    vault: Vault
    opener: Opener
    clock: Clock

    def export(self, customer_id: str, by: str, limit: int, cursor: str | None) -> Export:
        """Everything that is held on a customer, in the clear; payouts a page at a time.

        It is recorded before anything is opened: an export that cannot be recorded is none.

        Raises:
            NotFoundError
            InvalidRequestError: the cursor is not one of this customer's.
        """
        unreadable: list[str] = []
        sealed = self._found(customer_id, unreadable)
        start = _payout_key(cursor, customer_id)
        page = self.payouts.of_customer(customer_id, limit, start)
        unreadable.extend(page.unreadable)
        customer, opened = None, list[tuple[SealedDestination, Destination]]()
        if not cursor:
            destinations = sealed.destinations if sealed else ()
            for destination in destinations or (None,):
                destination_id = destination.destination_id if destination else None
                self.opener.record(customer_id, destination_id, Purpose.EXPORT, by)
            opened = self._opened(sealed, unreadable)
            customer = self._shown(sealed, unreadable)
        return Export(
            as_of=self.clock.now(),
            customer=customer,
            destinations=tuple(opened),
            payouts=page.items,
            next_cursor=cursor_of(page.next_key),
            unreadable=tuple(unreadable),
        )

    def _found(self, customer_id: str, unreadable: list[str]) -> SealedCustomer | None:
        """The customer; None of one that cannot be read: their payouts can."""
        try:
            sealed = self.customers.get(customer_id)
        except UnreadableItemError:
            unreadable.append(customer_id)
            return None
        if sealed is None:
            raise no_such_customer()
        return sealed

    def _opened(
        self, sealed: SealedCustomer | None, unreadable: list[str]
    ) -> list[tuple[SealedDestination, Destination]]:
        found: list[tuple[SealedDestination, Destination]] = []
        if sealed is None:
            return found
        for destination in sealed.destinations:
            try:
                opened = opened_message(self.vault, sealed, destination)
                found.append((destination, opened.destination))
            except SealBrokenError as error:
                observability.note_unreadable(destination.destination_id, error)
                unreadable.append(destination.destination_id)
        return found

    def _shown(self, sealed: SealedCustomer | None, unreadable: list[str]) -> Customer | None:
        if sealed is None:
            return None
        try:
            return shown_customer(self.vault, sealed)
        except SealBrokenError as error:
            observability.note_unreadable(sealed.customer_id, error)
            unreadable.append(sealed.customer_id)
            return None

    def list_accesses(self, customer_id: str, limit: int, cursor: str | None) -> AccessList:
        """Who opened the customer's destinations: what was recorded, and the payouts sent.

        Newest first; a payout's openings stand together, where it was asked for. Of a customer
        who was erased, too.

        Raises:
            InvalidRequestError: the cursor is not one of this list.
        """
        at = _positions(cursor)
        streams = (
            self._recorded(customer_id, limit, at["records"]),
            self._paid(customer_id, limit, at["payouts"]),
        )
        found = _merged(streams, limit)
        ahead = {stream.name: stream.position for stream in streams}
        is_end = set(ahead.values()) == {_ENDED}
        unreadable = tuple(name for stream in streams for name in stream.unreadable)
        return AccessList(tuple(found), None if is_end else cursor_of(ahead), unreadable)

    def _recorded(self, customer_id: str, limit: int, position: str) -> "_Stream":
        if position == _ENDED:
            return _Stream("records", position)
        start = {"collection": collection_of(customer_id), "item": position}
        page = self.accesses.of_customer(customer_id, limit, _unless_first(position, start))
        groups: _Groups = [(item_key_of(access), (access,)) for access in page.items]
        after = page.next_key["item"] if page.next_key else None
        return _Stream("records", position, groups, after, page.unreadable)

    def _paid(self, customer_id: str, limit: int, position: str) -> "_Stream":
        if position == _ENDED:
            return _Stream("payouts", position)
        created_at, _, transaction_id = position.partition("#")
        start = {"customer_id": customer_id, "created_at": created_at}
        start["transaction_id"] = transaction_id
        page: Page[Payout] = self.payouts.of_customer(
            customer_id, limit, _unless_first(position, start)
        )
        groups: _Groups = [
            (f"{text_of(payout.created_at)}#{payout.transaction_id}", _openings_of(payout))
            for payout in page.items
        ]
        key = page.next_key
        after = f"{key['created_at']}#{key['transaction_id']}" if key else None
        return _Stream("payouts", position, groups, after, page.unreadable)


@dataclass(slots=True)
class _Stream:
    """One of the two lists that are made one: what was read of it, and how far it was used.

    `after` is where its next page begins; None at its end.
    """

    name: str
    position: str
    groups: _Groups = field(default_factory=list)
    after: str | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def is_last(self) -> bool:
        return self.after is None

    @property
    def is_cut_off(self) -> bool:
        """There is more of it, unread: what the other one has may be older than that."""
        return not self.groups and not self.is_last

    def take(self) -> tuple[Access, ...]:
        self.position, taken = self.groups.pop(0)
        self.end()
        return taken

    def end(self) -> None:
        if not self.groups:
            self.position = self.after or _ENDED


def _merged(streams: tuple[_Stream, ...], limit: int) -> list[Access]:
    found: list[Access] = []
    for stream in streams:
        stream.end()
    while len(found) < limit and not any(stream.is_cut_off for stream in streams):
        ahead = [stream for stream in streams if stream.groups]
        if not ahead:
            break
        found.extend(max(ahead, key=lambda stream: stream.groups[0][0]).take())
    return found


def _openings_of(payout: Payout) -> tuple[Access, ...]:
    """The times a payout's destination was opened and paid to, newest first."""
    entries = [
        entry
        for entry in payout.history
        # What waits is not sent; each time it is, another entry says so.
        if entry.event in _OPENED_AT and entry.state is State.SENDING
    ]
    return tuple(_opening(payout, entry) for entry in reversed(entries))


def _opening(payout: Payout, entry: HistoryEntry) -> Access:
    return Access(
        access_id=payout.transaction_id,
        customer_id=payout.customer_id,
        at=entry.at,
        by=entry.by,
        purpose=Purpose.PAYOUT,
        destination_id=payout.destination_id,
        transaction_id=payout.transaction_id,
    )


def _unless_first(position: str, key: Mapping[str, str]) -> Mapping[str, str] | None:
    return None if position == _FROM_THE_FIRST else key


def _positions(cursor: str | None) -> Mapping[str, str]:
    if cursor is None:
        return dict.fromkeys(_STREAMS, _FROM_THE_FIRST)
    try:
        at = key_of(cursor, _STREAMS)
        for position in at.values():
            _check_position(position)
    except ValueError:
        raise _not_a_cursor() from None
    return at


def _check_position(position: str) -> None:
    """Raises ValueError for what is no place in either list."""
    if position in (_FROM_THE_FIRST, _ENDED):
        return
    if not _POSITION.fullmatch(position):
        raise InvalidCursorError("Not a place in this list.")
    time_of(position.partition("#")[0])


def _payout_key(cursor: str | None, customer_id: str) -> Mapping[str, str] | None:
    if cursor is None:
        return None
    try:
        return key_of(cursor, CUSTOMER_KEY, {"customer_id": customer_id})
    except InvalidCursorError:
        raise _not_a_cursor() from None


def _not_a_cursor() -> InvalidRequestError:
    return InvalidRequestError({"cursor": ["Not a cursor of this list."]})
