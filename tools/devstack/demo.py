"""The demonstration: three payouts through the API as any client uses it, by HTTP and a token.

One is paid, one is rejected, one is paid with its webhook lost. Each change is printed when the API
shows it; the final status is compared with the expected one, and the payout with Monoova's book.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import requests

from tools.devstack.errors import DevstackError
from tools.devstack.stack import Stack

Say = Callable[[str], None]

_POLL_SECONDS: Final = 0.25
# Without a change for so long, a line says that the status is still polled.
_SILENT_SECONDS: Final = 5.0
_REQUEST_SECONDS: Final = 35.0
# The emulated schedule fires up to 70 s after it was made, and what it finds must be due.
_SECONDS_WITH_RECONCILER: Final = 120.0
_SECONDS_WITH_WEBHOOK: Final = 40.0
_LONGEST_SECONDS: Final = 160
# Its webhooks take up to two minutes, and here they have nowhere to go.
_SECONDS_WITH_ANOTHER_MONOOVA: Final = 300.0
_LONGEST_SECONDS_WITH_ANOTHER: Final = 330
_ENDS: Final = ("Completed", "Failed", "Returned", "Cancelled")
_ANY_END: Final = "at its end"
_RECONCILER: Final = "reconciler"
_FEES: Final = ("fee", "fee_refund")

# An invented person. `example.com` belongs to documentation (RFC 2606).
_CUSTOMER: Final[Mapping[str, Any]] = {
    "name": "Casey Citizen",
    "email": "casey@example.com",
    "destination": {
        "type": "PayId",
        "pay_id": "casey@example.com",
        "pay_id_type": "Email",
        "account_name": "Casey Citizen",
    },
}
_REAL_AMOUNT: Final = Decimal("1.05")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One payout: its amount, a description, and the status that it has to reach."""

    words: str
    amount: Decimal
    status: str
    patience_seconds: float = _SECONDS_WITH_WEBHOOK
    found_by_reconciler: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """Ids for the lines to copy, and every problem that was found."""

    customer_id: str
    transaction_id: str
    problems: tuple[str, ...]


def longest_seconds(stack: Stack) -> int:
    """The longest that a demonstration may take."""
    return _LONGEST_SECONDS if stack.monoova.is_simulated else _LONGEST_SECONDS_WITH_ANOTHER


def show(stack: Stack, say: Say) -> Result:
    """Runs every scenario. Problems are printed and collected; the next scenario runs all the same.

    Raises:
        DevstackError: the API refused a call; with its answer.
    """
    problems = _tokens_are_required(stack, say)
    api = _Api(stack)
    customer = api.call("POST", "/customers", _CUSTOMER)
    customer_id = customer["customer_id"]
    say(f"Registered customer {customer_id}, to be paid at {_masked(customer)}.")
    first = ""
    for scenario in _scenarios(stack):
        payout = _watch(api, customer_id, scenario, say)
        first = first or payout["transaction_id"]
        found = _verdict(payout, scenario)
        if stack.monoova.is_simulated:
            found += _compare_with_book(stack.simulator_url, payout, scenario, say)
        for problem in found:
            say(f"   WRONG: {problem}")
        problems += found
    return Result(customer_id, first, tuple(problems))


class _Api:
    """The API as an operator of the admin app reaches it."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.api_url
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between us and loopback
        self._session.headers["Authorization"] = stack.token("operators")

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The JSON of a good answer.

        Raises:
            DevstackError: it is not one.
        """
        answer = self._session.request(
            method, f"{self._url}{path}", json=body, timeout=_REQUEST_SECONDS
        )
        if not answer.ok:
            raise DevstackError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        found: dict[str, Any] = answer.json()
        return found


def _tokens_are_required(stack: Stack, say: Say) -> list[str]:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{stack.api_url}/payouts", timeout=_REQUEST_SECONDS)
    say(f"A request without a token is refused: HTTP {answer.status_code}.")
    return [] if answer.status_code == 401 else ["a request without a token was not refused"]


