"""A batch's life cycle: every pair of status and event, and totals that follow from its chunks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import pytest

from chalicelib.batches.rules.batch import (
    CHUNK_ROWS,
    MOST_DUPLICATES,
    MOST_ROWS,
    TABLE,
    Batch,
    BatchEntry,
    BatchEvent,
    BatchStatus,
    ChunkState,
    Duplicate,
    FundsSeen,
    Mark,
    Row,
    SharedAccount,
    Tally,
    Task,
    Warnings,
    WrongStatusError,
    all_marks,
    is_done,
    is_news,
    moved,
    progress_of,
    together,
)
from tests.batches.builder import NOW, a_batch

LATER: Final = NOW + timedelta(minutes=1)


def batch(status: BatchStatus = BatchStatus.CHECKING, rows: int = 600) -> Batch:
    return a_batch(status, row_count=rows)


def released(number: int, counts: Mapping[str, int], rows: int = 10, reviews: int = 0) -> Mark:
    tally = Tally(NOW + timedelta(seconds=number), counts, reviews)
    return Mark(number, rows, ChunkState.RELEASED, tally=tally)


@pytest.mark.parametrize("event", BatchEvent)
@pytest.mark.parametrize("status", BatchStatus)
def test_an_event_applies_where_the_table_says_so_and_nowhere_else(
    status: BatchStatus, event: BatchEvent
) -> None:
    allowed, to = TABLE[event]
    if status in allowed:
        after = moved(batch(status), event, LATER, "an-admin", "why", approved_by="checker")
        assert (after.status, after.updated_at, after.approved_by) == (to, LATER, "checker")
        (entry,) = after.history
        assert (entry.at, entry.event, entry.by, entry.detail) == (LATER, event, "an-admin", "why")
    else:
        with pytest.raises(WrongStatusError) as caught:
            moved(batch(status), event, LATER, "an-admin")
        assert (caught.value.status, caught.value.event) == (status, event)
        assert str(caught.value) == f"{event} does not apply to a batch that is {status}"


def test_a_final_status_has_no_successor_and_nothing_is_released_unapproved() -> None:
    for allowed, _ in TABLE.values():
        assert not {BatchStatus.CANCELLED, BatchStatus.FINISHED} & set(allowed)
    into_release = [event for event, (_, to) in TABLE.items() if to is BatchStatus.RELEASING]
    assert into_release == [BatchEvent.APPROVED]
    assert TABLE[BatchEvent.APPROVED][0] == (BatchStatus.AWAITING_APPROVAL,)


def test_the_pending_task_follows_from_the_status() -> None:
    tasks = {status: batch(status).task for status in BatchStatus}
    assert {status: task for status, task in tasks.items() if task} == {
        BatchStatus.CHECKING: Task.CHECK,
        BatchStatus.RELEASING: Task.RELEASE,
        BatchStatus.CANCELLED: Task.CANCEL,
    }
    assert [status for status in BatchStatus if not batch(status).is_open] == [BatchStatus.FINISHED]


def test_people_may_decide_on_a_batch_until_it_is_approved_or_cancelled() -> None:
    assert [status for status in BatchStatus if batch(status).is_undecided] == [
        BatchStatus.CHECKING,
        BatchStatus.AWAITING_CONFIRMATION,
        BatchStatus.AWAITING_APPROVAL,
    ]


def test_a_chunk_is_done_when_nothing_is_left_of_the_task() -> None:
    done = {
        task: [state for state in ChunkState if is_done(Mark(1, 1, state), task)] for task in Task
    }
    over = [ChunkState.RELEASED, ChunkState.CANCELLING, ChunkState.CANCELLED]
    assert done == {
        Task.CHECK: [ChunkState.CHECKED, ChunkState.RELEASING, *over],
        Task.RELEASE: over,
        Task.CANCEL: [ChunkState.CANCELLED],
    }


def test_every_chunk_has_a_mark_and_the_last_one_the_rest_of_the_rows() -> None:
    known = Mark(2, CHUNK_ROWS, ChunkState.CHECKED, version=1)
    marks = all_marks(batch(rows=600), [known])
    assert [mark.number for mark in marks] == [1, 2, 3]
    assert [mark.row_count for mark in marks] == [250, 250, 100]
    assert marks[1] is known
    assert batch(rows=CHUNK_ROWS).chunk_count == 1


def test_warnings_are_listed_in_the_order_of_the_file_and_all_counted() -> None:
    some = tuple(Duplicate(line, "c", 1) for line in range(400, 300, -1))
    others = tuple(Duplicate(line, "c", 1) for line in range(2, 62))
    both = together([Warnings(some, 250, 3), Warnings(others, 60, 4)])
    assert len(both.duplicates) == MOST_DUPLICATES
    assert [each.line for each in both.duplicates[:2]] == [2, 3]
    assert (both.duplicate_count, both.first_time_count) == (310, 7)


def test_rows_to_unapproved_destinations_are_listed_in_the_order_of_the_file_and_all_counted() -> (
    None
):
    both = together(
        [
            Warnings(unapproved_lines=tuple(range(301, 401)), unapproved_count=250),
            Warnings(unapproved_lines=tuple(range(3, 63)), unapproved_count=60),
        ]
    )
    assert both.unapproved_lines == (*range(3, 63), *range(301, 341))
    assert both.unapproved_count == 310


def test_rows_to_a_shared_account_are_listed_in_the_order_of_the_file_and_all_counted() -> None:
    some = tuple(SharedAccount(line, "c", 2) for line in range(400, 300, -1))
    others = tuple(SharedAccount(line, "d", 2) for line in range(62, 2, -1))
    both = together(
        [
            Warnings(shared_accounts=some, shared_account_count=250),
            Warnings(shared_accounts=others, shared_account_count=60),
        ]
    )
    assert [each.line for each in both.shared_accounts] == [*range(3, 63), *range(301, 341)]
    assert len(both.shared_accounts) == MOST_DUPLICATES
    assert both.shared_account_count == 310


def test_all_rows_may_be_duplicates_where_those_found_come_to_as_many() -> None:
    found = Warnings(duplicate_count=1, also_in_count=2, paid_since_count=3)
    assert [found.may_all_be_duplicates(rows) for rows in (5, 6, 7)] == [True, True, False]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (Warnings(), False),
        (Warnings(also_in_batches=("a",)), False),
        (Warnings(also_in_batches=("a", "b")), True),
        (Warnings(paid_since=("p",), paid_since_count=1), False),
        (Warnings(paid_since=("q",), paid_since_count=1), True),
        (Warnings(paid_since=("p",), paid_since_count=2), True),
    ],
)
def test_news_is_what_was_not_there_before(after: Warnings, expected: bool) -> None:
    before = Warnings(also_in_batches=("a",), paid_since=("p",), paid_since_count=1)
    assert is_news(before, after) is expected


@pytest.mark.parametrize(
    ("available_cents", "short_by_cents"),
    [(0, 500), (-1, 501), (300, 200), (499, 1), (500, 0), (501, 0)],
)
def test_funds_are_short_by_what_they_do_not_reach_and_never_by_less_than_nothing(
    available_cents: int, short_by_cents: int
) -> None:
    assert FundsSeen(available_cents, NOW).short_by_cents(500) == short_by_cents


def test_progress_is_the_sum_of_the_chunks_as_of_the_oldest_count() -> None:
    marks = [
        released(2, {"Completed": 6, "Pending": 1}, reviews=1),
        released(1, {"Failed": 2, "Queued": 8}),
        Mark(3, 10, ChunkState.CANCELLED, tally=Tally(LATER, {"Completed": 4})),
        Mark(4, 10, ChunkState.RELEASING),
    ]
    progress = progress_of(marks)
    assert {status: count for status, count in progress.counts.items() if count} == {
        "Waiting": 10,
        "NotReleased": 3,
        "Cancelled": 6,
        "Completed": 10,
        "Pending": 1,
        "Failed": 2,
        "Queued": 8,
    }
    assert progress.needs_review == 1
    assert progress.as_of == NOW + timedelta(seconds=1)
    assert progress_of([Mark(1, 3)]).as_of is None


@pytest.mark.parametrize(
    ("mark", "is_settled"),
    [
        (released(1, {"Completed": 9, "Returned": 1, "Failed": 0}), True),
        (released(1, {}), True),
        (released(1, {"Completed": 9, "Queued": 1}), False),
        (released(1, {"Pending": 0, "Completed": 10}), True),
        (Mark(1, 1, ChunkState.RELEASED), False),
        (Mark(1, 1, ChunkState.CANCELLING, tally=Tally(NOW, {})), False),
        (Mark(1, 1, ChunkState.CANCELLED, tally=Tally(NOW, {"Cancelled": 1})), True),
    ],
)
def test_a_chunk_is_settled_when_all_of_its_payouts_are_final(mark: Mark, is_settled: bool) -> None:
    assert mark.is_settled is is_settled


def test_a_file_has_20_000_rows_at_most_and_lists_100_duplicates() -> None:
    assert (MOST_ROWS, MOST_DUPLICATES) == (20_000, 100)


def test_what_a_row_does_not_say_is_absent_and_no_row_is_suspect_before_it_is_compared() -> None:
    assert Row(2, "c", 150, "d") == Row(
        2, "c", 150, "d", None, None, None, None, is_first=True, same_account_as_line=None
    )
    assert Duplicate(2, "c", 150) == Duplicate(2, "c", 150, None, None, None)


def test_a_fresh_chunk_was_neither_touched_nor_leased_and_warns_of_nothing() -> None:
    assert Mark(1, 3) == Mark(1, 3, ChunkState.STORED, 0, None, Warnings(), {}, None, None)
    assert Warnings() == Warnings((), 0, 0, (), 0, (), 0, (), 0, (), 0)


def test_a_fresh_batch_was_neither_confirmed_nor_approved() -> None:
    fresh = batch()
    assert (fresh.confirmed_by, fresh.approved_by, fresh.approved_at) == (None, None, None)
    assert (fresh.warnings, fresh.history, fresh.not_released) == (None, (), 0)
    assert (fresh.title, fresh.funds) == (None, None)
    assert (fresh.repeats, fresh.retry_of) == (None, None)
    assert BatchEntry(NOW, "Uploaded", "maker").detail is None


def test_of_a_part_that_cannot_be_read_the_batch_knows_how_many_rows_it_has() -> None:
    unread = Mark(2, 0, ChunkState.UNREADABLE)
    marks = all_marks(batch(rows=600), [unread, Mark(3, 100, ChunkState.RELEASED)])
    assert [mark.row_count for mark in marks] == [250, 250, 100]
    assert marks[1].state is ChunkState.UNREADABLE
    assert not any(is_done(marks[1], task) for task in Task)
    assert not marks[1].is_settled
    assert progress_of(marks).counts["Unreadable"] == 250
