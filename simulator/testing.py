"""What a test needs beside Monoova itself: bodies, a webhook receiver, a bench."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache

import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.adapter import SimulatorAdapter
from simulator.behaviour import Behaviour
from simulator.clock import ManualClock
from simulator.messages import Json, from_json
from simulator.monoova import API_KEY, M_ACCOUNT, OPENING_BALANCE, Monoova
from simulator.signing import new_key


@cache
def shared_signing_key() -> rsa.RSAPrivateKey:
    """One key for a whole test run: making one takes longer than most tests."""
    return new_key()


def payid_payout(
    reference: str, amount: Decimal | float | str, payid: str = "jo@example.org"
) -> Json:
    """A valid execute body to an e-mail PayID."""
    return _payout(
        reference,
        amount,
        "NppCreditPayId",
        {"toNppCreditPayIdDetails": {"payIdType": "Email", "payId": payid, **_NAMES}},
    )


def bank_payout(
    reference: str, amount: Decimal | float | str, account_number: str = "123456789"
) -> Json:
    """A valid execute body to a bank account."""
    details: Json = {"bsbNumber": "802-985", "accountNumber": account_number, **_NAMES}
    return _payout(
        reference, amount, "NppCreditBankAccount", {"toNppCreditBankAccountDetails": details}
    )


_NAMES: Json = {
    "accountName": "Jo Citizen",
    "endToEndId": "e2e-1",
    "remitterName": "Example Pty Ltd",
}


def _payout(reference: str, amount: object, method: str, details: Json) -> Json:
    plain = float(amount) if isinstance(amount, Decimal) else amount
    return {
        "uniqueReference": reference,
        "totalAmount": plain,
        "paymentSource": "mAccount",
        "mAccount": {"token": M_ACCOUNT},
        "disbursements": [
            {
                "disbursementMethod": method,
                "amount": plain,
                "lodgementReference": "Payout",
                "sourceBSB": "802-985",
                "sourceAccountNumber": "123456789",
                **details,
            }
        ],
    }


@dataclass(frozen=True)
class Delivery:
    """One webhook as it arrived."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """The parsed body; every webhook of a payout is an object."""
        parsed = from_json(self.body)
        assert isinstance(parsed, dict)
        return parsed


@dataclass
class Inbox:
    """A `deliver` that keeps what arrives. Answers `codes` in turn, then 200.

    `meanwhile`, if set, runs while Monoova waits for that answer.
    """

    codes: list[int] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    meanwhile: Callable[[Delivery], None] | None = None

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        delivery = Delivery(url, dict(headers), body)
        self.deliveries.append(delivery)
        if self.meanwhile is not None:
            self.meanwhile(delivery)
        return self.codes.pop(0) if self.codes else 200


BASE_URL = "https://api.m-pay.com.au"
WEBHOOK_URL = "https://app.example/webhooks/monoova"
WEBHOOK_TOKEN = "Bearer simulated-webhook-secret"  # noqa: S105  # invented


class Bench:
    """A Monoova, the clock it lives by, the inbox of its webhooks, and a session that calls it."""

    def __init__(
        self, *, opening_balance: Decimal = OPENING_BALANCE, speed: float = 1.0, **switches: object
    ) -> None:
        self.clock = ManualClock()
        self.inbox = Inbox()
        self.monoova = Monoova(
            self.clock,
            self.inbox,
            opening_balance=opening_balance,
            speed=speed,
            behaviour=Behaviour().changed(switches),
            signing_key=shared_signing_key(),
        )
        self.monoova.subscribe(WEBHOOK_URL, WEBHOOK_TOKEN)
        self.session = requests.Session()
        self.session.auth = (API_KEY, "")
        self.session.trust_env = False
        self.session.mount("https://", SimulatorAdapter(self.monoova, clock=self.clock))

    def post(self, path: str, body: object = None, timeout: float | None = 10) -> requests.Response:
        """POST JSON; `timeout` is the read timeout."""
        return self.session.post(f"{BASE_URL}{path}", json=body, timeout=timeout)

    def get(self, path: str, timeout: float | None = 10) -> requests.Response:
        return self.session.get(f"{BASE_URL}{path}", timeout=timeout)

    def execute(self, body: Json, timeout: float | None = 10) -> requests.Response:
        """Ask Monoova to pay."""
        return self.post("/financial/v2/transaction/execute", body, timeout)

    def status(self, reference: str) -> Json:
        """What the status API says of `reference`."""
        answer: Json = self.get(f"/financial/v2/status/{reference}").json()
        return answer

    def later(self, seconds: float) -> None:
        """Let time pass, and let happen what was due meanwhile, each at its own moment."""
        end = self.clock() + timedelta(seconds=seconds)
        while (due := self.monoova.next_due()) is not None and due <= end:
            self.clock.advance(max((due - self.clock()).total_seconds(), 0))
            self.monoova.run_due()
        self.clock.advance(max((end - self.clock()).total_seconds(), 0))
