"""Monoova itself: every call it answers, and the scheduled events behind them.

Behaves as the Monoova OpenAPI v5.29 says; where that is silent, as `Behaviour` says. Nothing here
sleeps, reads the machine's clock or opens a connection.
"""

import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.behaviour import Behaviour, Outage
from simulator.book import Book
from simulator.clock import Clock
from simulator.enquiries import Enquiries
from simulator.inbound import Inbound, Rails
from simulator.login import Login
from simulator.messages import Line, Reply, Request, html, to_json
from simulator.outbox import Deliver, Notification, Outbox
from simulator.outcomes import Outcome, Plan
from simulator.payments import Payment, Payments
from simulator.payouts import Payouts, Received
from simulator.rate_limit import RateLimit
from simulator.reports import Reports
from simulator.routes import find, routes
from simulator.settlement import Settlement
from simulator.signing import SigningKey
from simulator.statuses import Statuses
from simulator.subscriptions import EVENTS, Subscriptions
from simulator.triggers import PLANS
from simulator.verification import Verifications
from simulator.world import World

M_ACCOUNT = "6279059700000000"
API_KEY = "simulator-api-key"
OPENING_BALANCE = Decimal("1000000.00")

Dispatch = Callable[[Callable[[], None]], None]
"""Runs a delivery: at once (the default), or on another thread (the server)."""


@dataclass(frozen=True)
class Call:
    """One call that was received. `authenticated` is None where no key is needed."""

    number: int
    at: datetime
    method: str
    path: str
    authenticated: bool | None
    http: int
    line: Line


