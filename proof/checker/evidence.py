"""The evidence of a run, as the checks read it. Amounts are dollars, times are UTC."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

FINAL = frozenset({"Completed", "Failed", "Returned", "Cancelled"})


@dataclass(frozen=True)
class Violation:
    """A promise that did not hold; `evidence` is ids and line numbers."""

    promise: str
    what: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.what} [{self.evidence}]"


@dataclass(frozen=True)
class Entry:
    """One line of a payout's own history; `state` is `Pending/Sending` and the like."""

    at: datetime
    event: str
    state: str
    by: str
    detail: str | None


@dataclass(frozen=True)
class Payout:
    """A payout as the system showed it at `line` of the history."""

    line: int
    transaction_id: str
    unique_reference: str
    customer_id: str
    destination_id: str
    amount: Decimal
    state: str
    needs_review: bool
    review_reason: str | None
    failure_code: str | None
    description: str | None
    retry_of: str | None
    history: tuple[Entry, ...]
    batch_id: str | None = None
    returned_amount: Decimal | None = None
    created_at: datetime | None = None

    @property
    def evidence(self) -> str:
        return f"payout {self.transaction_id}, line {self.line}"

    @property
    def requested_by(self) -> str | None:
        """Who asked for it, as its history says."""
        return self.history[0].by if self.history else None

    @property
    def approvals(self) -> list[Entry]:
        """Each time that a person let it go out."""
        return [entry for entry in self.history if entry.event == "Approved"]

    @property
    def released_at(self) -> datetime | None:
        """When nothing but sending it was left to do: of a row of a file, when it became a payout,
        which may be days after the file was approved."""
        times = [entry.at for entry in (*self.history[:1], *self.approvals)]
        return max((*times, self.created_at) if self.created_at else times, default=None)


