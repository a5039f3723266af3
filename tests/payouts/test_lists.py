"""Lists of payouts: filtered, newest first, page by page, with none lost and none twice."""

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import pytest
from moto import mock_aws

from chalicelib.container import wired
from chalicelib.payouts.rules.payout import Status
from tests import aws
from tests.world import Caller, World

DAY: Final = 24 * 60 * 60
# Cents by which Monoova's simulator chooses the outcome of a payout.
PAID, REJECTED, PENDING, RETURNED, DISPUTED = "5.00", "7.03", "7.04", "7.07", "7.43"
# Days ago, and what was paid then: at once, that is with the very same time, where in one tuple.
STORY: Final[tuple[tuple[int, tuple[tuple[str, ...], ...]], ...]] = (
    (40, ((PAID,), (REJECTED,))),
    (31, ((PAID,),)),
    (30, ((PAID, DISPUTED),)),
    (6, ((PAID,), (PAID, PAID, REJECTED), (PENDING,), (RETURNED,))),
    (5, ((DISPUTED,), (PAID,), (PAID,), (REJECTED, DISPUTED))),
    # Nothing four days ago.
    (3, ((PAID, PAID, PAID, PAID, PENDING),)),
    (1, ((RETURNED,), (PAID,), (DISPUTED,))),
    (0, ((PENDING,), (PAID,), (REJECTED, PAID))),
)


@dataclass
class Ledger:
    """Six weeks of payouts to three customers, one of whom was never paid."""

    world: World
    customers: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    payouts: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.customers = [self.world.customer() for _ in range(3)]
        turns = itertools.cycle([0, 0, 1])
        yesterday = STORY[0][0]
        for days_ago, groups in STORY:
            self.world.later((yesterday - days_ago) * DAY)
            yesterday = days_ago
            for group in groups:
                for amount in group:
                    self._pay(self.customers[next(turns)], amount)
                self.world.later(0.001)
        self.world.later(300)
        self.payouts = [self.world.payout(one) for one in self.ids]
        client = self.world.container.payouts_table._client
        client.meta.events.register("provide-client-params.dynamodb.Query", _within_boundaries)

    def _pay(self, customer_id: str, amount: str) -> None:
        answer = self.world.pay(customer_id, amount)
        assert answer.status == 202, answer.text
        self.ids.append(str(answer.json["transaction_id"]))

    @property
    def today(self) -> date:
        return self.world.clock().date()

    def day(self, days_ago: int) -> str:
        return str(self.today - timedelta(days=days_ago))

    def expected(self, query: Mapping[str, str]) -> list[Any]:
        """What a plain reading of the query gives, newest first."""
        wanted = dict(query)
        only = wanted.pop("date", None)
        first, last = wanted.pop("from", only), wanted.pop("to", only)
        if not {"customer_id", "needs_review"} & wanted.keys() or (
            wanted.get("needs_review") == "false" and "customer_id" not in wanted
        ):
            last = last or str(self.today)
            first = first or str(date.fromisoformat(last) - timedelta(days=30))
        kept = [
            payout
            for payout in self.payouts
            if (first is None or payout["created_at"][:10] >= first)
            and (last is None or payout["created_at"][:10] <= last)
            and wanted.get("customer_id") in (None, payout["customer_id"])
            and wanted.get("status") in (None, payout["status"])
            and wanted.get("needs_review") in (None, str(payout["needs_review"]).lower())
        ]
        return sorted(kept, key=lambda payout: str(payout["created_at"]), reverse=True)


