"""What stands for a record of the switch that cannot be read."""

from datetime import UTC, datetime

from chalicelib.monoova.rules.duplicates import ContractRun, Shown, with_contract_run
from chalicelib.monoova.rules.gate import Gate, Passage, dated, unreadable_gate


def test_it_sends_nothing_and_says_why_and_keeps_its_version() -> None:
    gate = unreadable_gate(7)
    assert (gate.version, gate.paused_by) == (7, "system")
    assert gate.pause_reason == (
        "The record of the switch cannot be read: look at it before you resume. From then on"
        " nothing is sent a second time until a new contract run is recorded."
    )
    assert gate.passage(datetime(2026, 3, 2, tzinfo=UTC)) is Passage.PAUSED


def test_its_latch_is_set_before_anything_that_a_record_may_tell() -> None:
    assert unreadable_gate(7).booked_twice_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_its_latch_is_set_from_the_moment_on_at_which_it_is_written() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    written = dated(unreadable_gate(7), now)
    assert written.booked_twice_at == now
    assert dated(written, datetime(2026, 3, 3, tzinfo=UTC)) == written
    assert dated(Gate(), now) == Gate()
    earlier = ContractRun(datetime(2026, 3, 1, tzinfo=UTC), "sandbox", Shown.REFUSED)
    later = ContractRun(datetime(2026, 3, 3, tzinfo=UTC), "sandbox", Shown.REFUSED)
    assert with_contract_run(written, earlier).booked_twice_at == now
    assert with_contract_run(written, later).booked_twice_at is None
