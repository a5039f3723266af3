"""What the stores share: items in DynamoDB's form, times, errors, and cursors of lists."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.values import attribute_of, value_of

Item = Mapping[str, Any]
T = TypeVar("T")

_TIME_WIDTH: Final = len("2026-03-02T01:00:00.000000Z")

_CONDITIONS: Final = ("ConditionalCheckFailedException", "TransactionCanceledException")
# What is wrong with one item, and with no other.
_OF_THE_ITEM: Final = frozenset(
    {"ValidationException", "ItemCollectionSizeLimitExceededException", "ValidationError"}
    | {"ItemCollectionSizeLimitExceeded"}
)
# DynamoDB's own words for "I did not do it": a write that ended so can be tried again as it is.
_NOT_DONE: Final = frozenset(
    {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}
)


class StorageUnavailableError(Exception):
    """DynamoDB could not be asked. `may_be_done` says whether a write may have happened."""

    def __init__(self, what: str, *, may_be_done: bool) -> None:
        super().__init__(f"DynamoDB: {what}")
        self.may_be_done = may_be_done


class ItemRefusedError(StorageUnavailableError):
    """DynamoDB does not do this with what stands there, now or later: the item is too large, or
    has an attribute of another type. Nothing is wrong with the table.
    """


def stops_a_run(error: Exception) -> bool:
    """Whether it is the table's, and every other item would meet it too; else it is one item's."""
    return isinstance(error, StorageUnavailableError) and not isinstance(error, ItemRefusedError)


_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0


def pause(clock: Clock, tried: int) -> None:
    """Before keys are asked for again that DynamoDB left out, `tried` times by now."""
    clock.sleep(min(_FIRST_PAUSE_SECONDS * 2**tried, _LONGEST_PAUSE_SECONDS))


class InvalidCursorError(ValueError):
    """The cursor was not made by this list."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list; `next_key` is where the next one starts, None at the end.

    `unreadable` names the items of it that cannot be read.
    """

    items: tuple[T, ...]
    next_key: Mapping[str, str] | None
    unreadable: tuple[str, ...] = ()


def text_of(time: datetime) -> str:
    """RFC 3339 in UTC with microseconds: of one width, so that the texts sort as the times do."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def time_of(text: str) -> datetime:
    """The time that `text_of` wrote.

    Raises:
        ValueError: it did not.
    """
    # Python reads other forms of ISO 8601 too, some of them without a zone.
    if len(text) != _TIME_WIDTH or not text.endswith("Z"):
        raise ValueError("Not a time in our form.")
    return datetime.fromisoformat(text)


def encoded(item: Item) -> dict[str, Any]:
    """The item in DynamoDB's form; attributes that are None are left out."""
    return {name: attribute_of(value) for name, value in item.items() if value is not None}


def decoded(item: Item) -> dict[str, Any]:
    """The item in Python's form; numbers are whole ones."""
    return {name: value_of(value) for name, value in item.items()}


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turns what botocore raises into `StorageUnavailableError`; a failed condition passes, and so
    does a transaction that was cancelled, which may be for that.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _CONDITIONS:
            raise
        # The last try says nothing of those before it: one of them may have been heard.
        tries_before = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
        may_be_done = code not in _NOT_DONE or tries_before > 0
        if code in _OF_THE_ITEM:
            raise ItemRefusedError(code, may_be_done=may_be_done) from error
        raise StorageUnavailableError(code, may_be_done=may_be_done) from error
    except BotoCoreError as error:
        raise StorageUnavailableError(type(error).__name__, may_be_done=True) from error


def failed_condition(error: ClientError) -> Item | None:
    """The item that stands where a condition failed, in DynamoDB's form; None if there is none.

    Raises:
        ClientError: the error itself, if it is about something else.
    """
    if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
        raise error
    response: Mapping[str, Any] = error.response
    standing: Item | None = response.get("Item")
    return standing or None


def check_cancelled(error: ClientError) -> None:
    """Passes where a transaction was cancelled for a condition of one of its writes.

    Raises:
        StorageUnavailableError: it was cancelled for something else, or it is another error.
    """
    response: Mapping[str, Any] = error.response
    codes = [reason.get("Code") for reason in response.get("CancellationReasons", ())]
    if "ConditionalCheckFailed" in codes:
        return
    of_the_item = _OF_THE_ITEM.intersection(filter(None, codes))
    if of_the_item:
        raise ItemRefusedError(min(of_the_item), may_be_done=False) from error
    code = response.get("Error", {}).get("Code", "")
    raise StorageUnavailableError(code, may_be_done=False) from error


def next_key(found: Mapping[str, Any]) -> dict[str, str] | None:
    """Where the next page of a query starts; all of our keys are texts."""
    last = found.get("LastEvaluatedKey")
    return {name: str(part) for name, part in decoded(last).items()} if last else None


def cursor_of(key: Mapping[str, str] | None) -> str | None:
    """An opaque cursor that names the next page. It holds ids and times only."""
    if key is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(key, sort_keys=True).encode()).decode()


def key_of(
    cursor: str, names: frozenset[str], fixed: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The key in a cursor made by `cursor_of`; `fixed` is the part that all of the list share.

    Raises:
        InvalidCursorError: it is not one, or is one of another list.
    """
    try:
        key = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidCursorError("Not a cursor.") from None
    if not isinstance(key, dict) or set(key) != names:
        raise InvalidCursorError("Not a cursor of this list.")
    if not all(isinstance(part, str) and part for part in key.values()):
        raise InvalidCursorError("Not a cursor of this list.")
    if not (fixed or {}).items() <= key.items() or not _is_time(key.get("created_at")):
        raise InvalidCursorError("Not a cursor of this list.")
    return dict(key)


def _is_time(text: str | None) -> bool:
    try:
        return text is None or text_of(time_of(text)) == text
    except ValueError:
        return False
