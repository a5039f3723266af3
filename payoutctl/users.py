"""`users disable`, `users enable`: in the user pool, and where each request is looked up.

In the pool alone a disabled user could go on until their token expires.
"""

from typing import Any

import click

from payoutctl.commands import Command, Group
from payoutctl.exits import Exit, Failure
from payoutctl.gate import directly
from payoutctl.session import Session, with_session

_username = click.argument("username")
_table = click.option(
    "--table",
    envvar="DYNAMODB_TABLE_CONTROLS",
    help="The controls table; the stage's if you give none.",
)


@click.group(cls=Group, help="People of the user pool. By AWS, with your own credentials.")
def users() -> None: ...


@users.command("disable", cls=Command, help="End what a person may do, at once.")
@_username
@_table
@with_session
def disable(session: Session, username: str, table: str | None) -> None:
    subject = _subject_of(session, username)
    # First what takes effect at once. The rest keeps them from new tokens.
    directly(session, table, lambda gate: gate.disable(subject))
    pool = _pool(session)
    cognito = session.client("cognito-idp")
    cognito.admin_disable_user(UserPoolId=pool, Username=username)
    cognito.admin_user_global_sign_out(UserPoolId=pool, Username=username)
    _say(session, username, subject, is_enabled=False)


@users.command("enable", cls=Command, help="Let a person sign in and act again.")
@_username
@_table
@with_session
def enable(session: Session, username: str, table: str | None) -> None:
    subject = _subject_of(session, username)
    session.client("cognito-idp").admin_enable_user(UserPoolId=_pool(session), Username=username)
    directly(session, table, lambda gate: gate.enable(subject))
    _say(session, username, subject, is_enabled=True)


def _pool(session: Session) -> str:
    pool = session.connection.user_pool_id
    if not pool:
        raise Failure("No user pool is set: PAYOUTS_USER_POOL_ID, or a profile.", Exit.USAGE)
    return pool


def _subject_of(session: Session, username: str) -> str:
    """The pool's own id for a person, which their tokens have and the history shows."""
    from botocore.exceptions import ClientError

    cognito = session.client("cognito-idp")
    try:
        found: Any = cognito.admin_get_user(UserPoolId=_pool(session), Username=username)
    except ClientError as error:
        if error.response["Error"]["Code"] != "UserNotFoundException":
            raise
        raise Failure(f"The user pool has no {username}.", Exit.REFUSED) from None
    return next(str(each["Value"]) for each in found["UserAttributes"] if each["Name"] == "sub")


def _say(session: Session, username: str, subject: str, *, is_enabled: bool) -> None:
    if session.out.is_json:
        session.out.document({"subject": subject, "is_enabled": is_enabled})
        return
    words = "may sign in and act again" if is_enabled else "may do nothing from now on"
    session.out.text(f"{username} ({subject}) {words}.")
