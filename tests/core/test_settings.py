"""Settings: parsed once, with all problems reported together and no value among them."""

from dataclasses import FrozenInstanceError, fields
from datetime import timedelta

import pytest

from chalicelib.control.rules.approval import ApprovalRules
from chalicelib.control.rules.duplicates import DuplicateRules
from chalicelib.control.rules.limits import Limits
from chalicelib.control.rules.live import LIVE_RULES, LiveRule
from chalicelib.core.actor import Role, ServiceRoles
from chalicelib.core.errors import SettingsError
from chalicelib.core.secrets import Secret
from chalicelib.core.stage_class import StageClass
from chalicelib.monoova.rules.duplicates import Duplicates
from chalicelib.payouts.rules.schedule import Policy
from chalicelib.settings import Settings, settings_from

REQUIRED = {
    "MONOOVA_API_SECRET_ARN": "arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:monoova",
    "DYNAMODB_TABLE_TRANSACTIONS": "transactions",
    "DYNAMODB_TABLE_CUSTOMERS": "customers",
    "DYNAMODB_TABLE_CONTROLS": "controls",
    "DYNAMODB_TABLE_RECORDS": "records",
    "MONOOVA_MACCOUNT_TOKEN": "6279059700000000",
    "MONOOVA_SOURCE_BSB": "802-985",
    "MONOOVA_SOURCE_ACCOUNT": "123456789",
    "REMITTER_NAME": "Example Pty Ltd",
    "DLQ_URL": "https://sqs.example/webhooks",
    "PAYOUT_QUEUE_URL": "https://sqs.example/payouts",
    "CUSTOMER_DATA_KEY_ARN": "arn:aws:kms:ap-southeast-2:111122223333:key/1",
    "MONOOVA_WEBHOOK_SECRET": "first-secret-of-24-letters",
}


OLD = "o" * 24
NEW = "n" * 24
# What a stage that pays with real money has to say.
SAFE = {
    "SIGN_IN_MFA": "required",
    "COGNITO_USER_POOL_ID": "ap-southeast-2_AbCdEf",
    "COGNITO_CLIENT_ID": "4cl1ent1d",
    "APPROVAL_THRESHOLD_AUD": "500",
    "DESTINATION_APPROVAL": "required",
    "LIMIT_PER_DAY_AUD": "100000",
    "LIMIT_PER_CUSTOMER_AUD_PER_DAY": "2000",
    "LIMIT_PER_DESTINATION_AUD_PER_DAY": "2000",
    "LIMIT_PER_MAKER_AUD_PER_DAY": "50000",
    "CORS_ALLOW_ORIGIN": "https://admin.example",
    "MONOOVA_SOURCE_BSB_FIELD": "sourceBSB",
}


