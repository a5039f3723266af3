"""What a stage that pays with real money is refused with, setting by setting."""

from typing import Final

import pytest

from chalicelib.control.rules.live import LIVE_RULES, left_off

SAFE: Final = {
    "SIGN_IN_MFA": "required",
    "COGNITO_USER_POOL_ID": "pool",
    "COGNITO_CLIENT_ID": "client",
    "USERS_WITHOUT_GROUP": "nothing",
    "APPROVAL_THRESHOLD_AUD": "500",
    "DESTINATION_APPROVAL": "required",
    "LIMIT_PER_DAY_AUD": "10000",
    "LIMIT_PER_CUSTOMER_AUD_PER_DAY": "1000",
    "LIMIT_PER_DESTINATION_AUD_PER_DAY": "1000",
    "LIMIT_PER_MAKER_AUD_PER_DAY": "5000",
    "CORS_ALLOW_ORIGIN": "https://admin.example",
    "MONOOVA_SOURCE_BSB_FIELD": "sourceBsbNumber",
}
REFUSED: Final = (
    ("SIGN_IN_MFA", "", "people sign in with an authenticator app"),
    ("SIGN_IN_MFA", "optional", "people sign in with an authenticator app"),
    ("COGNITO_USER_POOL_ID", "", "name the user pool whose tokens are verified"),
    ("COGNITO_CLIENT_ID", "", "name the app client whose tokens are verified"),
    ("USERS_WITHOUT_GROUP", "operate", "who is in no group may change nothing"),
    ("APPROVAL_THRESHOLD_AUD", "", "name the amount above which another approves"),
    ("DESTINATION_APPROVAL", "off", "another person approves each new destination"),
    ("LIMIT_PER_DAY_AUD", "", "name the most that is paid in a day"),
    ("LIMIT_PER_CUSTOMER_AUD_PER_DAY", "", "name the most for one customer in a day"),
    ("LIMIT_PER_DESTINATION_AUD_PER_DAY", "", "name the most for one account in a day"),
    ("LIMIT_PER_MAKER_AUD_PER_DAY", "", "name the most that one maker asks for in a day"),
    ("CORS_ALLOW_ORIGIN", "", "name the admin app's origin"),
    ("CORS_ALLOW_ORIGIN", "*", "name the admin app's origin"),
    ("MONOOVA_SOURCE_BSB_FIELD", "", "name the field that Monoova takes the BSB from"),
)


def test_a_stage_with_every_control_on_breaks_no_rule() -> None:
    assert left_off(SAFE) == ()


@pytest.mark.parametrize(("setting", "value", "needs"), REFUSED)
def test_a_control_that_is_off_is_named_with_what_it_needs(
    setting: str, value: str, needs: str
) -> None:
    for written in (value, f" {value} "):
        (rule,) = left_off(SAFE | {setting: written})
        assert (rule.setting, rule.needs) == (setting, needs)


@pytest.mark.parametrize("setting", [setting for setting, value, _ in REFUSED if not value])
def test_a_setting_that_is_not_given_is_one_that_is_off(setting: str) -> None:
    (rule,) = left_off({name: value for name, value in SAFE.items() if name != setting})
    assert rule.setting == setting


def test_no_other_setting_and_no_other_value_is_refused() -> None:
    assert {(rule.setting, value) for rule in LIVE_RULES for value in rule.refused} == {
        (setting, value) for setting, value, _ in REFUSED
    }
    assert {rule.setting for rule in LIVE_RULES} == SAFE.keys()
