"""Signing in, staying so, and out: by proof of the password, in a file of the owner's alone."""

import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from payoutctl.exits import Exit
from payoutctl.srp import N, Proof, SrpError
from tests.payoutctl.pool import CLIENT, CODE, PASSWORD, POOL, Pool, Verifier
from tests.payoutctl.terminal import Terminal

AT: Final = datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)
LOGIN: Final = ("login", "--username", "jo@example.com", "--password-stdin")


@pytest.fixture
def pool(terminal: Terminal) -> Pool:
    return Pool(terminal.server.token("operators"))


@pytest.fixture
def signing(terminal: Terminal, pool: Pool) -> Terminal:
    """At a terminal that has no token yet."""
    more = {
        "PAYOUTS_TOKEN": "",
        "PAYOUTS_USER_POOL_ID": POOL,
        "PAYOUTS_USER_POOL_CLIENT_ID": CLIENT,
    }
    return Terminal(terminal.server, terminal.home, more=more, pool=pool)


def test_both_sides_come_to_the_same_signature_and_another_password_does_not() -> None:
    pool, proof = Verifier(PASSWORD), Proof(POOL, PASSWORD)
    answer = proof.answer(pool.challenge(), AT)
    assert answer["TIMESTAMP"] == "Mon Mar 2 01:02:03 UTC 2026"
    signature = pool.signature(proof.public, answer["TIMESTAMP"])
    assert answer["PASSWORD_CLAIM_SIGNATURE"] == signature


def test_a_number_that_would_give_the_secret_away_is_not_answered() -> None:
    challenge = Verifier(PASSWORD).challenge() | {"SRP_B": f"{2 * N:x}"}
    with pytest.raises(SrpError):
        Proof(POOL, PASSWORD).answer(challenge, AT)


def test_a_user_who_is_not_signed_in_is_shown_how(signing: Terminal) -> None:
    assert "payoutctl login" in signing("whoami", ends=Exit.NOT_ALLOWED).stderr


def test_login_keeps_tokens_where_only_their_owner_can_read_them(signing: Terminal) -> None:
    said = signing(*LOGIN, typed=f"{PASSWORD}\n")
    (file,) = signing.home.glob("state/payoutctl/*.json")
    assert str(file) in said.stderr
    assert file.stat().st_mode & 0o077 == 0
    assert PASSWORD not in said.output + file.read_text()
    assert signing.json("whoami")["roles"] == ["viewer", "operator"]
    assert "operator" in signing("whoami").stdout
    file.chmod(0o644)
    assert "Other users can read" in signing("whoami", ends=Exit.NOT_ALLOWED).stderr


def test_a_wrong_password_is_refused_in_the_pools_words(signing: Terminal) -> None:
    refused = signing(*LOGIN, typed="another\n", ends=Exit.NOT_ALLOWED)
    assert "Incorrect username or password" in refused.stderr


def test_a_second_factor_is_asked_for(signing: Terminal, pool: Pool) -> None:
    pool.asks = ["SOFTWARE_TOKEN_MFA"]
    said = signing(*LOGIN, typed=f"{PASSWORD}\n{CODE}\n")
    assert "authenticator" in said.stderr
    assert pool.given["SOFTWARE_TOKEN_MFA_CODE"] == CODE
    pool.asks = ["SOFTWARE_TOKEN_MFA"]
    signing(*LOGIN, typed=f"{PASSWORD}\n000000\n", ends=Exit.NOT_ALLOWED)


def test_a_first_password_is_replaced_by_one_that_is_typed_twice(
    signing: Terminal, pool: Pool
) -> None:
    pool.asks = ["NEW_PASSWORD_REQUIRED"]
    signing(*LOGIN, typed=f"{PASSWORD}\nnew-1\nnew-2\n", ends=Exit.REFUSED)
    pool.asks = ["NEW_PASSWORD_REQUIRED"]
    signing(*LOGIN, typed=f"{PASSWORD}\nnew-1\nnew-1\n")
    assert pool.given["NEW_PASSWORD"] == "new-1"


def test_a_challenge_that_a_terminal_cannot_answer_is_reported(
    signing: Terminal, pool: Pool
) -> None:
    pool.asks = ["MFA_SETUP"]
    refused = signing(*LOGIN, typed=f"{PASSWORD}\n", ends=Exit.NOT_ALLOWED)
    assert "MFA_SETUP" in refused.stderr


def test_tokens_are_refreshed_for_a_working_day_and_no_longer(
    signing: Terminal, pool: Pool
) -> None:
    signing(*LOGIN, typed=f"{PASSWORD}\n")
    signing("whoami")
    assert pool.refreshed == 0
    signing.world.clock.advance(timedelta(hours=2).total_seconds())
    signing("whoami")
    signing("whoami")
    assert pool.refreshed == 1
    signing.world.clock.advance(timedelta(hours=12).total_seconds())
    pool.is_refreshing = False
    assert "Your session has ended" in signing("whoami", ends=Exit.NOT_ALLOWED).stderr


