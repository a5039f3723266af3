"""The settings of the app: parsed once from the environment, every problem reported together."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from chalicelib.control.rules.approval import ApprovalRules
from chalicelib.control.rules.duplicates import DuplicateRules
from chalicelib.control.rules.limits import Limits
from chalicelib.control.rules.live import left_off
from chalicelib.core.actor import (
    LOOKS,
    NOTHING,
    OPERATES,
    Role,
    ServiceRoles,
    persons,
    subject_of_role,
)
from chalicelib.core.errors import SettingsError
from chalicelib.core.money import InvalidAmountError, cents_from
from chalicelib.core.secrets import FEWEST_CHARACTERS, Secret
from chalicelib.core.stage_class import HOSTS, StageClass, class_of
from chalicelib.monoova.rules.duplicates import Duplicates
from chalicelib.payouts.rules.schedule import Policy

# The name Monoova's specification had for the BSB of the source account until July 2026, when it
# was renamed without a new version: which of the two the live host honours is a setting.
_SOURCE_BSB_FIELDS: Final = ("sourceBSB", "sourceAccountBsb", "both")
# What Monoova does with a second call under a reference that it has booked: its specification
# speaks of "a nonce to determine if a request has already been received", and shows no example.
_DUPLICATES: Final = {each.value: each for each in Duplicates}
_NEEDED: Final = ("required", "off")
_WITHOUT_GROUP: Final = {"nothing": NOTHING, "look": LOOKS, "operate": OPERATES}
# In the clear only to this very machine: a sign-in sends a code that stands for the person.
_SIGN_IN: Final = r"https://[\w.-]+(:[0-9]+)?|http://(127\.0\.0\.1|localhost)(:[0-9]+)?"
_SUBJECT: Final = r"[\w-]{1,64}"
_ROLE_ARN: Final = r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between deployments.

    `dead_letter_queue_url` is empty where dead letters cannot be seen through the API.
    `webhook_secrets` is empty where they are kept in Monoova's secret, beside the API key.
    `low_balance_cents` is None where no alarm is wanted.
    `roles_without_group` are those of a person who is in none of our groups.
    `approval_sign_in_minutes` is how old a sign-in may be that decides on what another asked for,
    and `console_idle_minutes` how long the console is open unused; 0: as long as the session.
    `persons` has, by subject, all subjects of the same person, of those who have several.
    `sign_in_url` is the console's way to the user pool; empty without one.
    `user_pool_id` and `user_pool_client_id` are whose tokens are taken; empty: none is.
    """

    monoova_api_secret_arn: str
    dynamodb_table_transactions: str
    dynamodb_table_customers: str
    dynamodb_table_controls: str
    dynamodb_table_records: str
    monoova_maccount_token: str
    monoova_source_bsb: str
    monoova_source_account: str
    remitter_name: str
    webhook_queue_url: str
    payout_queue_url: str
    dead_letter_queue_url: str
    customer_data_key_arn: str
    webhook_secrets: tuple[Secret, ...] = field(repr=False)
    requires_webhook_signature: bool
    monoova_source_bsb_field: str
    payout_limit_cents: int
    low_balance_cents: int | None
    checks_bsb: bool
    requires_verified_destination: bool
    approval: ApprovalRules
    approval_wait_hours: int
    limits: Limits
    duplicates: DuplicateRules
    service_roles: ServiceRoles
    roles_without_group: frozenset[Role]
    persons: Mapping[str, frozenset[str]]
    approval_sign_in_minutes: int
    console_idle_minutes: int
    cors_allow_origin: str
    sign_in_url: str
    user_pool_id: str
    user_pool_client_id: str
    stage: str
    stage_class: StageClass
    policy: Policy


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`.

    Raises:
        SettingsError: with every problem there is.
    """
    reader = _Reader(environment)
    settings = Settings(
        monoova_api_secret_arn=reader.text("MONOOVA_API_SECRET_ARN"),
        dynamodb_table_transactions=reader.text("DYNAMODB_TABLE_TRANSACTIONS"),
        dynamodb_table_customers=reader.text("DYNAMODB_TABLE_CUSTOMERS"),
        dynamodb_table_controls=reader.text("DYNAMODB_TABLE_CONTROLS"),
        dynamodb_table_records=reader.text("DYNAMODB_TABLE_RECORDS"),
        monoova_maccount_token=reader.text("MONOOVA_MACCOUNT_TOKEN", r"[0-9]{16}", "16 digits"),
        monoova_source_bsb=reader.text("MONOOVA_SOURCE_BSB", r"[0-9]{3}-[0-9]{3}", "as 802-985"),
        monoova_source_account=reader.text("MONOOVA_SOURCE_ACCOUNT", r"[0-9]{4,9}", "4-9 digits"),
        remitter_name=reader.text("REMITTER_NAME", r".{1,140}", "1 to 140 characters"),
        webhook_queue_url=reader.text("DLQ_URL", r"https?://.+", "a queue's URL"),
        payout_queue_url=reader.text("PAYOUT_QUEUE_URL", r"https?://.+", "a queue's URL"),
        dead_letter_queue_url=reader.text("PARKED_QUEUE_URL", r"(https?://.+)?", "a queue's URL"),
        customer_data_key_arn=reader.text("CUSTOMER_DATA_KEY_ARN", r"arn:.+", "a key's ARN"),
        webhook_secrets=reader.secrets("MONOOVA_WEBHOOK_SECRET", "MONOOVA_API_SECRET_ARN"),
        requires_webhook_signature=reader.one_of(
            "MONOOVA_WEBHOOK_SIGNATURE", ("optional", "required")
        )
        == "required",
        monoova_source_bsb_field=reader.one_of("MONOOVA_SOURCE_BSB_FIELD", _SOURCE_BSB_FIELDS),
        payout_limit_cents=reader.amount("PAYOUT_LIMIT_AUD", "1000"),
        low_balance_cents=reader.optional_amount("LOW_BALANCE_AUD"),
        checks_bsb=reader.one_of("BSB_CHECK", ("on", "off")) == "on",
        requires_verified_destination=reader.one_of("REQUIRE_VERIFIED_DESTINATION", ("no", "yes"))
        == "yes",
        approval=ApprovalRules(
            threshold_cents=reader.optional_amount("APPROVAL_THRESHOLD_AUD"),
            new_destinations=reader.one_of("DESTINATION_APPROVAL", _NEEDED) != "off",
            cap_cents=reader.optional_amount("DESTINATION_CAP_AUD"),
        ),
        approval_wait_hours=reader.count("APPROVAL_WAIT_HOURS", 24),
        limits=Limits(
            per_customer_cents=reader.optional_amount("LIMIT_PER_CUSTOMER_AUD_PER_DAY"),
            per_account_cents=reader.optional_amount("LIMIT_PER_DESTINATION_AUD_PER_DAY"),
            in_total_cents=reader.optional_amount("LIMIT_PER_DAY_AUD"),
            per_maker_cents=reader.optional_amount("LIMIT_PER_MAKER_AUD_PER_DAY"),
        ),
        duplicates=DuplicateRules(
            people=timedelta(hours=reader.count("DUPLICATE_WINDOW_HOURS", 24, least=0)),
            services=timedelta(hours=reader.count("SERVICE_DUPLICATE_WINDOW_HOURS", 0, least=0)),
        ),
        service_roles=ServiceRoles(
            viewers=reader.roles("VIEWER_ROLE_ARNS"),
            operators=reader.roles("OPERATOR_ROLE_ARNS"),
            approvers=reader.roles("APPROVER_ROLE_ARNS"),
        ),
        roles_without_group=_WITHOUT_GROUP.get(
            reader.one_of("USERS_WITHOUT_GROUP", tuple(_WITHOUT_GROUP)), NOTHING
        ),
        persons=reader.persons("SAME_PERSON"),
        approval_sign_in_minutes=reader.count("APPROVAL_SIGN_IN_MINUTES", 0, least=0),
        console_idle_minutes=reader.count("CONSOLE_IDLE_MINUTES", 0, least=0),
        cors_allow_origin=reader.text("CORS_ALLOW_ORIGIN", default="*"),
        sign_in_url=reader.optional(
            "COGNITO_DOMAIN", _SIGN_IN, "the https address of the sign-in page"
        ),
        user_pool_id=reader.optional("COGNITO_USER_POOL_ID", r"[a-z0-9-]+_\w+", "a user pool's id"),
        user_pool_client_id=reader.optional("COGNITO_CLIENT_ID", r"\w+", "an app client's id"),
        stage=reader.text("STAGE", default="dev"),
        stage_class=_stage_class(reader),
        policy=_policy(reader),
    )
    reader.problems += _unsafe(reader, settings, environment)
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def _unsafe(reader: "_Reader", settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """What does not fit the stage, and what one that pays with real money must not leave off."""
    is_live = settings.stage_class is StageClass.PROD
    if class_of(settings.stage) is StageClass.PROD and not is_live:
        yield "STAGE_CLASS: a stage of this name pays with real money"
    fitting = settings.stage_class.environment
    if reader.one_of("MONOOVA_ENVIRONMENT", tuple(HOSTS), default=fitting) in {*HOSTS} - {fitting}:
        yield f"MONOOVA_ENVIRONMENT: a stage of the class {settings.stage_class} pays in {fitting}"
    reader.one_of("SIGN_IN_MFA", ("optional", "required"))
    for rule in left_off(environment) if is_live else ():
        yield f"{rule.setting}: {rule.needs}, since the money is real"


def _stage_class(reader: "_Reader") -> StageClass:
    by_name = class_of(reader.text("STAGE", default="dev"))
    given = reader.one_of("STAGE_CLASS", tuple(StageClass), default=by_name)
    return StageClass.PROD if given == StageClass.PROD else StageClass.DEV


def _policy(reader: "_Reader") -> Policy:
    usual = Policy()
    return Policy(
        first_look_seconds=reader.count("FIRST_LOOK_SECONDS", usual.first_look_seconds),
        grace_seconds=reader.count("GRACE_SECONDS", usual.grace_seconds),
        expiry_hours=reader.count("PAYOUT_EXPIRY_HOURS", usual.expiry_hours),
        max_resends=reader.count("MAX_RESENDS", usual.max_resends, least=0),
        review_after_hours=reader.count("REVIEW_AFTER_HOURS", usual.review_after_hours),
        duplicates=_DUPLICATES.get(
            reader.one_of("MONOOVA_DUPLICATES", tuple(_DUPLICATES)), usual.duplicates
        ),
    )


def _is_role(arn: str) -> bool:
    return re.fullmatch(_ROLE_ARN, arn) is not None


class _Reader:
    """Reads variables and gathers what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(
        self, name: str, pattern: str = r".+", expected: str = "a text", default: str = ""
    ) -> str:
        value = self._environment.get(name, "").strip() or default
        if not re.fullmatch(pattern, value):
            self.problems.append(f"{name}: {'expected ' + expected if value else 'missing'}")
        return value

    def optional(self, name: str, pattern: str, expected: str) -> str:
        """The value of a variable that may be missing: "" then."""
        return self.text(name, f"({pattern})?", expected)

    def one_of(self, name: str, choices: tuple[str, ...], default: str = "") -> str:
        """One of a few words: the first of them, unless told otherwise."""
        pattern = "|".join(re.escape(choice) for choice in choices)
        return self.text(name, pattern, " or ".join(choices), default or choices[0])

    def count(self, name: str, default: int, least: int = 1) -> int:
        return self._parsed(name, str(default), int, f"a number of at least {least}", least)

    def amount(self, name: str, default: str) -> int:
        return self._parsed(name, default, cents_from, "an amount such as 1000", 1)

    def optional_amount(self, name: str) -> int | None:
        """None where the variable is absent or empty."""
        return self.amount(name, "") if self._environment.get(name, "").strip() else None

    def roles(self, name: str) -> frozenset[str]:
        """The subjects of comma-separated ARNs of IAM roles, perhaps none."""
        found = {part.strip() for part in self._environment.get(name, "").split(",")} - {""}
        if not all(_is_role(arn) for arn in found):
            self.problems.append(f"{name}: expected ARNs of IAM roles, comma-separated")
        return frozenset(subject_of_role(arn) for arn in found)

    def persons(self, name: str) -> Mapping[str, frozenset[str]]:
        """Of comma-separated `subject=ARN of an IAM role`, all subjects of the person of each."""
        parts = [part.strip() for part in self._environment.get(name, "").split(",")]
        pairs = [part.partition("=")[::2] for part in parts if part]
        if not all(re.fullmatch(_SUBJECT, one) and _is_role(other) for one, other in pairs):
            self.problems.append(f"{name}: expected a user's sub=the ARN of an IAM role, …")
            return {}
        return persons((one, subject_of_role(arn)) for one, arn in pairs)

    def secrets(self, name: str, kept_in: str) -> tuple[Secret, ...]:
        """Comma-separated secrets; none where the value is the ARN that `kept_in` has, too."""
        value = self._environment.get(name, "").strip()
        if value.startswith("arn:"):
            if value != self._environment.get(kept_in, "").strip():
                self.problems.append(f"{name}: expected a secret, or the ARN in {kept_in}")
            return ()
        parts = [part.strip() for part in value.split(",")]
        found = tuple(Secret(part) for part in parts if part)
        if not found:
            self.problems.append(f"{name}: missing")
        elif min(len(secret.reveal()) for secret in found) < FEWEST_CHARACTERS:
            self.problems.append(f"{name}: expected {FEWEST_CHARACTERS} characters of each")
        return found

    def _parsed(
        self, name: str, default: str, parse: Callable[[Any], int], expected: str, least: int
    ) -> int:
        value = self._environment.get(name, "").strip() or default
        try:
            number = parse(value)
        except (ValueError, InvalidAmountError):
            number = least - 1
        if number < least:
            self.problems.append(f"{name}: expected {expected}")
        return number
