"""Which payouts another person has to approve."""

from datetime import UTC, date, datetime

import pytest

from chalicelib.control.rules.approval import ApprovalReason, ApprovalRules, approval_until
from chalicelib.control.rules.limits import Book, Count, LimitKind, Subject

ABOVE, NEW = ApprovalReason.ABOVE_THRESHOLD, ApprovalReason.NEW_DESTINATION


@pytest.mark.parametrize(
    ("rules", "amount_cents", "is_known", "reasons"),
    [
        (ApprovalRules(), 99_999_999, False, ()),
        (ApprovalRules(50_000), 50_000, False, ()),
        (ApprovalRules(50_000), 50_001, True, (ABOVE,)),
        (ApprovalRules(new_destinations=True), 1, False, (NEW,)),
        (ApprovalRules(new_destinations=True), 99_999_999, True, ()),
        (ApprovalRules(50_000, True), 50_001, False, (ABOVE, NEW)),
        (ApprovalRules(50_000, True), 50_000, False, (NEW,)),
    ],
)
def test_the_rules_say_why_a_payout_needs_approval(
    rules: ApprovalRules, amount_cents: int, is_known: bool, reasons: tuple[ApprovalReason, ...]
) -> None:
    assert rules.reasons(amount_cents, is_known=is_known) == reasons


def test_a_business_that_set_no_rule_has_none() -> None:
    assert ApprovalRules() == ApprovalRules(None, new_destinations=False, cap_cents=None)


def test_the_threshold_counts_by_maker_and_account_in_a_sydney_day() -> None:
    subject = Subject("c", "a", "m")
    before_midnight = datetime(2026, 3, 2, 12, 59, tzinfo=UTC)
    after_midnight = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
    assert ApprovalRules().counts(subject, 5, before_midnight) == ()
    for at, day in ((before_midnight, date(2026, 3, 2)), (after_midnight, date(2026, 3, 3))):
        assert ApprovalRules(9).counts(subject, 5, at) == (
            Count(LimitKind.MAKER, day, "m", 5, 9, Book.THRESHOLD),
            Count(LimitKind.ACCOUNT, day, "a", 5, 9, Book.THRESHOLD),
        )


def test_a_payout_waits_for_an_approver_for_thirty_days() -> None:
    asked_at = datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert approval_until(asked_at) == datetime(2026, 4, 1, 1, tzinfo=UTC)


def test_a_payout_is_counted_under_the_cap_of_its_destination_if_it_has_one() -> None:
    at = datetime(2026, 3, 2, 13, tzinfo=UTC)
    assert ApprovalRules().counts_of_cap("1.abc", 500, None, at) == ()
    [count] = ApprovalRules().counts_of_cap("1.abc", 500, 1200, at)
    assert (count.sum_id, count.room_cents) == ("cap#2026-03-03#Account#1.abc", 700)
