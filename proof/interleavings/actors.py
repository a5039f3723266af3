"""The actors and the rows of the scenarios: the app's own services, one set for each function."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from chalicelib.control.rules.approval import ApprovalRules
from chalicelib.control.rules.duplicates import DuplicateRules
from chalicelib.control.rules.limits import Limits
from chalicelib.core.actor import user
from chalicelib.core.dynamodb.items import Page
from chalicelib.core.encryption import Vault
from chalicelib.core.queues import Queue
from chalicelib.core.secrets import Secret
from chalicelib.customers.access_store import Access, Accesses
from chalicelib.customers.approve_destinations import DestinationApprovals
from chalicelib.customers.open_details import Opener
from chalicelib.customers.store import SealedCustomer, SealedDestination
from chalicelib.monoova.available_funds import AvailableFunds
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.payloads import Source
from chalicelib.monoova.rules.duplicates import SecondCalls, second_calls
from chalicelib.monoova.rules.gate import Gate
from chalicelib.payouts.accept_payouts import Acceptance
from chalicelib.payouts.administer_payout import AdministrationService
from chalicelib.payouts.approve_payout import ApprovalService
from chalicelib.payouts.find_payouts import PayoutsOfCustomer
from chalicelib.payouts.recognise_duplicates import Duplicates
from chalicelib.payouts.request_payout import PayoutRequest, PayoutRequestService
from chalicelib.payouts.rules.news import Notice, NoticeKind, Trust
from chalicelib.payouts.rules.payout import HistoryEntry, Payout, State
from chalicelib.payouts.rules.schedule import Policy
from chalicelib.payouts.second_payment import SecondPayments
from chalicelib.payouts.sending.attempt_payout import Line
from chalicelib.payouts.sending.dispatch_payout import Dispatcher
from chalicelib.payouts.sending.reconcile_due import Reconciler
from chalicelib.payouts.sending.record_event import Recorder
from chalicelib.payouts.sending.send_payout import PayoutSender
from chalicelib.payouts.store.items import DUE_SHARDS
from chalicelib.privacy.erase_customer import Erasure
from chalicelib.reports.store.funding import Funding
from chalicelib.webhooks.queued_notices import QueuedNotices
from chalicelib.webhooks.receive_webhook import WebhookService
from chalicelib.webhooks.signature import SignatureVerifier
from proof.interleavings.explorer import START, Actor, Scheduler
from proof.interleavings.provider import Fate, ProviderClient
from proof.memory.controls import MemoryControls, MemorySignedEvents, MemoryTogether
from proof.memory.counted import (
    MemoryCountedPayouts,
    MemoryFingerprints,
    MemoryRecentPayments,
    memory_seals,
)
from proof.memory.customers import MemoryCustomers, MemoryOwners
from proof.memory.payouts import MemoryPayouts
from proof.seam import Call

# What a request under this key makes, so that all scenarios are about the same payout.
_KEY: Final = "key"
PAYOUT: Final = str(uuid.uuid5(uuid.UUID("6f1d3c1e-5b0a-4a53-9c62-0d8c5d3c9d11"), f"alice\n{_KEY}"))
CUSTOMER: Final = "00000000-0000-4000-8000-000000000002"
DESTINATION: Final = "00000000-0000-4000-8000-000000000003"
CENTS: Final = 12_550
_RECORD: Final = {"pay_id": "jo@example.com", "pay_id_type": "Email", "account_name": "Jo"}
_SOURCE: Final = Source("6279059700000000", "802-985", "123456789", "Example", "sourceBSB")
_SECONDS: Final = 55.0
# So few that a replay looks at its payout a few times and not fifty; that leaves none for trying
# again inside the request, which the deliveries do.
_PATIENCE_SECONDS: Final = 0.5
_ALICE: Final = user("alice")


def _no_funds() -> Funding:
    raise AssertionError("no money comes in here")


class _OpenVault(Vault):
    """A vault that encrypts nothing: only whether KMS answers matters here."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def open(self, customer_id: str, purpose: str, sealed: bytes) -> dict[str, str]:
        return self._scheduler.cross(Call("kms", "Decrypt"), lambda: dict(_RECORD))