def _within_boundaries(params: Mapping[str, Any], **_event: Any) -> None:
    """DynamoDB refuses a start key from outside of what is asked for; its emulation does not."""
    start = params.get("ExclusiveStartKey")
    if start is not None:
        partition = params["ExpressionAttributeNames"]["#key"]
        assert start[partition] == params["ExpressionAttributeValues"][":value"]


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    """One for the whole file: reading changes nothing."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", aws.REGION)
        yield Ledger(World())
    wired.put(None)


def pages_of(
    caller: Caller, query: Mapping[str, str], limit: int = 100, path: str = "/payouts"
) -> list[list[Any]]:
    """Every page of a list, as a caller that follows its cursors gets them."""
    pages, cursor = [], ""
    while True:
        more = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        answer = caller.get(path, **query, **more)
        assert answer.status == 200, answer.text
        assert set(answer.json) == {"items", "next_cursor", "unreadable"}
        pages.append(answer.json["items"])
        cursor = answer.json["next_cursor"]
        if cursor is None:
            return pages
        assert len(pages) < 500, "a list without end"


def check(ledger: Ledger, query: Mapping[str, str], limit: int, path: str = "/payouts") -> None:
    """The pages together are the expected list, in its order, and no page is too long."""
    pages = pages_of(ledger.world.admin, query, limit, path)
    assert all(len(page) <= limit for page in pages)
    found = [payout for page in pages for payout in page]
    expected = ledger.expected(query)
    ids = [payout["transaction_id"] for payout in found]
    assert len(ids) == len(set(ids))
    # Payouts of the very same time have no order among themselves.
    assert set(ids) == {payout["transaction_id"] for payout in expected}
    assert [p["created_at"] for p in found] == [p["created_at"] for p in expected]


def test_the_ledger_has_something_of_everything(ledger: Ledger) -> None:
    statuses = {payout["status"] for payout in ledger.payouts}
    assert statuses == {"Completed", "Failed", "Pending", "Returned"}
    assert {payout["needs_review"] for payout in ledger.payouts} == {True, False}
    assert len({payout["created_at"] for payout in ledger.payouts}) < len(ledger.payouts)


def test_a_list_shows_what_the_payout_itself_shows_but_its_history(ledger: Ledger) -> None:
    (page,) = pages_of(ledger.world.admin, {})
    known = {payout["transaction_id"]: payout for payout in ledger.payouts}
    for shown in page:
        full = dict(known[shown["transaction_id"]])
        assert full.pop("history")
        assert full.pop("explanation")
        assert shown == full


def test_without_a_filter_the_last_31_days_are_listed(ledger: Ledger) -> None:
    check(ledger, {}, 100)
    (page,) = pages_of(ledger.world.admin, {})
    assert len(page) == len(ledger.payouts) - 3
    assert page[-1]["created_at"][:10] == ledger.day(30)


def test_older_payouts_are_listed_on_request(ledger: Ledger) -> None:
    query = {"from": ledger.day(40)}
    check(ledger, query, 100)
    assert len(ledger.expected(query)) == len(ledger.payouts)


def test_a_list_is_of_twenty_by_default(ledger: Ledger) -> None:
    page = ledger.world.admin.get("/payouts").json
    assert len(page["items"]) == 20
    assert page["next_cursor"]


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_of_any_length_over_several_days_lose_none_and_repeat_none(
    ledger: Ledger, limit: int
) -> None:
    check(ledger, {}, limit)
    check(ledger, {"from": ledger.day(40), "to": ledger.day(2)}, limit)


@pytest.mark.parametrize("days_ago", [0, 1, 3, 4, 6, 30, 31, 40, 400, -1])
def test_one_day_is_listed(ledger: Ledger, days_ago: int) -> None:
    for limit in (2, 100):
        check(ledger, {"date": ledger.day(days_ago)}, limit)


def test_a_day_ends_at_midnight_utc(ledger: Ledger) -> None:
    days = {payout["created_at"][:10] for payout in ledger.payouts}
    for day in days:
        (page,) = pages_of(ledger.world.admin, {"date": day})
        assert {payout["created_at"][:10] for payout in page} == {day}


@pytest.mark.parametrize(
    ("first", "last"), [(6, 3), (6, 6), (5, 4), (4, 4), (30, 0), (None, 5), (3, None), (3, -5)]
)
def test_from_and_to_include_their_days(
    ledger: Ledger, first: int | None, last: int | None
) -> None:
    query = {
        name: ledger.day(days_ago)
        for name, days_ago in (("from", first), ("to", last))
        if days_ago is not None
    }
    for limit in (2, 100):
        check(ledger, query, limit)


@pytest.mark.parametrize("status", [status.value for status in Status])
def test_one_status_is_listed(ledger: Ledger, status: str) -> None:
    for limit in (3, 100):
        check(ledger, {"status": status}, limit)


@pytest.mark.parametrize("needs_review", ["true", "false"])
def test_payouts_that_need_review_are_listed(ledger: Ledger, needs_review: str) -> None:
    for limit in (1, 2, 100):
        check(ledger, {"needs_review": needs_review}, limit)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_payouts_of_a_customer_are_listed_on_either_path(ledger: Ledger, number: int) -> None:
    query = {"customer_id": ledger.customers[number]}
    for limit in (4, 100):
        check(ledger, query, limit)
        by_path = pages_of(
            ledger.world.admin, {}, limit, f"/customers/{ledger.customers[number]}/payouts"
        )
        assert by_path == pages_of(ledger.world.admin, query, limit)


def every_query(ledger: Ledger) -> list[dict[str, str]]:
    """Every combination of a value, or none, for each filter."""
    days: tuple[dict[str, str], ...] = (
        {},
        {"date": ledger.day(6)},
        {"from": ledger.day(31)},
        {"to": ledger.day(5)},
        {"from": ledger.day(30), "to": ledger.day(1)},
    )
    customers: tuple[dict[str, str], ...] = ({}, *({"customer_id": c} for c in ledger.customers))
    statuses: tuple[dict[str, str], ...] = ({}, {"status": "Completed"}, {"status": "Pending"})
    reviews: tuple[dict[str, str], ...] = ({}, {"needs_review": "true"}, {"needs_review": "false"})
    parts = itertools.product(days, customers, statuses, reviews)
    return [day | customer | status | review for day, customer, status, review in parts]


@pytest.mark.parametrize("limit", [3, 100])
def test_filters_together_give_what_a_plain_reading_gives(ledger: Ledger, limit: int) -> None:
    queries = every_query(ledger)
    assert len(queries) == 180
    for query in random.Random(limit).sample(queries, 20):
        check(ledger, query, limit)


def test_filters_work_on_a_customers_own_path(ledger: Ledger) -> None:
    customer = ledger.customers[0]
    path = f"/customers/{customer}/payouts"
    for query in ({"status": "Failed"}, {"needs_review": "true"}, {"date": ledger.day(5)}):
        (page,) = pages_of(ledger.world.admin, query, 100, path)
        expected = ledger.expected(query | {"customer_id": customer})
        assert {p["transaction_id"] for p in page} == {p["transaction_id"] for p in expected}
        assert page


def test_a_service_reads_the_same_lists(ledger: Ledger) -> None:
    for query in ({"status": "Failed"}, {"customer_id": ledger.customers[1]}):
        by_service = pages_of(ledger.world.service, query, 9, "/internal/payouts")
        assert by_service == pages_of(ledger.world.admin, query, 9)


def test_a_filter_that_keeps_little_reads_a_bounded_part_at_a_time(ledger: Ledger) -> None:
    reads: list[str] = []

    def count(**_event: Any) -> None:
        reads.append("Query")

    client = ledger.world.container.payouts_table._client
    client.meta.events.register("before-call.dynamodb.Query", count)
    try:
        answer = ledger.world.admin.get(
            "/payouts", **{"status": "Cancelled", "from": ledger.day(3650), "limit": "1"}
        )
    finally:
        client.meta.events.unregister("before-call.dynamodb.Query", count)
    assert answer.json["items"] == []
    assert answer.json["next_cursor"]
    assert len(reads) <= 100


def test_a_cursor_holds_no_more_than_ids_and_times(ledger: Ledger) -> None:
    page = ledger.world.admin.get("/payouts", limit="3").json
    cursor = page["next_cursor"]
    assert cursor.replace("-", "").replace("_", "").replace("=", "").isalnum()
    assert len(cursor) < 1024


def test_a_payout_that_comes_between_two_pages_disturbs_neither(ledger: Ledger) -> None:
    admin = ledger.world.admin
    first = admin.get("/payouts", limit="5").json
    before = pages_of(admin, {})[0]
    new = ledger.world.pay(ledger.customers[1], PENDING).json["transaction_id"]
    ledger.payouts.append(ledger.world.payout(new))
    second = admin.get("/payouts", limit="100", cursor=first["next_cursor"]).json
    assert first["items"] + second["items"] == before
