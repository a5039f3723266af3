"""Commands that call Monoova: subscriptions, missed webhooks, and the check of the key."""

from typing import Any, Final

import pytest

from chalicelib.core.stage_class import HOSTS
from payoutctl.exits import Exit
from payoutctl.webhooks import EVENTS
from simulator.monoova import API_KEY
from tests.payoutctl.terminal import Terminal

LIVE: Final = {"environment": "live", "baseUrl": HOSTS["live"]}

NEW_SECRET = "new-one-of-24-characters"


def at_prod(terminal: Terminal) -> Terminal:
    return Terminal(terminal.server, terminal.home, more={"STAGE": "prod"})


def logins(terminal: Terminal) -> int:
    return sum(1 for call in terminal.world.monoova.calls if "/public/" not in call.path)


def test_each_event_is_subscribed_to_its_own_url_and_updated_when_it_exists(
    terminal: Terminal,
) -> None:
    kept = f"{NEW_SECRET},old-one-of-24-characters"
    terminal.world.store_secret(API_KEY, **LIVE, webhookSecret=kept)
    terminal = at_prod(terminal)
    said = terminal("webhooks", "subscribe", typed="y\n")
    assert "This asks Monoova directly (live, https://api.mpay.com.au)." in said.stderr
    listed = {row["event"]: row for row in terminal.json("webhooks", "list")["items"]}
    for event in EVENTS:
        assert listed[event]["url"] == f"{terminal.server.url}/webhooks/monoova/{event}"
        assert listed[event]["status"] == "On"
    again = terminal.json("webhooks", "subscribe", "--event", "NppReturn", "--yes")
    assert [row["was"] for row in again["items"]] == ["updated"]
    assert "new-one" not in said.output
    terminal.world.store_secret(API_KEY)
    terminal.world.restart()
    terminal.world.paid()
    terminal.world.later(300)
    assert terminal.world.monoova.notifications[-1].token == f"Bearer {NEW_SECRET}"


def test_without_a_webhook_secret_nothing_is_subscribed(terminal: Terminal) -> None:
    refused = at_prod(terminal)("webhooks", "subscribe", "--yes", ends=Exit.REFUSED)
    assert "webhookSecret" in refused.stderr


def test_what_is_subscribed_and_where_to_is_shown_and_done_after_a_yes_only(
    terminal: Terminal,
) -> None:
    terminal.world.store_secret(API_KEY, **LIVE, webhookSecret="a-secret-of-24-characters")
    before = terminal.json("webhooks", "list")["items"]
    words = ("webhooks", "subscribe", "--event", "NppReturn")
    declined = at_prod(terminal).run(*words, typed="n\n")
    assert declined.exit_code == Exit.REFUSED
    for shown in ("live", f"{terminal.server.url}/webhooks/monoova/<event>", "NppReturn"):
        assert shown in declined.stderr
    assert terminal.json("webhooks", "list")["items"] == before


def test_only_prod_takes_the_webhooks_of_the_live_account(terminal: Terminal) -> None:
    terminal.world.store_secret(API_KEY, **LIVE, webhookSecret="a-secret-of-24-characters")
    before = logins(terminal)
    refused = terminal("webhooks", "subscribe", "--yes", ends=Exit.REFUSED)
    assert "live account" in refused.stderr
    assert logins(terminal) == before


def test_a_variable_that_is_left_over_does_not_lend_a_profile_another_s_key(
    terminal: Terminal,
) -> None:
    file = terminal.home / "config" / "payoutctl" / "other.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f'api_url = "{terminal.server.url}"\nstage = "other"\n')
    before = len(terminal.world.monoova.calls)
    lost = terminal("--profile", "other", "key", "check", ends=Exit.NOT_ALLOWED)
    assert "Monoova's secret" in lost.stderr
    assert len(terminal.world.monoova.calls) == before


def test_missed_webhooks_are_reported_and_requested_again(terminal: Terminal) -> None:
    world = terminal.world
    world.webhooks_arrive = False
    transaction_id = world.paid()
    world.later(300)
    world.webhooks_arrive = True
    day = world.clock().date().isoformat()
    missed = terminal.json("webhooks", "report", day, "--missed")["items"]
    assert [row["status"] for row in missed] == ["Error"]
    assert str(missed[0]["webhook_id"]) in terminal("webhooks", "report").stdout
    assert terminal.json("webhooks", "resend", "--missed", day) == {
        "resent": [str(missed[0]["webhook_id"])]
    }
    world.later(60)
    assert world.state(transaction_id)[0] == "Completed"
    terminal("webhooks", "resend", str(missed[0]["webhook_id"]))
    terminal("webhooks", "resend", ends=Exit.USAGE)
    terminal("webhooks", "report", "../list", ends=Exit.USAGE)


def test_the_key_is_checked_with_one_login(terminal: Terminal) -> None:
    terminal.world.store_secret(API_KEY, environment="sandbox")
    before = logins(terminal)
    assert terminal.json("key", "check")["key"] == "accepted"
    assert logins(terminal) == before + 1
    assert "accepted" in terminal("key", "check").stdout


def test_a_key_that_is_refused_is_not_tried_again(terminal: Terminal) -> None:
    terminal.world.store_secret("an-old-key", environment="sandbox")
    before = logins(terminal)
    refused = terminal.json("key", "check", ends=Exit.CHECK_FAILED)
    assert refused["key"] == "refused"
    assert logins(terminal) == before + 1


def test_the_key_is_not_shown_to_another_environment(terminal: Terminal) -> None:
    terminal.world.store_secret(API_KEY, environment="live")
    before = logins(terminal)
    refused = terminal("key", "check", ends=Exit.CHECK_FAILED)
    assert "the key was not tried" in refused.stderr
    assert logins(terminal) == before


def test_a_refused_login_ends_a_command_that_calls_monoova(terminal: Terminal) -> None:
    terminal.world.monoova.rotate_key("another-key")
    before = logins(terminal)
    refused = terminal("webhooks", "list", ends=Exit.NOT_ALLOWED)
    assert "Do not try again" in refused.stderr
    assert logins(terminal) == before + 1


@pytest.mark.parametrize("secret", ["", "no-such-secret"])
def test_a_missing_secret_is_reported(terminal: Terminal, secret: str) -> None:
    more: dict[str, Any] = {"MONOOVA_API_SECRET_ARN": secret}
    lost = Terminal(terminal.server, terminal.home, more=more)
    assert "Monoova's secret" in lost("key", "check", ends=Exit.NOT_ALLOWED).stderr
