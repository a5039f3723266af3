"""Destinations in full, as an approver has to see them: each look is recorded under their name."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from payoutctl.exits import Exit, Failure
from payoutctl.output import whole_seconds
from payoutctl.session import Session

# As many as the API shows and approves at once.
MOST_AT_ONCE: Final = 50


def say_revealed(session: Session, named: Sequence[Mapping[str, str]]) -> str:
    """Shows destinations (`customer_id`, `destination_id`); the digest to approve them with."""
    shown = session.api.post("/destinations/reveal", {"destinations": list(named)})
    for each in shown["items"]:
        _say(session, each)
    return str(shown["digest"])


def say_place_of(session: Session, payout: Mapping[str, Any]) -> str | None:
    """Shows where a payout goes; None for a destination that is gone: it cannot be paid."""
    try:
        return say_revealed(session, [named_by(payout)])
    except Failure as failure:
        if failure.ends is not Exit.NOT_FOUND:
            raise
        session.out.say("  its destination was removed, or its customer erased: reject it")
        return None


def named_by(row: Mapping[str, Any]) -> dict[str, str]:
    """A destination as the API wants it named."""
    return {name: row[name] for name in ("customer_id", "destination_id")}


def _say(session: Session, each: Any) -> None:
    place, say = each["destination"], session.out.say
    say(f"  customer      {each['customer_name']} ({each['customer_id']})")
    say(f"  account       {_account(place)}, in the name of {place['account_name']}")
    added_at = f" at {whole_seconds(place['added_at'])}" if place["added_at"] else ""
    say(f"  added by      {place['added_by'] or 'not known'}{added_at}")
    if place["approved_by"]:
        say(f"  approved by   {place['approved_by']} at {whole_seconds(place['approved_at'])}")
    else:
        say("  approved by   no other person yet")
    if place["cap"] is not None:
        say(f"  open for      A${place['cap']} a day")
    if place["asked_cap"] is not None:
        asked_by = place["asked_cap_by"]
        say(f"  to be raised  to A${place['asked_cap']} a day, by {asked_by}: another confirms")
    others = ", ".join(other["masked"] for other in each["others"])
    say(f"  others        {others or 'the customer has no other destination'}")
    for owner in each["also_named_by"]:
        is_own = owner["customer_id"] == each["customer_id"]
        whose = "this customer" if is_own else f"ANOTHER customer, {owner['customer_id']}"
        say(f"  same account  destination {owner['destination_id']} of {whose}")
    if not each["also_named_by"]:
        say("  same account  seen in no other destination")


def _account(place: Any) -> str:
    if place["pay_id"] is not None:
        return f"PayID {place['pay_id']}"
    return f"BSB {place['bsb']}, number {place['account_number']}"
