"""The emulated AWS: its process, and what an administrator of the account does in it."""

import json
import secrets
import string
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import boto3
import requests
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials as SessionKeys

from tools.devstack.processes import LOOPBACK, Child, bare_environment
from tools.devstack.sign_in import Tokens, Users

REGION: Final = "ap-southeast-2"
_ACCOUNT: Final = "000000000000"
# The roles of internal services, in the lists of the stack's settings.
PAYER: Final = "payer"
READER: Final = "reader"

_READY_SECONDS: Final = 30.0
_STACK_SECONDS: Final = 90.0
_TAIL_LINES: Final = 10


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of the emulated account's root; new for each start, for others may use this machine."""

    access_key_id: str = "root"
    secret_access_key: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)


@dataclass(frozen=True, slots=True)
class User:
    """A user who may sign in, and the groups that say what they may do."""

    email: str
    password: str = field(repr=False)
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """An internal service: the ARN of its session, and what it signs its requests with."""

    arn: str
    keys: SessionKeys


class Emulator:
    """An AWS on loopback, which checks signatures, tokens and each function's policy."""

    def __init__(self, python: Path, port: int, scratch: Path) -> None:
        """Start it with the interpreter of its own environment; all it writes is in `scratch`."""
        self.url = f"http://{LOOPBACK}:{port}"
        self.credentials = Credentials()
        self._child = Child(
            "The emulated AWS",
            python,
            ["ministack"],
            environment=bare_environment()
            | {
                "GATEWAY_PORT": str(port),
                "BIND_HOST": LOOPBACK,
                "MINISTACK_HOST": LOOPBACK,
                "MINISTACK_REGION": REGION,
                "AUTH": "true",
                "IOT_MTLS_ENABLED": "0",
                "AWS_ACCESS_KEY_ID": self.credentials.access_key_id,
                "AWS_SECRET_ACCESS_KEY": self.credentials.secret_access_key,
                "STATE_DIR": str(_directory(scratch / "state")),
                "S3_DATA_DIR": str(_directory(scratch / "s3")),
                "TMPDIR": str(_directory(scratch / "tmp")),
                "LAMBDA_PYTHON": str(_bare_interpreter(scratch / "lambda")),
                "PYTHONNOUSERSITE": "1",
                "LOG_LEVEL": "INFO",
            },
            directory=scratch,
            log=scratch / "aws.log",
        )

    def wait_until_ready(self) -> None:
        """
        Raises:
            DevstackError: it does not come up.
        """
        self._child.wait_until(self._answers, within_seconds=_READY_SECONDS)

    def stop(self) -> None:
        """End it and its Lambda workers. Whatever was in it is gone."""
        self._child.stop()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._child.is_running

    def tail(self) -> str:
        """The end of its own output: where a function that cannot even be imported is reported."""
        return self._child.tail(_TAIL_LINES)

    def client(self, service: str) -> Any:
        """A boto3 client of any service, as root."""
        session = boto3.Session(
            self.credentials.access_key_id,
            self.credentials.secret_access_key,
            region_name=REGION,
        )
        # The stubs know the clients of the app's four services, each by its literal name.
        make = cast("Any", session).client
        client: BaseClient = make(
            service, endpoint_url=self.url, config=Config(retries={"max_attempts": 1})
        )
        return client

    def _answers(self) -> bool:
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy between us and loopback
                return session.get(f"{self.url}/_ministack/health", timeout=2).ok
        except requests.RequestException:
            return False


def role_arn(name: str) -> str:
    """The ARN of a role of the emulated account."""
    return f"arn:aws:iam::{_ACCOUNT}:role/{name}"


def create_user(emulator: Emulator, pool_id: str, email: str, groups: Sequence[str]) -> User:
    """A user with a strong password of their own, who can sign in at once."""
    user = User(email, _strong_password(), tuple(groups))
    cognito = emulator.client("cognito-idp")
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username=email,
        UserAttributes=[
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
        ],
        # Named because the emulator would make up one that the pool's own policy refuses.
        TemporaryPassword=_strong_password(),
        MessageAction="SUPPRESS",
    )
    cognito.admin_set_user_password(
        UserPoolId=pool_id, Username=email, Password=user.password, Permanent=True
    )
    for group in user.groups:
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=email, GroupName=group)
    return user


def service_of(emulator: Emulator, name: str, allowed: Sequence[str]) -> Service:
    """An internal service whose role may invoke what is `allowed`, ARNs of the API's routes."""
    iam = emulator.client("iam")
    trusts = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    invokes = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": list(allowed)}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trusts))["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="api", PolicyDocument=_policy(invokes))
    session = emulator.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")
    keys = session["Credentials"]
    return Service(
        session["AssumedRoleUser"]["Arn"],
        SessionKeys(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]),
    )


def _policy(statement: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def sign_in(emulator: Emulator, client_id: str, user: User) -> str:
    """The ID token of a user: what the API takes in `Authorization`; good for 15 minutes."""
    answer = emulator.client("cognito-idp").initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.email, "PASSWORD": user.password},
    )
    token: str = answer["AuthenticationResult"]["IdToken"]
    return token


def users_of(emulator: Emulator, client_id: str) -> Users:
    """The pool's users as the sign-in page asks for them: real tokens, or none."""
    cognito = emulator.client("cognito-idp")
    refusals = (
        cognito.exceptions.NotAuthorizedException,
        cognito.exceptions.UserNotFoundException,
    )

    def granted(flow: str, **parameters: str) -> Tokens | None:
        try:
            answer = cognito.initiate_auth(
                ClientId=client_id, AuthFlow=flow, AuthParameters=parameters
            )
        except refusals:
            return None
        found = answer["AuthenticationResult"]
        return {
            "id_token": found["IdToken"],
            "access_token": found["AccessToken"],
            "refresh_token": found.get("RefreshToken") or parameters["REFRESH_TOKEN"],
        }

    return Users(
        lambda email, password: granted("USER_PASSWORD_AUTH", USERNAME=email, PASSWORD=password),
        lambda token: granted("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token),
    )


def function_logs(emulator: Emulator, lines: int = 25) -> str:
    """The last lines that each function logged."""
    logs = emulator.client("logs")
    parts: list[str] = []
    for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]:
        name = group["logGroupName"]
        events = logs.filter_log_events(logGroupName=name)["events"]
        tail = [each["message"].rstrip() for each in events[-lines:]]
        if tail:
            parts.append("\n".join([f"--- {name}", *tail]))
    return "\n".join(parts)


def _strong_password() -> str:
    # The prefix satisfies every rule about kinds of characters; the rest is the secret.
    alphabet = string.ascii_letters + string.digits
    return "Aa1!" + "".join(secrets.choice(alphabet) for _ in range(24))


def _directory(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _bare_interpreter(home: Path) -> Path:
    """A Python with nothing installed: a function finds only what its package carries."""
    venv.create(home, with_pip=False, symlinks=True)
    return home / "bin" / "python"
