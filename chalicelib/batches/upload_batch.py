"""Takes a file of payouts: read and checked whole, and stored only if nothing is wrong with it."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from chalicelib.batches.checking.compare_batches import pairs_of
from chalicelib.batches.checking.digest_rows import RowDigests
from chalicelib.batches.csv_file import BatchIds, File, Line, read
from chalicelib.batches.messages import BatchMessages
from chalicelib.batches.rules.batch import (
    CHUNK_ROWS,
    UPLOADED,
    Batch,
    BatchEntry,
    BatchRetry,
    BatchStatus,
    EarlierBatch,
    Row,
    Task,
)
from chalicelib.batches.store.batches import Batches
from chalicelib.core import observability
from chalicelib.core.actor import Actor
from chalicelib.core.clock import Clock
from chalicelib.core.deadline import TimeLeft
from chalicelib.core.dynamodb.items import text_of
from chalicelib.core.errors import (
    BatchInvalidError,
    ConflictError,
    ErrorCode,
    PayloadTooLargeError,
)
from chalicelib.core.redaction import redact
from chalicelib.customers.payee_store import Payee, Payees, Place
from chalicelib.customers.rules.verification import is_payable

_CUSTOMERS_AT_ONCE: Final = 500
# For so many customers, or for a chunk of rows; the gateway gives up on us after 29.
_SECONDS_FOR_A_STEP: Final = 1.0
# Years, and days in either order: other numbers of four digits and more are taken for accounts.
_DATE: Final = re.compile(
    r"(?<!\d)(?:20\d\d(?:[-/.]\d\d){0,2}|\d{1,2}[-/.]\d{1,2}[-/.]20\d\d)(?![\d.-]|[ /]\d)"
)
_PLACE: Final = "\N{ASTERISM}"
_UNKNOWN_ID: Final = "There is no such customer."
_UNREADABLE: Final = "What is stored of this customer cannot be read: an operator has to mend it."
_NOT_THEIRS: Final = "The customer has no such destination."
_UNVERIFIED: Final = "The destination is not verified."
_NONE: Final = "The customer has no destination to pay to."
_SEVERAL: Final = "The customer has several destinations: name one by destination_id."


@dataclass(frozen=True, slots=True)
class UploadResult:
    """The batch as it now stands; a replay is one whose rows were uploaded before."""

    batch: Batch
    is_replay: bool


@dataclass(frozen=True, slots=True)
class BatchUpload:
    """Stores uploaded files as batches.

    `new_id` names an upload, so that no other writes where its rows stand.
    """

    batches: Batches
    payees: Payees
    messages: BatchMessages
    clock: Clock
    limit_cents: int
    new_id: Callable[[], uuid.UUID]
    requires_verified: bool
    digests: RowDigests

    def upload(
        self,
        content: bytes,
        by: Actor,
        seconds: float,
        title: str | None = None,
        *,
        repeat: bool = False,
    ) -> UploadResult:
        """Stores the batch of these rows, or answers with the undecided one that has them already.

        With `repeat` they are one more batch, though there is one that was decided on.

        Raises:
            BatchInvalidError: with every line that is wrong; nothing was stored.
            ConflictError: a batch that was decided on has these rows, and no `repeat` was asked.
            PayloadTooLargeError: it takes more than `seconds`; nothing stands.
        """
        time_left = TimeLeft(self.clock, self.clock.now() + timedelta(seconds=seconds))
        file = read(content, self.limit_cents)
        ids, count, latest = file.ids(), 0, None
        if not file.errors.by_line:
            count, latest = self._latest(ids)
        if latest is not None:
            if latest.is_undecided:
                return UploadResult(latest, is_replay=True)
            if not repeat:
                raise _repeated(latest)
        rows, accounts = self._rows(file, time_left)
        if file.errors.by_line:
            raise BatchInvalidError(file.errors.listed())
        repeats = EarlierBatch(latest.batch_id, latest.created_at) if latest else None
        words = _without_details(title) if title else None
        return self.store(
            ids.of(count), rows, by.name, time_left, title=words, repeats=repeats, accounts=accounts
        )

    def _latest(self, ids: BatchIds) -> tuple[int, Batch | None]:
        """How many batches have these rows, and the last of them; in few reads, however many."""
        batches: dict[int, Batch] = {}

        def is_there(repeat: int) -> bool:
            found = self.batches.get(ids.of(repeat))
            if found is not None:
                batches[repeat] = found
            return found is not None

        # Each stands only where the one before it does: doubled until one does not, then halved.
        low, high = 0, 1
        while is_there(high - 1):
            low, high = high, 2 * high
        high -= 1
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if is_there(middle) else (low, middle)
        return low, batches.get(low - 1)

    def _rows(self, file: File, time_left: TimeLeft) -> tuple[list[Row], dict[int, str]]:
        """The rows of the lines that name a customer and a destination; errors for the others.

        By line also the fingerprints of the accounts, as far as they are known.
        """
        externals = [line.external_id for line in file.lines if line.external_id]
        named = self.payees.named(externals)
        by_line = {line.number: _customer_of(line, named) for line in file.lines}
        payees = self._payees([each for each in by_line.values() if each], time_left)
        rows: list[Row] = []
        accounts: dict[int, str] = {}
        for line in file.lines:
            payee = payees.get(by_line[line.number] or "")
            place = _place_of(line, payee)
            if isinstance(place, Place) and not is_payable(
                place.verification, requires_verified=self.requires_verified
            ):
                place = _UNVERIFIED
            if payee is None or isinstance(place, str):
                file.errors.add(line.number, str(place))
            else:
                rows.append(_row(line, payee, place))
                accounts |= {line.number: place.account} if place.account else {}
        return compared(rows, accounts), accounts

    def _payees(self, customer_ids: Sequence[str], time_left: TimeLeft) -> dict[str, Payee]:
        once = list(dict.fromkeys(customer_ids))
        found: dict[str, Payee] = {}
        for start in range(0, len(once), _CUSTOMERS_AT_ONCE):
            self.check_time(time_left)
            found |= self.payees.of(once[start : start + _CUSTOMERS_AT_ONCE])
        return found

    def check_time(self, time_left: TimeLeft) -> None:
        """Raises PayloadTooLargeError where there is no time for one more step."""
        if not time_left.has(_SECONDS_FOR_A_STEP):
            raise PayloadTooLargeError(
                "The file takes too long to be read: divide it. Nothing of it was taken."
            )

    def store(
        self,
        batch_id: str,
        rows: Sequence[Row],
        by: str,
        time_left: TimeLeft,
        *,
        accounts: Mapping[int, str] | None = None,
        title: str | None = None,
        repeats: EarlierBatch | None = None,
        retry_of: BatchRetry | None = None,
    ) -> UploadResult:
        """Stores a batch with its rows, or answers with the one that has its id already.

        Raises:
            PayloadTooLargeError: the time is up; nothing stands.
        """
        upload_id = str(self.new_id())
        now = self.clock.now()
        chunks = [rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS)]
        batch = Batch(
            digests=tuple(
                self.digests.of_chunk(batch_id, upload_id, number, chunk)
                for number, chunk in enumerate(chunks, 1)
            ),
            batch_id=batch_id,
            upload_id=upload_id,
            status=BatchStatus.CHECKING,
            version=1,
            row_count=len(rows),
            total_cents=sum(row.amount_cents for row in rows),
            largest_cents=max(row.amount_cents for row in rows),
            created_by=by,
            created_at=now,
            updated_at=now,
            history=(BatchEntry(now, UPLOADED, by, _words_of(repeats, retry_of)),),
            title=title,
            repeats=repeats,
            retry_of=retry_of,
        )
        for number, chunk in enumerate(chunks, 1):
            self.check_time(time_left)
            self.batches.store_rows(upload_id, number, chunk, now)
        self.batches.store_pairs(upload_id, pairs_of(rows, accounts), now)
        # Until here nothing stands: rows without a batch belong to none, and expire.
        standing = self.batches.create(batch)
        if standing is not None:
            return UploadResult(standing, is_replay=True)
        self.messages.put(batch, Task.CHECK)
        observability.note(found=len(rows))
        return UploadResult(batch, is_replay=False)


def _repeated(latest: Batch) -> ConflictError:
    return ConflictError(
        f"These rows are batch {latest.batch_id} of {text_of(latest.created_at)}, which is"
        f" {latest.status}. If they are to be paid once more, ask for it with repeat.",
        ErrorCode.BATCH_REPEATED,
        batch_id=latest.batch_id,
    )


def _words_of(repeats: EarlierBatch | None, retry_of: BatchRetry | None) -> str | None:
    """What a batch has to do with an earlier one."""
    if retry_of is not None:
        return f"the unpaid rows of batch {retry_of.batch_id} of {text_of(retry_of.created_at)}"
    if repeats is not None:
        return f"repeats batch {repeats.batch_id} of {text_of(repeats.created_at)}"
    return None


def _without_details(title: str) -> str:
    """The title as the words of a person are stored, but for the dates in it."""
    dates = iter(_DATE.findall(title))
    kept = redact(_DATE.sub(_PLACE, title.replace(_PLACE, "")))
    return re.sub(_PLACE, lambda _: next(dates), kept)


def _customer_of(line: Line, named: dict[str, str]) -> str | None:
    """The customer that a line means; none if it names two, or one that no customer has."""
    if line.external_id is None:
        return line.customer_id
    customer_id = named.get(line.external_id)
    return customer_id if line.customer_id in (None, customer_id) else None


def _place_of(line: Line, payee: Payee | None) -> Place | str:
    """Where a line pays to, or what is wrong with it."""
    if payee is None:
        return _UNKNOWN_ID
    if not payee.is_readable:
        return _UNREADABLE
    if line.destination_id:
        return payee.place(line.destination_id) or _NOT_THEIRS
    if len(payee.places) == 1:
        return payee.places[0]
    return _SEVERAL if payee.places else _NONE


def _row(line: Line, payee: Payee, place: Place) -> Row:
    return Row(
        line=line.number,
        customer_id=payee.customer_id,
        amount_cents=line.amount_cents,
        destination_id=place.destination_id,
        external_id=line.external_id,
        reference=line.reference,
        description=line.description,
    )


def compared(rows: Sequence[Row], accounts: Mapping[int, str] | None = None) -> list[Row]:
    """The rows, each knowing whether an earlier one pays the same, or the same account.

    `accounts` has the fingerprints of the accounts by line, as far as they are known.
    """
    known = accounts or {}
    lines: dict[tuple[str, int], int] = {}
    owners: dict[str, dict[str, int]] = {}
    customers: set[str] = set()
    found = []
    for row in rows:
        account = known.get(row.line, row.customer_id)
        pairs = [(of, row.amount_cents) for of in (row.customer_id, account)]
        same = min(lines.setdefault(pair, row.line) for pair in pairs)
        of_account = owners.setdefault(account, {})
        of_account.setdefault(row.customer_id, row.line)
        of_others = (line for owner, line in of_account.items() if owner != row.customer_id)
        is_first = row.customer_id not in customers
        customers.add(row.customer_id)
        same_as_line = same if same != row.line else None
        shared = min(of_others, default=None)
        found.append(
            replace(
                row,
                same_as_line=same_as_line,
                is_first=is_first,
                same_account_as_line=shared,
            )
        )
    return found