class _NoRecords(Accesses):
    """An audit log that is not kept: no decision depends on it, so no order is tried around it."""

    def __init__(self) -> None:
        return

    def add(self, access: Access) -> None:
        return


class _Payouts(MemoryPayouts):
    """With one payout, no other actor changes what the other shards answer, or the count of payouts
    in review: no order is tried around these calls."""

    def due(
        self, shard: str, now: datetime, limit: int, start: Mapping[str, str] | None = None
    ) -> Page[Payout]:
        if int(shard[-1]) != int(PAYOUT[-4:], 16) % DUE_SHARDS:
            return Page((), None)
        return super().due(shard, now, limit, start)

    def count_in_review(self) -> int:
        return 0


class _LosingQueue(Queue):
    """A queue that delivers nothing: no promise may depend on a message."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def put(self, message: Any, delay_seconds: int = 0) -> None:
        self._scheduler.cross(Call("sqs", "SendMessage"), lambda: None)


class Function:
    """One function instance: its own memory of the gate, its own leases; made when needed."""

    def __init__(
        self, scheduler: Scheduler, number: int, policy: Policy, *, sees_all: bool = False
    ) -> None:
        self._scheduler = scheduler
        self._number = number
        self._policy = policy
        self._ids = 0
        store = MemoryPayouts if sees_all else _Payouts
        self.payouts = store(scheduler.tables, scheduler)

    def _new_id(self) -> uuid.UUID:
        self._ids += 1
        return uuid.UUID(int=self._number * 1000 + self._ids, version=4)

    @cached_property
    def _together(self) -> MemoryTogether:
        return MemoryTogether(self._scheduler.tables, self._scheduler)

    @cached_property
    def _monoova(self) -> ProviderClient:
        return ProviderClient(self._scheduler)

    @cached_property
    def _gatekeeper(self) -> Gatekeeper:
        controls = MemoryControls(self._scheduler.tables, self._scheduler)
        return Gatekeeper(controls, self._scheduler, lambda: "1")

    @cached_property
    def _recorder(self) -> Recorder:
        return Recorder(self.payouts, self._scheduler)

    @cached_property
    def _sender(self) -> PayoutSender:
        line = Line(
            self._monoova, self._gatekeeper, self._scheduler, lambda: 0.5, self._second_calls
        )
        return PayoutSender(line, self._recorder, self._policy, _SOURCE)

    def _second_calls(self, gate: Gate) -> SecondCalls:
        return second_calls(self._policy.duplicates, gate, is_live=False)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        return Dispatcher(
            self.payouts,
            self._together,
            _OpenVault(self._scheduler),
            self._monoova,
            self._gatekeeper,
            self._sender,
            self._recorder,
            self._scheduler,
            self._policy,
            self._second_calls,
            self._new_id,
            lambda _batch_id: None,
            self._funds,
            memory_seals(),
            lambda: self.second_payments,
            approves_destinations=False,
        )

    @cached_property
    def reconciler(self) -> Reconciler:
        return Reconciler(
            self.payouts,
            self._together,
            self._monoova,
            self._gatekeeper,
            self.dispatcher,
            _LosingQueue(self._scheduler),
            self._scheduler,
            self._policy,
            self._funds,
            self._second_calls,
            lambda: self._opener,
            tuple,
            lambda _ids, _time_left: None,
        )

    @cached_property
    def _funds(self) -> AvailableFunds:
        return AvailableFunds(lambda: self._monoova, self._gatekeeper, self._scheduler, "")

    @cached_property
    def _opener(self) -> Opener:
        return Opener(_OpenVault(self._scheduler), _NoRecords(), self._scheduler, self._new_id)

    @cached_property
    def payout_requests(self) -> PayoutRequestService:
        return PayoutRequestService(
            self.payouts,
            self.acceptance,
            self._together,
            _OpenVault(self._scheduler),
            self._monoova,
            self._gatekeeper,
            self._sender,
            _LosingQueue(self._scheduler),
            self._scheduler,
            self._policy,
            100_000,
            ApprovalRules(),
            self._new_id,
            lambda: self.second_payments,
            self._duplicates,
            MemoryFingerprints,
        )

    @cached_property
    def _duplicates(self) -> Duplicates:
        """What is paid again is not what these runs are about."""
        recent = MemoryRecentPayments(self._scheduler.tables, self._scheduler)
        never = DuplicateRules(timedelta(0), timedelta(0))
        return Duplicates(never, MemoryFingerprints, recent, self.payouts, self._scheduler)

    @cached_property
    def second_payments(self) -> SecondPayments:
        return SecondPayments(
            self.payouts,
            self._monoova,
            self._gatekeeper,
            self._recorder,
            self._scheduler,
            self._policy,
        )

    @cached_property
    def acceptance(self) -> Acceptance:
        return Acceptance(
            self.payouts,
            lambda: self._counted,
            Limits(),
            ApprovalRules(),
            self._scheduler,
            lambda: 0.5,
            memory_seals(),
        )

    @cached_property
    def _counted(self) -> MemoryCountedPayouts:
        return MemoryCountedPayouts(self._scheduler.tables, self._scheduler)

    @cached_property
    def administration(self) -> AdministrationService:
        return AdministrationService(
            self.payouts,
            self._together,
            self._opener,
            self._monoova,
            self._gatekeeper,
            self._recorder,
            self._scheduler,
            self._policy,
            self._second_calls,
        )

    @cached_property
    def approvals(self) -> ApprovalService:
        customers = MemoryCustomers(self._scheduler.tables, self._scheduler)
        return ApprovalService(
            self.payouts,
            self.acceptance,
            DestinationApprovals(
                customers,
                self._opener,
                self._owners,
                MemoryFingerprints,
                self._scheduler,
                None,
            ),
            ApprovalRules(),
            self._together,
            self._opener,
            MemoryFingerprints,
            self._recorder,
            _LosingQueue(self._scheduler),
            self._scheduler,
        )

    @cached_property
    def erasure(self) -> Erasure:
        customers = MemoryCustomers(self._scheduler.tables, self._scheduler)
        of_customer = PayoutsOfCustomer(self.payouts)
        return Erasure(
            customers, self.payouts, of_customer, self._scheduler, lambda _: None, self._owners
        )

    @property
    def _owners(self) -> MemoryOwners:
        return MemoryOwners(self._scheduler.tables, self._scheduler)

    @cached_property
    def webhooks(self) -> WebhookService:
        return WebhookService(
            self.payouts,
            self._recorder,
            SignatureVerifier(lambda: b"", self._scheduler),
            MemorySignedEvents(self._scheduler.tables, self._scheduler, self._scheduler),
            _LosingQueue(self._scheduler),
            QueuedNotices(lambda: Secret("k")),
            self._scheduler,
            lambda: (Secret("s"),),
            False,
            _no_funds,
        )


# --- rows


def customer() -> SealedCustomer:
    destination = SealedDestination(DESTINATION, "PayId", "Email", "j•••", START, b"sealed")
    return SealedCustomer(CUSTOMER, START, START, 1, b"sealed", (destination,))


_REACHED_BY: Final = {
    State.ACCEPTED: "SendAccepted",
    State.UNRESOLVED: "SendUnclear",
    State.FAILED: "SettledRejected",
}


def payout(state: State, due_at: datetime | None = START, **fields: Any) -> Payout:
    """A payout as an earlier function stored it."""
    steps = [(State.SENDING, "Requested"), (state, _REACHED_BY.get(state, ""))]
    if state not in _REACHED_BY:
        steps = [(state, "Requested")]
    entries = tuple(HistoryEntry(START, event, after, "alice") for after, event in steps)
    usual: dict[str, Any] = {
        "transaction_id": PAYOUT,
        "unique_reference": PAYOUT,
        "customer_id": CUSTOMER,
        "destination_id": DESTINATION,
        "payout_method": "PayId",
        "destination_masked": "j•••",
        "amount_cents": CENTS,
        "state": state,
        "version": len(entries),
        "created_by": "alice",
        "created_at": START,
        "updated_at": START,
        "fingerprint": "f",
        "due_at": due_at,
        "history": entries,
        "history_size": len(entries),
    }
    return memory_seals().sealed(Payout(**usual | fields))


def set_up(scheduler: Scheduler, *rows: Payout, fate: Fate = Fate.PAID) -> None:
    """Clears the tables and stores these rows and the customer."""
    tables = scheduler.tables
    tables.payouts.clear()
    tables.earlier.clear()
    tables.customers.clear()
    tables.calls.clear()
    tables.gate = None
    tables.customers[CUSTOMER] = customer()
    for row in rows:
        tables.payouts[row.transaction_id] = row
    scheduler.provider.fate = fate


# --- actors


def delivery(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    """The queue delivers the payout's message."""
    made = Function(scheduler, number, policy)
    return Actor(
        f"delivery {number}", lambda: made.dispatcher.dispatch(PAYOUT, CUSTOMER, "queue", _SECONDS)
    )


