"""Ways to make the evidence of a good run bad."""

from collections.abc import Callable
from copy import deepcopy

from tests.proof.checker.good_run import Evidence, Json

Spoil = Callable[[Evidence], object]


def change(payout_name: str, **fields: object) -> Spoil:
    return lambda run: run.seen(payout_name).update(fields)


def change_history(payout_name: str, number: int, **fields: object) -> Spoil:
    """Changes the entry wherever it is shown, so that only the history itself is wrong."""

    def spoil(run: Evidence) -> None:
        for shown in shown_payouts(run, payout_name):
            if len(shown["history"]) > number:
                shown["history"][number].update(fields)

    return spoil


def shown_payouts(run: Evidence, name: str) -> list[Json]:
    documents = [line.get("payout") or line.get("body") or {} for line in run.history]
    return [d for d in documents if d.get("transaction_id") == name and "history" in d]


def written(text: str, to: str = "log") -> Spoil:
    return lambda run: run.insert_before_quiet({"kind": "written", "to": to, "text": text})


def webhook(*, genuine: bool, status: int) -> Spoil:
    line = {"kind": "webhook", "path": "/", "genuine": genuine, "status": status, "reference": None}
    return lambda run: run.insert_before_quiet(line)


def return_announced(reference: str) -> Spoil:
    """A webhook of the money's return, which was answered with 200."""
    path = "/webhooks/monoova/NppReturn"
    line = {"kind": "webhook", "path": path, "genuine": True, "status": 200}
    return lambda run: run.insert_before_quiet({**line, "reference": reference})


def announced(reference: str, amount: str) -> Spoil:
    """A webhook of a payment, which was answered with 200."""
    path = "/webhooks/monoova/NppPaymentStatus"
    line = {"kind": "webhook", "path": path, "genuine": True, "status": 200}
    return lambda run: run.insert_before_quiet({**line, "reference": reference, "amount": amount})


def forget(name: str) -> Spoil:
    """The payout is neither listed nor shown in the end."""

    def spoil(run: Evidence) -> None:
        run.history.remove(run.line("seen", transaction_id=name))
        run.line("listing")["transaction_ids"].remove(name)

    return spoil


def add_payout(name: str, like: str, **changed: object) -> Spoil:
    """One more payout, in the end and in the list."""

    def spoil(run: Evidence) -> None:
        shown = (
            deepcopy(run.seen(like)) | {"transaction_id": name, "unique_reference": name} | changed
        )
        run.history.insert(-2, {**run.line("seen"), "transaction_id": name, "payout": shown})
        run.line("listing")["transaction_ids"].append(name)

    return spoil


def ask_too(
    path: str, body: Json, status: int, answer: Json, key: str | None = None, name: str = "b"
) -> Spoil:
    """One more request, with its answer."""
    asked = {"kind": "asked", "ask": name, "who": "user:0a1b", "method": "POST", "path": path}
    answered = {"kind": "answered", "ask": name, "status": status, "body": answer}
    return lambda run: run.insert_before_quiet(asked | {"body": body, "key": key}, answered)


def both(*spoils: Spoil) -> Spoil:
    return lambda run: [spoil(run) for spoil in spoils]


def see_before(name: str, **changed: object) -> Spoil:
    """The payout was seen in its last state, but for the changes, before it became quiet."""
    return lambda run: run.insert_before_quiet(
        {"kind": "seen", "transaction_id": name, "payout": deepcopy(run.seen(name)) | changed}
    )


def move_entry(name: str, events: list[tuple[str, str]]) -> Spoil:
    """The payout's history continues in these events after its request."""

    def spoil(run: Evidence) -> None:
        shown = run.seen(name)
        first = shown["history"][0]
        shown["history"] = [first]
        shown.update(status=first["status"], submission=first["submission"])
        for event, state in events:
            status, _, submission = state.partition("/")
            entry = first | {"event": event, "status": status, "submission": submission or None}
            shown["history"].append(entry)
            shown.update(status=status, submission=submission or None)

    return spoil


def credit(reference: str, amount: str, kind: str = "rejection_credit") -> Spoil:
    return lambda run: run.move(kind, reference, amount)


def book_of(**fields: object) -> Spoil:
    return lambda run: run.book.update(fields)


def movement(index: int, **fields: object) -> Spoil:
    return lambda run: run.book["movements"][index].update(fields)


def payment(index: int, **fields: object) -> Spoil:
    return lambda run: run.book["payments"][index].update(fields)


def answer(name: str, status: int, **body: object) -> Spoil:
    """The request was answered otherwise."""
    return lambda run: run.answered(name).update(status=status, body=body)


def asked(name: str, **fields: object) -> Spoil:
    """The request had other fields."""
    return lambda run: run.line("asked", ask=name).update(fields)


def asked_for(name: str, **fields: object) -> Spoil:
    """The request had another body."""
    return lambda run: run.line("asked", ask=name)["body"].update(fields)


def answered_payout(name: str, **fields: object) -> Spoil:
    """The payout in an answer had other fields."""
    return lambda run: run.answered(name)["body"].update(fields)


def answered_entry(name: str, number: int, **fields: object) -> Spoil:
    """An entry of the history in an answer had other fields."""
    return lambda run: run.answered(name)["body"]["history"][number].update(fields)


def sent(reference: str, amount: str) -> Spoil:
    """Monoova booked a payment."""
    return lambda run: run.book_payout(reference, amount)


def resolved(name: str, event: str, at: str = "2026-03-02T01:05:10Z") -> Spoil:
    """An administrator has closed the review, in the state that the payout was in."""

    def spoil(run: Evidence) -> None:
        shown = run.seen(name)
        entry = {"at": at, "event": event, "by": "0a1b"}
        shown["history"].append(shown["history"][-1] | entry)
        shown.update(needs_review=False, review_reason=None)

    return spoil


def ruled(**fields: object) -> Spoil:
    """The rules of that day."""
    limits = dict.fromkeys(
        ("limit_per_customer", "limit_per_account", "limit_per_maker", "limit_in_total")
    )
    rules = {"kind": "rules", "approval_above": None, "approves_new_destinations": False}
    return lambda run: run.insert_before_quiet({**rules, **limits, **fields})


def uploaded(batch_id: str, *rows: Json, name: str = "b") -> Spoil:
    """A file of these rows was taken as this batch."""
    return ask_too("/batches", {"rows": list(rows)}, 201, {"batch_id": batch_id}, name=name)


def lied_about(reference: str, channel: str) -> Spoil:
    return lambda run: run.insert_before_quiet(
        {"kind": "lie", "reference": reference, "channel": channel}
    )


def without_movement(kind: str, reference: str) -> Spoil:
    """Monoova's book has no such movement; balances are as if it never had."""

    def spoil(run: Evidence) -> None:
        moved, run.book["movements"] = run.book["movements"], []
        run.book["balance"] = run.book["opening_balance"]
        for each in moved:
            if (each["kind"], each["reference"]) != (kind, reference):
                run.move(each["kind"], each["reference"], each["amount"])

    return spoil


def approved_by(name: str, by: str, at: str = "2026-03-02T01:02:00Z") -> Spoil:
    """The payout began as one that waits for approval, and this person approved it."""

    def spoil(run: Evidence) -> None:
        for shown in shown_payouts(run, name):
            first = shown["history"][0]
            waits = {**first, "status": "AwaitingApproval", "submission": None}
            let_go = {**first, "at": at, "event": "Approved", "status": "Queued", "by": by}
            claimed = {**first, "event": "Claimed"}
            shown["history"][:1] = [waits, let_go | {"submission": None}, claimed]

    return spoil
