"""CloudFormation, as `make infra` and `make deploy` use it: what was shown is done, and no more."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest

from tools.deploy.deployment import DeclinedError, Deployment
from tools.deploy.errors import DeployError
from tools.deploy.stacks import Plan, Stacks
from tools.devstack.stack import Stack

SECRETS: Final = {
    "MonoovaApiKey": "key-of-this-stage",
    "MonoovaWebhookSecret": "said-by-monoova-1-of-the-stacks",
}
NewDeployment = Callable[..., Deployment]


@dataclass
class Asked:
    """A person who is shown each change, and says yes by default."""

    says_yes: bool = True
    shown: list[Plan] = field(default_factory=list)
    # Looked at while the question stands.
    sees: Callable[[], object] = lambda: None
    seen: list[object] = field(default_factory=list)

    def __call__(self, plan: Plan) -> bool:
        self.shown.append(plan)
        self.seen.append(self.sees())
        return self.says_yes


def never_asks(name: str) -> str:
    raise AssertionError(f"{name} was requested")


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def new_stage(stack: Stack, asked: Asked) -> Iterator[NewDeployment]:
    """A stage that is not there yet, beside the one that the other tests use."""
    name = f"t{uuid.uuid4().hex[:8]}"
    usual = stack.deployment(ask=asked)

    def deployment(*, account: str = "", **infra: str) -> Deployment:
        wanted = {**usual.stage.infra, **infra}
        return replace(usual, stage=replace(usual.stage, name=name, account=account, infra=wanted))

    yield deployment
    stack.client("cloudformation").delete_stack(StackName=deployment().stage.infra_stack)


def tables(stack: Stack) -> list[str]:
    found: list[str] = stack.client("dynamodb").list_tables()["TableNames"]
    return found


def secret_of(stack: Stack, outputs: Mapping[str, str]) -> dict[str, str]:
    client = stack.client("secretsmanager")
    text = client.get_secret_value(SecretId=outputs["MonoovaSecretArn"])["SecretString"]
    found: dict[str, str] = json.loads(text)
    return found


# --- a stage's infrastructure


def test_a_stage_is_shown_whole_before_any_of_it_is_made(
    stack: Stack, asked: Asked, new_stage: NewDeployment
) -> None:
    deployment = new_stage()
    asked.sees = lambda: tables(stack)
    outputs = deployment.infrastructure(SECRETS.__getitem__)
    (plan,) = asked.shown
    assert (plan.stack, plan.is_new) == (deployment.stage.infra_stack, True)
    assert {change.action for change in plan.changes} == {"Add"}
    assert f"  + {'PayoutQueue':<36} AWS::SQS::Queue" in map(str, plan.changes)
    table = f"monoova-payouts-{deployment.stage.name}-transactions"
    assert outputs["TransactionsTableName"] == table
    (while_asked,) = asked.seen
    assert table not in while_asked  # type: ignore[operator]
    assert table in tables(stack)
    assert deployment.stacks.outputs(deployment.stage.infra_stack) == outputs
    assert secret_of(stack, outputs) == {
        "apiKey": SECRETS["MonoovaApiKey"],
        "webhookSecret": SECRETS["MonoovaWebhookSecret"],
        "environment": "sandbox",
        "baseUrl": stack.simulator_url,
    }


def test_what_is_declined_is_not_made_and_does_not_stand_in_the_way(
    stack: Stack, asked: Asked, new_stage: NewDeployment
) -> None:
    deployment = new_stage()
    asked.says_yes = False
    before = tables(stack)
    with pytest.raises(DeclinedError, match="Nothing was changed in"):
        deployment.infrastructure(SECRETS.__getitem__)
    assert tables(stack) == before
    assert not deployment.stacks.exists(deployment.stage.infra_stack)
    asked.says_yes = True
    assert deployment.infrastructure(SECRETS.__getitem__)["TransactionsTableName"] in tables(stack)
    assert [plan.is_new for plan in asked.shown] == [True, True]


def test_a_stage_that_is_as_it_should_be_is_not_asked_about(
    asked: Asked, new_stage: NewDeployment
) -> None:
    outputs = new_stage().infrastructure(SECRETS.__getitem__)
    assert new_stage().infrastructure(never_asks) == outputs
    assert len(asked.shown) == 1


def test_a_change_is_made_after_a_yes_and_the_secrets_stay_what_they_are(
    stack: Stack, asked: Asked, new_stage: NewDeployment
) -> None:
    outputs = new_stage().infrastructure(SECRETS.__getitem__)
    secret = secret_of(stack, outputs)
    changed = new_stage(LogRetentionDays="30")

    def retention() -> set[int | None]:
        prefix = f"/aws/lambda/monoova-payouts-{changed.stage.name}"
        groups = stack.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        return {group.get("retentionInDays") for group in groups}

    asked.says_yes = False
    with pytest.raises(DeclinedError):
        changed.infrastructure(never_asks)
    assert retention() == {90}
    asked.says_yes = True
    assert changed.infrastructure(never_asks) == outputs
    assert retention() == {30}
    assert secret_of(stack, outputs) == secret
    assert not asked.shown[-1].is_new
    kinds = {(change.action, change.kind) for change in asked.shown[-1].changes}
    assert kinds == {("Modify", "AWS::Logs::LogGroup")}


def test_a_stage_goes_into_its_own_account_only(new_stage: NewDeployment) -> None:
    own = new_stage().check_account()
    assert new_stage(account=own).check_account() == own
    with pytest.raises(DeployError, match=rf"belongs into account 1{{12}}; .* are of {own}\."):
        new_stage(account="1" * 12).check_account()


# --- what fails


@pytest.fixture
def name(stack: Stack) -> Iterator[str]:
    """Of a stack that is not there yet."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    yield name
    stack.client("cloudformation").delete_stack(StackName=name)