def reconciliation(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    made = Function(scheduler, number, policy)
    return Actor(f"reconciler {number}", lambda: made.reconciler.run(_SECONDS))


def request(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    """A client's request for a payout, under one key in all scenarios."""
    made = Function(scheduler, number, policy)
    ask = PayoutRequest(CUSTOMER, CENTS)
    return Actor(
        f"request {number}",
        lambda: made.payout_requests.request(ask, _ALICE, _KEY, _PATIENCE_SECONDS),
    )


def cancellation(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    made = Function(scheduler, number, policy)
    return Actor("cancel", lambda: made.administration.cancel(PAYOUT, "carol"))


def erasure(scheduler: Scheduler, number: int, policy: Policy) -> Actor:
    made = Function(scheduler, number, policy)
    return Actor("erase", lambda: made.erasure.erase(CUSTOMER))


def bank(scheduler: Scheduler) -> Actor:
    """The payee's bank decides, some time after the booking."""

    def settle() -> None:
        scheduler.cross(
            Call("bank", "Settle"), lambda: setattr(scheduler.provider, "is_settled", True)
        )

    return Actor("bank", settle, lambda: bool(scheduler.provider.bookings), is_function=False)


def late_request(scheduler: Scheduler) -> Actor:
    """A request whose sender has had a timeout arrives after all."""

    def arrive() -> None:
        scheduler.cross(
            Call("monoova", "Arrive"), lambda: scheduler.provider.arrive_late(scheduler.now())
        )

    return Actor("late request", arrive, lambda: bool(scheduler.provider.late), is_function=False)


def returning(scheduler: Scheduler) -> Actor:
    """The payee's bank sends the money back, after it had arrived."""

    def give_back() -> None:
        scheduler.cross(
            Call("bank", "Return"), lambda: setattr(scheduler.provider, "is_returned", True)
        )

    return Actor(
        "bank's return", give_back, lambda: scheduler.provider.is_settled, is_function=False
    )


def webhook(
    scheduler: Scheduler, number: int, policy: Policy, kind: NoticeKind, *, is_false: bool = False
) -> Actor:
    """Monoova reports how the payout ended; a false report contradicts its book."""
    made = Function(scheduler, number, policy)

    def may_begin() -> bool:
        provider = scheduler.provider
        is_back = kind is not NoticeKind.RETURNED or provider.is_returned
        return provider.is_settled and is_back

    def report() -> None:
        reference = next(iter(scheduler.tables.payouts), PAYOUT)
        cents = scheduler.provider.bookings[0][1]
        why = "why" if is_false else None
        made.webhooks.apply(Notice(kind, reference, cents, "71", why, trust=Trust.SIGNED))
        if kind is NoticeKind.RETURNED:
            scheduler.provider.return_was_reported = True

    return Actor(f"webhook {kind} {number}", report, may_begin)
