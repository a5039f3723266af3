"""One write of several items, and why DynamoDB did not do it."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.items import (
    Item,
    StorageUnavailableError,
    decoded,
    storage_errors,
)

_NO_CONDITION_HELD: Final = "ConditionalCheckFailed"
_BUSY: Final = "TransactionConflict"


class CancelledError(Exception):
    """DynamoDB did nothing of it; each write has a reason of its own, or none."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("The transaction was cancelled.")
        self._reasons = reasons

    def failed_condition(self, number: int) -> bool:
        """Whether the condition of the write with this number (from 0) did not hold."""
        return bool(self._code(number) == _NO_CONDITION_HELD)

    def item(self, number: int) -> Item | None:
        """The item where that condition did not hold, in DynamoDB's form; None if there is none, or
        it was not asked for."""
        item: Item | None = self._reasons[number].get("Item")
        return item or None

    def standing(self, number: int) -> dict[str, Any] | None:
        """The same item in Python's form."""
        item = self.item(number)
        return decoded(item) if item else None

    @property
    def is_busy(self) -> bool:
        """Whether another writer had one of the items at that moment."""
        return _BUSY in [reason.get("Code") for reason in self._reasons]

    @property
    def is_understood(self) -> bool:
        """Whether it says anything of the items: throttling, for one, does not."""
        return self.is_busy or any(map(self.failed_condition, range(len(self._reasons))))

    def _code(self, number: int) -> Any:
        return self._reasons[number].get("Code") if number < len(self._reasons) else None


def request_of(owner: str, writes: Sequence[Any]) -> dict[str, Any]:
    """What TransactWriteItems is asked, so that the same writes told twice are done once.

    `owner` is the id of the payout that they are about.
    """
    return {"TransactItems": writes, "ClientRequestToken": _token_of(owner, writes)}


@contextmanager
def cancellations() -> Iterator[None]:
    """Turns what botocore raises of a transaction into our own errors.

    Raises:
        CancelledError: a condition did not hold, or another writer was there.
        StorageUnavailableError
    """
    try:
        with storage_errors():
            yield
    except ClientError as error:
        response: Any = error.response
        cancelled = CancelledError(response.get("CancellationReasons") or [])
        if cancelled.is_understood:
            raise cancelled from None
        raise StorageUnavailableError("TransactionCanceled", may_be_done=False) from None


def _token_of(owner: str, writes: Sequence[Any]) -> str:
    """DynamoDB's token of one write: it refuses a token that comes again with other items."""
    return str(uuid.uuid5(uuid.UUID(owner), json.dumps(writes, sort_keys=True)))
