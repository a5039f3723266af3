"""What a seal is made over, and of which kind it has to be."""

import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from chalicelib.payouts.rules.payout import State
from chalicelib.payouts.rules.seal import (
    PURPOSE,
    SealFault,
    SealKind,
    is_to_be_asked_about,
    kind_for,
    kind_in_the_end,
    parts_of_seal,
    sealed_facts,
    text_of_seal,
)
from tests.payouts.builder import NOW, a_payout

ASKED = a_payout(State.AWAITING_APPROVAL, batch_id="b", retry_of="r")
RELEASED = replace(ASKED, state=State.QUEUED, approved_at=NOW, approved_by="another")
TEXT = "2026-03-02T01:00:00.000000+00:00"


def test_the_words_of_seals_are_those_that_are_stored_and_shown() -> None:
    assert PURPOSE == "payout"
    assert [*SealKind] == ["asked", "released"]
    assert [*SealFault] == [
        "no seal",
        "not released",
        "wrong seal",
        "released too long ago",
    ]


def test_a_seal_is_over_all_that_was_asked_for_in_one_order() -> None:
    asked = (
        ASKED.transaction_id,
        ASKED.unique_reference,
        "customer",
        "destination",
        12550,
        "PayId",
        "admin",
        TEXT,
        "b",
        "r",
    )
    assert sealed_facts(ASKED, SealKind.ASKED) == ("asked", *asked)
    assert sealed_facts(RELEASED, SealKind.RELEASED) == ("released", *asked, "another", TEXT)


def test_a_time_is_sealed_to_the_microsecond_wherever_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Australia/Sydney")
    time.tzset()
    sydney = timezone(timedelta(hours=11))
    elsewhere = replace(RELEASED, created_at=NOW.astimezone(sydney), approved_at=NOW)
    assert sealed_facts(elsewhere, SealKind.RELEASED) == sealed_facts(RELEASED, SealKind.RELEASED)
    later = replace(RELEASED, approved_at=NOW + timedelta(microseconds=1))
    assert sealed_facts(later, SealKind.RELEASED)[-1] == "2026-03-02T01:00:00.000001+00:00"
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("state", State)
def test_only_what_waits_for_an_approver_is_sealed_as_asked_for(state: State) -> None:
    expected = SealKind.ASKED if state is State.AWAITING_APPROVAL else SealKind.RELEASED
    assert kind_for(state) is expected
    sealed = a_payout(state, seal="released.1.x")
    assert kind_in_the_end(sealed) is expected


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"seal": "asked.1.x"}, SealKind.ASKED),
        ({"seal": "asked.1.x", "approved_by": "another"}, SealKind.RELEASED),
        ({"seal": "released.1.x"}, SealKind.RELEASED),
        ({"seal": "askedfor.1.x"}, SealKind.RELEASED),
        ({"seal": None}, SealKind.RELEASED),
    ],
)
def test_what_was_cancelled_may_never_have_been_released(
    fields: dict[str, Any], kind: SealKind
) -> None:
    assert kind_in_the_end(a_payout(State.CANCELLED, **fields)) is kind


def test_a_payout_that_is_not_cancelled_was_released_whatever_its_seal_says() -> None:
    assert kind_in_the_end(a_payout(State.COMPLETED, seal="asked.1.x")) is SealKind.RELEASED


@pytest.mark.parametrize(("released_at", "is_asked"), [(NOW, False), (NOW, True)])
def test_what_was_released_more_than_an_hour_ago_is_asked_about(
    released_at: datetime, *, is_asked: bool
) -> None:
    now = released_at + timedelta(hours=1, microseconds=int(is_asked))
    assert is_to_be_asked_about(a_payout(at=released_at), now) is is_asked
    earlier = released_at - timedelta(days=1)
    approved = a_payout(at=earlier, approved_at=released_at)
    assert is_to_be_asked_about(approved, now) is is_asked


def test_a_seal_says_its_kind_before_its_version_and_digits() -> None:
    assert text_of_seal(SealKind.RELEASED, "1.ab") == "released.1.ab"
    assert parts_of_seal("released.1.ab") == ("released", "1.ab")
    assert parts_of_seal("nothing") == ("nothing", "")
