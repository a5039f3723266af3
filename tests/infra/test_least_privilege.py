"""Each function may do what it does, and nothing else: the policy files against the running app."""

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any, Final

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from chalicelib.control.seals import KEY_ID as SEALS_KEY
from proof.lambda_events import load_app
from tests.infra import call_sites
from tests.infra.call_sites import Site, sites_in
from tests.infra.grants import POLICIES, Right, differences, granted_by, statements_of
from tests.infra.reach import HANDED_OVER, Source
from tests.infra.simulated_runs import Seen, all_scenarios_run

# What Lambda does itself, with the function's role. AWS's own managed policies say what it needs;
# `logs:CreateLogGroup` is not among ours because infra/ makes the log groups.
# ChangeMessageVisibility is not needed: the developer guides of SQS and Lambda ask for these
# three, and the managed policy has no more.
_LOGS: Final = "AWSLambdaBasicExecutionRole"
_TRACES: Final = "AWSXRayDaemonWriteAccess"
_QUEUE: Final = "AWSLambdaSQSQueueExecutionRole"
LAMBDAS_OWN: Final = {
    "logs:CreateLogStream": _LOGS,
    "logs:PutLogEvents": _LOGS,
    "xray:PutTelemetryRecords": _TRACES,
    "xray:PutTraceSegments": _TRACES,
    "sqs:DeleteMessage": _QUEUE,
    "sqs:GetQueueAttributes": _QUEUE,
    "sqs:ReceiveMessage": _QUEUE,
}
_MADE_BY: Final = {_LOGS: "${FunctionLogsArn}", _TRACES: "*"}

# Calls that no function makes, each with its reason.
NOT_A_FUNCTIONS: Final = {
    # For people who hold one of Monoova's statements, with rights of their own.
    Site("chalicelib/payouts/store/payouts.py", "Payouts.find_by_reference", "dynamodb.Query"),
}
# What the source leads to and the rules never do, each with its reason.
# tests/payouts/rules/test_news.py: test_no_news_says_that_a_payout_was_not_sent
_NEWS: Final = "Monoova's news and books end no payout as unsent: nothing is given back to a sum"
# chalicelib/payouts/seal_payouts.py: PayoutSeals.flaw
_SEALS: Final = "The daily run checks seals by the key there is: it seals nothing, makes no key"
NEVER_BY: Final = {
    "take_up_webhook_events": {"Payouts._commit_giving_back": _NEWS},
    "reconcile_daily": {
        "Payouts._commit_giving_back": _NEWS,
        "StoredKey._made": _SEALS,
        "StoredKey._stored_first": _SEALS,
        "Vault.seal": _SEALS,
    },
}

TRANSACTIONS: Final = "${TransactionsTableArn}"
FUNCTIONS: Final = sorted(POLICIES)


@pytest.fixture(scope="module")
def seen() -> Seen:
    """What all simulated runs saw. The app's log goes nowhere."""
    with redirect_stdout(io.StringIO()):
        return all_scenarios_run()


@pytest.fixture(scope="module")
def source() -> Source:
    """The app's code."""
    return Source()


@pytest.fixture(scope="module")
def queues() -> dict[str, str]:
    """The queue that each queue's function reads, as app.py says it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PAYOUT_QUEUE_ARN", "WEBHOOK_QUEUE_ARN"):
            patch.setenv(name, "${" + name.title().replace("_", "") + "}")
        sources = load_app().app.event_sources
    return {source.name: source.queue_arn for source in sources if hasattr(source, "queue_arn")}


@pytest.fixture(scope="module")
def needed(seen: Seen, queues: Mapping[str, str]) -> dict[str, set[Right]]:
    """What each function uses, and what Lambda does for it."""
    return {
        function: seen.rights[function] | lambdas_own(queues.get(function))
        for function in FUNCTIONS
    }


def lambdas_own(queue: str | None) -> set[Right]:
    resources = _MADE_BY | ({_QUEUE: queue} if queue else {})
    return {
        Right(action, resources[source])
        for action, source in LAMBDAS_OWN.items()
        if source in resources
    }


# --- the policies


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_granted_what_it_uses_and_no_more(
    function: str, needed: dict[str, set[Right]]
) -> None:
    policy = POLICIES[function]
    assert differences(policy, granted_by(statements_of(policy)), needed[function]) == []


def test_the_key_serves_only_the_context_that_the_app_gives(seen: Seen) -> None:
    """What the Encryption SDK adds of itself would be seen here, and is refused."""
    (keys,) = seen.context_keys  # the same in all calls
    conditions = [
        statement.get("Condition")
        for policy in POLICIES.values()
        for statement in statements_of(policy)
        if any(action.startswith("kms:") for action in statement["Action"])
    ]
    # Of a call without any context, "for all values" would be true.
    allowed = {
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": sorted(keys)},
        "Null": {"kms:EncryptionContextKeys": "false"},
    }
    for_seals = allowed | {"StringEquals": {"kms:EncryptionContext:purpose": SEALS_KEY}}
    assert [each for each in conditions if each != for_seals] == [allowed] * 3
    assert for_seals in conditions


def test_the_daily_run_opens_the_key_of_seals_and_no_customers_data() -> None:
    (statement,) = [
        each
        for each in statements_of(POLICIES["reconcile_daily"])
        if "kms:Decrypt" in each["Action"]
    ]
    assert statement["Condition"]["StringEquals"] == {"kms:EncryptionContext:purpose": SEALS_KEY}


@pytest.mark.parametrize("action", LAMBDAS_OWN)
def test_what_lambda_does_itself_is_in_aws_own_policy_for_it(action: str) -> None:
    (statement,) = _managed(LAMBDAS_OWN[action])["Statement"]
    assert action in statement["Action"]


def _managed(policy: str) -> dict[str, Any]:
    """One of AWS's own policies, of which moto carries copies."""
    data = aws_managed_policies_data
    known: dict[str, Any] = json.loads(data) if isinstance(data, str) else data
    document: dict[str, Any] = known[policy]["Document"]
    return document


