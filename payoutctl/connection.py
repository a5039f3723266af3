"""Which deployment is meant, and as whom: from a profile, from the environment, or from `make run`.

A profile is a file of the operator's, `~/.config/payoutctl/<name>.toml`; it holds no secret:

    api_url = "https://abc123.execute-api.ap-southeast-2.amazonaws.com/api"
    stage = "prod"
    region = "ap-southeast-2"
    user_pool_id = "ap-southeast-2_Example"
    user_pool_client_id = "1example23456789"
    username = "you@example.com"

`make run` writes one of its own for `--local`, with the users that it has made up.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from payoutctl.exits import Exit, Failure

REGION: Final = "ap-southeast-2"
LOCAL: Final = Path(__file__).resolve().parents[1] / "build" / "local.toml"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Only what `make run` made up may stand in a file with its password.
_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?/?")
_VARIABLES: Final = {
    "api_url": "PAYOUTS_API_URL",
    "stage": "STAGE",
    "region": "AWS_REGION",
    "user_pool_id": "PAYOUTS_USER_POOL_ID",
    "user_pool_client_id": "PAYOUTS_USER_POOL_CLIENT_ID",
}


@dataclass(frozen=True, slots=True)
class LocalUser:
    """A user that `make run` created."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LocalAws:
    """The emulated AWS of `make run`."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """`name` is what its tokens are kept under; what is "" is not known."""

    name: str
    api_url: str = ""
    stage: str = ""
    region: str = REGION
    user_pool_id: str = ""
    user_pool_client_id: str = ""
    username: str = ""
    aws: LocalAws | None = None
    users: Mapping[str, LocalUser] = field(default_factory=dict)


def chosen(
    environment: Mapping[str, str], profile: str | None, *, is_local: bool, local: Path = LOCAL
) -> Connection:
    """The profile that is named, else what the environment says.

    Raises:
        Failure: there is no such profile, or it cannot be understood.
    """
    if is_local:
        return _read(local, "local", "Is `make run` running? It writes this file.")
    given = {name: environment.get(key, "") for name, key in _VARIABLES.items()}
    given["region"] = given["region"] or environment.get("AWS_DEFAULT_REGION", "")
    if profile is None:
        return _filled(Connection(_name_of(given["api_url"]), region=""), given)
    if not _NAME.fullmatch(profile):
        raise Failure("A profile's name consists of letters, digits, dots and dashes.", Exit.USAGE)
    hint = "docs/payoutctl.md shows one."
    return _filled(_read(profile_file(environment, profile), profile, hint), given)


def _filled(connection: Connection, given: Mapping[str, str]) -> Connection:
    """What the profile does not say, from the environment: a stray variable changes no profile."""
    return replace(
        connection,
        api_url=connection.api_url or given["api_url"],
        stage=connection.stage or given["stage"],
        region=connection.region or given["region"] or REGION,
        user_pool_id=connection.user_pool_id or given["user_pool_id"],
        user_pool_client_id=connection.user_pool_client_id or given["user_pool_client_id"],
    )


def profile_file(environment: Mapping[str, str], name: str) -> Path:
    """Where a profile of this name stands."""
    home = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return home / "payoutctl" / f"{name}.toml"


def _name_of(api_url: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", api_url.partition("://")[2]).strip("-") or "nowhere"


def _read(file: Path, name: str, hint: str) -> Connection:
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Failure(f"There is no {_shown(file)}. {hint}", Exit.USAGE) from None
    except (tomllib.TOMLDecodeError, OSError) as error:
        raise Failure(f"{_shown(file)}: {error}", Exit.USAGE) from None
    try:
        return _parsed(found, name)
    except (TypeError, ValueError) as error:
        raise Failure(f"{_shown(file)}: {error}", Exit.USAGE) from None


def _parsed(found: dict[str, Any], name: str) -> Connection:
    secrets = {"aws", "users"} & found.keys()
    if secrets and not _LOOPBACK.fullmatch(str(found.get("api_url", ""))):
        raise ValueError("holds passwords, which only the file of `make run` may")
    aws = LocalAws(**found.pop("aws")) if "aws" in found else None
    users = {group: LocalUser(**each) for group, each in found.pop("users", {}).items()}
    unknown = found.keys() - {each.name for each in fields(Connection)} | {"name"} & found.keys()
    if unknown:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}")
    texts = {key: str(value) for key, value in found.items()}
    return Connection(name, aws=aws, users=users, **texts)


def _shown(file: Path) -> str:
    try:
        return f"~/{file.relative_to(Path.home())}"
    except ValueError:
        return os.path.relpath(file)
