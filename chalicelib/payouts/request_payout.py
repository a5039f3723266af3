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
    AccessEndedError,
    ConflictError,
    ErrorCode,
    InvalidRequestError,
    NotKnownYetError,
    TryAgainError,
    UnprocessableError,
)
from chalicelib.core.marks import requested
from chalicelib.core.money import decimal_from
from chalicelib.core.observability import Metric
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.core.secrets import SecretUnavailableError, WrongEnvironmentError
from chalicelib.customers.destination_message import OpenedDestination, opened_to_pay
from chalicelib.customers.rules.verification import is_payable
from chalicelib.customers.store import (
    SealedCustomer,
    SealedDestination,
    no_such_customer,
    no_such_destination,
)
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.destination import Destination
from chalicelib.monoova.rules.gate import Gate, Passage
from chalicelib.payouts.accept_payouts import Acceptance, Counted, NeedsApprovalError
from chalicelib.payouts.recognise_duplicates import Duplicates, Meaning
from chalicelib.payouts.rules.payout import (
    FIRST_EVENT,
    Event,
    HistoryEntry,
    Payout,
    QueueReason,
    State,
)
from chalicelib.payouts.rules.schedule import Policy, lease_until, when_to_send
from chalicelib.payouts.rules.second_payment import may_be_succeeded, succession_cents
from chalicelib.payouts.sending.record_event import found_payout
from chalicelib.payouts.sending.send_payout import PayoutSender
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts
from chalicelib.payouts.store.situation import ReadTogether, Situation