def problems_of(**changes: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        settings_from(REQUIRED | changes)
    assert str(refused.value) == "Settings: " + "; ".join(refused.value.problems)
    return refused.value.problems


def test_what_is_not_set_has_a_sensible_value() -> None:
    settings = settings_from(REQUIRED)
    assert settings.payout_limit_cents == 100_000
    assert settings.monoova_source_bsb_field == "sourceBSB"
    assert settings.requires_webhook_signature is False
    assert settings.low_balance_cents is None
    assert (settings.checks_bsb, settings.requires_verified_destination) == (True, False)
    assert settings.cors_allow_origin == "*"
    assert settings.dead_letter_queue_url == ""
    assert (settings.sign_in_url, settings.user_pool_id, settings.user_pool_client_id) == ("",) * 3
    assert (settings.stage, settings.stage_class) == ("dev", StageClass.DEV)
    assert settings.policy == Policy()
    assert settings.approval == ApprovalRules(new_destinations=True)
    assert settings.approval_wait_hours == 24
    assert settings.limits == Limits()
    assert settings.duplicates == DuplicateRules(timedelta(hours=24), timedelta(0))
    assert settings.service_roles == ServiceRoles()
    assert settings.roles_without_group == set()
    assert settings.persons == {}
    assert (settings.approval_sign_in_minutes, settings.console_idle_minutes) == (0, 0)


def test_every_variable_finds_its_place() -> None:
    settings = settings_from(
        REQUIRED
        | {
            "MONOOVA_WEBHOOK_SIGNATURE": "required",
            "MONOOVA_SOURCE_BSB_FIELD": "sourceAccountBsb",
            "PAYOUT_LIMIT_AUD": "2500.50",
            "LOW_BALANCE_AUD": "20000",
            "CORS_ALLOW_ORIGIN": "https://admin.example",
            "COGNITO_DOMAIN": "https://payouts.auth.ap-southeast-2.amazoncognito.com",
            "COGNITO_USER_POOL_ID": "ap-southeast-2_AbCdEf",
            "COGNITO_CLIENT_ID": "4cl1ent1d",
            "SIGN_IN_MFA": "required",
            "STAGE": "prod",
            "PARKED_QUEUE_URL": "https://sqs.example/parked",
            "FIRST_LOOK_SECONDS": "12",
            "GRACE_SECONDS": "60",
            "PAYOUT_EXPIRY_HOURS": "48",
            "MAX_RESENDS": "0",
            "REVIEW_AFTER_HOURS": "2",
            "MONOOVA_DUPLICATES": "booked",
            "BSB_CHECK": "off",
            "REQUIRE_VERIFIED_DESTINATION": "yes",
            "APPROVAL_THRESHOLD_AUD": "500",
            "DESTINATION_APPROVAL": "required",
            "DESTINATION_CAP_AUD": "750",
            "APPROVAL_WAIT_HOURS": "4",
            "LIMIT_PER_CUSTOMER_AUD_PER_DAY": "2000",
            "LIMIT_PER_DESTINATION_AUD_PER_DAY": "1500.50",
            "LIMIT_PER_MAKER_AUD_PER_DAY": "3000",
            "LIMIT_PER_DAY_AUD": "100000",
            "DUPLICATE_WINDOW_HOURS": "0",
            "SERVICE_DUPLICATE_WINDOW_HOURS": "2",
            "USERS_WITHOUT_GROUP": "look",
            "VIEWER_ROLE_ARNS": "arn:aws:iam::111122223333:role/Reports, ",
            "OPERATOR_ROLE_ARNS": "arn:aws:iam::111122223333:role/Payer",
            "APPROVER_ROLE_ARNS": "arn:aws:iam::111122223333:role/pay/Checker,"
            " arn:aws:iam::444455556666:role/Checker",
            "APPROVAL_SIGN_IN_MINUTES": "15",
            "CONSOLE_IDLE_MINUTES": "10",
            "SAME_PERSON": "0a1b-sub=arn:aws:iam::111122223333:role/pay/Checker",
        }
    )
    assert settings == Settings(
        monoova_api_secret_arn=REQUIRED["MONOOVA_API_SECRET_ARN"],
        dynamodb_table_transactions="transactions",
        dynamodb_table_customers="customers",
        dynamodb_table_controls="controls",
        dynamodb_table_records="records",
        monoova_maccount_token="6279059700000000",
        monoova_source_bsb="802-985",
        monoova_source_account="123456789",
        remitter_name="Example Pty Ltd",
        webhook_queue_url="https://sqs.example/webhooks",
        payout_queue_url="https://sqs.example/payouts",
        dead_letter_queue_url="https://sqs.example/parked",
        customer_data_key_arn=REQUIRED["CUSTOMER_DATA_KEY_ARN"],
        webhook_secrets=(Secret("first-secret-of-24-letters"),),
        requires_webhook_signature=True,
        monoova_source_bsb_field="sourceAccountBsb",
        payout_limit_cents=250_050,
        low_balance_cents=2_000_000,
        checks_bsb=False,
        requires_verified_destination=True,
        approval=ApprovalRules(50_000, new_destinations=True, cap_cents=75_000),
        approval_wait_hours=4,
        limits=Limits(200_000, 150_050, 10_000_000, 300_000),
        duplicates=DuplicateRules(timedelta(0), timedelta(hours=2)),
        service_roles=ServiceRoles(
            viewers=frozenset({"arn:aws:sts::111122223333:assumed-role/Reports"}),
            operators=frozenset({"arn:aws:sts::111122223333:assumed-role/Payer"}),
            approvers=frozenset(
                {
                    "arn:aws:sts::111122223333:assumed-role/Checker",
                    "arn:aws:sts::444455556666:assumed-role/Checker",
                }
            ),
        ),
        roles_without_group=frozenset({Role.VIEWER}),
        approval_sign_in_minutes=15,
        console_idle_minutes=10,
        persons=dict.fromkeys(
            ("0a1b-sub", "arn:aws:sts::111122223333:assumed-role/Checker"),
            frozenset({"0a1b-sub", "arn:aws:sts::111122223333:assumed-role/Checker"}),
        ),
        cors_allow_origin="https://admin.example",
        sign_in_url="https://payouts.auth.ap-southeast-2.amazoncognito.com",
        user_pool_id="ap-southeast-2_AbCdEf",
        user_pool_client_id="4cl1ent1d",
        stage="prod",
        stage_class=StageClass.PROD,
        policy=Policy(
            first_look_seconds=12,
            grace_seconds=60,
            expiry_hours=48,
            max_resends=0,
            review_after_hours=2,
            duplicates=Duplicates.BOOKED,
        ),
    )


@pytest.mark.parametrize("address", ["http://127.0.0.1:8081", "http://localhost:8081"])
def test_the_sign_in_page_is_in_the_clear_on_this_machine_only(address: str) -> None:
    assert settings_from(REQUIRED | {"COGNITO_DOMAIN": address}).sign_in_url == address


def test_blanks_around_a_value_do_not_matter() -> None:
    settings = settings_from(REQUIRED | {"REMITTER_NAME": " Example \n", "STAGE": " "})
    assert (settings.remitter_name, settings.stage) == ("Example", "dev")


def test_several_webhook_secrets_allow_one_to_be_rotated() -> None:
    settings = settings_from(REQUIRED | {"MONOOVA_WEBHOOK_SECRET": f"{OLD}, {NEW},,"})
    assert [secret.reveal() for secret in settings.webhook_secrets] == [OLD, NEW]


@pytest.mark.parametrize("value", ["a" * 23, f"{'a' * 24},{'b' * 23}", f"short, {'b' * 24}"])
def test_each_webhook_secret_has_24_characters_or_more(value: str) -> None:
    expected = "MONOOVA_WEBHOOK_SECRET: expected 24 characters of each"
    assert problems_of(MONOOVA_WEBHOOK_SECRET=value) == [expected]


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({})
    assert refused.value.problems == [f"{name}: missing" for name in REQUIRED]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MONOOVA_MACCOUNT_TOKEN", "627905970000000", "16 digits"),
        ("MONOOVA_MACCOUNT_TOKEN", "627905970000000x", "16 digits"),
        ("MONOOVA_SOURCE_BSB", "802985", "as 802-985"),
        ("MONOOVA_SOURCE_ACCOUNT", "12-34", "4-9 digits"),
        ("REMITTER_NAME", "x" * 141, "1 to 140 characters"),
        ("DLQ_URL", "webhooks", "a queue's URL"),
        ("PARKED_QUEUE_URL", "parked", "a queue's URL"),
        ("PAYOUT_QUEUE_URL", "sqs://payouts", "a queue's URL"),
        ("CUSTOMER_DATA_KEY_ARN", "alias/customers", "a key's ARN"),
        ("MONOOVA_WEBHOOK_SIGNATURE", "yes", "optional or required"),
        ("MONOOVA_SOURCE_BSB_FIELD", "sourcebsb", "sourceBSB or sourceAccountBsb or both"),
        ("STAGE_CLASS", "Prod", "prod or dev"),
        ("PAYOUT_LIMIT_AUD", "0", "an amount such as 1000"),
        ("PAYOUT_LIMIT_AUD", "-5", "an amount such as 1000"),
        ("PAYOUT_LIMIT_AUD", "NaN", "an amount such as 1000"),
        ("PAYOUT_LIMIT_AUD", "1000.005", "an amount such as 1000"),
        ("APPROVAL_THRESHOLD_AUD", "much", "an amount such as 1000"),
        ("DESTINATION_APPROVAL", "on", "required or off"),
        ("DESTINATION_CAP_AUD", "0", "an amount such as 1000"),
        ("LIMIT_PER_CUSTOMER_AUD_PER_DAY", "0", "an amount such as 1000"),
        ("LIMIT_PER_DESTINATION_AUD_PER_DAY", "-1", "an amount such as 1000"),
        ("LIMIT_PER_DAY_AUD", "1e3x", "an amount such as 1000"),
        ("VIEWER_ROLE_ARNS", "Reports", "ARNs of IAM roles, comma-separated"),
        (
            "APPROVER_ROLE_ARNS",
            "arn:aws:sts::111122223333:assumed-role/Checker/session",
            "ARNs of IAM roles, comma-separated",
        ),
        ("COGNITO_DOMAIN", "payouts.example", "the https address of the sign-in page"),
        ("COGNITO_DOMAIN", "http://payouts.example", "the https address of the sign-in page"),
        ("COGNITO_DOMAIN", "http://127.0.0.1.example", "the https address of the sign-in page"),
        ("USERS_WITHOUT_GROUP", "approve", "nothing or look or operate"),
        ("SIGN_IN_MFA", "on", "optional or required"),
        ("MONOOVA_ENVIRONMENT", "Live", "live or sandbox"),
        ("SAME_PERSON", "a-sub", "a user's sub=the ARN of an IAM role, …"),
        ("SAME_PERSON", "a-sub=Checker", "a user's sub=the ARN of an IAM role, …"),
        ("SAME_PERSON", "=arn:aws:iam::1:role/x", "a user's sub=the ARN of an IAM role, …"),
        ("APPROVAL_SIGN_IN_MINUTES", "-1", "a number of at least 0"),
        ("CONSOLE_IDLE_MINUTES", "soon", "a number of at least 0"),
        ("COGNITO_USER_POOL_ID", "a pool", "a user pool's id"),
        ("OPERATOR_ROLE_ARNS", "Payer", "ARNs of IAM roles, comma-separated"),
        (
            "COGNITO_DOMAIN",
            "https://payouts.example/; script-src *",
            "the https address of the sign-in page",
        ),
        ("COGNITO_CLIENT_ID", "a b", "an app client's id"),
        ("FIRST_LOOK_SECONDS", "0", "a number of at least 1"),
        ("GRACE_SECONDS", "soon", "a number of at least 1"),
        ("PAYOUT_EXPIRY_HOURS", "1.5", "a number of at least 1"),
        ("MAX_RESENDS", "-1", "a number of at least 0"),
        ("REVIEW_AFTER_HOURS", "9" * 5000, "a number of at least 1"),
        ("MONOOVA_DUPLICATES", "perhaps", "asked or refused or booked"),
        ("BSB_CHECK", "true", "on or off"),
        ("REQUIRE_VERIFIED_DESTINATION", "on", "no or yes"),
    ],
)
def test_what_is_malformed_is_named_with_what_was_expected(
    name: str, value: str, expected: str
) -> None:
    assert problems_of(**{name: value}) == [f"{name}: expected {expected}"]


