"""Batches in the records table: the batch itself, its rows in chunks, and a mark for each chunk.

Rows and marks stand under the upload that brought them, so that of two uploads of one file, or of
one that died and its repetition, each has its own: the batch says whose are its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.batches.rules.batch import Batch, ChunkState, Mark, Row
from chalicelib.batches.store.items import (
    batch_of,
    item_of_batch,
    item_of_mark,
    mark_of,
    rows_kept_until,
    rows_of,
    text_of_rows,
)
from chalicelib.batches.store.open_batches import OPEN
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import (
    Item,
    Page,
    StorageUnavailableError,
    check_cancelled,
    encoded,
    failed_condition,
    next_key,
    pause,
    storage_errors,
    text_of,
)
from chalicelib.core.dynamodb.readable import UnreadableItemError, read, read_all
from chalicelib.core.dynamodb.retention import kept_until

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH: Final = "batch"
LISTING: Final = "batches"
LISTING_KEY: Final = frozenset({"collection", "item"})
LISTING_PART: Final = {"collection": LISTING}
_PAIRS: Final = "pairs"
_MOST_READS: Final = 10


class BatchChangedError(Exception):
    """Another writer wrote the batch, or the mark, first."""


class RowsMissingError(Exception):
    """A batch stands, and rows of it do not: nothing may be made of it."""


class Batches:
    """The batches. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self.table = table
        self._clock = clock

    def get(self, batch_id: str) -> Batch | None:
        """The batch as it now stands (strongly consistent)."""
        found = self._get_item(_batch_key(batch_id))
        return read(BATCH, batch_id, found, batch_of) if found else None

    def create(self, batch: Batch) -> Batch | None:
        """Stores a new batch, its rows being stored, or answers with the one that stands.

        None says that this very batch is stored.
        """
        listed = f"{text_of(batch.created_at)}#{batch.batch_id}"
        expires = kept_until(batch.created_at)
        items: list[dict[str, Any]] = [
            _batch_key(batch.batch_id) | item_of_batch(batch),
            _key(LISTING, listed) | {"batch_id": batch.batch_id, "expires_at": expires},
            _key(OPEN, batch.batch_id),
        ]
        puts: list[Any] = [
            {"Put": {"TableName": self.table, "Item": encoded(item)}} for item in items
        ]
        puts[0]["Put"]["ConditionExpression"] = "attribute_not_exists(#item)"
        puts[0]["Put"]["ExpressionAttributeNames"] = {"#item": "item"}
        try:
            with storage_errors():
                self._client.transact_write_items(TransactItems=puts)
        except ClientError as error:
            check_cancelled(error)
            standing = self.get(batch.batch_id)
            return None if standing == batch else standing
        return None

    def save(self, batch: Batch) -> Batch:
        """Replaces the batch as it was read at `batch.version`; answers with it, one later.

        Raises:
            BatchChangedError
        """
        after = replace(batch, version=batch.version + 1)
        item = _batch_key(batch.batch_id) | item_of_batch(after)
        self._put(item, batch.version, lambda found: batch_of(found) == after)
        return after

    def newest(self, limit: int, start: Mapping[str, str] | None = None) -> Page[Batch]:
        """The batches, newest first."""
        more: dict[str, Any] = {"ExclusiveStartKey": encoded(start)} if start else {}
        with storage_errors():
            found = self._client.query(
                TableName=self.table,
                KeyConditionExpression="#collection = :listing",
                ExpressionAttributeNames={"#collection": "collection"},
                ExpressionAttributeValues={":listing": {"S": LISTING}},
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit,
                **more,
            )
        names = [_listed_id(item) for item in found["Items"]]
        known, unreadable = self._many(names)
        batches = tuple(known[name] for name in names if name in known)
        return Page(batches, next_key(found), tuple(unreadable))

    def _many(self, names: Sequence[str]) -> tuple[dict[str, Batch], list[str]]:
        """The batches that can be read, and the ids of the others."""
        found: dict[str, Batch] = {}
        unreadable: list[str] = []
        keys = [encoded(_batch_key(name)) for name in names]
        wanted: dict[str, Any] = (
            {self.table: {"Keys": keys, "ConsistentRead": True}} if keys else {}
        )
        for tried in range(_MOST_READS):
            if not wanted:
                return found, unreadable
            if tried:
                pause(self._clock, tried)
            with storage_errors():
                answer = self._client.batch_get_item(RequestItems=wanted)
            items = answer["Responses"].get(self.table, ())
            batches, others = read_all(BATCH, "collection", items, batch_of)
            found |= {batch.batch_id: batch for batch in batches}
            unreadable += [name.partition("#")[2] for name in others]
            wanted = dict(answer.get("UnprocessedKeys", {}))
        raise StorageUnavailableError("UnprocessedKeys", may_be_done=False)

    # --- rows and marks

    def store_rows(self, upload_id: str, number: int, rows: Sequence[Row], at: datetime) -> None:
        """Rows of an upload whose batch is not stored yet."""
        self._write_rows(upload_id, number, rows, rows_kept_until(at))

    def store_pairs(self, upload_id: str, pairs: bytes, at: datetime) -> None:
        """What each row of an upload pays whom, as short as it can be compared."""
        content = {"pairs": pairs, "expires_at": rows_kept_until(at)}
        item = _key(_upload(upload_id), _PAIRS) | content
        with storage_errors():
            self._client.put_item(TableName=self.table, Item=encoded(item))

    def pairs(self, upload_id: str) -> bytes:
        """What `store_pairs` stored; nothing of one that is too old to be compared."""
        found = self._get_item(_key(_upload(upload_id), _PAIRS)) or {}
        return bytes(found.get("pairs", {}).get("B", b""))

    def keep_rows(self, upload_id: str, number: int, rows: Sequence[Row], at: datetime) -> None:
        """Replaces the rows by those that are to be kept. Idempotent."""
        self._write_rows(upload_id, number, rows, kept_until(at))

    def _write_rows(self, upload_id: str, number: int, rows: Sequence[Row], expires: int) -> None:
        content = {"rows": text_of_rows(rows), "expires_at": expires}
        item = _key(_upload(upload_id), _rows_name(number)) | content
        with storage_errors():
            self._client.put_item(TableName=self.table, Item=encoded(item))

    def rows(self, upload_id: str, number: int) -> tuple[Row, ...]:
        """The rows of one chunk, in the order of the file.

        Raises:
            RowsMissingError
        """
        found = self._get_item(_key(_upload(upload_id), _rows_name(number)))
        if found is None:
            raise RowsMissingError
        return read("rows", upload_id, found, lambda item: rows_of(item["rows"]))

    def mark(self, upload_id: str, number: int) -> Mark | None:
        """How far a chunk is; None if nothing was done with it yet."""
        found = self._get_item(_key(_upload(upload_id), _mark_name(number)))
        return read("chunk", upload_id, found, mark_of) if found else None

    def marks(self, upload_id: str) -> tuple[Mark, ...]:
        """How far the chunks are with which anything was done (strongly consistent).

        One that cannot be read is no fresh one, and keeps no other from going on.
        """
        found: list[Mark] = []
        more: dict[str, Any] = {}
        while True:
            with storage_errors():
                answer = self._client.query(
                    TableName=self.table,
                    KeyConditionExpression="#collection = :upload AND begins_with(#item, :marks)",
                    ExpressionAttributeNames={"#collection": "collection", "#item": "item"},
                    ExpressionAttributeValues={
                        ":upload": {"S": _upload(upload_id)},
                        ":marks": {"S": "chunk#"},
                    },
                    ConsistentRead=True,
                    **more,
                )
            found.extend(_mark_in(upload_id, item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return tuple(found)
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def save_mark(self, upload_id: str, mark: Mark, at: datetime) -> Mark:
        """Replaces the mark as it was read at `mark.version`; answers with it, one later.

        Raises:
            BatchChangedError
        """
        after = replace(mark, version=mark.version + 1)
        item = _key(_upload(upload_id), _mark_name(mark.number)) | item_of_mark(after, at)
        self._put(item, mark.version, lambda found: mark_of(found) == after)
        return after

    # --- reads and writes of one item

    def _get_item(self, key: dict[str, Any]) -> Item | None:
        with storage_errors():
            found = self._client.get_item(
                TableName=self.table, Key=encoded(key), ConsistentRead=True
            )
        return found.get("Item")

    def _put(self, item: dict[str, Any], version: int, is_this: Any) -> None:
        """On condition that what stands there has `version`; 0 is nothing."""
        condition = "version = :expected" if version else "attribute_not_exists(version)"
        values: dict[str, Any] = {":expected": {"N": str(version)}} if version else {}
        given: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self.table,
                    Item=encoded(item),
                    ConditionExpression=condition,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **given,
                )
        except ClientError as error:
            standing = failed_condition(error)
            # A try of this very write may have succeeded without our hearing of it.
            if standing is None or not _is(standing, is_this):
                raise BatchChangedError from None


def _listed_id(item: Item) -> str:
    """The batch that a name in the list means; its key has the id too, after the time."""
    named = item.get("batch_id", {}).get("S")
    return str(named or item["item"]["S"].rpartition("#")[2])


def _is(standing: Item, is_this: Any) -> bool:
    try:
        return bool(read(BATCH, "", standing, is_this))
    except UnreadableItemError:
        return False


def _key(collection: str, item: str) -> dict[str, Any]:
    return {"collection": collection, "item": item}


def _batch_key(batch_id: str) -> dict[str, Any]:
    return _key(f"batch#{batch_id}", "batch")


def _upload(upload_id: str) -> str:
    return f"upload#{upload_id}"


def _rows_name(number: int) -> str:
    return f"rows#{number:04}"


def _mark_name(number: int) -> str:
    return f"chunk#{number:04}"


def _mark_in(upload_id: str, item: Item) -> Mark:
    try:
        return read("chunk", upload_id, item, mark_of)
    except UnreadableItemError:
        number = int(item["item"]["S"].rpartition("#")[2])
        return Mark(number, 0, ChunkState.UNREADABLE)
