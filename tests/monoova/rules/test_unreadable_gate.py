"""What stands for a record of the switch that cannot be read."""

from datetime import UTC, datetime

from chalicelib.monoova.rules.gate import Passage, unreadable_gate


def test_it_sends_nothing_and_says_why_and_keeps_its_version() -> None:
    gate = unreadable_gate(7)
    assert (gate.version, gate.paused_by) == (7, "system")
    assert gate.pause_reason == (
        "The record of the switch cannot be read: look at it before you resume."
    )
    assert gate.passage(datetime(2026, 3, 2, tzinfo=UTC)) is Passage.PAUSED
