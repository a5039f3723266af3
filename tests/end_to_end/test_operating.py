"""An operator's work when something is wrong, against the deployed product."""

import json
import uuid

import pytest

from tests.end_to_end.deployed import Deployed, until


def test_sending_is_paused_and_resumed_by_hand_and_shows_who_did_it(deployed: Deployed) -> None:
    paused = deployed.done("POST", "/sending/pause", {"reason": "a drill"})
    try:
        assert paused["status"] == "Paused"
        waiting = deployed.paid()["transaction_id"]
        assert deployed.payout(waiting)["status"] == "Queued"
    finally:
        resumed = deployed.done("POST", "/sending/resume", {})
    assert resumed["status"] == "Open"
    assert resumed["last_switch"]["by"] == paused["paused_by"]
    deployed.settled(waiting, "Completed", by_asking=lambda: deployed.make_due(waiting))


def test_a_dead_letter_is_found_by_its_payout_and_replayed_or_dropped(deployed: Deployed) -> None:
    ours, other = str(uuid.uuid4()), str(uuid.uuid4())
    event = {"kind": "Rejected", "amount_cents": 1}
    deployed.put("ParkedQueue", *(json.dumps(event | {"reference": one}) for one in (ours, other)))

    def letters() -> dict[str, str]:
        found = deployed.done("GET", "/dead-letters")["items"]
        return {each["transaction_id"]: each["message_id"] for each in found}

    until(lambda: letters().keys() >= {ours, other}, what="both dead letters")
    known = letters()
    replayed = deployed.done("POST", f"/dead-letters/{known[ours]}/replay", {})
    assert replayed["transaction_id"] == ours
    assert deployed.call("DELETE", f"/dead-letters/{known[other]}").status_code == 204
    assert not letters().keys() & {other}


@pytest.mark.parametrize(
    ("path", "start"),
    [("/docs", "<!doctype html>"), ("/docs/docs.js", '"use strict"'), ("/openapi.json", "{")],
)
def test_the_pages_need_no_login(deployed: Deployed, path: str, start: str) -> None:
    answer = deployed.call("GET", path, token=None)
    assert answer.status_code == 200
    assert answer.text.startswith(start)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    tag = answer.headers["ETag"]
    again = deployed.call("GET", path, token=None, headers={"If-None-Match": tag})
    assert (again.status_code, again.text) == (304, "")
