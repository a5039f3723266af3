"""What `payoutctl --local` knows of this stack: where it is, and as whom to sign in."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.devstack.aws import REGION
from tools.devstack.stack import ROOT, Stack

FILE: Final = ROOT / "build" / "local.toml"
_GROUPS: Final = ("viewers", "operators", "approvers")


@contextlib.contextmanager
def written(stack: Stack, file: Path = FILE) -> Iterator[None]:
    """The file is there while the block runs, and only its owner can read it.

    Its passwords are made up anew for each start, and good for nothing but this stack.
    """
    whole = text(stack)
    file.parent.mkdir(exist_ok=True)
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(whole)
    new.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def text(stack: Stack) -> str:
    """The profile, as TOML."""
    emulator = stack.emulator
    lines = [
        f'api_url = "{stack.api_url}"',
        'stage = "local"',
        f'region = "{REGION}"',
        f'user_pool_id = "{stack.outputs["UserPoolId"]}"',
        f'user_pool_client_id = "{stack.outputs["UserPoolClientId"]}"',
        "",
        "[aws]",
        f'endpoint = "{emulator.url}"',
        f'access_key_id = "{emulator.credentials.access_key_id}"',
        f'secret_access_key = "{emulator.credentials.secret_access_key}"',
    ]
    for group in _GROUPS:
        user = stack.user(group)
        lines += [
            "",
            f"[users.{group}]",
            f'email = "{user.email}"',
            f'password = "{user.password}"',
        ]
    return "\n".join([*lines, ""])