def test_a_secret_of_nothing_but_commas_is_missing() -> None:
    assert problems_of(MONOOVA_WEBHOOK_SECRET=" , ,") == ["MONOOVA_WEBHOOK_SECRET: missing"]


def test_webhook_secrets_may_be_kept_where_the_api_key_is() -> None:
    arn = REQUIRED["MONOOVA_API_SECRET_ARN"]
    assert settings_from(REQUIRED | {"MONOOVA_WEBHOOK_SECRET": f" {arn} "}).webhook_secrets == ()


@pytest.mark.parametrize(
    "other", ["arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:quoted", "arn:quoted"]
)
def test_webhook_secrets_are_kept_nowhere_else(other: str) -> None:
    expected = "expected a secret, or the ARN in MONOOVA_API_SECRET_ARN"
    (problem,) = problems_of(MONOOVA_WEBHOOK_SECRET=other)
    assert problem == f"MONOOVA_WEBHOOK_SECRET: {expected}"
    assert "quoted" not in problem


@pytest.mark.parametrize(
    ("stage", "stage_class"),
    [
        ("prod", StageClass.PROD),
        ("prod-eu", StageClass.PROD),
        ("production", StageClass.DEV),
        ("dev", StageClass.DEV),
        ("not-prod", StageClass.DEV),
    ],
)
def test_the_class_of_a_stage_follows_from_its_name(stage: str, stage_class: StageClass) -> None:
    assert settings_from(REQUIRED | SAFE | {"STAGE": stage}).stage_class is stage_class


