"""Destinations by two: what an approver is shown of them, and the approval.

An approval stands inside the destination's encrypted message. It is given with the digest of what
this approver was shown: what was not shown to them, or is not as it was shown, is not approved.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chalicelib.core.actor import Actor
from chalicelib.core.clock import Clock
from chalicelib.core.cursor import start_of
from chalicelib.core.dynamodb.items import Page
from chalicelib.core.errors import ConflictError, ErrorCode, ForbiddenError
from chalicelib.customers.account_owners import AccountOwners, Owner
from chalicelib.customers.destination_message import (
    OpenedDestination,
    encrypted,
    note_opening,
    opened_message,
)
from chalicelib.customers.manage_customers import (
    changed_meanwhile,
    shown_customer,
)
from chalicelib.customers.open_details import Opener, Purpose
from chalicelib.customers.rules.provenance import Approval, refusal_of, with_cap
from chalicelib.customers.store import (
    LISTING_KEY,
    LISTING_PART,
    CustomerChangedError,
    Customers,
    SealedCustomer,
    SealedDestination,
    no_such_customer,
    no_such_destination,
)

if TYPE_CHECKING:
    from chalicelib.control.account_fingerprints import AccountFingerprints

# Each is a record, two decryptions and two reads: some 50 ms of a request's 29 s.
MOST_AT_ONCE: Final = 50
_MOST_TRIES: Final = 5
_MOST_QUERIES: Final = 20
_MOST_OWNERS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, repr=False)
class RevealedDestination:
    """All that an approver needs to know of a destination. `others` are the customer's other ones,
    `also_named_by` the other destinations that name the same account, of any customer.
    """

    customer_id: str
    customer_name: str | None
    stored: SealedDestination
    opened: OpenedDestination
    others: tuple[SealedDestination, ...]
    also_named_by: tuple[Owner, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Revelation:
    """What an approver was shown. `digest` is good for them alone, and for these destinations."""

    items: tuple[RevealedDestination, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class UnapprovedDestination:
    """A destination that waits for an approver, by the copies that lists show."""

    customer_id: str
    stored: SealedDestination


@dataclass(frozen=True, slots=True)
class DestinationApprovals:
    """Approvals of destinations. `cap_cents` is what one opens it for that names no cap."""

    customers: Customers
    opener: Opener
    owners: AccountOwners
    fingerprints: "Callable[[], AccountFingerprints]"
    clock: Clock
    cap_cents: int | None

    def unapproved(self, limit: int, cursor: str | None) -> Page[UnapprovedDestination]:
        """Those that wait for an approver, of the newest customers first; by copies in the clear.

        `limit` counts customers that are looked through at once; a page goes on until one of them
        has such a destination, or too many have none.

        Raises:
            InvalidRequestError: the cursor is not one of this list.
        """
        start: Mapping[str, str] | None = start_of(cursor, LISTING_KEY, LISTING_PART)
        unreadable: list[str] = []
        found: list[UnapprovedDestination] = []
        for _ in range(_MOST_QUERIES):
            page = self.customers.newest(limit, start)
            unreadable.extend(page.unreadable)
            found.extend(
                UnapprovedDestination(customer.customer_id, stored)
                for customer in page.items
                for stored in customer.destinations
                if stored.approved_at is None
            )
            start = page.next_key
            if found or start is None:
                break
        return Page(tuple(found), start, tuple(unreadable))

    def reveal(self, named: Sequence[Owner], by: Actor) -> Revelation:
        """Shows destinations in full; each is recorded before it is decrypted.

        Raises:
            NotFoundError: of the first that there is not; those before it are recorded.
        """
        shown = []
        for each in named:
            customer, stored = self._found(each)
            self.opener.record(each.customer_id, each.destination_id, Purpose.APPROVAL, by.name)
            shown.append(self._shown(customer, stored))
        places = [self._place_of(each, one.opened) for each, one in zip(named, shown, strict=True)]
        return Revelation(tuple(shown), self._digest(places, by))

    def approve(
        self,
        named: Sequence[Owner],
        count: int,
        digest: str,
        by: Actor,
        cap_cents: int | None = None,
    ) -> tuple[UnapprovedDestination, ...]:
        """Approves all of a list that was revealed, or none of it.

        One that is approved stays as it is, unless a `cap_cents` is given: that is its new cap, if
        it is lower, or another person has asked for it before. Else it is asked for now.

        Raises:
            NotFoundError
            ConflictError: it is not the list that this approver was shown.
            ForbiddenError: they added one of them.
        """
        opened = [self._opened(each) for each in named]
        places = [self._place_of(each, one) for each, one in zip(named, opened, strict=True)]
        if count != len(named) or not hmac.compare_digest(digest, self._digest(places, by)):
            raise ConflictError(
                "These are not the destinations that you were shown: reveal them again.",
                ErrorCode.DESTINATIONS_DIFFER,
            )
        for each in opened:
            _check_may_approve(each, by)
        return tuple(self._approved(each, by, cap_cents) for each in named)

    def approve_for_payout(self, owner: Owner, digest: str | None, by: Actor) -> None:
        """Approves the destination of a payout that is about to be approved, unless it is approved.

        Raises:
            NotFoundError: it is gone. A payout to it can be rejected: were it approved, a writer of
                the tables who hid it could show it to another approver later.
            ConflictError: it was not revealed to this approver.
            ForbiddenError: they added it.
        """
        opened = self._opened(owner)
        if opened.is_approved:
            return
        _check_may_approve(opened, by)
        if digest is None:
            raise ConflictError(
                "No person has approved this destination yet: reveal it, and approve the payout"
                " with the digest that it was shown with.",
                ErrorCode.DESTINATION_NOT_REVEALED,
            )
        self.approve([owner], 1, digest, by)

    def _approved(self, owner: Owner, by: Actor, cap_cents: int | None) -> UnapprovedDestination:
        for _ in range(_MOST_TRIES):
            customer, stored = self._found(owner)
            opened = opened_message(self.opener.vault, customer, stored)
            account = self._account(opened)
            self.owners.note(account, owner.customer_id, owner.destination_id)
            if opened.is_approved and cap_cents is None:
                return UnapprovedDestination(owner.customer_id, stored)
            now = self.clock.now()
            approval = opened.provenance.approval
            if approval is None or cap_cents is None:
                approval = Approval(by.name, now, cap_cents or self.cap_cents)
            else:
                approval = with_cap(approval, cap_cents, by, now)
            provenance = replace(opened.provenance, account=account, approval=approval)
            after = replace(opened, provenance=provenance)
            approved = encrypted(self.opener.vault, owner.customer_id, stored, after)
            try:
                self.customers.save(customer.with_destination(approved), now)
            except CustomerChangedError:
                continue
            return UnapprovedDestination(owner.customer_id, approved)
        raise changed_meanwhile()

    def _found(self, owner: Owner) -> tuple[SealedCustomer, SealedDestination]:
        customer = self.customers.get(owner.customer_id)
        if customer is None:
            raise no_such_customer()
        stored = customer.destination(owner.destination_id)
        if stored is None:
            raise no_such_destination()
        return customer, stored

    def _opened(self, owner: Owner) -> OpenedDestination:
        customer, stored = self._found(owner)
        note_opening(Purpose.APPROVAL, owner.customer_id, owner.destination_id)
        return opened_message(self.opener.vault, customer, stored)

    def _shown(self, customer: SealedCustomer, stored: SealedDestination) -> RevealedDestination:
        opened = opened_message(self.opener.vault, customer, stored)
        this = Owner(customer.customer_id, stored.destination_id)
        named_by = [each for each in self.owners.of(self._account(opened)) if each != this]
        return RevealedDestination(
            customer_id=customer.customer_id,
            customer_name=shown_customer(self.opener.vault, customer).name,
            stored=stored,
            opened=opened,
            others=tuple(each for each in customer.destinations if each is not stored),
            also_named_by=tuple(named_by[-_MOST_OWNERS_SHOWN:]),
        )

    def _account(self, opened: OpenedDestination) -> str:
        return opened.provenance.account or self.fingerprints().of(opened.destination)

    def _place_of(self, owner: Owner, opened: OpenedDestination) -> tuple[str, str, str]:
        return owner.customer_id, owner.destination_id, self._account(opened)

    def _digest(self, places: Sequence[tuple[str, str, str]], by: Actor) -> str:
        return self.fingerprints().of_list(by.subject, places)


def _check_may_approve(opened: OpenedDestination, by: Actor) -> None:
    if refusal_of(opened.provenance, by) is not None:
        raise ForbiddenError(
            "Another person has to approve a destination than who added it.",
            ErrorCode.APPROVAL_BY_AUTHOR,
        )