@pytest.fixture
def stacks(stack: Stack) -> Stacks:
    return stack.deployment().stacks


def template(**resources: Mapping[str, Any]) -> dict[str, str]:
    outputs = {name: {"Value": {"Ref": name}} for name in resources}
    return {"TemplateBody": json.dumps({"Resources": resources, "Outputs": outputs})}


def table(name: str) -> dict[str, Any]:
    """Kept for ever, once it is part of a stack: as those of infra/template.yaml are."""
    key = "transaction_id"
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "RetainExceptOnCreate",
        "Properties": {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        },
    }


def group(pool: str, after: str) -> dict[str, Any]:
    """Fails where there is no such pool, when all that is `after` has been made."""
    properties = {"GroupName": "an-admin", "UserPoolId": pool}
    return {"Type": "AWS::Cognito::UserPoolGroup", "DependsOn": after, "Properties": properties}


def brought_up(stacks: Stacks, name: str, wanted: Mapping[str, str]) -> dict[str, str]:
    plan = stacks.plan(name, wanted, {})
    assert plan is not None
    return stacks.execute(plan)


def test_a_new_stack_that_fails_says_why_leaves_nothing_and_can_be_tried_again(
    stack: Stack, stacks: Stacks, name: str
) -> None:
    with pytest.raises(DeployError) as failed:
        brought_up(
            stacks, name, template(Made=table(name), Wrong=group("ap-southeast-2_none", "Made"))
        )
    first, *reasons = str(failed.value).splitlines()
    assert first == f"The stack {name} was not brought up to date:"
    assert len(reasons) == 1
    assert reasons[0].startswith("  Wrong: ")
    assert "ap-southeast-2_none not found" in reasons[0]
    assert name not in tables(stack), "a table that is to be kept, too"
    assert not stacks.exists(name)
    right = group(stack.outputs["UserPoolId"], "Made")
    assert brought_up(stacks, name, template(Made=table(name), Wrong=right))["Made"] == name
    assert name in tables(stack)


def test_a_change_that_fails_is_undone_and_tells_nothing_of_what_failed_before(
    stack: Stack, stacks: Stacks, name: str
) -> None:
    outputs = brought_up(stacks, name, template(Made=table(name)))
    for pool in ("ap-southeast-2_one", "ap-southeast-2_two"):
        wrong = template(Made=table(name), More=table(f"{name}-more"), Wrong=group(pool, "More"))
        with pytest.raises(DeployError) as failed:
            brought_up(stacks, name, wrong)
        (_, reason) = str(failed.value).splitlines()
        assert f"{pool} not found" in reason
        assert f"{name}-more" not in tables(stack)
        assert stacks.outputs(name) == outputs
    assert stacks.plan(name, template(Made=table(name)), {}) is None


def test_what_cloudformation_does_not_take_is_refused_in_its_own_words(
    stacks: Stacks, name: str
) -> None:
    unknown = {"Type": "AWS::NoSuch::Thing", "Properties": {}}
    with pytest.raises(DeployError, match=rf"{name} was refused: .*AWS::NoSuch::Thing"):
        stacks.plan(name, template(Unknown=unknown), {})
    assert not stacks.exists(name)
    assert stacks.outputs(name) == {}