def test_a_stage_of_any_name_may_be_said_to_pay_with_real_money_and_prod_not_to_be_tested() -> None:
    given = REQUIRED | SAFE | {"STAGE": "payments", "STAGE_CLASS": "prod"}
    assert settings_from(given).stage_class is StageClass.PROD
    assert problems_of(STAGE="prod", STAGE_CLASS="dev") == [
        "STAGE_CLASS: a stage of this name pays with real money"
    ]


@pytest.mark.parametrize("stage", [{"STAGE": "prod"}, {"STAGE": "pay", "STAGE_CLASS": "prod"}])
@pytest.mark.parametrize("rule", LIVE_RULES, ids=lambda rule: rule.setting)
def test_a_live_stage_is_refused_with_a_control_off_and_the_setting_is_named(
    rule: LiveRule, stage: dict[str, str]
) -> None:
    for value in rule.refused:
        (problem,) = problems_of(**SAFE | stage | {rule.setting: value})
        assert problem.startswith(f"{rule.setting}: ")
        assert settings_from(REQUIRED | SAFE | {rule.setting: value}).stage_class is StageClass.DEV


def test_a_live_stage_that_says_nothing_is_told_all_that_it_has_to_say() -> None:
    told = {problem.split(":")[0] for problem in problems_of(STAGE="prod")}
    # What is required unless a stage says otherwise need not be said.
    assert told == SAFE.keys() - {"DESTINATION_APPROVAL"}