class Monoova:
    """One merchant's Monoova with one mAccount. Safe to call from many threads.

    `clock` answers the present in UTC. `deliver` sends a webhook; without it, or without a
    subscription, webhooks go nowhere. `seed` fixes every delay; `speed` divides them.
    """

    def __init__(
        self,
        clock: Clock,
        deliver: Deliver | None = None,
        *,
        api_key: str = API_KEY,
        m_account: str = M_ACCOUNT,
        opening_balance: Decimal = OPENING_BALANCE,
        behaviour: Behaviour | None = None,
        seed: int = 0,
        speed: float = 1.0,
        signing_key: rsa.RSAPrivateKey | None = None,
        dispatch: Dispatch | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._deliver = deliver
        self._dispatch = dispatch or (lambda run: run())
        self._clock, self._seed, self._speed = clock, seed, speed
        self._m_account, self._opening_balance = m_account, opening_balance
        self._login = Login(api_key)
        self._signing = SigningKey(signing_key)
        self._start(behaviour or Behaviour())
        self._subscriptions = Subscriptions(self._world)
        self._outbox = Outbox(self._world, self._subscriptions, self._signing)
        self._make_parts()

    # -- what a test or a checker asks ---------------------------------------------------------

    @property
    def book(self) -> Book:
        """Every movement of money: the judge of what was paid."""
        return self._world.book

    @property
    def received(self) -> list[Received]:
        """Every body that execute and validate received, oldest first."""
        return list(self._payouts.received)

    @property
    def calls(self) -> list[Call]:
        """Every call that was received, oldest first."""
        return list(self._calls)

    @property
    def payments(self) -> list[Payment]:
        """Every booking with its payee, plan and standing, oldest first."""
        return self._payments.all()

    @property
    def notifications(self) -> list[Notification]:
        """Every webhook with its tries, oldest first."""
        return self._outbox.notifications

    @property
    def behaviour(self) -> Behaviour:
        """The switches as they stand."""
        return self._world.behaviour

    @property
    def login(self) -> Login:
        """The failures in a row and the lock-out."""
        return self._login

    @property
    def public_key_hex(self) -> str:
        """The key that webhooks are signed with, as the public endpoint prints it."""
        with self._lock:
            return self._signing.public_key_hex()

    def signature(self, body: bytes) -> str:
        """`Verification-Signature` as a webhook of this body has it now."""
        with self._lock:
            return self._signing.signature(body)

    # -- what a test or an operator changes ----------------------------------------------------

    def behave(self, **changes: object) -> None:
        """Change switches from now on, e.g. `behave(duplicate="replayed")`; ValueError if unfit."""
        with self._lock:
            self._world.behaviour = self._world.behaviour.changed(changes)

    def script(self, *outcomes: Outcome | Plan, reference: str | None = None) -> None:
        """Force the outcome of the next well-formed executes, one each, whatever their amount.

        With `reference`, of the next ones under it. Each is used up by one attempt, retries
        included; after that the trigger table decides again.
        """
        plans = [PLANS[item] if isinstance(item, Outcome) else item for item in outcomes]
        with self._lock:
            self._payouts.script(plans, reference)

    def forget_script(self) -> None:
        """What was scripted and not used up yet is not to happen any more."""
        with self._lock:
            self._payouts.forget_script()

    def rotate_key(self, api_key: str) -> None:
        """From now on only `api_key` opens."""
        with self._lock:
            self._login.rotate(api_key)

    def rotate_signing_key(self, key: rsa.RSAPrivateKey | None = None) -> None:
        """From now on webhooks are signed with another key, and it is the one published."""
        with self._lock:
            self._signing.rotate(key)

    def subscribe(self, webhook_url: str, token: str, events: Iterable[str] = EVENTS) -> None:
        """Subscribe each event to `{webhook_url}/{event_name}`, as a merchant would have done."""
        with self._lock:
            for event in events:
                self._subscriptions.subscribe(event, f"{webhook_url.rstrip('/')}/{event}", token)

    def announce(self, event_name: str, payload: object) -> None:
        """Send any event, signed, to its subscriber at the next `run_due`."""
        with self._lock:
            self._outbox.post(event_name, to_json(payload), self._world.now())

    def receive(self, *amounts: Decimal, rails: Rails = Rails.NPP) -> list[str]:
        """Money comes in from outside; announced at the next `run_due`. Answers Monoova's ids."""
        with self._lock:
            return self._inbound.receive(rails, *amounts)

    def reset(self) -> None:
        """A new book, no payments, no calls, no script, unlocked; switches and keys stay.

        Subscriptions stay too; webhooks not yet delivered are forgotten.
        """
        with self._lock:
            self._login.unlock()
            self._world.start_again(Book(self._opening_balance, self._clock), self._seed)
            self._outbox.clear()
            self._make_parts()

    # -- scheduled events -------------------------------------------------------------------------

    def next_due(self) -> datetime | None:
        """When the next settlement, return or webhook is due, or None."""
        with self._lock:
            times = (self._world.schedule.next_due(), self._outbox.next_due())
            return min((time for time in times if time is not None), default=None)

    def run_due(self) -> int:
        """Do everything that is due now: settle, return, send webhooks. Answers how many it sent.

        A webhook that fails may make its second try due at once, if the clock moves meanwhile.
        """
        sent = 0
        while True:
            with self._lock:
                self._catch_up()
                leaving = self._outbox.take_urgent()
                due = self._outbox.take_due(self._world.now())
            if due is None and not leaving:
                return sent
            for notification in [*leaving, *([due] if due else [])]:
                sent += 1
                self._dispatch(lambda row=notification: self._send(row))  # type: ignore[misc]

    def handle(self, request: Request) -> Reply:
        """Answer one call. Webhooks that must precede the answer have left when this returns."""
        with self._lock:
            self._catch_up()
            authenticated, reply = self._answer(request)
            latency = self._world.behaviour.latency_seconds
            reply = reply.held(latency) if latency else reply
            self._calls.append(
                Call(
                    len(self._calls) + 1,
                    self._world.now(),
                    request.method,
                    request.path,
                    authenticated,
                    reply.http,
                    reply.line,
                )
            )
            leaving = self._outbox.take_urgent()
        for notification in leaving:
            self._send(notification)
        return reply

    def _catch_up(self) -> None:
        """Whatever was due has happened, so that no answer depends on when run_due was called."""
        while (due := self._world.schedule.pop_due(self._world.now())) is not None:
            at, action = due
            action(at)

    def _send(self, notification: Notification) -> None:
        """One try, without the lock: the receiver may call this Monoova before it answers."""
        with self._lock:
            headers, is_lost = self._outbox.begin(notification)
        code, error = 0, "lost on the way"
        if not is_lost:
            code, error = self._try(notification, headers)
        with self._lock:
            self._outbox.finish(notification, code, error)

    def _try(self, notification: Notification, headers: Mapping[str, str]) -> tuple[int, str]:
        if self._deliver is None:
            return 0, "no delivery"
        try:
            return self._deliver(notification.url, headers, notification.body), ""
        except Exception as reason:  # noqa: BLE001  # whatever breaks at the receiver: not delivered
            return 0, repr(reason)

    # -- the calls -----------------------------------------------------------------------------

    def _answer(self, request: Request) -> tuple[bool | None, Reply]:
        outage = self._outage()
        if outage is not None:
            return None, outage
        found = find(self._routes, request)
        if found is None:
            return None, html(404, "Not Found")
        route, segments = found
        if route.is_public:
            return None, route.answer(request, segments)
        refusal = self._login.refusal(request.headers.get("authorization"), self._world.now())
        if refusal is not None:
            http = self._world.behaviour.login_failure_http
            return False, self._world.replies.refuse(*refusal, http)
        too_many = self._rate_limit.refusal(request, self._world.behaviour, self._world.now())
        return True, too_many or route.answer(request, segments)

    def _outage(self) -> Reply | None:
        match self._world.behaviour.outage:
            case Outage.UNAVAILABLE:
                return html(503, "Service Unavailable")
            case Outage.CONNECTION_REFUSED:
                return Reply(0, b"", line=Line.REFUSED)
            case Outage.TIMEOUT:
                return html(504, "Gateway Timeout").held(self._world.behaviour.hold_seconds)
        return None

    def _start(self, behaviour: Behaviour) -> None:
        self._world = World(
            self._clock,
            random.Random(self._seed),
            self._speed,
            behaviour,
            Book(self._opening_balance, self._clock),
        )

    def _make_parts(self) -> None:
        self._calls: list[Call] = []
        self._rate_limit = RateLimit()
        self._payments = Payments()
        self._payouts = Payouts(
            self._world, self._payments, Settlement(self._world, self._outbox), self._m_account
        )
        self._routes = routes(
            self._payouts,
            Statuses(self._world, self._payments),
            Enquiries(self._world, self._signing, self._m_account),
            self._subscriptions,
            self._outbox,
            Verifications(self._world),
            Reports(self._world, self._payments, self._m_account),
        )
        self._inbound = Inbound(self._world, self._outbox)
