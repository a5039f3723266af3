"""From three files to the evidence of one run; refuses whatever is unknown or not complete."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from proof.checker.evidence import (
    Book,
    Entry,
    FileRow,
    Lie,
    Movement,
    Output,
    Payment,
    Payout,
    Request,
    Rules,
    Run,
    Webhook,
)
from proof.checker.records import InputError, Record, dollars, record_in, records_in, words

_KINDS = words(
    "rules asked answered unknown seen rows webhook written attack lie fault quiet listing end"
)
_OUTPUTS = ("answered", "seen", "rows", "written")
_CHANNELS = words("signed unsigned status")
_LIMITS = ("limit_per_customer", "limit_per_account", "limit_per_maker", "limit_in_total")
_OUTLETS = words("log queue answer metric")
_MOVEMENTS = words("debit fee rejection_credit fee_refund return_credit transfer load verification")
Lines = list[tuple[int, Record]]


def read_run(directory: Path) -> Run:
    """The evidence in `directory`.

    Raises:
        InputError: it is unreadable, of an unknown form, or not complete.
    """
    history = records_in(directory / "history.jsonl")
    for _, record in history:
        record.time("at")
        record.one_of("kind", _KINDS)
    secrets = record_in(directory / "secrets.json")
    texts, payees = secrets.texts("texts"), Record(secrets.document.get("payee_of_destination"), "")
    if not texts or not all(text.strip() for text in texts):
        raise InputError("secrets.json: nothing to look for")
    seen = [_seen(record, line) for line, record in _of(history, "seen")]
    end, listings = _end(history)
    quiet_line = _of(history, "quiet")[0][0]
    last = {p.transaction_id: p for p in seen if p.line > quiet_line}
    unreachable = end.texts("unreachable")
    unseen = set(listings[-1]) - last.keys() - set(unreachable)
    if unseen:
        raise InputError(f"listed and never seen: {', '.join(sorted(unseen))}")
    return Run(
        lines=len(history),
        requests=_requests(history),
        seen=tuple(seen),
        webhooks=tuple(_webhook(r, line) for line, r in _of(history, "webhook")),
        outputs=tuple(
            _output(r, line) for line, r in _of(history, "answered", "seen", "rows", "written")
        ),
        listings=tuple(listings),
        unreachable=unreachable,
        last={name: last[name] for name in listings[-1] if name in last},
        book=_book(record_in(directory / "book.json")),
        secrets=texts,
        payee_of_destination={name: payees.text(name) for name in payees.document},
        rules=_rules(_of(history, "rules")),
        lies=tuple(
            Lie(line, r.text("reference"), r.one_of("channel", _CHANNELS))
            for line, r in _of(history, "lie")
        ),
        questions_failed=tuple(_questions_failed(_of(history, "fault"))),
        rows_of={
            record.text("batch_id"): tuple(map(_file_row, record.records("rows")))
            for line, record in _of(history, "rows")
            if line > quiet_line
        },
    )


def _of(history: Lines, *kinds: str) -> Lines:
    return [(line, record) for line, record in history if record.text("kind") in kinds]


def _end(history: Lines) -> tuple[Record, list[tuple[str, ...]]]:
    """The end, and all listings; the last one was made when the system was quiet."""
    ends, quiet, listings = (_of(history, kind) for kind in ("end", "quiet", "listing"))
    if len(ends) != 1 or ends[0][0] != len(history):
        raise InputError("history.jsonl: does not end where it ends")
    if len(quiet) != 1 or not listings or listings[-1][0] < quiet[0][0]:
        raise InputError("history.jsonl: no listing after it had become quiet")
    return ends[0][1], [record.texts("transaction_ids") for _, record in listings]


def _questions_failed(lines: Lines) -> Iterator[tuple[datetime, datetime]]:
    since: datetime | None = None
    for _, record in lines:
        at, what = record.time("at"), record.document.get("what")
        if what == "questions fail":
            since = at
        elif what == "questions are answered" and since is not None:
            yield since, at


def _rules(lines: Lines) -> Rules:
    """The rules that held all day; a run without a line about them had none."""
    if len(lines) > 1:
        raise InputError("history.jsonl: the rules stand there more than once")
    if not lines:
        return Rules()
    _, record = lines[0]
    return Rules(
        _maybe_amount(record, "approval_above"),
        record.take("approves_new_destinations", bool),
        *(_maybe_amount(record, name) for name in _LIMITS),
    )


def _maybe_amount(record: Record, name: str) -> Decimal | None:
    is_null = name in record.document and record.document[name] is None
    return None if is_null else record.amount(name)


def _requests(history: Lines) -> tuple[Request, ...]:
    asked: dict[str, tuple[int, Record]] = {}
    answers: dict[str, tuple[int, Record]] = {}
    for line, record in _of(history, "asked", "answered", "unknown"):
        name = record.text("ask")
        here = asked if record.text("kind") == "asked" else answers
        if name in here or (name not in asked and here is answers):
            raise InputError(f"{record.where}: {name} is twice there, or answered before asked")
        here[name] = line, record
    if asked.keys() != answers.keys():
        raise InputError(f"asked and never answered: {', '.join(asked.keys() - answers.keys())}")
    return tuple(_request(asked[name], answers[name]) for name in asked)


def _request(asked: tuple[int, Record], answered: tuple[int, Record]) -> Request:
    (line, request), (answer_line, answer) = asked, answered
    is_answered = answer.text("kind") == "answered"
    body = answer.document.get("body")
    is_payout = isinstance(body, dict) and {"unique_reference", "history"} <= body.keys()
    return Request(
        line=line,
        at=request.time("at"),
        who=request.text("who"),
        method=request.text("method"),
        path=request.text("path").partition("?")[0],
        body=request.document.get("body"),
        key=request.maybe("key", str),
        answer_line=answer_line,
        status=answer.take("status", int) if is_answered else None,
        answer=body,
        payout=_payout(Record(body, answer.where), answer_line) if is_payout else None,
    )


def _seen(record: Record, line: int) -> Payout:
    payout = _payout(Record(record.document.get("payout"), record.where), line)
    if payout.transaction_id != record.text("transaction_id"):
        raise InputError(f"{record.where}: another payout was shown than was asked for")
    return payout


def _payout(record: Record, line: int) -> Payout:
    return Payout(
        line=line,
        transaction_id=record.text("transaction_id"),
        unique_reference=record.text("unique_reference"),
        customer_id=record.text("customer_id"),
        destination_id=record.text("destination_id"),
        amount=record.amount("amount"),
        state=_state(record),
        needs_review=record.take("needs_review", bool),
        review_reason=record.maybe("review_reason", str),
        failure_code=record.maybe("failure_code", str),
        description=record.maybe("description", str),
        retry_of=record.maybe("retry_of", str),
        history=tuple(
            Entry(e.time("at"), e.text("event"), _state(e), e.text("by"), e.maybe("detail", str))
            for e in record.records("history")
        ),
        batch_id=record.maybe("batch_id", str) if "batch_id" in record.document else None,
        returned_amount=dollars(record.document.get("returned_amount")),
        created_at=record.time("created_at") if "created_at" in record.document else None,
    )


def _file_row(record: Record) -> FileRow:
    return FileRow(
        record.take("line", int),
        record.maybe("transaction_id", str),
        record.text("status"),
        record.maybe("failure_code", str),
    )


def _state(record: Record) -> str:
    submission = record.maybe("submission", str)
    return f"{record.text('status')}/{submission}" if submission else record.text("status")


def _webhook(record: Record, line: int) -> Webhook:
    return Webhook(
        line,
        record.take("genuine", bool),
        record.maybe("status", int),
        record.maybe("path", str) or "",
        record.maybe("reference", str),
        dollars(record.document.get("amount")),
    )


def _output(record: Record, line: int) -> Output:
    match record.text("kind"):
        case "answered":
            return Output(line, "an answer", record.document.get("body"))
        case "seen":
            return Output(line, "a payout", record.document["payout"])
        case "rows":
            return Output(line, "a file's rows", record.document["rows"])
        case _:
            return Output(line, f"a {record.one_of('to', _OUTLETS)}", record.text("text"))


def _book(record: Record) -> Book:
    return Book(
        opening_balance=record.amount("opening_balance"),
        balance=record.amount("balance"),
        movements=tuple(
            Movement(
                number=m.take("number", int),
                kind=m.one_of("kind", _MOVEMENTS),
                reference=m.text("reference"),
                transaction_id=m.id("transaction_id"),
                amount=m.amount("amount"),
                balance=m.amount("balance"),
            )
            for m in record.records("movements")
        ),
        payments=tuple(
            Payment(
                p.text("reference"), p.id("transaction_id"), p.amount("amount"), p.text("payee")
            )
            for p in record.records("payments")
        ),
    )
