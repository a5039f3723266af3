"""The evidence of a small run in which every promise held, for tests to spoil."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_WEBHOOK_PATH = "/webhooks/monoova/NppPaymentStatus"
WHO = "user:0a1b"
JO, ANN = "jo.citizen@example.org", "802-985 123456789"
SECRETS = (JO, "123456789", "key+5/e1f?", "Zoë “Z”")

# Each payout's history, as event and state after it.
_PAID = (
    ("Requested", "Pending/Sending"),
    ("SendAccepted", "Pending/Accepted"),
    ("SettledComplete", "Completed"),
)
_HISTORIES = {
    "p1": _PAID,
    "p2": (("Requested", "Pending/Sending"), ("SendRefused", "Failed")),
    "p3": (*_PAID[:2], ("SettledRejected", "Failed")),
    "p4": (*_PAID, ("MoneyReturned", "Returned")),
    "p5": (("Requested", "Queued"), ("CancelledByAdmin", "Cancelled")),
    "p6": _PAID,
    "p7": (
        ("Requested", "Pending/Sending"),
        ("LeaseExpired", "Pending/Unresolved"),
        ("SentAgain", "Pending/Sending"),
        ("SendUnclear", "Pending/Unresolved"),
        ("SettledComplete", "Completed"),
    ),
    "p8": (*_PAID[:2], ("SettledRejected", "Failed"), ("SettledComplete", "Failed")),
    "p9": (
        ("Requested", "Pending/Sending"),
        ("SendUnclear", "Pending/Unresolved"),
        ("GaveUp", "Pending/Unresolved"),
    ),
    "p10": (
        ("Requested", "Pending/Sending"),
        ("SendNotAuthenticated", "Queued"),
        ("Claimed", "Pending/Sending"),
        ("MoneyReturned", "Completed"),
        ("MoneyReturned", "Returned"),
    ),
}
_FAILURES = {
    "p2": "MonoovaRefused",
    "p3": "BankRejected",
    "p4": "Returned",
    "p5": "CancelledByAdmin",
    "p8": "BankRejected",
    "p10": "Returned",
}
_REVIEWS = {"p8": "Contradiction", "p9": "OutcomeUnknown"}


@dataclass
class Evidence:
    """The three files, and what a test needs to spoil them."""

    history: list[Json] = field(default_factory=list)
    book: Json = field(
        default_factory=lambda: {
            "opening_balance": "5000.0000",
            "balance": "5000.0000",
            "movements": [],
            "payments": [],
        }
    )
    secrets: Json = field(
        default_factory=lambda: {
            "texts": list(SECRETS),
            "payee_of_destination": {"d-jo": JO, "d-ann": ANN},
        }
    )

    def note(self, kind: str, **fields: Any) -> Json:
        at = _START + timedelta(seconds=10 * len(self.history))
        line = {"at": at.isoformat().replace("+00:00", "Z"), "kind": kind, **fields}
        self.history.append(line)
        return line

    def ask(self, name: str, path: str, body: Json, key: str | None = None) -> None:
        self.note("asked", ask=name, who=WHO, method="POST", path=path, body=body, key=key)

    def answer(self, name: str, status: int, body: Json) -> None:
        self.note("answered", ask=name, status=status, body=body)

    def move(self, kind: str, reference: str, amount: str) -> None:
        """One movement in Monoova's book, under the number of its reference."""
        balance = Decimal(self.book["balance"]) + Decimal(amount)
        self.book["balance"] = str(balance)
        self.book["movements"].append(
            {
                "number": len(self.book["movements"]) + 1,
                "at": "2026-03-02T01:00:00Z",
                "kind": kind,
                "reference": reference,
                "transaction_id": 1000 + sum(map(ord, reference)),
                "amount": amount,
                "balance": str(balance),
            }
        )

    def book_payout(self, reference: str, amount: str, payee: str = JO) -> None:
        self.move("debit", reference, f"-{amount}")
        number = self.book["movements"][-1]["transaction_id"]
        payment = {"reference": reference, "transaction_id": number, "amount": amount}
        self.book["payments"].append(payment | {"payee": payee, "fate": "completed"})
        self.move("fee", reference, "-0.1100")

    # --- to find what is to be spoiled

    def line(self, kind: str, **fields: Any) -> Json:
        """The last line of this kind with these fields."""
        return next(
            line
            for line in reversed(self.history)
            if line["kind"] == kind and all(line.get(k) == v for k, v in fields.items())
        )

    def seen(self, name: str) -> Json:
        """The payout as it stood in the end."""
        payout: Json = self.line("seen", transaction_id=name)["payout"]
        return payout

    def answered(self, name: str) -> Json:
        return self.line("answered", ask=name)

    def insert_before_quiet(self, *lines: Json) -> None:
        at = self.history.index(self.line("quiet"))
        self.history[at:at] = [{"at": "2026-03-02T01:30:00Z", **line} for line in lines]

    def write(self, directory: Path) -> Path:
        lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in self.history)
        (directory / "history.jsonl").write_text("".join(lines))
        (directory / "book.json").write_text(json.dumps(self.book))
        (directory / "secrets.json").write_text(json.dumps(self.secrets))
        return directory


