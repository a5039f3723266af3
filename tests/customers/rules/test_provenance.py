"""Who added a destination and who approved it, as it stands inside its message."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from chalicelib.core.actor import Actor
from chalicelib.core.marks import NOT_PERSONAL
from chalicelib.customers.rules.provenance import (
    Approval,
    Provenance,
    Refusal,
    provenance_in,
    record_of,
    refusal_of,
    refusal_to_verify,
)

AT = datetime(2026, 3, 2, 1, 0, 0, 5, tzinfo=UTC)
LATER = datetime(2026, 3, 3, tzinfo=UTC)
AUTHOR, CHECKER, OTHER = Actor("ann", "ann"), Actor("bob", "bob"), Actor("cy", "cy")


@pytest.mark.parametrize(
    "provenance",
    [
        Provenance(),
        Provenance("ann", AT, "1.abc"),
        Provenance("ann", AT, "1.abc", Approval("bob", LATER)),
        Provenance(None, None, None, Approval("bob", LATER, 100_000)),
    ],
)
def test_what_is_written_is_read(provenance: Provenance) -> None:
    record = record_of(provenance)
    assert all(isinstance(value, str) for value in record.values())
    assert provenance_in({"bsb": "062-000"} | record) == provenance


def test_a_message_from_before_tells_nothing() -> None:
    assert provenance_in({"bsb": "062-000"}) == Provenance()
    assert record_of(Provenance()) == {}


APPROVED = Provenance("ann", AT, "1.abc", Approval("bob", AT, 500))


@pytest.mark.parametrize(
    ("provenance", "by", "cap_cents", "refusal"),
    [
        (Provenance("ann", AT), AUTHOR, None, Refusal.AUTHOR),
        (Provenance("ann", AT), CHECKER, None, None),
        (Provenance("ann", AT), CHECKER, 500, None),
        (Provenance(), AUTHOR, None, None),
        (APPROVED, AUTHOR, 1, Refusal.AUTHOR),
        (APPROVED, CHECKER, None, None),
        (APPROVED, CHECKER, 499, None),
        (APPROVED, CHECKER, 500, None),
        (APPROVED, CHECKER, 501, Refusal.LAST_APPROVER),
        (APPROVED, OTHER, 501, None),
        (Provenance("ann", AT, None, Approval("bob", AT)), CHECKER, 501, None),
    ],
)
def test_who_may_approve(
    provenance: Provenance, by: Actor, cap_cents: int | None, refusal: Refusal | None
) -> None:
    assert refusal_of(provenance, by, cap_cents) is refusal


@pytest.mark.parametrize(
    ("provenance", "by", "refusal"),
    [
        (Provenance("ann", AT), AUTHOR, Refusal.AUTHOR),
        (Provenance("ann", AT), OTHER, None),
        (Provenance(), OTHER, Refusal.AUTHOR_UNKNOWN),
        (APPROVED, AUTHOR, None),
        (Provenance(None, None, None, Approval("bob", AT)), OTHER, None),
    ],
)
def test_who_may_have_it_verified(
    provenance: Provenance, by: Actor, refusal: Refusal | None
) -> None:
    assert refusal_to_verify(provenance, by) is refusal


def test_the_sessions_of_a_role_are_one_author() -> None:
    role = "arn:aws:sts::1:assumed-role/Payer"
    added = Provenance(f"{role}/monday", AT)
    assert refusal_of(added, Actor(f"{role}/friday", role), None) is Refusal.AUTHOR


def test_who_and_which_account_is_no_personal_data_of_the_payee() -> None:
    texts = {each.name: each.metadata for kind in (Approval, Provenance) for each in fields(kind)}
    for name in ("by", "added_by", "account"):
        assert texts[name] == NOT_PERSONAL


def test_there_are_three_reasons_to_refuse() -> None:
    assert [each.value for each in Refusal] == [1, 2, 3]
