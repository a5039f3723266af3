"""The dead-letter queue: messages that failed five times are listed, replayed and dropped."""

import json

from playwright.sync_api import Request, expect

from tests.app_server import AppServer
from tests.browser.console import Console
from tests.browser.sample_data import SampleData
from tests.browser.users import OPERATOR


def dead_letter(server: AppServer, transaction_id: str) -> None:
    world = server.world
    with server.lock:
        customer_id = world.payout(transaction_id)["customer_id"]
        body = {"transaction_id": transaction_id, "customer_id": customer_id}
        url = world.environment["PARKED_QUEUE_URL"]
        world.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))


def _lists_messages(sent: Request) -> bool:
    return sent.method == "GET" and sent.url.endswith("/dead-letters")


def test_a_dead_letter_is_replayed_and_another_dropped(
    console: Console, server: AppServer, sample: SampleData
) -> None:
    dead_letter(server, sample.completed)
    dead_letter(server, sample.failed)
    page = console.page
    looks: list[str] = []
    page.on("request", lambda sent: looks.append(sent.url) if _lists_messages(sent) else None)
    console.sign_in(OPERATOR)
    expect(page.get_by_role("link", name="Dead letters 2 waiting").first).to_be_visible()
    # Listing hides them from other readers for a moment: the frame only asks how many there are.
    for _ in range(3):
        page.evaluate("dispatchEvent(new Event('payouts-changed'))")
    console.go("/payouts")
    assert looks == []
    console.go("/dead-letters")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    console.shoot("light/dead-letters-waiting")
    assert console.violations() == []
    rows.first.get_by_role("button", name="Replay").click()
    console.confirm("Replay")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("button", name="Drop").click()
    console.confirm("Drop")
    expect(page.get_by_text("No dead letters")).to_be_visible()
