"""Requesting a payout: paid at once, or queued where nothing may be sent now."""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib.control.rules.approval import ApprovalReason, ApprovalRules, approval_until
from chalicelib.core import observability
from chalicelib.core.actor import Actor
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.encryption import Vault
from chalicelib.core.errors import (
    ConflictError,
    ErrorCode,
    InvalidRequestError,
    NotFoundError,
    NotKnownYetError,
    TryAgainError,
    UnprocessableError,
)
from chalicelib.core.marks import requested
from chalicelib.core.money import decimal_from
from chalicelib.core.observability import Metric
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.core.secrets import SecretUnavailableError
from chalicelib.customers.manage_customers import opened_to_pay
from chalicelib.customers.rules.verification import is_payable
from chalicelib.customers.store import SealedCustomer, SealedDestination
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.destination import Destination
from chalicelib.monoova.rules.gate import Passage
from chalicelib.payouts.accept_payouts import Acceptance
from chalicelib.payouts.rules.payout import HistoryEntry, Payout, State
from chalicelib.payouts.rules.schedule import Policy, lease_until, when_to_try
from chalicelib.payouts.sending.record_event import found_payout
from chalicelib.payouts.sending.send_payout import PayoutSender
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.payouts.store.situation import ReadTogether, Situation

if TYPE_CHECKING:
    from chalicelib.customers.payee_store import Place
    from chalicelib.monoova.client import MonoovaClient

# Names of our own for ids that follow from others (RFC 9562, version 5).
_BY_KEY: Final = uuid.UUID("6f1d3c1e-5b0a-4a53-9c62-0d8c5d3c9d11")
_BY_RETRY: Final = uuid.UUID("c0a8f8b2-2d3f-4a77-8a55-2f4f0b9a7e22")
# What fingerprints were made of while they hashed absent fields as nulls: never more than these.
_LEGACY_FIELDS: Final = (
    "customer_id",
    "amount_cents",
    "destination_id",
    "payout_method",
    "description",
    "lodgement_reference",
)
# While another request with the same key is sending, its answer is worth this wait.
_REPLAY_WAIT_SECONDS: Final = 12.0
_REPLAY_LOOK_SECONDS: Final = 0.25
# SQS takes no longer one.
_LONGEST_DELAY_SECONDS: Final = 900


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """What an administrator asks for. Without a destination, the customer's only one is meant.

    Each field stands in `Payout` as well, marked as requested.
    """

    customer_id: str
    amount_cents: int
    destination_id: str | None = None
    payout_method: str | None = None
    description: str | None = None
    lodgement_reference: str | None = None

    @property
    def fingerprint(self) -> str:
        """Tells whether two requests ask for the same. Made of business fields only.

        Fields that are absent are left out: a new optional field changes no fingerprint of a
        request without it. (An explicit null is absent, as the schema of requests has it.)
        """
        return _digest(self._given())

    def has_fingerprint(self, stored: str) -> bool:
        """Whether a payout that was stored with this fingerprint was asked for by this request."""
        return stored in (self.fingerprint, self._legacy_fingerprint())

    def _legacy_fingerprint(self) -> str | None:
        """The fingerprint of payouts that were stored when absent fields were hashed as nulls.

        None for a request that such a payout cannot come from. A key is good for as long as its
        payout is kept: this may go seven years (`core.dynamodb.retention`) after the last
        deployment that stored such fingerprints was replaced.
        """
        if self._given().keys() - set(_LEGACY_FIELDS):
            return None
        return _digest({name: getattr(self, name) for name in _LEGACY_FIELDS})

    def _given(self) -> dict[str, Any]:
        return {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default
        }


