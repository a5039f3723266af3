"""Who added a destination and who approved it, as it stands inside its message."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from chalicelib.core.actor import Actor
from chalicelib.core.marks import NOT_PERSONAL
from chalicelib.customers.rules.provenance import (
    Approval,
    AskedCap,
    Provenance,
    Refusal,
    provenance_in,
    record_of,
    refusal_of,
    refusal_to_verify,
    with_cap,
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
        Provenance("ann", AT, "1.abc", Approval("bob", AT, 5, AskedCap("cy", LATER, 100_000))),
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
    ("provenance", "by", "refusal"),
    [
        (Provenance("ann", AT), AUTHOR, Refusal.AUTHOR),
        (Provenance("ann", AT), CHECKER, None),
        (Provenance(), AUTHOR, None),
        (APPROVED, AUTHOR, Refusal.AUTHOR),
        (APPROVED, CHECKER, None),
    ],
)
def test_who_may_approve(provenance: Provenance, by: Actor, refusal: Refusal | None) -> None:
    assert refusal_of(provenance, by) is refusal


SET = Approval("bob", AT, 500)
ASKED = Approval("bob", AT, 500, AskedCap("cy", AT, 900))


@pytest.mark.parametrize(
    ("before", "cap_cents", "by", "after"),
    [
        (SET, 499, CHECKER, Approval("bob", LATER, 499)),
        (SET, 500, OTHER, Approval("cy", LATER, 500)),
        (SET, 501, OTHER, Approval("bob", AT, 500, AskedCap("cy", LATER, 501))),
        (SET, 501, CHECKER, Approval("bob", AT, 500, AskedCap("bob", LATER, 501))),
        (Approval("bob", AT), 501, OTHER, Approval("cy", LATER, 501)),
        (ASKED, 900, OTHER, Approval("bob", AT, 500, AskedCap("cy", LATER, 900))),
        (ASKED, 800, OTHER, Approval("bob", AT, 500, AskedCap("cy", LATER, 800))),
        (ASKED, 900, CHECKER, Approval("bob", LATER, 900)),
        (ASKED, 501, CHECKER, Approval("bob", LATER, 501)),
        (ASKED, 901, CHECKER, Approval("bob", AT, 500, AskedCap("bob", LATER, 901))),
        (ASKED, 500, CHECKER, Approval("bob", LATER, 500)),
        (ASKED, 400, OTHER, Approval("cy", LATER, 400)),
    ],
)
def test_a_cap_is_lowered_by_one_and_raised_by_two(
    before: Approval, cap_cents: int, by: Actor, after: Approval
) -> None:
    assert with_cap(before, cap_cents, by, LATER) == after


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
    assert refusal_of(added, Actor(f"{role}/friday", role)) is Refusal.AUTHOR


def test_who_and_which_account_is_no_personal_data_of_the_payee() -> None:
    texts = ((Approval, "by"), (AskedCap, "by"), (Provenance, "added_by"), (Provenance, "account"))
    for kind, name in texts:
        [found] = (each for each in fields(kind) if each.name == name)
        assert found.metadata == NOT_PERSONAL


def test_there_are_two_reasons_to_refuse() -> None:
    assert [each.value for each in Refusal] == [1, 2]