def _scenarios(stack: Stack) -> tuple[Scenario, ...]:
    if not stack.monoova.is_simulated:
        words = "A payout through the Monoova you named"
        return (Scenario(words, _REAL_AMOUNT, _ANY_END, _SECONDS_WITH_ANOTHER_MONOOVA),)
    # Imported here: against another Monoova nothing of the simulator is needed.
    from simulator.outcomes import Outcome
    from simulator.triggers import TRIGGERS

    amounts = {each.outcome: Decimal(each.amount_cents) / 100 for each in TRIGGERS}
    return (
        Scenario("A payout that is paid", amounts[Outcome.COMPLETED], "Completed"),
        Scenario("A payout that Monoova rejects", amounts[Outcome.REJECTED], "Failed"),
        Scenario(
            "A payout that is paid, but every webhook about it is lost; "
            "the schedule looks once a minute",
            amounts[Outcome.WEBHOOK_LOST],
            "Completed",
            _SECONDS_WITH_RECONCILER,
            found_by_reconciler=True,
        ),
    )


def _watch(api: _Api, customer_id: str, scenario: Scenario, say: Say) -> dict[str, Any]:
    """Pays, then prints each line of the payout's history as it appears, until it is final."""
    say("")
    say(f"{scenario.words}: A${scenario.amount:.2f}")
    started = time.monotonic()
    order = {"customer_id": customer_id, "amount": f"{scenario.amount:.2f}"}
    payout = api.call("POST", "/payouts", order)
    path = f"/payouts/{payout['transaction_id']}"
    say(f"   {'seconds':>7}  transaction {payout['transaction_id']}")
    seen, said = 0, 0.0
    while True:
        payout = api.call("GET", path)
        elapsed = time.monotonic() - started
        for entry in payout["history"][seen:]:
            say(f"   {elapsed:7.1f}  {_line(entry)}")
            said = elapsed
        seen = len(payout["history"])
        if elapsed - said > _SILENT_SECONDS:
            say(f"   {elapsed:7.1f}  still {payout['status']}")
            said = elapsed
        if payout["status"] in _ENDS:
            return payout
        if elapsed > scenario.patience_seconds:
            return payout
        time.sleep(_POLL_SECONDS)


def _line(entry: Mapping[str, Any]) -> str:
    state = entry["status"]
    if entry.get("submission"):
        state += f" / {entry['submission']}"
    because = f": {entry['detail']}" if entry.get("detail") else ""
    return f"{state:<22}{entry['event']} by {entry['by']}{because}"


def _verdict(payout: Mapping[str, Any], scenario: Scenario) -> list[str]:
    """How the final status differs from the expected one."""
    status = payout["status"]
    if scenario.status == _ANY_END and status in _ENDS:
        return []
    if status != scenario.status:
        return [f"it is {status} after {scenario.patience_seconds:.0f} s, not {scenario.status}"]
    problems = []
    if status == "Failed" and not payout.get("failure_reason"):
        problems.append("Monoova's reason is missing")
    by = payout["history"][-1]["by"]
    if (by == _RECONCILER) != scenario.found_by_reconciler:
        problems.append(f"its end was found by {by}")
    return problems


def _compare_with_book(
    simulator_url: str, payout: Mapping[str, Any], scenario: Scenario, say: Say
) -> list[str]:
    """Monoova's book must hold one debit under the reference, given back if the payout failed."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(
            f"{simulator_url}/simulator/book",
            params={"reference": payout["transaction_id"]},
            timeout=_REQUEST_SECONDS,
        )
    lines = [
        (str(each["kind"]), Decimal(each["amount"]))
        for each in answer.json()["movements"]
        if each["kind"] not in _FEES
    ]
    written = ", ".join(f"{kind} {amount:+.2f}" for kind, amount in lines)
    say(f"   Monoova's book: {written or 'nothing'}")
    expected = [("debit", -scenario.amount)]
    if scenario.status == "Failed":
        expected.append(("rejection_credit", scenario.amount))
    return [] if lines == expected else ["Monoova's book says otherwise"]


def _masked(customer: Mapping[str, Any]) -> str:
    destination = customer["destinations"][0]
    return str(destination.get("masked") or destination)
