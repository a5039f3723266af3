"""Records of accesses: stored once, listed newest first, in memory as in DynamoDB."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.customers.access_store import Access, Accesses
from proof.memory.accesses import MemoryAccesses
from proof.memory.tables import Tables
from proof.seam import NoFaults
from tests.world import World

NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def access(number: int, customer: str = "c-1") -> Access:
    at = NOW + timedelta(seconds=number)
    return Access(f"a-{number}", customer, at, "alice", "Validation", "d-1", None)


@pytest.fixture(params=["DynamoDB", "memory"])
def accesses(request: pytest.FixtureRequest, new_world: Callable[..., World]) -> Accesses:
    if request.param == "DynamoDB":
        return new_world().container.accesses_table
    return MemoryAccesses(Tables(), NoFaults())


def test_accesses_are_listed_by_customer_newest_first_a_page_at_a_time(
    accesses: Accesses,
) -> None:
    for number in (1, 3, 2):
        accesses.add(access(number))
    accesses.add(access(4, "c-2"))
    first = accesses.of_customer("c-1", 2)
    assert first.items == (access(3), access(2))
    rest = accesses.of_customer("c-1", 2, first.next_key)
    assert (rest.items, rest.next_key) == ((access(1),), None)
    assert accesses.of_customer("c-3", 2).items == ()


def test_a_record_that_is_written_twice_is_one(accesses: Accesses) -> None:
    """As when the first try arrived, and its answer was lost."""
    accesses.add(access(1))
    accesses.add(access(1))
    assert accesses.of_customer("c-1", 5).items == (access(1),)
