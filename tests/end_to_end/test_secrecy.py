"""A customer's details stand in no log, queue, answer about a payout, or row in the clear."""

import json
from collections.abc import Iterator
from typing import Any

from simulator.outcomes import Outcome
from tests.end_to_end.deployed import Deployed, amount_for

NAME = "Planted Namesake"
PAY_ID = "planted.payid@example.com"
ACCOUNT = "271828182"
ACCOUNT_NAME = "Planted Account"


def test_a_customers_details_are_nowhere_in_the_clear(deployed: Deployed) -> None:
    customer_id = deployed.customer(
        {
            "type": "PayId",
            "pay_id": PAY_ID,
            "pay_id_type": "Email",
            "account_name": ACCOUNT_NAME,
        },
        NAME,
    )
    account = {
        "type": "BankAccount",
        "bsb": "062-000",
        "account_number": ACCOUNT,
        "account_name": ACCOUNT_NAME,
    }
    added = deployed.done("POST", f"/customers/{customer_id}/destinations", account)
    order = deployed.order(customer_id, amount_for(Outcome.COMPLETED))
    rejected = deployed.order(customer_id, amount_for(Outcome.REJECTED))
    for asked, method, end in (
        (order, "PayId", "Completed"),
        (rejected, "BankAccount", "Failed"),
    ):
        payout = deployed.done("POST", "/payouts", asked | {"payout_method": method})
        shown = deployed.settled(payout["transaction_id"], end)
        assert planted(json.dumps(shown, default=str)) == []
    assert ACCOUNT not in json.dumps(added)
    # Monoova received all of it.
    received = deployed.simulator("GET", "/simulator/received")["received"]
    assert {PAY_ID, ACCOUNT, ACCOUNT_NAME} <= set(planted(json.dumps(received, default=str)))
    found = {where: planted(text) for where, text in everything_kept(deployed)}
    assert {where: names for where, names in found.items() if names} == {}
    assert {"TransactionsTableName", "CustomersTableName"} <= found.keys()


def planted(text: str) -> list[str]:
    secrets = (NAME, PAY_ID, ACCOUNT, ACCOUNT_NAME)
    return [secret for secret in secrets if secret.lower() in text.lower()]


def everything_kept(deployed: Deployed) -> Iterator[tuple[str, str]]:
    """All that the product wrote anywhere, by the place it is kept in."""
    for name in ("Transactions", "Customers", "Controls", "Records"):
        table = f"{name}TableName"
        items: list[Any] = deployed.dynamodb.scan(TableName=deployed.stack.outputs[table])["Items"]
        yield table, "\n".join(str(item) for item in items)
    for queue in ("PayoutQueue", "WebhookQueue", "ParkedQueue"):
        yield queue, "\n".join(deployed.lying_in(queue))
    logs: dict[str, list[str]] = {}
    for group, message in deployed.logged():
        logs.setdefault(group, []).append(message)
    for group, messages in logs.items():
        yield group, "\n".join(messages)