if TYPE_CHECKING:
    from chalicelib.control.account_fingerprints import AccountFingerprints
    from chalicelib.customers.payee_store import Place
    from chalicelib.monoova.client import MonoovaClient
    from chalicelib.payouts.second_payment import Clearance, SecondPayments
    from chalicelib.payouts.store.counted_payouts import Companion

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
# Each is lost to a writer that was faster, and an ended payout has few.
_MOST_TRIES: Final = 3
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
    waits_for: tuple[Passage | ApprovalReason | QueueReason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A request that is about to be stored, and by when it is answered.

    `counted` says what it is counted under, as far as that is needed.
    """

    ask: PayoutRequest
    meaning: Meaning
    counted: Counted
    ends_at: datetime
    in_place_of: "Clearance | None"


@dataclass(frozen=True, slots=True)
class PayoutRequestService:
    """Requests for new payouts, and retries.

    `new_id` makes ids of payouts without a key, and of leases. `second_payments` is loaded only
    when it is called: most requests are no retries.
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
    second_payments: "Callable[[], SecondPayments]"
    duplicates: Duplicates
    fingerprints: "Callable[[], AccountFingerprints]"
    requires_verified: bool = False

    def request(
        self,
        ask: PayoutRequest,
        by: Actor,
        key: str | None,
        seconds: float,
        accept_duplicate_of: str | None = None,
    ) -> RequestResult:
        """Pays, or queues the payout where nothing may be sent now, or lets it wait for approval.

        With a `key`, the same caller asking the same again gets the payout as it then stands.
        `accept_duplicate_of` is an earlier payout that this one is meant beside.

        Raises:
            InvalidRequestError, NotFoundError, UnprocessableError: nothing stored, nothing sent.
            ConflictError: the same was paid a moment ago; the same.
            TryAgainError: the same.
            NotKnownYetError: it may have been stored.
        """
        ends_at = self._in(seconds)
        transaction_id = str(uuid.uuid5(_BY_KEY, f"{by.subject}\n{key}") if key else self.new_id())
        standing = self.together.standing(ask.customer_id, transaction_id if key else None)
        # Read with the rest, so that it costs the ordinary payout nothing.
        if by.is_among(standing.gate.disabled):
            raise AccessEndedError
        if standing.payout:
            return self._replayed(standing.payout, ask, ends_at)
        meaning = Meaning(by.name, accept_duplicate_of)
        return self._begun(transaction_id, ask, standing, meaning, ends_at)

    def retry(self, transaction_id: str, by: str, seconds: float) -> RequestResult:
        """A new payout in place of one that ended without paying: one at most for each.

        Asking again gives that same new payout, so that two administrators cannot retry twice;
        once that one has ended unpaid too, it is the one that is retried.

        Raises:
            ConflictError: it cannot be retried, may have been paid, or it is too early to know.
            TryAgainError: Monoova does not say whether it was paid; nothing changed.
            AppError: as `request` does.
        """
        ends_at = self._in(seconds)
        first = found_payout(self.payouts, transaction_id)
        second = self.second_payments()
        for _ in range(_MOST_TRIES):
            old = second.last_of_line(first, retry_id_of)
            ask = PayoutRequest(**requested(old))
            ask = replace(ask, amount_cents=succession_cents(old) or old.amount_cents)
            if old.transaction_id != transaction_id and not may_be_succeeded(old):
                return self._replayed(old, ask, ends_at)
            cleared = second.cleared(old, by, self._left(ends_at))
            standing = self.together.standing(old.customer_id)
            try:
                meaning = Meaning(by, is_retry=True)
                return self._begun(retry_id_of(old), ask, standing, meaning, ends_at, cleared)
            except PayoutChangedError as error:
                # Another writer was faster, or Monoova reported something: decided anew.
                first = error.current or first
        raise ConflictError("Others change the payout all the time.", ErrorCode.CHANGED_MEANWHILE)

    def _begun(
        self,
        transaction_id: str,
        ask: PayoutRequest,
        standing: Situation,
        meaning: Meaning,
        ends_at: datetime,
        in_place_of: "Clearance | None" = None,
    ) -> RequestResult:
        # Here, not earlier: a payout that stands is answered for whatever the limit is now.
        check_amount(ask.amount_cents, self.limit_cents)
        if standing.customer is None:
            raise no_such_customer()
        sealed = chosen_destination(standing.customer, ask)
        check_verified(sealed, requires_verified=self.requires_verified)
        retry_of = in_place_of.old.transaction_id if in_place_of else None
        now = self.clock.now()
        payout = requested_payout(ask, sealed, transaction_id, meaning.by, now, retry_of)
        is_settled_by_hand = in_place_of is not None and in_place_of.is_settled_by_hand
        if self._waits_unopened(ask, meaning, is_settled_by_hand=is_settled_by_hand):
            # Nothing is decrypted for what is not sent.
            reasons = self._reasons(ask, is_known=True, is_settled_by_hand=is_settled_by_hand)
            draft = _Draft(ask, meaning, Counted(), ends_at, in_place_of)
            return self._put_before_approvers(payout, draft, reasons)
        # Whatever may fail before the row is written must be had before it is written.
        opened = opened_to_pay(self.vault, standing.customer, sealed)
        reasons = self._reasons(
            ask, is_known=opened.is_approved, is_settled_by_hand=is_settled_by_hand
        )
        counted = self._counted(meaning, opened, waits=bool(reasons))
        draft = _Draft(ask, meaning, counted, ends_at, in_place_of)
        if reasons:
            return self._put_before_approvers(payout, draft, reasons)
        return self._put_on_its_way(payout, draft, opened.destination, standing.gate)

    def _reasons(
        self, ask: PayoutRequest, *, is_known: bool, is_settled_by_hand: bool
    ) -> tuple[ApprovalReason, ...]:
        return self.approval.reasons(
            ask.amount_cents, is_known=is_known, is_settled_by_hand=is_settled_by_hand
        )

    def _waits_unopened(
        self, ask: PayoutRequest, meaning: Meaning, *, is_settled_by_hand: bool
    ) -> bool:
        """Whether it waits for an approver whatever stands in the destination's message."""
        if self.approval.new_destinations or self.duplicates.are_remembered(meaning):
            return False
        return bool(self._reasons(ask, is_known=True, is_settled_by_hand=is_settled_by_hand))

    def _counted(self, meaning: Meaning, opened: OpenedDestination, *, waits: bool) -> Counted:
        """What the payout is counted under, as far as it matters which account it goes to."""
        cap = None if waits or not self.approval.new_destinations else opened.cap_cents
        needs_account = self.acceptance.threshold_needs_account or (
            self.acceptance.limits_need_account or cap is not None
        )
        if not self.duplicates.are_remembered(meaning) and (waits or not needs_account):
            return Counted()
        return Counted(self.fingerprints().of(opened.destination), cap)

    def _put_on_its_way(
        self, payout: Payout, draft: _Draft, destination: Destination, gate: Gate
    ) -> RequestResult:
        """Sends the payout if the gate allows, else queues it."""
        self._check_ready()
        passage = self.gatekeeper.enter_to_send(gate)
        may_send = passage.is_through
        opened = self._sending(payout, draft) if may_send else self._queued(payout, draft, passage)
        opened = self.acceptance.as_stored(opened, draft.counted)
        try:
            existing = self._created(opened, draft)
        except NeedsApprovalError as error:
            return self._put_before_approvers(payout, draft, (error.reason,))
        if existing:
            return self._replayed(existing, draft.ask, draft.ends_at)
        observability.count(Metric.PAYOUTS_REQUESTED)
        if not may_send:
            if passage is not Passage.PACED:
                self._enqueue(opened)
            return RequestResult(opened, waits_for=(passage,))
        return self._sent(opened, destination, draft.meaning.by, self._left(draft.ends_at))

    def _put_before_approvers(
        self, payout: Payout, draft: _Draft, reasons: tuple[ApprovalReason, ...]
    ) -> RequestResult:
        """Nothing is sent: the payout is found in the list of what waits for approval."""
        waiting = before_approvers(payout, reasons)
        payout = _opened_with(waiting, draft, words_of_waiting(reasons))
        existing = self._created(payout, draft)
        if existing:
            return self._replayed(existing, draft.ask, draft.ends_at)
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
        if sent.state is not State.QUEUED:
            return RequestResult(sent)
        # Back in the queue: for want of funds, or Monoova takes no more now, or the login failed
        # and all sending stops.
        is_paced = sent.history[-1].event == Event.SEND_RATE_LIMITED
        passage = Passage.PACED if is_paced else Passage.CIRCUIT_OPEN
        return RequestResult(sent, waits_for=(sent.waits_for or passage,))

    def _in(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)

    def _left(self, ends_at: datetime) -> float:
        return (ends_at - self.clock.now()).total_seconds()

    def _check_ready(self) -> None:
        try:
            self.monoova.check_ready()
        except WrongEnvironmentError:
            raise
        except SecretUnavailableError:
            raise TryAgainError("Monoova's credentials cannot be read at the moment.") from None

    def _sending(self, payout: Payout, draft: _Draft) -> Payout:
        at = payout.created_at
        return _opened_with(
            replace(
                payout,
                state=State.SENDING,
                lease_id=str(self.new_id()),
                last_sent_at=at,
                due_at=lease_until(at, self.policy),
            ),
            draft,
        )

    def _queued(self, payout: Payout, draft: _Draft, passage: Passage) -> Payout:
        due_at = when_to_send(self.gatekeeper.gate, payout.created_at)
        return _opened_with(replace(payout, due_at=due_at), draft, f"waits: {passage}")

    def _created(self, payout: Payout, draft: _Draft) -> Payout | None:
        """Stores the row. From then on the payout cannot be lost, wherever a function dies."""
        claims = [draft.in_place_of.claim(payout)] if draft.in_place_of else []
        counted, account = draft.counted, draft.counted.account

        def stored(*more: "Companion") -> Payout | None:
            return self.acceptance.create(payout, companions=[*claims, *more], counted=counted)

        try:
            if account is None or not self.duplicates.are_remembered(draft.meaning):
                return stored()
            return self.duplicates.stored(payout, account, draft.meaning, stored)
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
        probe_at = self.gatekeeper.gate.sending.probe_at
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


def retry_id_of(payout: Payout) -> str:
    """The id of the payout that a retry makes in place of `payout`, or of the next part of it."""
    part = len(payout.also_succeeded_by) + 1 if payout.succeeded_by else 0
    name = f"{payout.transaction_id}\n{part}" if part else payout.transaction_id
    return str(uuid.uuid5(_BY_RETRY, name))


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


def before_approvers(payout: Payout, reasons: tuple[ApprovalReason, ...]) -> Payout:
    """A new payout as one that waits for an approver; its history is the caller's."""
    return replace(
        payout,
        state=State.AWAITING_APPROVAL,
        approval_reasons=reasons,
        due_at=approval_until(payout.created_at),
    )


def words_of_waiting(reasons: tuple[ApprovalReason, ...]) -> str:
    """What the first entry of its history says of that."""
    return f"waits for approval: {', '.join(reasons)}"


def _opened_with(payout: Payout, draft: _Draft, detail: str | None = None) -> Payout:
    accepted = draft.meaning.accepted
    beside = f"meant beside payout {accepted}" if accepted else None
    details = "; ".join(part for part in (detail, beside) if part) or None
    entry = HistoryEntry(payout.created_at, FIRST_EVENT, payout.state, payout.created_by, details)
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
            raise no_such_destination()
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
