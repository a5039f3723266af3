"""Dead letters (messages that failed five times): listed, replayed or dropped by a person."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.core.errors import ConflictError, ErrorCode, NotFoundError, TryAgainError
from chalicelib.core.observability import note, note_error
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.payouts.rules.news import NoticeKind
from chalicelib.webhooks.dead_letter_queue import MOST_PEEKED, DeadLetterMessage, DeadLetterQueue

_OURS: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER: Final = re.compile(r"[0-9]{1,20}")


class LetterKind(StrEnum):
    """What a dead letter is."""

    WEBHOOK_EVENT = "WebhookEvent"
    PAYOUT = "Payout"
    BATCH = "Batch"
    OTHER = "Other"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What may be shown of a dead letter: only fields that have the form they should have.

    `transaction_id` is None where an event names no payout of ours, and where it is about a batch.
    """

    message_id: str
    kind: LetterKind
    event: NoticeKind | None
    transaction_id: str | None
    batch_id: str | None
    amount_cents: int | None
    monoova_transaction_id: str | None
    sent_at: datetime
    received: int


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """A list of dead letters, whether these are all, and about how many SQS says there are."""

    items: tuple[DeadLetter, ...]
    is_complete: bool
    approximate_count: int


@dataclass(frozen=True, slots=True)
class DeadLetterService:
    """Dead letters for people. Every method may raise `TryAgainError`: the queue is unavailable."""

    dead_letters: DeadLetterQueue
    payout_queue: Queue
    webhook_queue: Queue

    def peek(self, limit: int = MOST_PEEKED) -> DeadLetters:
        """Lists dead letters, the oldest first; a `limit` of 0 counts them and receives none."""
        try:
            count = self.dead_letters.count()
            found = self.dead_letters.peek(limit)
        except QueueUnavailableError as error:
            raise _unreachable(error) from error
        letters = sorted(map(_letter, found), key=lambda letter: letter.sent_at)
        return DeadLetters(tuple(letters), len(letters) < limit, count)

    def replay(self, message_id: str) -> DeadLetter:
        """Puts a dead letter back on its source queue, to be retried another five times.

        Raises:
            NotFoundError
            ConflictError: its source is not known.
        """
        message = self._taken(message_id)
        letter = _letter(message)
        queue = self._queue_of(message, letter)
        try:
            if queue is None:
                self.dead_letters.make_visible([message])
                raise ConflictError(
                    "This message cannot be read: find the cause in the log, then delete the"
                    " message.",
                    ErrorCode.DEAD_LETTER_UNREADABLE,
                )
            # Dying after this doubles it, which is harmless: a payout is claimed and an event
            # applied by a conditional write, once. The other way round would lose it.
            queue.put_text(message.text)
            self.dead_letters.delete(message)
        except QueueUnavailableError as error:
            raise _unreachable(error) from error
        _noted(letter, "replayed")
        return letter

    def drop(self, message_id: str) -> None:
        """Deletes a dead letter for ever. What it was about the schedule finds, or it was not ours.

        Raises:
            NotFoundError
        """
        message = self._taken(message_id)
        try:
            self.dead_letters.delete(message)
        except QueueUnavailableError as error:
            raise _unreachable(error) from error
        _noted(_letter(message), "deleted")

    def _taken(self, message_id: str) -> DeadLetterMessage:
        try:
            message = self.dead_letters.take(message_id)
        except QueueUnavailableError as error:
            raise _unreachable(error) from error
        if message is None:
            raise NotFoundError(
                "No such message rests there, or somebody else looks at it now: try again in a"
                " minute.",
                ErrorCode.DEAD_LETTER_NOT_FOUND,
            )
        return message

    def _queue_of(self, message: DeadLetterMessage, letter: DeadLetter) -> Queue | None:
        """The source queue as SQS names it, or else as the letter's kind has it."""
        for queue in (self.payout_queue, self.webhook_queue):
            if message.source == queue.name:
                return queue
        by_kind = {
            LetterKind.PAYOUT: self.payout_queue,
            LetterKind.BATCH: self.payout_queue,
            LetterKind.WEBHOOK_EVENT: self.webhook_queue,
        }
        return by_kind.get(letter.kind)


def _unreachable(error: QueueUnavailableError) -> TryAgainError:
    note_error(error)
    return TryAgainError("The queue cannot be reached.", ErrorCode.STORAGE_UNAVAILABLE)


def _noted(letter: DeadLetter, what: str) -> None:
    note(outcome=f"dead letter {letter.message_id} {what}")
    if letter.transaction_id:
        note(transaction_id=letter.transaction_id)


def _letter(message: DeadLetterMessage) -> DeadLetter:
    fields = _fields(message.text)
    event = _event(fields)
    payout = _matching(_OURS, fields.get("transaction_id"))
    batch = _matching(_OURS, fields.get("batch_id"))
    kind = LetterKind.OTHER
    if event:
        kind = LetterKind.WEBHOOK_EVENT
    elif payout:
        kind = LetterKind.PAYOUT
    elif batch:
        kind = LetterKind.BATCH
    cents = fields.get("amount_cents") if event else None
    return DeadLetter(
        message_id=message.message_id,
        kind=kind,
        event=event,
        transaction_id=_matching(_OURS, fields.get("reference")) if event else payout,
        batch_id=batch,
        amount_cents=cents if type(cents) is int and cents >= 0 else None,
        monoova_transaction_id=_matching(_NUMBER, fields.get("monoova_transaction_id")),
        sent_at=message.sent_at,
        received=message.received,
    )


def _fields(text: str) -> Mapping[str, object]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _event(fields: Mapping[str, object]) -> NoticeKind | None:
    try:
        return NoticeKind(str(fields.get("kind")))
    except ValueError:
        return None


def _matching(form: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and form.fullmatch(value) else None
