"""What people do with a batch that stands: look, confirm, approve, reject, cancel."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from chalicelib.batches.checking.compare_batches import PaidSince
from chalicelib.batches.checking.digest_rows import RowDigests
from chalicelib.batches.count_progress import BatchProgress
from chalicelib.batches.list_rows import found_batch
from chalicelib.batches.messages import BatchMessages
from chalicelib.batches.rules.batch import (
    Batch,
    BatchEvent,
    BatchStatus,
    CountsRead,
    Mark,
    Task,
    WrongStatusError,
    is_news,
    moved,
)
from chalicelib.batches.store.batches import LISTING_KEY, LISTING_PART, BatchChangedError, Batches
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.batches.work_chunk import BatchWork
from chalicelib.core.actor import Actor
from chalicelib.core.clock import Clock
from chalicelib.core.cursor import start_of
from chalicelib.core.dynamodb.items import Page
from chalicelib.core.errors import ConflictError, ErrorCode, ForbiddenError, UnprocessableError
from chalicelib.core.money import decimal_from
from chalicelib.core.redaction import redact
from chalicelib.payouts.accept_payouts import Acceptance

_MOST_TRIES: Final = 5
_NOT_COUNTED: Final = (
    BatchStatus.CHECKING,
    BatchStatus.AWAITING_CONFIRMATION,
    BatchStatus.AWAITING_APPROVAL,
)


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch and how far each of its chunks is."""

    batch: Batch
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class BatchService:
    """Each decision is one conditional write; the work that follows from it is the workers'."""

    batches: Batches
    progress: BatchProgress
    work: BatchWork
    messages: BatchMessages
    clock: Clock
    acceptance: Acceptance
    open_batches: OpenBatches
    paid_since: PaidSince
    digests: RowDigests

    def get(self, batch_id: str) -> BatchView:
        """The batch, with its payouts counted anew where that was not done a moment ago."""
        batch = found_batch(self.batches, batch_id)
        if batch.status in _NOT_COUNTED:
            return BatchView(batch, ())
        marks = self.progress.recount_oldest(batch)
        return BatchView(self.work.move_on(batch, marks) if batch.is_open else batch, marks)

    def newest(self, limit: int, cursor: str | None) -> Page[Batch]:
        """The batches, newest first.

        Raises:
            InvalidRequestError: the cursor is not one of this list.
        """
        start = start_of(cursor, LISTING_KEY, LISTING_PART)
        return self.batches.newest(limit, start)

    def confirm(
        self, batch_id: str, total_cents: int, by: Actor, accept_duplicates: int | None = None
    ) -> BatchView:
        """An operator has read the summary, and says what it comes to.

        Of a batch in which every row may be a duplicate they say by `accept_duplicates`, the number
        of its rows, that all of them are meant.

        Raises:
            UnprocessableError: it comes to something else, or to more than the day has left.
            ConflictError: since they read it, another batch or a payout has come that pays the
                same; or every row may be a duplicate, and they have not said that it is meant.
        """

        def confirmed(batch: Batch) -> Batch:
            if batch.status is BatchStatus.AWAITING_CONFIRMATION:
                _check_total(batch, total_cents)
                self.acceptance.check_total(batch.total_cents)
                batch = self._compared(batch)
                _check_duplicates(batch, accept_duplicates)
            said: dict[str, Any] = {"confirmed_by": by.name, "funds": self.work.funds()}
            return moved(batch, BatchEvent.CONFIRMED, self.clock.now(), by.name, **said)

        return self._decided(batch_id, by, confirmed)

    def _compared(self, batch: Batch) -> Batch:
        """The batch beside the others as they are now; what is new has to be read first."""
        assert batch.warnings is not None  # it was checked
        warnings = self.work.overlap.added(batch, batch.warnings)
        warnings = self.paid_since.added(batch, warnings)
        after = replace(batch, warnings=warnings)
        if is_news(batch.warnings, warnings):
            self.batches.save(after)
            raise ConflictError(
                f"Other batches pay {warnings.also_in_count} of these rows as well, and payouts"
                f" since the check {warnings.paid_since_count}: read the summary again."
            )
        return after

    def approve(self, batch_id: str, by: Actor, read: CountsRead) -> BatchView:
        """A person who neither uploaded nor confirmed it approves it, and repeats what they `read`.

        Raises:
            ConflictError: since it was confirmed, something has come that pays the same; or what
                they read is not what the summary says.
            UnprocessableError: it comes to more than the day has left.
        """

        def approved(batch: Batch) -> Batch:
            _check_other(batch, by)
            if batch.status is BatchStatus.AWAITING_APPROVAL:
                _check_digested(batch)
                _check_read(batch, read)
                batch = self._compared(batch)
                self.acceptance.check_total(batch.total_cents)
            now = self.clock.now()
            said: dict[str, Any] = {
                "approved_by": by.name,
                "approved_at": now,
                "funds": self.work.funds(),
            }
            after = moved(batch, BatchEvent.APPROVED, now, by.name, **said)
            return replace(after, release_digest=self.digests.of_approval(after))

        return self._decided(batch_id, by, approved)

    def reject(self, batch_id: str, reason: str, by: Actor) -> BatchView:
        """A person who neither uploaded nor confirmed it rejects it."""

        def rejected(batch: Batch) -> Batch:
            _check_other(batch, by)
            words = redact(reason)
            return moved(batch, BatchEvent.REJECTED, self.clock.now(), by.name, words)

        return self._decided(batch_id, by, rejected)

    def cancel(self, batch_id: str, by: Actor) -> BatchView:
        """Ends it: what was not sent yet is never sent, what was sent goes on."""

        def cancelled(batch: Batch) -> Batch:
            if batch.status is BatchStatus.CANCELLED:
                return batch
            return moved(batch, BatchEvent.CANCELLED, self.clock.now(), by.name)

        return self._decided(batch_id, by, cancelled)

    def _decided(self, batch_id: str, by: Actor, decide: Callable[[Batch], Batch]) -> BatchView:
        for _ in range(_MOST_TRIES):
            before = found_batch(self.batches, batch_id)
            try:
                after = decide(before)
                batch = before if after is before else self.batches.save(after)
            except WrongStatusError as error:
                raise ConflictError(
                    f"The batch is {error.status}: this cannot be done with it now.",
                    ErrorCode.BATCH_IN_OTHER_STATUS,
                ) from None
            except BatchChangedError:
                continue
            # Dying before this costs time alone: the schedule advances every open batch.
            if batch.status is BatchStatus.CANCELLED and batch.approved_at:
                self.open_batches.stop(batch.batch_id, by.name, self.clock.now())
            if batch.task in (Task.RELEASE, Task.CANCEL):
                self.messages.put(batch, batch.task)
            return self.get(batch_id)
        raise ConflictError("The batch was changed meanwhile: try again.")


