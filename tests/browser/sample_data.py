"""Sample data for the console's pages: some days of payouts, one of each outcome."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.browser.users import OPERATOR
from tests.world import Caller, World, as_admin

_SYDNEY: Final = ZoneInfo("Australia/Sydney")
_DAYS: Final = 4
_NAMES: Final = ("Jo Citizen", "Alex Nguyen", "Sam O'Connor", "Priya Sharma", "Lee Wong")
_PAID: Final = ("125.50", "80.00", "410.25", "64.90")


@dataclass(frozen=True, slots=True)
class SampleData:
    """Payouts by outcome; `customer_id` is of one who can be paid again.

    `reported` is the day, Sydney's, of the only daily report.
    """

    customer_id: str
    completed: str
    failed: str
    pending: str
    review: str
    reported: str


def add_sample_data(world: World) -> SampleData:
    """Makes some days of payouts, up to this moment."""
    now = datetime.now(UTC)
    _until(world, now - timedelta(days=_DAYS))
    operator = as_admin(world.app, OPERATOR.sub)
    customers = [_registered(operator, name, number) for number, name in enumerate(_NAMES)]
    for day in range(_DAYS):
        for customer, amount in zip(customers, _PAID[day % 3 :] + _PAID[: day % 3], strict=False):
            _requested(operator, customer, amount, f"Invoice {1001 + day}")
        world.later(300)
        world.minutes(1)
        _until(world, now - timedelta(days=_DAYS - day - 1, minutes=10))
    world.monoova.receive(Decimal("25000.00"))
    outcomes = _outcomes(world, operator, customers)
    _until(world, now)
    answer = operator.post(f"/reports/daily/{outcomes.reported}")
    assert answer.status == 200, answer.text
    return outcomes


def _outcomes(world: World, operator: Caller, customers: list[str]) -> SampleData:
    """One payout of each outcome, a few minutes ago. The cents choose what Monoova does."""
    completed = _requested(operator, customers[0], "250.00", "Invoice 1010")
    failed = _requested(operator, customers[1], "7.03", "Invoice 1011")
    review = _requested(operator, customers[2], "7.43", "Invoice 1012")
    world.later(200)
    world.minutes(2)
    pending = _requested(operator, customers[3], "7.04", "Invoice 1013")
    yesterday = (world.clock() - timedelta(days=1)).astimezone(_SYDNEY).date().isoformat()
    return SampleData(customers[0], completed, failed, pending, review, yesterday)


def _registered(operator: Caller, name: str, number: int) -> str:
    first = name.split()[0].lower()
    destination: dict[str, Any] = {
        "type": "PayId",
        "pay_id": f"{first}@example.com",
        "pay_id_type": "Email",
        "account_name": name,
    }
    if number % 2:
        destination = {
            "type": "BankAccount",
            "bsb": "062-000",
            "account_number": f"1234567{number}",
            "account_name": name,
        }
    body = {"name": name, "email": f"{first}@example.com", "destination": destination}
    answer = operator.post("/customers", body)
    assert answer.status == 201, answer.text
    return str(answer.json["customer_id"])


def _requested(operator: Caller, customer_id: str, amount: str, reference: str) -> str:
    body = {"customer_id": customer_id, "amount": amount, "lodgement_reference": reference}
    answer = operator.post("/payouts", body)
    assert answer.status == 202, answer.text
    return str(answer.json["transaction_id"])


def _until(world: World, moment: datetime) -> None:
    world.later(max(0.0, (moment - world.clock()).total_seconds()))