def payout(name: str, amount: object, *, entries: int | None = None, **changed: Any) -> Json:
    """The JSON of `GET /payouts/{id}` after the first `entries` entries of its history."""
    steps = _HISTORIES[name][:entries]
    is_at_end = len(steps) == len(_HISTORIES[name])
    history = [
        {
            "at": (_START + timedelta(minutes=5, seconds=n)).isoformat(),
            "event": event,
            **_state(state),
            "by": "monoova",
            "detail": None,
        }
        for n, (event, state) in enumerate(steps)
    ]
    return {
        "transaction_id": name,
        "unique_reference": name,
        "customer_id": "c-1",
        "destination_id": "d-jo",
        "destination": "j•••@example.org",
        "amount": amount,
        **_state(steps[-1][1]),
        "needs_review": is_at_end and name in _REVIEWS,
        "review_reason": _REVIEWS.get(name) if is_at_end else None,
        "failure_code": _FAILURES.get(name) if is_at_end else None,
        "monoova_transaction_id": None,
        "description": None,
        "retry_of": None,
        "created_by": "0a1b",
        "history": history,
        **changed,
    }


def _state(state: str) -> Json:
    status, _, submission = state.partition("/")
    return {"status": status, "submission": submission or None}


def _body(amount: object, **fields: Any) -> Json:
    return {"customer_id": "c-1", "amount": amount, **fields}


def good_run() -> Evidence:
    """Ten payouts: paid, refused, rejected, returned, cancelled, retried, killed, disputed …"""
    run = Evidence()
    run.note("fault", what="the function is killed after the first write")
    run.ask("a1", "/payouts", _body("125.50", destination_id="d-jo"), "k-1")
    run.note("unknown", ask="a1", why="killed")
    run.ask("a1-again", "/payouts", _body("125.50", destination_id="d-jo"), "k-1")
    run.answer("a1-again", 202, payout("p1", 125.50, entries=2))
    run.note("seen", transaction_id="p1", payout=payout("p1", 125.50, entries=2))
    run.ask("a2", "/payouts", _body(20, description="rent-2"))
    refused = {"code": "MonoovaRefused", "transaction_id": "p2", "status": 422}
    run.answer("a2", 422, refused)
    run.ask("a3", "/internal/payouts", _body("30.00"), "k-3")
    run.answer("a3", 202, payout("p3", "30.00", entries=2))
    run.ask("a4", "/payouts", _body("40.00", destination_id="d-ann"))
    run.answer("a4", 202, payout("p4", "40.00", entries=2, destination_id="d-ann"))
    run.ask("a5", "/payouts", _body("50.00"), "k-5")
    run.answer("a5", 503, {"code": "StorageUnavailable"})
    run.ask("a5-again", "/payouts", _body("50.00"), "k-5")
    run.answer("a5-again", 202, payout("p5", "50.00", entries=1))
    run.ask("a5-other", "/payouts", _body("51.00"), "k-5")
    run.answer("a5-other", 422, {"code": "IdempotencyKeyReused", "transaction_id": "p5"})
    run.ask("a5-cancel", "/payouts/p5/cancel", {})
    run.answer("a5-cancel", 200, payout("p5", "50.00"))
    run.ask("a6", "/payouts/p3/retry", {})
    run.answer("a6", 202, payout("p6", "30.00", entries=2, retry_of="p3"))
    run.ask("a7", "/payouts", _body("70.00", description="rent-7"))
    run.note("unknown", ask="a7", why="timed out")
    run.ask("a8", "/payouts", _body("80.00"), "k-8")
    run.answer("a8", 202, payout("p8", "80.00", entries=3, failure_code="BankRejected"))
    run.ask("a9", "/payouts", _body("90.00"), "k-9")
    run.answer("a9", 503, {"code": "OutcomeUnknown", "transaction_id": "p9"})
    run.ask("a10", "/payouts", _body("100.00"), "k-10")
    run.answer("a10", 202, payout("p10", "100.00", entries=2))
    run.ask("a11", "/payouts", _body("11.00", description="rent-11"))
    run.answer("a11", 404, {"code": "CustomerNotFound"})
    run.ask("a12", "/payouts", _body("x"))
    run.answer("a12", 400, {"code": "InvalidRequest"})
    run.note("listing", transaction_ids=["p1", "p2"])
    run.note("webhook", path=_WEBHOOK_PATH, genuine=True, status=200, reference="p1")
    run.note("webhook", path=_WEBHOOK_PATH, genuine=True, status=None, reference="p1")
    run.note("attack", what="forged webhook", reference="p1")
    run.note("webhook", path=_WEBHOOK_PATH, genuine=False, status=401, reference="p1")
    run.note("written", to="log", text='{"outcome": "applied", "transaction_id": "p1"}')
    run.note("quiet")
    _end(run)
    _fill(run)
    return run


def _end(run: Evidence) -> None:
    changes: dict[str, Json] = {
        "p2": {"description": "rent-2"},
        "p4": {"destination_id": "d-ann"},
        "p6": {"retry_of": "p3"},
        "p7": {"description": "rent-7"},
    }
    amounts = ("125.50", "20", "30.00", "40.00", "50.00", "30.00", "70.00", "80.00", "90.00", "100")
    for name, amount in zip(_HISTORIES, amounts, strict=True):
        shown = payout(name, amount, **changes.get(name, {}))
        run.note("seen", transaction_id=name, payout=shown)
    run.note("listing", transaction_ids=list(_HISTORIES))
    run.note("end", unreachable=[])


def _fill(run: Evidence) -> None:
    run.book_payout("p1", "125.5000")
    run.book_payout("p3", "30.0000")
    run.move("rejection_credit", "p3", "30.0000")
    run.move("fee_refund", "p3", "0.1100")
    run.book_payout("p4", "40.0000", ANN)
    run.move("return_credit", "p4", "40.0000")
    run.book_payout("p6", "30.0000")
    run.book_payout("p7", "70.0000")
    run.book_payout("p8", "80.0000")
    run.book_payout("p10", "100.0000")
    run.move("return_credit", "p10", "100.0000")
    run.move("verification", "token-1", "-0.0100")
