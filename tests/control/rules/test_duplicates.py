"""For how long a payment like an earlier one has to be meant."""

from datetime import timedelta

from chalicelib.control.rules.duplicates import DuplicateRules


def test_people_are_asked_for_a_day_and_services_are_not() -> None:
    assert DuplicateRules().window(is_service=False) == timedelta(hours=24)
    assert DuplicateRules().window(is_service=True) == timedelta(0)


def test_each_has_a_window_of_its_own() -> None:
    rules = DuplicateRules(timedelta(hours=1), timedelta(hours=2))
    assert rules.window(is_service=False) == timedelta(hours=1)
    assert rules.window(is_service=True) == timedelta(hours=2)
