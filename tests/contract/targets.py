"""The two Monoovas that the assumptions are tested against: the simulator and the real sandbox."""

import json
import os
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, cast

import requests

from chalicelib.core.clock import SystemClock
from chalicelib.core.money import cents_from
from chalicelib.core.secrets import CredentialsSource, Secret
from chalicelib.monoova.client import MonoovaClient, new_session
from chalicelib.monoova.payloads import Order, Source, body_of
from chalicelib.monoova.rules.destination import BankAccount, Destination, PayId, PayIdType
from chalicelib.monoova.rules.outcome import Answer, Report, SendOutcome, Standing, outcome_of_send
from simulator.adapter import SimulatorAdapter
from simulator.clock import ManualClock
from simulator.monoova import API_KEY, M_ACCOUNT, Monoova
from simulator.testing import Delivery, Inbox, shared_signing_key
from tests.contract.wire import Wire

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SANDBOX_URL: Final = "https://api.m-pay.com.au"
WEBHOOK_TOKEN: Final = "Bearer webhook-secret-5e1f"
# A hyphen tells Monoova's sandbox from its live host: only the exact name will do.
_ALLOWED_URL: Final = re.compile(
    rf"{re.escape(SANDBOX_URL)}|http://(127\.0\.0\.1|localhost):[0-9]+"
)
_STILL_OPEN: Final = (Standing.PENDING, Standing.UNKNOWN_REFERENCE)
_SHORTEST_WAIT_SECONDS: Final = 0.2
_LONGEST_WAIT_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Access:
    """How to reach one Monoova, and whom it can pay."""

    url: str
    api_key: Secret
    source: Source
    pay_id: PayId
    bank_account: BankAccount
    patience_seconds: float = 300.0


class _OneSecret:
    """A Secrets Manager with one secret: the credentials still pass the app's own checks."""

    def __init__(self, access: Access) -> None:
        self._text = json.dumps(
            {
                "apiKey": access.api_key.reveal(),
                "environment": "sandbox",
                "baseUrl": access.url,
            }
        )

    def get_secret_value(self, **_asked: str) -> dict[str, str]:
        return {"SecretString": self._text, "VersionId": "1"}


@dataclass
class Target:
    """One Monoova, through the app's own client, with every request and response recorded."""

    name: str
    access: Access
    session: requests.Session = field(repr=False)

    def __post_init__(self) -> None:
        self.wire = Wire(self.session.get_adapter(self.access.url))
        self.session.mount(self.access.url, self.wire)
        self.client = self.client_with(self.access.api_key)

    def client_with(self, api_key: Secret) -> MonoovaClient:
        """The app's client with any key, over the same transport."""
        secret = _OneSecret(replace(self.access, api_key=api_key))
        source = CredentialsSource(cast("SecretsManagerClient", secret), "monoova", SystemClock())
        return MonoovaClient(source, self.session)

    def order(self, amount: str = "0.10", to: Destination | None = None) -> Order:
        """A payout under a new reference. Only the simulator gives some amounts a meaning."""
        return Order(
            unique_reference=str(uuid.uuid4()),
            amount_cents=cents_from(amount),
            destination=to or self.access.pay_id,
            description="Contract suite",
            lodgement_reference="Contract suite",
        )

    def body(self, order: Order) -> bytes:
        return body_of(order, self.access.source)

    def document(self, order: Order) -> dict[str, Any]:
        """The body as an object, for a test to spoil."""
        parsed: dict[str, Any] = json.loads(self.body(order))
        return parsed

    def execute(self, order: Order) -> SendOutcome:
        """Asks to pay, and what the app makes of the answer."""
        answer = self.client.execute(self.body(order))
        return outcome_of_send(answer, order.unique_reference, in_doubt_before=False)

    def standing(self, reference: str) -> Standing:
        return self.client.status_of(reference)[0].standing

    def settled(self, reference: str) -> Report:
        """The status API's answer once it is final; the last one when the time is up."""
        waited, pause = 0.0, _SHORTEST_WAIT_SECONDS
        report, _ = self.client.status_of(reference)
        while report.standing in _STILL_OPEN and waited < self.access.patience_seconds:
            self.wait(pause)
            waited, pause = waited + pause, min(2 * pause, _LONGEST_WAIT_SECONDS)
            report, _ = self.client.status_of(reference)
        return report

    def balance(self) -> Decimal:
        account, answer = self.client.account(self.access.source.maccount_token)
        assert account is not None, answer
        assert account.actual_balance is not None, answer
        return account.actual_balance

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def assert_is_sandbox(self) -> None:
        """Asserts that Monoova itself says so, before any call that could move money."""
        answer = self.client.ping()
        assert isinstance(answer, Answer), answer
        assert self.wire.last.json["environment"] == "Sandbox", self.wire.last.received