def test_a_token_is_shown_to_the_api_that_it_is_for_and_to_no_other(signing: Terminal) -> None:
    signing(*LOGIN, typed=f"{PASSWORD}\n")
    (file,) = signing.home.glob("state/payoutctl/*.json")
    file.write_text(file.read_text().replace(signing.server.url, "https://api.example"))
    signing("whoami", ends=Exit.NOT_ALLOWED)


def test_logout_deletes_the_tokens_and_revokes_them(signing: Terminal, pool: Pool) -> None:
    signing(*LOGIN, typed=f"{PASSWORD}\n")
    assert signing.json("logout") == {"was_signed_in": True}
    assert pool.revoked == ["refresh-1"]
    signing("whoami", ends=Exit.NOT_ALLOWED)
    assert signing.json("logout") == {"was_signed_in": False}


def test_a_profile_is_not_overridden_by_a_stray_variable(
    signing: Terminal,
) -> None:
    file = signing.home / "config" / "payoutctl" / "prod.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        f'api_url = "{signing.server.url}"\nstage = "prod"\nuser_pool_id = "{POOL}"\n'
        f'user_pool_client_id = "{CLIENT}"\nusername = "jo@example.com"\n'
    )
    stray = Terminal(
        signing.server,
        signing.home,
        more={"PAYOUTS_TOKEN": "", "PAYOUTS_API_URL": "http://127.0.0.1:9"},
        pool=signing.pool,
    )
    stray("--profile", "prod", "login", "--password-stdin", typed=f"{PASSWORD}\n")
    assert stray.json("--profile", "prod", "whoami")["roles"]
    stray("--profile", "dev", "whoami", ends=Exit.USAGE)
    stray("--profile", "../prod", "whoami", ends=Exit.USAGE)


class Stacks:
    """An AWS that has stacks, and nothing else."""

    def __init__(self) -> None:
        self.outputs: dict[str, dict[str, str]] = {}

    def client(self, service: str) -> "Stacks":
        assert service == "cloudformation"
        return self

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803 - its name
        if StackName not in self.outputs:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")
        outputs = self.outputs[StackName].items()
        pairs = [{"OutputKey": key, "OutputValue": value} for key, value in outputs]
        return {"Stacks": [{"Outputs": pairs}]}


def test_a_profile_is_written_from_what_the_stacks_say(terminal: Terminal) -> None:
    terminal.aws = stacks = Stacks()
    write = ("profile", "--stage", "dev", "--username", "jo@example.com")
    said = terminal(*write, ends=Exit.NOT_FOUND).stderr
    assert "api_url, user_pool_id, user_pool_client_id" in said
    pool = {"UserPoolId": POOL, "UserPoolClientId": CLIENT}
    stacks.outputs["monoova-payouts-dev-infra"] = pool
    stacks.outputs["monoova-payouts-dev"] = {"EndpointURL": "https://api.example/api/"}
    assert terminal.json(*write)["api_url"] == "https://api.example/api"
    file = terminal.home / "config" / "payoutctl" / "dev.toml"
    assert tomllib.loads(file.read_text())["user_pool_client_id"] == CLIENT
    terminal(*write, ends=Exit.CONFLICT)
    terminal(*write, "--replace", "--api-url", terminal.server.url)
    terminal("--profile", "dev", "whoami")
    terminal("profile", "--stage", "nowhere", ends=Exit.REFUSED)


def test_the_local_stack_has_users_of_its_own_who_need_not_sign_in(signing: Terminal) -> None:
    file = signing.home / "config" / "payoutctl" / "here.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        f'api_url = "{signing.server.url}"\nuser_pool_id = "{POOL}"\n'
        f'user_pool_client_id = "{CLIENT}"\n'
        f'[users.operators]\nemail = "operators@example.com"\npassword = "{PASSWORD}"\n'
    )
    assert signing.json("--profile", "here", "whoami")["roles"]
    refused = signing("--profile", "here", "--as", "no-group", "whoami", ends=Exit.USAGE)
    assert "operators" in refused.stderr
    assert list(signing.home.glob("state/payoutctl/*")) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("api_url = ", "prod.toml"),
        ('colour = "red"', "unknown colour"),
        ('api_url = "https://x"\n[users.operators]\nemail = "a"\npassword = "b"', "passwords"),
    ],
)
def test_a_profile_with_an_unknown_key_is_refused(signing: Terminal, text: str, words: str) -> None:
    file = signing.home / "config" / "payoutctl" / "prod.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert words in signing("--profile", "prod", "whoami", ends=Exit.USAGE).stderr


@pytest.mark.parametrize("url", ["http://api.example", "ftp://x", "https://user@api.example"])
def test_a_token_is_not_sent_without_tls(terminal: Terminal, url: str) -> None:
    unsafe = Terminal(terminal.server, terminal.home, more={"PAYOUTS_API_URL": url})
    assert "must be https" in unsafe("whoami", ends=Exit.USAGE).stderr


def test_without_an_address_it_is_shown_how_to_give_one(terminal: Terminal) -> None:
    lost = Terminal(terminal.server, terminal.home, more={"PAYOUTS_API_URL": ""})
    assert "--local" in lost("whoami", ends=Exit.USAGE).stderr