def _check_total(batch: Batch, total_cents: int) -> None:
    if total_cents != batch.total_cents:
        raise UnprocessableError(
            f"The batch comes to A${decimal_from(batch.total_cents)},"
            f" not to A${decimal_from(total_cents)}.",
            ErrorCode.BATCH_TOTAL_DIFFERS,
        )


def _check_duplicates(batch: Batch, accepted: int | None) -> None:
    assert batch.warnings is not None  # it was checked
    if batch.warnings.may_all_be_duplicates(batch.row_count) and accepted != batch.row_count:
        raise ConflictError(
            "Every row of this batch may have been paid already, or be paid by another file. If"
            f" all of them are meant, confirm with accept_duplicates {batch.row_count} as well.",
            ErrorCode.POSSIBLE_DUPLICATE,
        )


def _check_digested(batch: Batch) -> None:
    """What is approved is what was uploaded: rows without a digest may have been changed since."""
    if len(batch.digests) != batch.chunk_count:
        raise ConflictError(
            "The file's rows have no digests: it was uploaded before there were any, or changed"
            " outside of the app. Reject it, and upload it again.",
            ErrorCode.CHANGED_MEANWHILE,
        )


def _check_read(batch: Batch, read: CountsRead) -> None:
    """Rows to destinations that are not approved have to be known of; other counts may be said."""
    assert batch.warnings is not None  # it was checked
    found = batch.warnings
    said = (
        (found.unapproved_count, read.unapproved or 0),
        (found.duplicate_count, read.duplicates),
        (found.shared_account_count, read.shared_accounts),
    )
    if any(given is not None and given != count for count, given in said):
        raise ConflictError(
            f"The summary says {found.unapproved_count} rows to destinations that no one has"
            f" approved, {found.duplicate_count} possible duplicates, and"
            f" {found.shared_account_count} to accounts under two customers: read it, and approve"
            " with these numbers."
        )


def _check_other(batch: Batch, by: Actor) -> None:
    if any(by.is_also(name) for name in (batch.created_by, batch.confirmed_by) if name):
        raise ForbiddenError(
            "A person who uploaded or confirmed a batch may not approve or reject it.",
            ErrorCode.APPROVAL_BY_REQUESTER,
        )