class Simulated(Target):
    """The simulator, in this process: time is moved by hand, webhooks lie in `inbox`.

    `moment` is its clock, which stands still between calls.
    """

    def __init__(self) -> None:
        self.moment = ManualClock()
        self.inbox = Inbox()
        self.monoova = Monoova(self.moment, self.inbox, signing_key=shared_signing_key())
        self.monoova.subscribe("https://app.example/webhooks/monoova", WEBHOOK_TOKEN)
        session = new_session()
        session.mount(SANDBOX_URL, SimulatorAdapter(self.monoova, clock=self.moment))
        super().__init__("simulator", access_from({}), session)

    def now(self) -> datetime:
        return self.moment()

    def wait(self, seconds: float) -> None:
        end = self.moment() + timedelta(seconds=seconds)
        while (due := self.monoova.next_due()) is not None and due <= end:
            self.moment.advance(max((due - self.moment()).total_seconds(), 0))
            self.monoova.run_due()
        self.moment.advance(max((end - self.moment()).total_seconds(), 0))

    def times_paid(self, reference: str) -> int:
        """By Monoova's own book."""
        return len(self.monoova.book.bookings(reference))

    def webhook(self, order: Order) -> Delivery:
        """Pays, waits, and answers with the last webhook that this caused."""
        self.execute(order)
        self.wait(600)
        return self.inbox.deliveries[-1]


def is_sandbox_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    return bool(environment.get("MONOOVA_SANDBOX_API_KEY"))


def sandbox(environment: Mapping[str, str] = os.environ) -> Target:
    """Monoova's sandbox, over the network.

    Raises:
        ValueError: a setting is missing, or its URL is neither the sandbox's nor on this machine.
    """
    for name in ("MONOOVA_SANDBOX_API_KEY", "MONOOVA_SANDBOX_MACCOUNT_TOKEN"):
        if not environment.get(name):
            raise ValueError(f"{name} is needed for the sandbox")
    return Target("sandbox", access_from(environment), new_session())


def access_from(environment: Mapping[str, str]) -> Access:
    """What `MONOOVA_SANDBOX_...` says; what it leaves out is the simulator's.

    The payees are those that Monoova's specifications name for its sandbox.
    """
    given = {
        name.removeprefix("MONOOVA_SANDBOX_"): value
        for name, value in environment.items()
        if name.startswith("MONOOVA_SANDBOX_") and value
    }
    url = given.get("URL", SANDBOX_URL).rstrip("/")
    if not _ALLOWED_URL.fullmatch(url):
        raise ValueError(f"MONOOVA_SANDBOX_URL: {SANDBOX_URL}, or http on this machine")
    return Access(
        url=url,
        api_key=Secret(given.get("API_KEY", API_KEY)),
        source=Source(
            maccount_token=given.get("MACCOUNT_TOKEN", M_ACCOUNT),
            bsb=given.get("SOURCE_BSB", "802-985"),
            account_number=given.get("SOURCE_ACCOUNT", "123456789"),
            remitter_name="Contract suite",
        ),
        pay_id=PayId(
            given.get("PAYEE_PAY_ID", "sample@monoova.com"), PayIdType.EMAIL, "Contract Suite"
        ),
        bank_account=BankAccount(
            given.get("PAYEE_BSB", "802-950"),
            given.get("PAYEE_ACCOUNT", "22090100"),
            "Contract Suite",
        ),
        patience_seconds=float(given.get("PATIENCE_SECONDS", "300")),
    )
