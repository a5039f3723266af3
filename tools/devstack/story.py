"""The main job before the user's eyes, through the API as any client uses it: HTTP and a token.

Three payouts whose ends differ: paid, rejected, and paid with the news of it lost. Each change is
printed when it can be seen, each end is compared with what it should be, and at last with
Monoova's own book: what counts is not what we believe but what was moved.
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
# Where nothing changes for so long, it is said that it is still looked.
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
class Scene:
    """One payout: how much, in words what is going to happen, and how it has to end."""

    words: str
    amount: Decimal
    status: str
    patience_seconds: float = _SECONDS_WITH_WEBHOOK
    found_by_reconciler: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What the story left behind: for the lines to copy, and for the verdict."""

    customer_id: str
    transaction_id: str
    problems: tuple[str, ...]


def longest_seconds(stack: Stack) -> int:
    """When the story is over at the latest, however it goes."""
    return _LONGEST_SECONDS if stack.monoova.is_simulated else _LONGEST_SECONDS_WITH_ANOTHER


def tell(stack: Stack, say: Say) -> Told:
    """Do the main job. Problems are told and collected; the story goes on where it can.

    Raises:
        DevstackError: it cannot go on; with what the API answered.
    """
    problems = _nobody_gets_in(stack, say)
    api = _Api(stack)
    customer = api.call("POST", "/customers", _CUSTOMER)
    customer_id = customer["customer_id"]
    say(f"Registered customer {customer_id}, to be paid at {_masked(customer)}.")
    first = ""
    for scene in _scenes(stack):
        payout = _watch(api, customer_id, scene, say)
        first = first or payout["transaction_id"]
        found = _verdict(payout, scene)
        if stack.monoova.is_simulated:
            found += _compare_with_book(stack.simulator_url, payout, scene, say)
        for problem in found:
            say(f"   WRONG: {problem}")
        problems += found
    return Told(customer_id, first, tuple(problems))


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


def _nobody_gets_in(stack: Stack, say: Say) -> list[str]:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{stack.api_url}/payouts", timeout=_REQUEST_SECONDS)
    say(f"A request without a token is refused: HTTP {answer.status_code}.")
    return [] if answer.status_code == 401 else ["a request without a token was not refused"]


def _scenes(stack: Stack) -> tuple[Scene, ...]:
    if not stack.monoova.is_simulated:
        words = "A payout through the Monoova you named"
        return (Scene(words, _REAL_AMOUNT, _ANY_END, _SECONDS_WITH_ANOTHER_MONOOVA),)
    # Imported here: against another Monoova nothing of the simulator is needed.
    from simulator.outcomes import Outcome
    from simulator.triggers import TRIGGERS

    amounts = {each.outcome: Decimal(each.amount_cents) / 100 for each in TRIGGERS}
    return (
        Scene("A payout that is paid", amounts[Outcome.COMPLETED], "Completed"),
        Scene("A payout that Monoova rejects", amounts[Outcome.REJECTED], "Failed"),
        Scene(
            "A payout that is paid, but every webhook about it is lost; "
            "the schedule looks once a minute",
            amounts[Outcome.WEBHOOK_LOST],
            "Completed",
            _SECONDS_WITH_RECONCILER,
            found_by_reconciler=True,
        ),
    )


def _watch(api: _Api, customer_id: str, scene: Scene, say: Say) -> dict[str, Any]:
    """Pay, then print each line of the payout's history as it appears, until its end."""
    say("")
    say(f"{scene.words}: A${scene.amount:.2f}")
    started = time.monotonic()
    order = {"customer_id": customer_id, "amount": f"{scene.amount:.2f}"}
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
        if elapsed > scene.patience_seconds:
            return payout
        time.sleep(_POLL_SECONDS)


def _line(entry: Mapping[str, Any]) -> str:
    state = entry["status"]
    if entry.get("submission"):
        state += f" / {entry['submission']}"
    because = f": {entry['detail']}" if entry.get("detail") else ""
    return f"{state:<22}{entry['event']} by {entry['by']}{because}"


def _verdict(payout: Mapping[str, Any], scene: Scene) -> list[str]:
    """What is not as it should be at the end of a scene."""
    status = payout["status"]
    if scene.status == _ANY_END and status in _ENDS:
        return []
    if status != scene.status:
        return [f"it is {status} after {scene.patience_seconds:.0f} s, not {scene.status}"]
    problems = []
    if status == "Failed" and not payout.get("failure_reason"):
        problems.append("Monoova's reason is missing")
    by = payout["history"][-1]["by"]
    if (by == _RECONCILER) != scene.found_by_reconciler:
        problems.append(f"its end was found by {by}")
    return problems


def _compare_with_book(
    simulator_url: str, payout: Mapping[str, Any], scene: Scene, say: Say
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
    expected = [("debit", -scene.amount)]
    if scene.status == "Failed":
        expected.append(("rejection_credit", scene.amount))
    return [] if lines == expected else ["Monoova's book says otherwise"]


def _masked(customer: Mapping[str, Any]) -> str:
    destination = customer["destinations"][0]
    return str(destination.get("masked") or destination)
