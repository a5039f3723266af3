"""The daily reports in the records table: one item for each Sydney day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.core.dynamodb.items import (
    Item,
    Page,
    encoded,
    failed_condition,
    next_key,
    storage_errors,
    text_of,
    time_of,
)
from chalicelib.core.dynamodb.readable import read, read_all, well_typed
from chalicelib.core.dynamodb.retention import kept_until
from chalicelib.reports.rules.comparison import Kind
from chalicelib.reports.rules.daily_report import (
    AccountDay,
    DailyReport,
    Incomplete,
    Line,
    MissedWebhooks,
)
from chalicelib.reports.rules.day_statistics import DayStatistics, Sum

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COLLECTION: Final = "daily-report"
REPORT: Final = "report"
KEY: Final = frozenset({"collection", "item"})
# All but the differences, of which there may be a hundred.
_NAMES: Final = (
    "item, revision, made_at, made_by, incomplete_because, counts, not_ours, account,"
    " missed_webhooks, figures"
)


class ReportChangedError(Exception):
    """Another run kept its report of the day first."""


class DailyReportStore:
    """The reports. Every method may raise `StorageUnavailableError`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def get(self, day: date) -> DailyReport | None:
        """The report of a day, with its differences (strongly consistent)."""
        with storage_errors():
            found = self._client.get_item(TableName=self._table, Key=_key(day), ConsistentRead=True)
        if "Item" not in found:
            return None
        return read(REPORT, day.isoformat(), found["Item"], _report_of)

    def keep(self, report: DailyReport) -> DailyReport:
        """Keeps a report made after the one at `report.revision`; answers with it, one later.

        Raises:
            ReportChangedError
        """
        after = replace(report, revision=report.revision + 1)
        try:
            with storage_errors():
                self._client.put_item(
                    TableName=self._table,
                    Item=encoded(_item_of(after)),
                    ConditionExpression="attribute_not_exists(#item) OR revision = :expected",
                    ExpressionAttributeNames={"#item": "item"},
                    ExpressionAttributeValues={":expected": {"N": str(report.revision)}},
                )
        except ClientError as error:
            failed_condition(error)
            raise ReportChangedError from None
        return after

    def keep_anew(self, report: DailyReport) -> DailyReport:
        """Keeps a report in place of one that cannot be read."""
        after = replace(report, revision=1)
        with storage_errors():
            self._client.put_item(TableName=self._table, Item=encoded(_item_of(after)))
        return after

    def newest(self, limit: int, start: Mapping[str, str] | None = None) -> Page[DailyReport]:
        """The reports without their differences, newest first."""
        return self._list("#collection = :all", {}, {"Limit": limit}, start)

    def between(
        self, first: date, last: date, start: Mapping[str, str] | None = None
    ) -> Page[DailyReport]:
        """The reports of these days, both included, without their differences, newest first."""
        days = {":first": {"S": first.isoformat()}, ":last": {"S": last.isoformat()}}
        return self._list("#collection = :all AND #item BETWEEN :first AND :last", days, {}, start)

    def _list(
        self,
        condition: str,
        values: Mapping[str, Any],
        most: Mapping[str, Any],
        start: Mapping[str, str] | None,
    ) -> Page[DailyReport]:
        more: dict[str, Any] = {"ExclusiveStartKey": encoded(start)} if start else {}
        names = {"#collection": "collection"}
        names |= {f"#{name}": name for name in _NAMES.split(", ")}
        with storage_errors():
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression=condition,
                ProjectionExpression=", ".join(f"#{name}" for name in _NAMES.split(", ")),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={":all": {"S": COLLECTION}, **values},
                ScanIndexForward=False,
                **most,
                **more,
            )
        reports, unreadable = read_all(REPORT, "item", found["Items"], _report_of)
        return Page(reports, next_key(found), unreadable)


def _key(day: date) -> dict[str, Any]:
    return {"collection": {"S": COLLECTION}, "item": {"S": day.isoformat()}}


def _item_of(report: DailyReport) -> dict[str, Any]:
    """Dollars of four decimals stand as texts: an item's numbers are whole ones."""
    account, webhooks = report.account, report.missed_webhooks
    return {
        "collection": COLLECTION,
        "item": report.day.isoformat(),
        "revision": report.revision,
        "made_at": text_of(report.made_at),
        "made_by": report.made_by,
        "incomplete_because": report.incomplete_because,
        "counts": dict(report.counts),
        "not_ours": report.not_ours,
        "account": account
        and {
            "opening_balance": str(account.opening_balance),
            "closing_balance": str(account.closing_balance),
            "total_debits": str(account.total_debits),
            "total_credits": str(account.total_credits),
        },
        "missed_webhooks": webhooks
        and {"found": webhooks.found, "sent_again": webhooks.sent_again},
        "figures": _item_of_figures(report.statistics),
        "differences": [_item_of_line(line) for line in report.differences],
        "expires_at": kept_until(report.made_at),
    }


def _item_of_figures(of: DayStatistics) -> dict[str, Any]:
    return {
        "count": of.total.count,
        "value_cents": of.total.value_cents,
        "completed": of.completed,
        "failed": of.failed,
        "returned": of.returned,
        "cancelled": of.cancelled,
        "open": of.open,
        "median_seconds": of.median_seconds,
        "p95_seconds": of.p95_seconds,
        "by_method": {
            method: {"count": each.count, "value_cents": each.value_cents}
            for method, each in of.by_method.items()
        },
    }


def _item_of_line(line: Line) -> dict[str, Any]:
    there = line.amount_there
    return {
        "kind": line.kind.value,
        "reference": line.reference,
        "monoova_transaction_id": line.monoova_transaction_id,
        "status": line.status,
        "amount_cents": line.amount_cents,
        "amount_there": None if there is None else str(there),
        "in_statement": line.in_statement,
        "in_transactions": line.in_transactions,
        "monoova_says": line.monoova_says,
        "flaw": line.flaw,
    }


def _report_of(item: Item) -> DailyReport:
    why, account, webhooks = (
        item.get(name) for name in ("incomplete_because", "account", "missed_webhooks")
    )
    report = DailyReport(
        day=date.fromisoformat(item["item"]),
        revision=item["revision"],
        made_at=time_of(item["made_at"]),
        made_by=item["made_by"],
        incomplete_because=Incomplete(why) if why else None,
        counts=item["counts"],
        not_ours=item["not_ours"],
        account=AccountDay(**{name: Decimal(text) for name, text in account.items()})
        if account
        else None,
        missed_webhooks=MissedWebhooks(**webhooks) if webhooks else None,
        statistics=_figures_of(item["figures"]),
        differences=tuple(_line_of(line) for line in item.get("differences", ())),
    )
    return well_typed(report)


def _figures_of(item: Item) -> DayStatistics:
    others = {k: v for k, v in item.items() if k not in ("count", "value_cents", "by_method")}
    statistics = DayStatistics(
        total=well_typed(Sum(item["count"], item["value_cents"])),
        by_method={method: well_typed(Sum(**each)) for method, each in item["by_method"].items()},
        **others,
    )
    return well_typed(statistics)


def _line_of(item: Item) -> Line:
    there = item["amount_there"]
    fields = dict(item) | {
        "kind": Kind(item["kind"]),
        "amount_there": None if there is None else Decimal(there),
    }
    return well_typed(Line(**fields))
