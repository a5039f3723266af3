"""infra/template.yaml: lint, encryption, retention, redrive, and the indexes of the stores."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]

from chalicelib.payouts.store import payouts
from tests.infra.conftest import ROOT, TEMPLATE

TABLES = ("TransactionsTable", "CustomersTable", "ControlsTable", "RecordsTable")
QUEUES = ("PayoutQueue", "WebhookQueue", "ParkedQueue")


def properties_of(infra: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = infra["Resources"][name]["Properties"]
    return properties


def index_keys(infra: Mapping[str, Any], table: str) -> dict[str, list[str]]:
    """The attributes each index of a table is keyed by, in order."""
    return {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in properties_of(infra, table).get("GlobalSecondaryIndexes", [])
    }


def test_cfn_lint_finds_nothing() -> None:
    assert [str(match) for match in lint_file(TEMPLATE)] == []


def test_the_template_has_these_tables_and_queues_and_no_others(infra: dict[str, Any]) -> None:
    types = {name: resource["Type"] for name, resource in infra["Resources"].items()}
    assert {n for n, t in types.items() if t == "AWS::DynamoDB::Table"} == set(TABLES)
    assert {n for n, t in types.items() if t == "AWS::SQS::Queue"} == set(QUEUES)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_encrypted_recoverable_paid_by_use_and_not_deleted(
    infra: dict[str, Any], table: str
) -> None:
    properties = properties_of(infra, table)
    assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["OnAws", True, False]}
    assert infra["Resources"][table]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert infra["Resources"][table]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("table", ["TransactionsTable", "ControlsTable", "RecordsTable"])
def test_rows_that_expire_are_removed_by_dynamodb(infra: dict[str, Any], table: str) -> None:
    ttl = properties_of(infra, table)["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "expires_at", "Enabled": True}


def test_the_indexes_are_keyed_by_what_the_stores_query(infra: dict[str, Any]) -> None:
    assert index_keys(infra, "TransactionsTable") == {
        "unique-reference-index": ["uniqueReference"],
        "customer-index": ["customer_id", "created_at"],
        "day-index": ["created_day", "created_at"],
        "due-index": ["due_shard", "due_at"],
        "review-index": ["review_bucket", "created_at"],
    }
    assert index_keys(infra, "CustomersTable") == {"listing-index": ["listing", "created_at"]}
    assert index_keys(infra, "ControlsTable") == {}
    assert index_keys(infra, "RecordsTable") == {}


@pytest.mark.parametrize(
    ("index", "cursor"),
    [
        ("customer-index", payouts.CUSTOMER_KEY),
        ("day-index", payouts.DAY_KEY),
        ("review-index", payouts.REVIEW_KEY),
    ],
)
def test_a_lists_cursor_holds_the_keys_of_its_index(
    infra: dict[str, Any], index: str, cursor: frozenset[str]
) -> None:
    assert {"transaction_id", *index_keys(infra, "TransactionsTable")[index]} == cursor


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted_and_refuses_plain_http(infra: dict[str, Any], queue: str) -> None:
    assert properties_of(infra, queue)["SqsManagedSseEnabled"] is True
    policy = infra["Resources"][f"{queue}TlsOnly"]
    assert policy["Condition"] == "OnAws"
    assert policy["Properties"]["Queues"] == [{"Ref": queue}]
    statement, *_ = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "sqs:*")
    assert statement["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_only_the_apis_role_may_put_webhook_events_on_their_queue(
    infra: dict[str, Any], app_template: dict[str, Any]
) -> None:
    policy = infra["Resources"]["WebhookQueueTlsOnly"]["Properties"]["PolicyDocument"]
    _, statement = policy["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Resource"] == {"Fn::GetAtt": ["WebhookQueue", "Arn"]}
    assert statement["Condition"].keys() == {"ArnNotLike"}
    allowed = [each["Fn::Sub"] for each in statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]]
    role = app_template["Resources"]["APIHandler"]["Properties"]["Role"]["Fn::GetAtt"][0]
    prefix = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/monoova-payouts-${Stage}-"
    # A role without a name gets its stack's, its own in the template, and some letters.
    assert "RoleName" not in app_template["Resources"][role]["Properties"]
    assert allowed == [f"{prefix}{role}-*", f"{prefix}api_handler"]


@pytest.mark.parametrize("queue", ["PayoutQueue", "WebhookQueue"])
def test_a_message_that_failed_five_times_goes_to_the_dead_letter_queue(
    infra: dict[str, Any], queue: str
) -> None:
    redrive = properties_of(infra, queue)["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["ParkedQueue", "Arn"]}
    assert redrive["maxReceiveCount"] == 5


def test_a_dead_letter_and_a_webhooks_event_are_kept_as_long_as_sqs_can(
    infra: dict[str, Any],
) -> None:
    for queue in ("WebhookQueue", "ParkedQueue"):
        assert properties_of(infra, queue)["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_key_of_customer_data_rotates_and_is_never_deleted(infra: dict[str, Any]) -> None:
    assert properties_of(infra, "CustomerDataKey")["EnableKeyRotation"] is True
    assert infra["Resources"]["CustomerDataKey"]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_the_api_key_is_never_shown(infra: dict[str, Any]) -> None:
    assert infra["Parameters"]["MonoovaApiKey"]["NoEcho"] is True
    assert "Default" not in infra["Parameters"]["MonoovaApiKey"]
    assert "MonoovaApiKey" not in str(infra["Outputs"])


def test_users_cannot_sign_themselves_up_and_passwords_are_strong(infra: dict[str, Any]) -> None:
    pool = properties_of(infra, "UserPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    password = pool["Policies"]["PasswordPolicy"]
    assert password["MinimumLength"] >= 14
    for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"):
        assert password[f"Require{kind}"] is True


def test_a_password_is_only_sent_where_a_stage_asks_for_it(infra: dict[str, Any]) -> None:
    flows = properties_of(infra, "UserPoolClient")["ExplicitAuthFlows"]
    assert "ALLOW_USER_PASSWORD_AUTH" not in flows
    assert infra["Parameters"]["PasswordSignIn"]["Default"] == "false"
    assert infra["Parameters"]["Emulated"]["Default"] == "false"


def test_a_stage_may_require_an_authenticator_app_and_production_does(
    infra: dict[str, Any],
) -> None:
    pool = properties_of(infra, "UserPool")
    assert pool["MfaConfiguration"] == {"Fn::If": ["NeedsMfa", "ON", "OPTIONAL"]}
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert infra["Parameters"]["RequireMfa"]["Default"] == "false"
    production = tomllib.loads((ROOT / "infra/stages/prod.toml").read_text())
    assert production["infra"]["RequireMfa"] == "true"
    assert production["app"]["UsersWithoutGroup"] == "nothing"


def test_the_address_of_the_sign_in_page_does_not_show_the_account(infra: dict[str, Any]) -> None:
    domain = str(properties_of(infra, "UserPoolDomain")["Domain"])
    assert "AWS::AccountId" not in domain
    assert "AWS::StackId" in domain


def test_the_pool_has_the_groups_of_the_roles(infra: dict[str, Any]) -> None:
    groups = {
        resource["Properties"]["GroupName"]
        for resource in infra["Resources"].values()
        if resource["Type"] == "AWS::Cognito::UserPoolGroup"
    }
    assert groups == {"viewers", "operators", "approvers"}


def test_a_token_is_good_for_a_quarter_of_an_hour_and_renewed_for_a_working_day(
    infra: dict[str, Any],
) -> None:
    client = infra["Resources"]["UserPoolClient"]["Properties"]
    units = {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"}
    assert client["TokenValidityUnits"] == units
    on_aws = {"Fn::If": ["OnAws", 15, 60]}
    assert client["AccessTokenValidity"] == client["IdTokenValidity"] == on_aws
    assert client["RefreshTokenValidity"] == 12
    assert "ALLOW_REFRESH_TOKEN_AUTH" in client["ExplicitAuthFlows"]


def test_payee_details_are_opened_by_the_stages_functions_alone(infra: dict[str, Any]) -> None:
    """Whatever IAM grants to others. The emulated AWS has one caller for all."""
    statements = infra["Resources"]["CustomerDataKey"]["Properties"]["KeyPolicy"]["Statement"]
    condition, denied, _ = statements[1]["Fn::If"]
    assert (condition, denied["Effect"], denied["Principal"]) == ("OnAws", "Deny", "*")
    assert {"kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant"} < set(denied["Action"])
    others = denied["Condition"]["ArnNotLike"]["aws:PrincipalArn"]["Fn::Sub"]
    assert others.endswith(":role/monoova-payouts-${Stage}*")


@pytest.mark.parametrize(
    ("secret", "taken"),
    [
        ("a" * 24, True),
        ("a" * 23, False),
        (f"{'a' * 24}, {'b' * 24}", True),
        (f"{'a' * 24},{'b' * 23}", False),
        (f"{'a' * 30},", False),
    ],
)
def test_each_webhook_secret_is_long_enough(
    secret: str, taken: bool, infra: dict[str, Any]
) -> None:
    pattern = infra["Parameters"]["MonoovaWebhookSecret"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, secret)) is taken


def test_an_app_writes_no_attribute_that_says_who_a_person_is(infra: dict[str, Any]) -> None:
    client = infra["Resources"]["UserPoolClient"]["Properties"]
    assert client["WriteAttributes"] == ["zoneinfo"]
