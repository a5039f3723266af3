"""Monoova itself, for what our API has no route for: subscriptions, and whether the key is good.

Every call is made once. A refused login counts towards Monoova's lock-out (five, for an hour), so
after the first one nothing more is asked.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import requests

from chalicelib.core.clock import SystemClock
from chalicelib.core.secrets import Credentials, CredentialsSource, SecretUnavailableError
from chalicelib.reports.monoova_reports import notifications_path, send_again_path
from payoutctl.exits import Exit, Failure

if TYPE_CHECKING:
    from payoutctl.session import Session

_TIMEOUT: Final = (5.0, 20.0)
_LOGIN: Final = ("MerchantFailedToLogin", "MerchantLockedOut")
_ALREADY: Final = "WebhookAlreadySubscribed"


@dataclass(frozen=True, slots=True)
class Said:
    """Monoova's answer: its HTTP status, its envelope ({} where it is none), its `Date`."""

    http_status: int
    document: dict[str, Any] = field(repr=False)
    date: str | None = None

    @property
    def status(self) -> str:
        return str(self.document.get("status", ""))

    @property
    def is_ok(self) -> bool:
        return 200 <= self.http_status < 300 and self.status in ("Ok", "")

    @property
    def is_login_problem(self) -> bool:
        return self.http_status == 401 or self.status in _LOGIN


class Monoova:
    """The calls. `credentials` come from Secrets Manager and are never shown."""

    def __init__(self, credentials: Credentials, http: requests.Session) -> None:
        self.credentials = credentials
        self._http = http

    @classmethod
    def of(cls, session: "Session") -> "Monoova":
        """With the key of the deployment.

        Raises:
            Failure: the secret cannot be read, or is not what it should be.
        """
        # A variable that is left over from elsewhere changes no profile.
        is_named = session.is_local or session.profile is not None
        given = "" if is_named else session.environment.get("MONOOVA_API_SECRET_ARN", "")
        secret = given or f"monoova-payouts-{session.stage}/monoova"
        source = CredentialsSource(session.client("secretsmanager"), secret, SystemClock())
        try:
            credentials = source.current()
        except SecretUnavailableError as error:
            raise Failure(str(error), Exit.NOT_ALLOWED) from None
        session.out.say(
            f"This asks Monoova directly ({credentials.environment}, {credentials.base_url})."
        )
        return cls(credentials, session.adapters.monoova_http(credentials.base_url))

    def public_ping(self) -> Said:
        """`GET /public/v1/ping`: no login, so it can lock nothing."""
        return self._call("GET", "/public/v1/ping", is_public=True)

    def ping(self) -> Said:
        """`GET /tools/v1/ping`: one login."""
        return self._call("GET", "/tools/v1/ping")

    def subscriptions(self) -> list[dict[str, Any]]:
        """Every subscription, under names of our own."""
        said = self._good(self._call("GET", "/subscriptions/v1/list"))
        # The rows stand under `eventname`, in lower case.
        return [
            {
                "event": row.get("eventName"),
                "id": row.get("id"),
                "url": row.get("targetUrl"),
                "status": row.get("status"),
                "updated": row.get("LastUpdated"),
            }
            for row in said.document.get("eventname") or []
        ]

    def subscribe(self, event: str, url: str) -> str:
        """`created` or `updated`: one subscription for each event, On, with our secret."""
        body = {"targetUrl": url, "subscriptionStatus": "On", "securityToken": self._token()}
        said = self._call("POST", "/subscriptions/v1/create", {"eventName": event, **body})
        if said.status != _ALREADY:
            self._good(said)
            return "created"
        self._good(
            self._call("POST", "/subscriptions/v1/update", {"id": said.document["id"], **body})
        )
        return "updated"

    def report(self, day: date, skip: int) -> list[dict[str, Any]]:
        """A page of what Monoova sent us on a day."""
        said = self._good(self._call("GET", notifications_path(day, skip)))
        return [
            {
                "webhook_id": row.get("webhookId"),
                "event": row.get("eventName"),
                "at": row.get("dateTime"),
                "status": row.get("status"),
                "last_response": row.get("lastResponseCode"),
                "retries": row.get("retryCount"),
                "url": row.get("url"),
            }
            for row in said.document.get("notifications") or []
        ]

    def resend(self, webhook_id: str) -> None:
        """Ask for one again."""
        self._good(self._call("POST", send_again_path(webhook_id)))

    def _token(self) -> str:
        """What webhooks are to carry: the first secret, the newest while they are rotated.

        Monoova needs both parts, `<type> <credentials>`; a bare secret it does not send back.

        Raises:
            Failure: there is none.
        """
        if not self.credentials.webhook_secrets:
            raise Failure("Monoova's secret has no webhookSecret.", Exit.REFUSED)
        secret = self.credentials.webhook_secrets[0].reveal()
        return secret if " " in secret else f"Bearer {secret}"

    def _good(self, said: Said) -> Said:
        if said.is_ok:
            return said
        if said.is_login_problem:
            raise Failure(
                "Monoova refuses the key. Do not try again: five refusals lock the account for an"
                " hour. See the runbook, Monoova refuses our login.",
                Exit.NOT_ALLOWED,
                {"code": said.status or "NotAuthenticated", "detail": "Monoova refuses the key."},
            )
        words = said.document.get("statusDescription") or f"HTTP {said.http_status}"
        raise Failure(
            f"Monoova says {said.status}: {words}",
            Exit.TRY_AGAIN if said.http_status >= 500 else Exit.REFUSED,
            {"code": said.status, "detail": words},
        )

    def _call(
        self, method: str, path: str, body: object = None, *, is_public: bool = False
    ) -> Said:
        headers = {"Accept": "application/json"}
        if not is_public:
            key = f"{self.credentials.api_key.reveal()}:".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(key).decode()}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._http.request(
                method,
                self.credentials.base_url + path,
                data=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Failure(
                f"Monoova did not answer ({type(error).__name__}).",
                Exit.TRY_AGAIN if method == "GET" else Exit.UNKNOWN,
            ) from None
        return Said(response.status_code, _document(response.text), response.headers.get("Date"))


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_float=Decimal)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