# --- that the runs saw everything


def test_every_call_of_aws_in_the_code_was_seen_in_a_run(seen: Seen) -> None:
    assert set().union(*seen.sites.values()) == sites_in() - NOT_A_FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_that_a_function_may_come_to_was_seen_in_its_runs(
    function: str, seen: Seen, source: Source
) -> None:
    """A branch that no run has reached would be refused in production, when it is rarely needed."""
    roots = source.routes() if function == "api_handler" else [function]
    reached = source.reached_from(*roots)
    reached -= NEVER_BY.get(function, {}).keys()
    assert seen.sites[function] == {site for site in sites_in() if site.function in reached}


def test_what_a_function_is_handed_over_in_a_field_is_known(source: Source) -> None:
    assert source.holds_a_function == HANDED_OVER.keys()


def test_every_route_was_called(seen: Seen) -> None:
    routes = load_app().app.routes
    assert seen.routes == {(method, path) for path, methods in routes.items() for method in methods}


def test_every_function_ran(seen: Seen) -> None:
    assert sorted(seen.rights) == FUNCTIONS


def test_clients_are_made_in_one_place_and_go_where_their_calls_are_read() -> None:
    assert call_sites.makers_of_clients() == {"chalicelib/container.py"}
    classes = {site.function.split(".")[0] for site in sites_in()} - {"Vault"}
    assert call_sites.wired_with_a_client() == classes


# --- that a change by hand is noticed


def granting(*rights: Right) -> list[Right]:
    """What a policy grants that has a statement for each of these."""
    return granted_by(
        {"Sid": "ByHand", "Effect": "Allow", "Action": [right.action], "Resource": right.resource}
        for right in rights
    )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_grant_that_is_taken_away_is_named(
    function: str, needed: dict[str, set[Right]]
) -> None:
    for right in needed[function]:
        found = differences("policy", granting(*needed[function] - {right}), needed[function])
        assert found == [f"policy does not grant {right}, which is used"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_grant_that_is_added_is_named(function: str, needed: dict[str, set[Right]]) -> None:
    tempting = {
        Right("dynamodb:Scan", TRANSACTIONS),
        Right("dynamodb:DeleteItem", TRANSACTIONS),
        Right("dynamodb:*", TRANSACTIONS),
        Right("dynamodb:Query", f"{TRANSACTIONS}/index/*"),
        Right("dynamodb:Query", f"{TRANSACTIONS}/index/unique-reference-index"),
        Right("kms:Encrypt", "${CustomerDataKeyArn}"),
        Right("sqs:ChangeMessageVisibility", "${WebhookQueueArn}"),
        Right("logs:CreateLogGroup", "${FunctionLogsArn}"),
    }
    of_others = set[Right]().union(*needed.values()) - needed[function]
    for right in tempting | of_others:
        found = differences("policy", granting(*needed[function], right), needed[function])
        assert found == [f"policy grants {right}, which nothing uses"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_grant_that_is_written_twice_is_named(
    function: str, needed: dict[str, set[Right]]
) -> None:
    for right in needed[function]:
        found = differences("policy", granting(*needed[function], right), needed[function])
        assert found == [f"policy grants {right} twice"]


def test_a_denial_is_not_taken_for_a_grant() -> None:
    denial = {"Sid": "No", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    with pytest.raises(AssertionError, match="No"):
        granted_by([denial])