@pytest.mark.parametrize(
    ("stage", "environment", "problem"),
    [
        ("prod", "sandbox", "MONOOVA_ENVIRONMENT: a stage of the class prod pays in live"),
        ("dev", "live", "MONOOVA_ENVIRONMENT: a stage of the class dev pays in sandbox"),
    ],
)
def test_a_stage_pays_in_no_environment_but_its_own(
    stage: str, environment: str, problem: str
) -> None:
    assert problems_of(**SAFE | {"STAGE": stage, "MONOOVA_ENVIRONMENT": environment}) == [problem]


def test_no_problem_quotes_a_value() -> None:
    bad = {name: f"quoted-{name.lower()}" for name in REQUIRED} | {
        "MONOOVA_SOURCE_BSB_FIELD": "quoted-field",
        "PAYOUT_LIMIT_AUD": "quoted-limit",
        "MAX_RESENDS": "quoted-number",
    }
    assert "quoted" not in " ".join(problems_of(**bad))


def test_settings_cannot_be_changed_and_do_not_show_the_secret() -> None:
    settings = settings_from(REQUIRED)
    assert "first-secret-of-24-letters" not in repr(settings)
    for field in fields(settings):
        with pytest.raises(FrozenInstanceError):
            setattr(settings, field.name, None)
