"""The calls of a reconciliation and of a burst, by their size."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from bench import burst, reconciliation, seed_data
from bench.counterparts import Counterparts, IndexedPayouts
from chalicelib.payouts.store.items import DUE_SHARDS, OTHER_SHARDS, QUEUED_SHARDS
from proof.memory.payouts import MemoryPayouts
from proof.seam import NoFaults

PAGE: Final = 100
SECOND: Final = timedelta(seconds=1)


@pytest.mark.parametrize("size", [10, 100, 101, 200, 400, 800])
def test_what_one_run_can_do_takes_one_question_and_one_write_each(size: int) -> None:
    found = reconciliation.counted(size)
    assert (found.completed, found.runs) == (size, 1)
    assert (found.by_date, found.singly, found.lines) == (1, 0, size)
    pages = DUE_SHARDS * math.ceil(size / DUE_SHARDS / PAGE)
    # Besides: the shards of what is queued, the count of those in review, the batches that are
    # open, and the gate.
    queries = pages + DUE_SHARDS + 2
    assert found.dynamodb == {"UpdateItem": size, "Query": queries, "GetItem": 1}


def test_fewer_than_ten_are_asked_for_singly() -> None:
    found = reconciliation.counted(9)
    assert (found.completed, found.by_date, found.singly) == (9, 0, 9)


def test_what_takes_several_runs_takes_one_question_of_each() -> None:
    found = reconciliation.counted(4_000)
    assert (found.completed, found.runs) == (4_000, 2)
    assert (found.by_date, found.singly) == (2, 0)
    assert found.dynamodb["UpdateItem"] == 4_000
    assert found.dynamodb["Query"] <= 4_000 / PAGE + found.runs * (3 * DUE_SHARDS + 2)


def test_a_burst_is_booked_once_each_although_messages_come_twice() -> None:
    found = burst.counted(200)
    assert found.is_right
    assert found.booked == {1: 200}
    assert found.delivered_twice == 2
    assert found.calls["monoova"] == 200
    assert found.calls["kms:Decrypt"] == 200
    assert found.calls["dynamodb:UpdateItem"] == 400
    assert found.calls["dynamodb:BatchGetItem"] == 202


@pytest.mark.parametrize("main", [reconciliation.main, burst.main])
def test_the_figures_of_a_function_in_its_own_process_are_printed(
    main: Callable[[Sequence[str]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["40"]) == 0
    printed = capsys.readouterr().out
    assert "| 40 |" in printed
    assert "CPU" in printed


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_the_index_shows_what_a_search_through_the_table_finds(limit: int) -> None:
    counterparts = Counterparts()
    seed_data.queued(counterparts, 60)
    for number, payout in enumerate(list(counterparts.tables.payouts.values())):
        due = None if number % 7 == 0 else payout.due_at and payout.due_at + number * SECOND
        counterparts.tables.write(replace(payout, due_at=due))
    now = counterparts.clock() + 90 * SECOND
    searched, indexed = (
        MemoryPayouts(counterparts.tables, NoFaults()),
        IndexedPayouts(counterparts.tables, counterparts.seam),
    )
    for shard in (*OTHER_SHARDS, *QUEUED_SHARDS):
        start, is_over = None, False
        while not is_over:
            expected = searched.due(shard, now, limit, start)
            assert indexed.due(shard, now, limit, start) == expected
            start, is_over = expected.next_key, expected.next_key is None
