"""What `chalice deploy` needs before it can succeed, looked for before it builds or asks AWS.

Loaded only where Chalice's command line imports `app.py`, never on Lambda.
"""

import os
from collections.abc import Mapping
from typing import Final

import botocore.session
from botocore.exceptions import BotoCoreError

# Of the commands that load the app, those that ask AWS about it.
_COMMANDS: Final = ("deploy", "plan")
# `make infra` writes these three for a stage; without them nothing of `.chalice/` is filled in.
_WRITTEN_BY_INFRA: Final = ("COGNITO_USER_POOL_ARN", "PAYOUT_QUEUE_ARN", "WEBHOOK_QUEUE_ARN")


def refuse_unprepared() -> None:
    """End `chalice deploy` where it cannot succeed; any other command goes on.

    Raises:
        SystemExit: with what is missing, and what to run first. The exit code is 1.
    """
    import click  # comes with Chalice's command line; a package has none

    context = click.get_current_context(silent=True)
    if context is None or context.info_name not in _COMMANDS:
        return
    problem = problem_of(os.environ, context.params["stage"], context.params["profile"])
    if problem:
        raise SystemExit(problem)


def problem_of(environment: Mapping[str, str], stage: str, profile: str | None) -> str | None:
    """Two lines: what `chalice deploy` misses, and what to run first. None if it has all.

    `environment` holds the stage's values of `.chalice/config.json`, as Chalice sets them.
    """
    if not all(environment.get(name) for name in _WRITTEN_BY_INFRA):
        return (
            f"The stage {stage} is not configured: .chalice/config.json has no values for it.\n"
            f"Run first: make infra STAGE={stage}"
        )
    missing = _missing_credentials(profile)
    if missing:
        return (
            f"No AWS credentials for the stage {stage}: {missing}\n"
            f"Run first: aws sso login, or set AWS_PROFILE; then: chalice deploy --stage {stage}"
        )
    return None


def _missing_credentials(profile: str | None) -> str | None:
    """Why there are none that could sign a request; None if there are."""
    try:
        credentials = botocore.session.Session(profile=profile).get_credentials()
        if credentials is None:
            return "none were found."
        credentials.get_frozen_credentials()
    except BotoCoreError as error:
        return str(error)
    return None
