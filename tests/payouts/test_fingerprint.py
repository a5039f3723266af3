"""A payout request: its idempotency fingerprint, and the payout that is made from it."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Final

from chalicelib.core.marks import requested
from chalicelib.customers.payee_store import Place
from chalicelib.payouts.request_payout import PayoutRequest, requested_payout
from chalicelib.payouts.rules.payout import Payout, State

CUSTOMER: Final = "3f0c4a6e-0000-4000-8000-000000000001"
PLACE: Final = Place("3f0c4a6e-0000-4000-8000-000000000002", "PayId", "j•••@example.com")
SPARSE: Final = PayoutRequest(CUSTOMER, 700)
FULL: Final = PayoutRequest(CUSTOMER, 12550, PLACE.destination_id, "PayId", "Rent", "Invoice 7")


@dataclass(frozen=True, slots=True)
class LaterRequest(PayoutRequest):
    """The request after a deployment that added optional fields."""

    pay_on: str | None = None
    is_urgent: bool = False


def legacy_fingerprint(ask: PayoutRequest) -> str:
    """The fingerprint as it was made while absent fields were hashed as nulls."""
    return hashlib.sha256(json.dumps(asdict(ask), sort_keys=True).encode()).hexdigest()


def payout_of(ask: PayoutRequest) -> Payout:
    return requested_payout(ask, PLACE, "id", "admin", datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


# Rows are stored with these, and are compared with them for seven years: a change of either makes
# the same request with the same key answer 422 after the deployment.
def test_the_fingerprints_of_two_requests_are_what_they_were() -> None:
    assert SPARSE.fingerprint == (
        "6ca07281fd72a24d83292ef7a0f52b37bf7cbfe49cda5f421c112d590b2b3eab"
    )
    assert FULL.fingerprint == ("d5cf2272fd2be8cb85d21cbfa71bac616e447b5bb1949e85b24d8b97a3854caf")


def test_the_fingerprints_from_when_absent_fields_were_hashed_are_still_known() -> None:
    assert legacy_fingerprint(SPARSE) != SPARSE.fingerprint
    assert SPARSE.has_fingerprint(
        "d8128110c54cbd7365419899eb50d2a63476384848e1454ee3227f3a53bc51af"
    )
    assert FULL.has_fingerprint(legacy_fingerprint(FULL))
    assert not SPARSE.has_fingerprint(legacy_fingerprint(FULL))
    assert not FULL.has_fingerprint(legacy_fingerprint(SPARSE))


def test_a_new_optional_field_changes_no_fingerprint_of_a_request_without_it() -> None:
    later = LaterRequest(CUSTOMER, 700)
    assert later.fingerprint == SPARSE.fingerprint
    assert later.has_fingerprint(SPARSE.fingerprint)
    assert later.has_fingerprint(legacy_fingerprint(SPARSE))


def test_a_request_with_a_new_field_is_another_than_the_one_without_it() -> None:
    for later in (
        LaterRequest(CUSTOMER, 700, pay_on="2026-03-09"),
        LaterRequest(CUSTOMER, 700, is_urgent=True),
    ):
        assert later.fingerprint != SPARSE.fingerprint
        assert later.has_fingerprint(later.fingerprint)
        assert not later.has_fingerprint(SPARSE.fingerprint)
        assert not later.has_fingerprint(legacy_fingerprint(SPARSE))


def test_each_field_is_part_of_the_fingerprint() -> None:
    for each in fields(FULL):
        changed = PayoutRequest(**(asdict(FULL) | {each.name: "other"}))
        assert changed.fingerprint != FULL.fingerprint, each.name


def test_a_payout_has_every_field_of_its_request_marked_as_requested() -> None:
    assert requested(payout_of(FULL)).keys() == {each.name for each in fields(PayoutRequest)}


def test_a_payout_has_what_its_request_asks_for_and_can_be_requested_again_from() -> None:
    made = payout_of(SPARSE)
    assert (made.state, made.fingerprint) == (State.QUEUED, SPARSE.fingerprint)
    assert PayoutRequest(**requested(payout_of(FULL))) == FULL
    again = PayoutRequest(**requested(made))
    assert again == PayoutRequest(CUSTOMER, 700, PLACE.destination_id, PLACE.type)
