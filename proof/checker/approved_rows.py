"""P2: each row of an approved file became a payout, or says by name why it did not."""

from collections.abc import Iterator
from functools import partial

from proof.checker.evidence import FileRow, Request, Run, Violation
from proof.checker.records import words

_broken = partial(Violation, "P2")
_PROBLEMS = words(
    """CustomerNotFound DestinationNotFound DestinationNotVerified LimitExceeded MayBePaid
    NotRetryable AlreadyRetried SettledByHand RetryUnclear"""
)


def lost_rows(run: Run) -> Iterator[Violation]:
    """P2, of every file that was approved, as its rows were shown at the end."""
    for batch_id, approval in _approved(run).items():
        rows = run.rows_of.get(batch_id)
        if rows is None:
            yield _broken("an approved file is not there any more", approval.evidence)
            continue
        lines = [row.number for row in rows]
        wanted = _row_count(run, batch_id, approval)
        if len(rows) != wanted or len(set(lines)) != len(lines):
            what = f"{len(set(lines))} rows are shown of an approved file of {wanted}"
            yield _broken(what, f"batch {batch_id}")
        for row in rows:
            for why in _wrong(run, batch_id, row):
                yield _broken(why, f"batch {batch_id}, row {row.number}")


def _approved(run: Run) -> dict[str, Request]:
    return {found: r for r in run.requests if r.is_yes and (found := r.batch_of("approve"))}


def _row_count(run: Run, batch_id: str, approval: Request) -> int:
    """What the file held; of a retry, that was made of no file, what its approver was told."""
    sent = (r for r in run.requests if r.rows and r.is_yes and r.names_batch == batch_id)
    counted = next((len(request.rows) for request in sent), None)
    told = approval.answer.get("row_count") if isinstance(approval.answer, dict) else None
    return counted if counted is not None else told if isinstance(told, int) else -1


def _wrong(run: Run, batch_id: str, row: FileRow) -> Iterator[str]:
    payout = run.last.get(row.transaction_id or "")
    if row.transaction_id is not None:
        if payout is None:
            yield "a row names a payout that is not there"
        elif payout.batch_id != batch_id:
            yield "a row names a payout of another file"
        return
    match row.status:
        case "NotReleased" if row.problem in _PROBLEMS:
            return
        case "Cancelled" if _was_cancelled(run, batch_id):
            return
        case "Waiting" if run.rules.has_limits:
            # For room under a day's limit, which it does for seven days at the most.
            return
    yield f"a row of an approved file is {row.status}, and nothing says why"


def _was_cancelled(run: Run, batch_id: str) -> bool:
    """Whether a person asked for it, and was not refused; an answer of 5xx leaves it open."""
    asked = [r.status for r in run.requests if r.batch_of("cancel") == batch_id]
    return any(status is None or not 400 <= status < 500 for status in asked)
