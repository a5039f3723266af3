"""What is measured: three entry points of the app, each with the calls that it needs."""

import base64
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any, Final

from bench.bare import Call
from proof.lambda_events import http_event
from simulator.testing import Delivery

_AMOUNT: Final = "125.50"
_WEBHOOK: Final = "/webhooks/monoova/NppPaymentStatus"


class Flow(StrEnum):
    """In the order in which a payout goes through them."""

    REQUEST = "POST /payouts"
    SHOW = "GET /payouts/{id}"
    WEBHOOK = f"POST {_WEBHOOK}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The calls that a flow made for the payout `transaction_id`."""

    transaction_id: str
    calls: tuple[Call, ...]

    def of(self, transaction_id: str) -> list[dict[str, Any]]:
        """The flow's calls for another payout, as the bare side takes them."""
        return [asdict(call.about(self.transaction_id, transaction_id)) for call in self.calls]


class Events:
    """Events as API Gateway makes them of requests that its authorizer let in."""

    def __init__(self, app: ModuleType, token: str) -> None:
        """`app` is asked for its routes only; `token` is an operator's."""
        self._app = app
        self._admin = {"authorizer": {"claims": _claims_in(token)}}
        self._headers = {"Authorization": token}

    def customer(self) -> dict[str, Any]:
        """Registers a customer with one destination."""
        destination = {
            "type": "PayId",
            "pay_id": "jo.citizen@example.com",
            "pay_id_type": "Email",
            "account_name": "Jo Citizen",
        }
        body = {"name": "Jo Citizen", "destination": destination}
        return self._by_operator("POST", "/customers", json.dumps(body), {})

    def requests(self, customer_id: str, count: int) -> list[dict[str, Any]]:
        """`count` payouts, each under a key of its own."""
        body = json.dumps({"customer_id": customer_id, "amount": _AMOUNT})
        keys = [{"Idempotency-Key": str(uuid.uuid4())} for _ in range(count)]
        return [self._by_operator("POST", "/payouts", body, key) for key in keys]

    def shows(self, transaction_ids: Iterable[str]) -> list[dict[str, Any]]:
        """A `GET` of each."""
        return [self._by_operator("GET", f"/payouts/{each}", "", {}) for each in transaction_ids]

    def webhooks(self, deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
        """Monoova's own, with its signature."""
        return [
            self._event("POST", _WEBHOOK, each.body.decode(), each.headers, {})
            for each in deliveries
        ]

    def _by_operator(
        self, method: str, path: str, body: str, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        return self._event(method, path, body, {**self._headers, **headers}, self._admin)

    def _event(
        self,
        method: str,
        path: str,
        body: str,
        headers: Mapping[str, str],
        context: Mapping[str, Any],
    ) -> dict[str, Any]:
        event = http_event(self._app, method, path, b"", headers, context)
        # A body of text is handed over as it is.
        return event | {"body": body or None, "isBase64Encoded": False}


def _claims_in(token: str) -> dict[str, Any]:
    """What the authorizer reads in a token."""
    middle = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims
