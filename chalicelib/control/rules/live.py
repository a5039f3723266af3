"""What a stage that pays with real money must not leave off: one table.

The app's settings, the Rules of infra/app.yaml and the preconditions of infra/terraform each refuse
the same; tests/infra/test_live_rules.py compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A setting, the values of it that a live stage is refused with, and what it needs instead.

    A value of "" is a setting that is not given, where its default is not safe.
    """

    setting: str
    refused: tuple[str, ...]
    needs: str


LIVE_RULES: Final = (
    LiveRule("SIGN_IN_MFA", ("", "optional"), "people sign in with an authenticator app"),
    LiveRule("COGNITO_USER_POOL_ID", ("",), "name the user pool whose tokens are verified"),
    LiveRule("COGNITO_CLIENT_ID", ("",), "name the app client whose tokens are verified"),
    LiveRule("USERS_WITHOUT_GROUP", ("operate",), "who is in no group may change nothing"),
    LiveRule("APPROVAL_THRESHOLD_AUD", ("",), "name the amount above which another approves"),
    LiveRule("DESTINATION_APPROVAL", ("off",), "another person approves each new destination"),
    LiveRule("LIMIT_PER_DAY_AUD", ("",), "name the most that is paid in a day"),
    LiveRule("LIMIT_PER_CUSTOMER_AUD_PER_DAY", ("",), "name the most for one customer in a day"),
    LiveRule("LIMIT_PER_DESTINATION_AUD_PER_DAY", ("",), "name the most for one account in a day"),
    LiveRule(
        "LIMIT_PER_MAKER_AUD_PER_DAY", ("",), "name the most that one maker asks for in a day"
    ),
    LiveRule("CORS_ALLOW_ORIGIN", ("", "*"), "name the admin app's origin"),
    LiveRule("MONOOVA_SOURCE_BSB_FIELD", ("",), "name the field that Monoova takes the BSB from"),
)


def left_off(environment: Mapping[str, str]) -> tuple[LiveRule, ...]:
    """The rules that a live stage with these variables breaks."""
    return tuple(
        rule for rule in LIVE_RULES if environment.get(rule.setting, "").strip() in rule.refused
    )
