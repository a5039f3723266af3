"""Which payouts another person has to approve."""

from datetime import UTC, datetime

import pytest

from chalicelib.control.rules.approval import ApprovalReason, ApprovalRules, approval_until

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
    assert ApprovalRules() == ApprovalRules(threshold_cents=None, new_destinations=False)


def test_a_payout_waits_for_an_approver_for_thirty_days() -> None:
    asked_at = datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert approval_until(asked_at) == datetime(2026, 4, 1, 1, tzinfo=UTC)
