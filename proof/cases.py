"""`python -m proof.cases`: short cases, each of one fault that a simulated day seldom shows.

A case is a flow as those of the crash points are, without a crash: what is prepared, what is done,
and what clients do later. The checker judges it as it judges a day.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from proof.checker.reading import read_run
from proof.checker.verdict import violations_in
from proof.conditions import Conditions
from proof.crash_points import Flow, Scenario, played
from proof.result import Result
from simulator.outcomes import Fate, News, Plan

_LOOKS: Final = 6
_SOME: Final = 6
_RETURN_SECONDS: Final = 1800.0


def _ruled(scenario: Scenario, settings: Mapping[str, str]) -> None:
    scenario.system.history.add("rules", **Conditions(settings=settings).rules)


# --- what Monoova says of a payee


def _rejected_in_silence(scenario: Scenario) -> None:
    scenario.plan(Plan(fate=Fate.REJECTED, news=News.LOST))
    scenario.pay()


def _reason_with_payee(scenario: Scenario) -> None:
    scenario.does(lambda: scenario.traffic.announce_reason_with_payee(scenario.transaction_id))
    scenario.wait(60)


# --- news that nothing proves


def _unsigned_rejection(scenario: Scenario) -> None:
    """Who knows the secret of the header, and cannot sign, says that a paid payout was not."""
    reference = scenario.transaction_id
    scenario.system.history.add("lie", reference=reference, channel="unsigned")
    scenario.webhook(status="Rejected", is_signed=False)


def _paid_without_news(scenario: Scenario) -> None:
    scenario.plan(Plan(news=News.LOST))
    scenario.pay()


def _said_to_be_back(scenario: Scenario) -> None:
    """Monoova says, and signs, that the money came back; its books never have it."""
    scenario.system.monoova.behave(return_without_credit=True)
    scenario.plan(Plan(fate=Fate.RETURNED))
    scenario.pay()
    scenario.wait(_RETURN_SECONDS)


def _retried(scenario: Scenario) -> None:
    scenario.post(f"/payouts/{scenario.transaction_id}/retry", {})


def _lied_about_returns(scenario: Scenario) -> None:
    for payment in scenario.system.monoova.payments:
        if payment.plan.fate is Fate.RETURNED:
            scenario.system.history.add("lie", reference=payment.reference, channel="signed")


# --- records that another hand has changed


def _details_copied(scenario: Scenario) -> None:
    """The sealed details of one payee stand in the record of another."""
    # Of the same type as that of the first customer.
    scenario.does(lambda: scenario.traffic.register(3))
    scenario.does(scenario.traffic.tamper)


def _both_are_paid(scenario: Scenario) -> None:
    for customer in scenario.traffic.customers:
        body = {"customer_id": customer.customer_id, "amount": "80.00", "description": "Order"}
        scenario.post("/payouts", body, f"order-{customer.destination_id}")


# --- limits

_PER_ACCOUNT: Final = {"LIMIT_PER_DESTINATION_AUD_PER_DAY": "100"}


def _pay_there(scenario: Scenario, key: str) -> None:
    customer = scenario.customer
    body = {
        "customer_id": customer.customer_id,
        "destination_id": customer.destination_id,
        "amount": "80.00",
        "description": f"Order {key}",
    }
    scenario.post("/payouts", body, key)


def _paid_up_to_the_limit(scenario: Scenario) -> None:
    _ruled(scenario, _PER_ACCOUNT)
    _pay_there(scenario, "order-1")


def _same_account_again(scenario: Scenario) -> None:
    """The account stands once more under its customer, and is paid there."""
    customer = scenario.customer
    scenario.does(lambda: scenario.traffic.add_destination(customer, is_same=True))
    _pay_there(scenario, "order-2")


# --- Monoova half up


def _questions_fail(scenario: Scenario) -> None:
    """Monoova takes every payout, and answers no question of how the earlier ones stand."""
    scenario.system.history.add("fault", what="questions fail")
    scenario.system.network.failing = frozenset({"status", "financials"})
    for number in range(_SOME):
        scenario.plan(Plan(fate=Fate.PENDING_FOREVER, news=News.LOST))
        scenario.pay(key=f"before-{number}")
    for _ in range(_LOOKS):
        scenario.wait(60)
        scenario.reconcile()


def _pay_meanwhile(scenario: Scenario) -> None:
    scenario.pay(key="meanwhile")


def _questions_are_answered(scenario: Scenario) -> None:
    scenario.system.network.failing = frozenset()
    scenario.system.history.add("fault", what="questions are answered")


CASES: Final = (
    Flow("a reason that names the payee", "api", _reason_with_payee, _rejected_in_silence),
    Flow("an unsigned rejection", "api", _unsigned_rejection, _paid_without_news),
    Flow(
        "a return without its credit",
        "api",
        _retried,
        _said_to_be_back,
        afterwards=_lied_about_returns,
    ),
    Flow("details copied into another record", "api", _both_are_paid, _details_copied),
    Flow(
        "an account that stands in two destinations",
        "api",
        _same_account_again,
        _paid_up_to_the_limit,
        _PER_ACCOUNT,
    ),
    Flow(
        "only questions fail",
        "api",
        _pay_meanwhile,
        _questions_fail,
        afterwards=_questions_are_answered,
    ),
)


def judged(case: Flow, folder: Path) -> list[str]:
    """Plays one case to its end; the checker's violations."""
    played(case, None).save(folder)
    return violations_in(read_run(folder))


def main() -> int:
    """Plays all of them."""
    violations = 0
    with TemporaryDirectory() as folder:
        for case in CASES:
            found = judged(case, Path(folder))
            violations += len(found)
            print(f"{case.name}: {', '.join(found) or 'held'}")
    print(f"{len(CASES)} cases, {violations} violations")
    Result(cases=len(CASES), violations=violations).write()
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