@dataclass(frozen=True)
class Request:
    """A client's request. A `status` of None: no answer came; `payout` is one in the answer."""

    line: int
    at: datetime
    who: str
    method: str
    path: str
    body: object
    key: str | None
    answer_line: int
    status: int | None
    answer: object
    payout: Payout | None

    @property
    def code(self) -> object:
        return self.answer.get("code") if isinstance(self.answer, dict) else None

    @property
    def names(self) -> str | None:
        """The payout that the answer is about."""
        named = self.answer.get("transaction_id") if isinstance(self.answer, dict) else None
        return named if isinstance(named, str) else None

    @property
    def rows(self) -> list[dict[str, object]]:
        """The rows of an uploaded file."""
        found = self.body.get("rows") if isinstance(self.body, dict) else None
        return found if self.path == "/batches" and isinstance(found, list) else []

    @property
    def names_batch(self) -> str | None:
        """The batch that the answer is about."""
        named = self.answer.get("batch_id") if isinstance(self.answer, dict) else None
        return named if isinstance(named, str) else None

    def batch_of(self, act: str) -> str | None:
        """The batch that was to be approved, cancelled or the like; None of any other request."""
        found = re.fullmatch(rf"/batches/([^/]+)/{act}", self.path)
        return found[1] if found and self.method == "POST" else None

    def decides_on(self, act: str) -> str | None:
        """The payout that was to be approved, rejected or the like; None of any other request."""
        found = re.fullmatch(rf"/payouts/([^/]+)/{act}", self.path)
        return found[1] if found and self.method == "POST" else None

    @property
    def is_yes(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refused_by_monoova(self) -> bool:
        return self.status == 422 and self.code == "MonoovaRefused"

    @property
    def is_no(self) -> bool:
        """The answer says that nothing was done. A gateway's bare 503 does not say so."""
        if self.status == 503:
            return self.code is not None and self.code != "OutcomeUnknown"
        is_refused = self.status is not None and 400 <= self.status < 500
        return is_refused and not self.is_refused_by_monoova

    @property
    def evidence(self) -> str:
        return f"asked in line {self.line}, answered in line {self.answer_line}"


@dataclass(frozen=True)
class FileRow:
    """A row of a batch as it was shown in the end: its payout, or the name of its problem."""

    number: int
    transaction_id: str | None
    status: str
    problem: str | None


@dataclass(frozen=True)
class Webhook:
    """A delivery of a webhook. A `status` of None: the function was killed."""

    line: int
    is_genuine: bool
    status: int | None
    path: str = ""
    reference: str | None = None
    amount: Decimal | None = None

    @property
    def is_of_a_return(self) -> bool:
        return self.path.endswith("/NppReturn")


@dataclass(frozen=True)
class Output:
    """A text that the system put out, and where."""

    line: int
    where: str
    content: object


@dataclass(frozen=True)
class Movement:
    """A line of Monoova's book. `amount` is below zero where money left the account."""

    number: int
    kind: str
    reference: str
    transaction_id: str
    amount: Decimal
    balance: Decimal

    @property
    def is_booking(self) -> bool:
        return self.kind in ("debit", "transfer")


@dataclass(frozen=True)
class Payment:
    """What Monoova was asked to pay, and to whom."""

    reference: str
    transaction_id: str
    amount: Decimal
    payee: str


@dataclass(frozen=True)
class Rules:
    """What two people have set. Amounts are dollars for one Sydney day; None is no limit."""

    approval_above: Decimal | None = None
    approves_new_destinations: bool = False
    limit_per_customer: Decimal | None = None
    limit_per_account: Decimal | None = None
    limit_per_maker: Decimal | None = None
    limit_in_total: Decimal | None = None

    @property
    def has_limits(self) -> bool:
        """Whether anything is limited in a day."""
        limits = (
            self.limit_per_customer,
            self.limit_per_account,
            self.limit_per_maker,
            self.limit_in_total,
        )
        return any(limit is not None for limit in limits)


@dataclass(frozen=True)
class Lie:
    """A wrong word of Monoova's about a payment: by `channel` signed, unsigned or status."""

    line: int
    reference: str
    channel: str


@dataclass(frozen=True)
class Book:
    """Monoova's own book: every movement of money, and every payment."""

    opening_balance: Decimal
    balance: Decimal
    movements: tuple[Movement, ...]
    payments: tuple[Payment, ...]

    def of(self, reference: str, *kinds: str) -> list[Movement]:
        """The movements under `reference`, of these kinds or of all."""
        own = self._by_reference.get(reference, [])
        return [m for m in own if not kinds or m.kind in kinds]

    def bookings(self, reference: str) -> list[Movement]:
        """Each time that the money of `reference` was sent."""
        return [m for m in self.of(reference) if m.is_booking]

    @cached_property
    def references(self) -> list[str]:
        """All under which money was sent, in order."""
        return list(dict.fromkeys(m.reference for m in self.movements if m.is_booking))

    def payments_of(self, reference: str) -> list[Payment]:
        """What Monoova was asked to pay under `reference`."""
        return self._payments_by_reference.get(reference, [])

    @cached_property
    def _payments_by_reference(self) -> dict[str, list[Payment]]:
        found: dict[str, list[Payment]] = {}
        for payment in self.payments:
            found.setdefault(payment.reference, []).append(payment)
        return found

    @cached_property
    def _by_reference(self) -> dict[str, list[Movement]]:
        found: dict[str, list[Movement]] = {}
        for movement in self.movements:
            found.setdefault(movement.reference, []).append(movement)
        return found


@dataclass(frozen=True)
class Run:
    """All the evidence of one run."""

    lines: int
    requests: tuple[Request, ...]
    seen: tuple[Payout, ...]
    webhooks: tuple[Webhook, ...]
    outputs: tuple[Output, ...]
    listings: tuple[tuple[str, ...], ...]
    unreachable: tuple[str, ...]
    last: dict[str, Payout]
    """Each listed payout as it stood in the end."""
    book: Book
    secrets: tuple[str, ...]
    payee_of_destination: dict[str, str]
    rules: Rules = Rules()
    lies: tuple[Lie, ...] = ()
    questions_failed: tuple[tuple[datetime, datetime], ...] = ()
    """When Monoova answered no question, and took every payout."""
    rows_of: dict[str, tuple[FileRow, ...]] = field(default_factory=dict)
    """The rows of each batch as they were shown in the end."""

    @property
    def listing(self) -> tuple[str, ...]:
        """The system's last word on which payouts there are."""
        return self.listings[-1]

    @cached_property
    def sightings(self) -> tuple[Payout, ...]:
        """Every payout that was shown, in an answer or when it was read for the checker."""
        return (*self.seen, *(request.payout for request in self.requests if request.payout))

    def first_of_line(self, transaction_id: str) -> str:
        """The payout in place of which, at last, this one was made; itself for most."""
        seen = [transaction_id]
        while earlier := self._made_in_place_of.get(seen[-1]):
            if earlier in seen:
                break
            seen.append(earlier)
        return seen[-1]

    @cached_property
    def _made_in_place_of(self) -> dict[str, str]:
        return {p.transaction_id: p.retry_of for p in self.sightings if p.retry_of}

    @cached_property
    def first(self) -> dict[str, Payout]:
        """Each payout as it was first shown."""
        return {p.transaction_id: p for p in sorted(self.sightings, key=lambda p: -p.line)}
