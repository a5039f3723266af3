"""Marks on fields: no text without one, and what an erasure takes and a copy carries by them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

import pytest

from chalicelib.batches.rules.batch import Batch, BatchEntry, Row
from chalicelib.core.marks import (
    MASK,
    MASKED,
    NOT_PERSONAL,
    PERSONAL,
    REQUESTED,
    erased,
    requested,
    requested_as,
)
from chalicelib.payouts.rules.payout import Fields, HistoryEntry, Payout, State, erased_fields
from tests.payouts.builder import a_payout

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """One field of each kind, and two texts that were forgotten."""

    count: int
    at: datetime
    state: State
    forgotten: str
    name: str = field(metadata=PERSONAL)
    shown: str = field(metadata=MASKED)
    sample_id: str = field(metadata=NOT_PERSONAL | REQUESTED)
    amount_cents: int = field(metadata=REQUESTED)
    note: str | None = field(default=None, metadata=PERSONAL | requested_as("description"))
    forgotten_too: tuple[str, ...] = ()


def holds_text(hint: Any) -> bool:
    return hint is str or any(holds_text(part) for part in get_args(hint))


def unmarked(record: "type[DataclassInstance]") -> Iterator[str]:
    """The fields that hold text and do not say whether it may name a person."""
    hints = get_type_hints(record)
    for each in fields(record):
        if holds_text(hints[each.name]) and each.metadata.get("personal") not in (True, False):
            yield each.name


def payout() -> Payout:
    return a_payout(
        State.FAILED,
        amount_cents=700,
        description="Rent",
        lodgement_reference="Invoice 7",
        retry_of="another",
        batch_id="batch",
    )


def test_a_text_field_without_a_mark_is_found() -> None:
    assert list(unmarked(Sample)) == ["forgotten", "forgotten_too"]


@pytest.mark.parametrize("record", [Payout, HistoryEntry, Batch, BatchEntry, Row])
def test_every_text_field_says_whether_it_may_name_a_person(
    record: "type[DataclassInstance]",
) -> None:
    assert list(unmarked(record)) == []


def test_an_erasure_takes_what_is_marked_as_personal_and_nothing_else() -> None:
    assert erased(Sample) == {"name": None, "shown": "•••", "note": None}
    assert erased(Payout) == {
        "destination_masked": "•••",
        "description": None,
        "lodgement_reference": None,
        "failure_reason": None,
        "counted_on": (),
    }
    assert erased(Row) == {"external_id": None, "reference": None, "description": None}


def test_an_erasure_takes_what_was_written_into_a_history_and_leaves_what_happened() -> None:
    assert erased(HistoryEntry) == {"detail": None}


def test_an_erasure_does_not_reach_a_batch_so_nothing_there_but_in_its_rows_is_personal() -> None:
    assert erased(Batch) == erased(BatchEntry) == {}


def test_what_an_erasure_takes_of_a_payout_is_what_a_change_may_set() -> None:
    assert erased(Payout).keys() <= Fields.__annotations__.keys()


def test_what_is_marked_as_requested_is_carried_over_and_nothing_else() -> None:
    sample = Sample(1, NOW, State.FAILED, "f", "Jo", "J", "sample", 700, "Rent")
    assert requested(sample) == {
        "sample_id": "sample",
        "amount_cents": 700,
        "description": "Rent",
    }


def test_a_payout_carries_over_all_that_its_request_said() -> None:
    assert requested(payout()) == {
        "customer_id": "customer",
        "destination_id": "destination",
        "payout_method": "PayId",
        "amount_cents": 700,
        "description": "Rent",
        "lodgement_reference": "Invoice 7",
    }


def test_a_row_of_a_batch_requests_what_its_file_says() -> None:
    row = Row(2, "customer", 700, "destination", "C-1", "Invoice 7", "Rent")
    assert requested(row) == {
        "customer_id": "customer",
        "destination_id": "destination",
        "amount_cents": 700,
        "description": "Rent",
        "lodgement_reference": "Invoice 7",
    }


def test_a_row_without_texts_is_one_that_an_erasure_leaves_as_it_is() -> None:
    row = Row(2, "customer", 700, "destination")
    assert {name: getattr(row, name) for name in erased(Row)} == erased(Row)


def test_an_erasure_leaves_a_payout_its_mask_and_none_of_its_texts() -> None:
    texts = {"description": None, "lodgement_reference": None, "failure_reason": None}
    assert erased_fields() == texts | {"destination_masked": MASK, "counted_on": ()}