def _digest(asked: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class RequestResult:
    """The payout as it now stands; `waits_for` says why it was not sent, if it was not."""

    payout: Payout
    is_replay: bool = False
    waits_for: tuple[Passage | ApprovalReason, ...] = ()


@dataclass(frozen=True, slots=True)
class PayoutRequestService:
    """Requests for new payouts, and retries.

    `new_id` makes ids of payouts without a key, and of leases.
    """

    payouts: Payouts
    acceptance: Acceptance
    together: ReadTogether
    vault: Vault
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    sender: PayoutSender
    queue: Queue
    clock: Clock
    policy: Policy
    limit_cents: int
    approval: ApprovalRules
    new_id: Callable[[], uuid.UUID]
    requires_verified: bool = False

    def request(
        self, ask: PayoutRequest, by: Actor, key: str | None, seconds: float
    ) -> RequestResult:
        """Pays, or queues the payout where nothing may be sent now, or lets it wait for approval.

        With a `key`, the same caller asking the same again gets the payout as it then stands.

        Raises:
            InvalidRequestError, NotFoundError, UnprocessableError: nothing stored, nothing sent.
            TryAgainError: the same.
            NotKnownYetError: it may have been stored.
        """
        ends_at = self._in(seconds)
        transaction_id = str(uuid.uuid5(_BY_KEY, f"{by.subject}\n{key}") if key else self.new_id())
        standing = self.together.standing(ask.customer_id, transaction_id if key else None)
        if standing.payout:
            return self._replayed(standing.payout, ask, ends_at)
        return self._begun(transaction_id, ask, standing, by.name, ends_at)

    def retry(self, transaction_id: str, by: str, seconds: float) -> RequestResult:
        """A new payout in place of one that ended without paying: one at most for each.

        Asking again gives that same new payout, so that two administrators cannot retry twice.
        """
        ends_at = self._in(seconds)
        old = found_payout(self.payouts, transaction_id)
        ended_unpaid = old.state in (State.FAILED, State.RETURNED, State.CANCELLED)
        if not ended_unpaid or old.needs_review:
            raise ConflictError(
                "Only a payout that ended as Failed, Returned or Cancelled, and is not under"
                " review, can be retried.",
                ErrorCode.PAYOUT_NOT_RETRYABLE,
            )
        ask = PayoutRequest(**requested(old))
        new_id = str(uuid.uuid5(_BY_RETRY, old.transaction_id))
        standing = self.together.standing(old.customer_id, new_id)
        if standing.payout:
            return self._replayed(standing.payout, ask, ends_at)
        return self._begun(new_id, ask, standing, by, ends_at, retry_of=old.transaction_id)

    def _begun(
        self,
        transaction_id: str,
        ask: PayoutRequest,
        standing: Situation,
        by: str,
        ends_at: datetime,
        retry_of: str | None = None,
    ) -> RequestResult:
        # Here, not earlier: a payout that stands is answered for whatever the limit is now.
        check_amount(ask.amount_cents, self.limit_cents)
        if standing.customer is None:
            raise NotFoundError("There is no such customer.", ErrorCode.CUSTOMER_NOT_FOUND)
        sealed = chosen_destination(standing.customer, ask)
        check_verified(sealed, requires_verified=self.requires_verified)
        payout = requested_payout(ask, sealed, transaction_id, by, self.clock.now(), retry_of)
        reasons = self.approval.reasons(ask.amount_cents, is_known=sealed.approved_at is not None)
        if reasons:
            return self._put_before_approvers(payout, ask, reasons, ends_at)
        # Whatever may fail before the row is written must be had before it is written.
        destination = opened_to_pay(self.vault, standing.customer, sealed)
        self._check_ready()
        passage = self.gatekeeper.enter_to_send(standing.gate)
        may_send = passage in (Passage.CLEAR, Passage.PROBE)
        payout = self._sending(payout) if may_send else self._queued(payout, passage)
        existing = self._created(payout)
        if existing:
            return self._replayed(existing, ask, ends_at)
        observability.count(Metric.PAYOUTS_REQUESTED)
        if not may_send:
            self._enqueue(payout)
            return RequestResult(payout, waits_for=(passage,))
        seconds = (ends_at - self.clock.now()).total_seconds()
        return self._sent(payout, destination, by, seconds)

    def _put_before_approvers(
        self,
        payout: Payout,
        ask: PayoutRequest,
        reasons: tuple[ApprovalReason, ...],
        ends_at: datetime,
    ) -> RequestResult:
        """Nothing is sent: the payout is found in the list of what waits for approval."""
        payout = _opened_with(
            replace(
                payout,
                state=State.AWAITING_APPROVAL,
                due_at=approval_until(payout.created_at),
            ),
            f"waits for approval: {', '.join(reasons)}",
        )
        existing = self._created(payout)
        if existing:
            return self._replayed(existing, ask, ends_at)
        observability.count(Metric.PAYOUTS_REQUESTED)
        return RequestResult(payout, waits_for=reasons)

    def _sent(
        self, payout: Payout, destination: Destination, by: str, seconds: float
    ) -> RequestResult:
        try:
            sent = self.sender.send(payout, destination, by, seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, Monoova was called
            # Monoova was called, so "nothing was done, try again" would be false. The row stands
            # as `Sending`, which is true, and is looked up when its lease runs out.
            observability.note_error(error)
            return RequestResult(payout)
        # Back in the queue: the login failed, which has opened the circuit.
        is_back = sent.state is State.QUEUED
        return RequestResult(sent, waits_for=(Passage.CIRCUIT_OPEN,) if is_back else ())

    def _in(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)

    def _check_ready(self) -> None:
        try:
            self.monoova.check_ready()
        except SecretUnavailableError:
            raise TryAgainError("Monoova's credentials cannot be read at the moment.") from None

    def _sending(self, payout: Payout) -> Payout:
        at = payout.created_at
        return _opened_with(
            replace(
                payout,
                state=State.SENDING,
                lease_id=str(self.new_id()),
                last_sent_at=at,
                due_at=lease_until(at, self.policy),
            ),
            None,
        )

    def _queued(self, payout: Payout, passage: Passage) -> Payout:
        due_at = when_to_try(self.gatekeeper.gate, payout.created_at, self.policy)
        return _opened_with(replace(payout, due_at=due_at), f"waits: {passage}")

    def _created(self, payout: Payout) -> Payout | None:
        """Stores the row. From then on the payout cannot be lost, wherever a function dies."""
        try:
            return self.acceptance.create(payout)
        except StorageUnavailableError as error:
            if not error.may_be_done:
                raise
            raise NotKnownYetError(
                "The payout may have been recorded: look at it before asking again, or ask again"
                " with the same Idempotency-Key.",
                transaction_id=payout.transaction_id,
            ) from None

    def _enqueue(self, payout: Payout) -> None:
        message = {"transaction_id": payout.transaction_id, "customer_id": payout.customer_id}
        try:
            self.queue.put(message, delay_seconds=self._seconds_to_probe())
        except QueueUnavailableError as error:
            # Its row says when it is due: the reconciler finds it without the message.
            observability.note_error(error)

    def _seconds_to_probe(self) -> int:
        """An open circuit is tried again then; a message that comes before is spent for nothing."""
        probe_at = self.gatekeeper.gate.probe_at
        if probe_at is None:
            return 0
        seconds = int((probe_at - self.clock.now()).total_seconds())
        return max(0, min(_LONGEST_DELAY_SECONDS, seconds))

    def _replayed(self, existing: Payout, ask: PayoutRequest, ends_at: datetime) -> RequestResult:
        # The id of a retry alone says whose retry it is, also when an erasure has emptied the
        # fields that it was made from.
        if existing.retry_of is None and not ask.has_fingerprint(existing.fingerprint):
            raise UnprocessableError(
                "This Idempotency-Key was used for a request with other fields.",
                ErrorCode.IDEMPOTENCY_KEY_REUSED,
                transaction_id=existing.transaction_id,
            )
        observability.note(is_replay=True)
        return RequestResult(self._answered(existing, ends_at), is_replay=True)

    def _answered(self, payout: Payout, ends_at: datetime) -> Payout:
        """Waits a little for the request that is sending it, so that all get the same answer."""
        ends_at = min(ends_at, self._in(_REPLAY_WAIT_SECONDS))
        while self._is_being_sent(payout) and self.clock.now() < ends_at:
            self.clock.sleep(_REPLAY_LOOK_SECONDS)
            payout = found_payout(self.payouts, payout.transaction_id)
        return payout

    def _is_being_sent(self, payout: Payout) -> bool:
        has_lease = payout.due_at is not None and self.clock.now() < payout.due_at
        return payout.state is State.SENDING and has_lease


def requested_payout(
    ask: PayoutRequest,
    destination: "SealedDestination | Place",
    transaction_id: str,
    by: str,
    at: datetime,
    retry_of: str | None = None,
) -> Payout:
    """The payout of a request, not yet stored, with nothing decided about it: `Queued`.

    It has every field of the request; `destination` says which one was meant, and by what method
    it is paid.
    """
    asked: dict[str, Any] = {each.name: getattr(ask, each.name) for each in fields(ask)}
    meant = {"destination_id": destination.destination_id, "payout_method": destination.type}
    return Payout(
        **(asked | meant),
        transaction_id=transaction_id,
        unique_reference=transaction_id,
        destination_masked=destination.masked,
        state=State.QUEUED,
        version=1,
        created_by=by,
        created_at=at,
        updated_at=at,
        fingerprint=ask.fingerprint,
        retry_of=retry_of,
    )


def _opened_with(payout: Payout, detail: str | None) -> Payout:
    entry = HistoryEntry(payout.created_at, "Requested", payout.state, payout.created_by, detail)
    return replace(payout, history=(entry,), history_size=1)


def check_amount(amount_cents: int, limit_cents: int) -> None:
    """Raises InvalidRequestError for an amount below one cent, or above `limit_cents`."""
    if amount_cents < 1:
        raise InvalidRequestError({"amount": ["Must be at least 0.01."]})
    if amount_cents > limit_cents:
        limit = decimal_from(limit_cents)
        raise InvalidRequestError({"amount": [f"More than the limit of A${limit}."]})


def check_verified(destination: SealedDestination, *, requires_verified: bool) -> None:
    """Raises UnprocessableError where only verified destinations are paid, and this is none."""
    if not is_payable(destination.verification, requires_verified=requires_verified):
        raise UnprocessableError(
            "Only verified destinations are paid, and this one is not verified"
            f" ({destination.verification.status}).",
            ErrorCode.DESTINATION_NOT_VERIFIED,
        )


def chosen_destination(customer: SealedCustomer, ask: PayoutRequest) -> SealedDestination:
    """The destination that a request means.

    Raises:
        NotFoundError: the customer has not the one that was named.
        InvalidRequestError: the one that was named is not of the method that was named.
        UnprocessableError: there is none, or more than one and none was named.
    """
    if ask.destination_id:
        named = customer.destination(ask.destination_id)
        if named is None:
            raise NotFoundError(
                "The customer has no such destination.", ErrorCode.DESTINATION_NOT_FOUND
            )
        if ask.payout_method not in (None, named.type):
            raise InvalidRequestError({"payout_method": [f"The destination is a {named.type}."]})
        return named
    matches = [d for d in customer.destinations if ask.payout_method in (None, d.type)]
    if not matches:
        raise UnprocessableError(
            "The customer has no destination of this kind to pay to.", ErrorCode.NO_DESTINATION
        )
    if len(matches) > 1:
        raise UnprocessableError(
            "The customer has several destinations: name one by destination_id.",
            ErrorCode.DESTINATION_AMBIGUOUS,
        )
    return matches[0]
